//! Kinds of sockets.

use std::fmt;

/// Kind of socket for echo requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EchoSocket {
    /// Datagram socket if it is permitted, else a raw one, else none.
    #[default]
    Auto,
    /// Datagram socket of ICMP, which Linux permits to the groups of the setting `net.ipv4.ping_group_range`. The probe fails
    /// where it is not permitted.
    Datagram,
    /// Raw socket, which needs root or `CAP_NET_RAW`. The probe fails where it is not permitted.
    Raw,
    /// None: TCP connections only.
    Off,
}

impl fmt::Display for EchoSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "any socket",
            Self::Datagram => "datagram socket",
            Self::Raw => "raw socket",
            Self::Off => "no socket",
        })
    }
}
