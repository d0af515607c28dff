//! Errors of dynamic DNS.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

/// Fault of an update, with its remedy. No variant holds a part of the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DdnsError {
    /// The key file cannot be used.
    #[error("DNS key file {}: {reason}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Cause and remedy.
        reason: String,
    },
    /// A value of the configuration cannot be used.
    #[error("DNS {field} {value:?}: {reason}")]
    Config {
        /// Field of the configuration.
        field: &'static str,
        /// Its value.
        value: String,
        /// Cause and remedy.
        reason: String,
    },
    /// The gateway's own address is not known.
    #[error("address of interface {interface:?}: {reason}")]
    NoAddress {
        /// The interface.
        interface: String,
        /// Cause and remedy.
        reason: String,
    },
    /// The server could not be reached, or the connection broke. The update may have been applied.
    #[error("DNS server {server}: {reason}; check its address, and that TCP to it is allowed")]
    Unreachable {
        /// The server as configured.
        server: String,
        /// Words of the system.
        reason: String,
    },
    /// No response in time. The update may have been applied.
    #[error("DNS server {server}: no response within {limit:?}; check that it is up and that TCP to it is allowed")]
    Timeout {
        /// The server as configured.
        server: String,
        /// Time limit of an update.
        limit: Duration,
    },
    /// BADKEY: the server does not know the name of the key, or its algorithm.
    #[error(
        "DNS server {server} does not know the key {key:?} with {algorithm} (BADKEY): add this key to the server, or \
         correct its name and algorithm here"
    )]
    BadKey {
        /// The server as configured.
        server: String,
        /// Name of the key.
        key: String,
        /// Its algorithm.
        algorithm: &'static str,
    },
    /// BADSIG: the server knows the key by another secret.
    #[error(
        "DNS server {server} has another secret for the key {key:?} (BADSIG): copy the secret of the server into the key file"
    )]
    BadSig {
        /// The server as configured.
        server: String,
        /// Name of the key.
        key: String,
    },
    /// BADTIME: the clocks differ by more than the server accepts.
    #[error("DNS server {server} refuses the time of the request (BADTIME{}): set both clocks by NTP", difference(.seconds))]
    BadTime {
        /// The server as configured.
        server: String,
        /// Seconds by which this clock is ahead of the server's, if it sent its time.
        seconds: Option<i64>,
    },
    /// NOTAUTH without a fault of the key: the server is not authoritative for the zone.
    #[error(
        "DNS server {server} is not authoritative for the zone {zone:?} (NOTAUTH): name the zone and its primary server"
    )]
    NotAuth {
        /// The server as configured.
        server: String,
        /// The zone.
        zone: String,
    },
    /// NOTZONE: the name is outside the zone.
    #[error("DNS server {server}: the name {name:?} is not in the zone {zone:?} (NOTZONE): correct one of them")]
    NotZone {
        /// The server as configured.
        server: String,
        /// The name.
        name: String,
        /// The zone.
        zone: String,
    },
    /// REFUSED: the key may not change this name.
    #[error(
        "DNS server {server} does not let the key {key:?} change A records of {name:?} (REFUSED): allow it there \
         (bind: update-policy {{ grant {key} name {name} A; }};)"
    )]
    Refused {
        /// The server as configured.
        server: String,
        /// Name of the key.
        key: String,
        /// The name of the record.
        name: String,
    },
    /// The name has a CNAME record, beside which there can be no address.
    #[error("DNS server {server}: {name:?} is an alias (CNAME): remove that record, or choose another name")]
    Alias {
        /// The server as configured.
        server: String,
        /// The name of the record.
        name: String,
    },
    /// Another code than NOERROR.
    #[error("DNS server {server} did not apply the update: {code}; see the log of the server")]
    Rcode {
        /// The server as configured.
        server: String,
        /// Name or number of the code.
        code: String,
    },
    /// The response cannot be trusted or read. The update may have been applied.
    #[error("DNS server {server}: {reason}; the update counts as not done")]
    Response {
        /// The server as configured.
        server: String,
        /// Cause.
        reason: String,
    },
    /// The address is none that a name may have.
    #[error("{address} is no address of the gateway: name an interface, or an address, that clients can reach")]
    Unusable {
        /// The address.
        address: Ipv4Addr,
    },
}

impl DdnsError {
    /// Returns the type of the fault for programs, such as `dns_bad_key`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::KeyFile { .. } => "dns_key_file",
            Self::Config { .. } => "dns_settings",
            Self::NoAddress { .. } => "dns_no_address",
            Self::Unreachable { .. } => "dns_unreachable",
            Self::Timeout { .. } => "dns_timeout",
            Self::BadKey { .. } => "dns_bad_key",
            Self::BadSig { .. } => "dns_bad_sig",
            Self::BadTime { .. } => "dns_bad_time",
            Self::NotAuth { .. } => "dns_not_auth",
            Self::NotZone { .. } => "dns_not_zone",
            Self::Refused { .. } => "dns_refused",
            Self::Alias { .. } => "dns_alias",
            Self::Rcode { .. } => "dns_rcode",
            Self::Response { .. } => "dns_response",
            Self::Unusable { .. } => "dns_unusable_address",
        }
    }
}

/// Says by how much the clocks differ.
fn difference(seconds: &Option<i64>) -> String {
    match seconds {
        Some(seconds) if *seconds < 0 => format!(", this clock is {} s behind", seconds.unsigned_abs()),
        Some(seconds) => format!(", this clock is {seconds} s ahead"),
        None => String::new(),
    }
}
