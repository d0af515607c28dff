//! Addresses of the scanning machine itself.

use std::net::{IpAddr, UdpSocket};

use super::Observation;

impl Observation {
    /// Notes which of its hosts are this machine. Call it where the probe ran.
    pub(super) fn note_own(&mut self) {
        let own = self.hosts.iter().map(|host| host.address).filter(|address| is_own(*address));
        self.own.extend(own);
    }
}

/// Returns true if the address is one of this machine: only such an address can be bound. Nothing is sent.
fn is_own(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::time::SystemTime;

    use super::*;
    use crate::scan::{Coverage, Evidence, Host};

    #[test]
    fn this_machine_is_told_from_others() {
        let host = |address: &str| Host::new(address.parse().unwrap(), Evidence::Echo, SystemTime::now());
        let hosts = [host("127.0.0.1"), host("192.0.2.5")];
        let mut observation = Observation::new("0.0.0.0/0".parse().unwrap(), Coverage::Whole, hosts);
        observation.note_own();
        assert_eq!(observation.own, ["127.0.0.1".parse().unwrap()].into());
        assert!(observation.has_reply());
    }
}
