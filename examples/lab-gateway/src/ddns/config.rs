//! Record that is kept up to date, and its server.

use std::time::Duration;

use hickory_proto::rr::Name;

use super::{DdnsError, TsigKey};

/// Port of DNS.
const PORT: u16 = 53;

/// The record, its server and the key.
///
/// ```
/// use lab_gateway::ddns::{DdnsConfig, TsigAlgorithm, TsigKey};
///
/// let key = TsigKey::from_base64("lab-key", TsigAlgorithm::HmacSha512, "c2VjcmV0LW9mLXRoaXMtZXhhbXBsZQ==".into())?;
/// let config = DdnsConfig::new("ns.example.test", "labs.example.test", "alice.labs.example.test", key)?;
/// assert_eq!(config.server(), "ns.example.test:53");
/// assert!(!format!("{config:?}").contains("c2Vj"));
/// # Ok::<(), lab_gateway::ddns::DdnsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct DdnsConfig {
    server: String,
    zone: Name,
    name: Name,
    key: TsigKey,
    ttl: u32,
    limit: Duration,
}

impl DdnsConfig {
    /// Names the primary server (`HOST`, `HOST:PORT` or `[IPv6]:PORT`), the zone and the name in it.
    ///
    /// The TTL is 300 s; an update may take 10 s.
    ///
    /// # Errors
    /// [`DdnsError::Config`] if a name is none, the name is outside the zone, or the server is not a host with a port.
    pub fn new(server: &str, zone: &str, name: &str, key: TsigKey) -> Result<Self, DdnsError> {
        let server = with_port(server)?;
        let (zone, name) = (parse("zone", zone)?, parse("name", name)?);
        if !zone.zone_of(&name) {
            let reason = format!("is not in the zone {zone}; correct one of them");
            return Err(DdnsError::Config { field: "name", value: name.to_string(), reason });
        }
        Ok(Self { server, zone, name, key, ttl: 300, limit: Duration::from_secs(10) })
    }

    /// Sets the TTL of the record, in seconds.
    #[must_use]
    pub fn with_ttl(mut self, seconds: u32) -> Self {
        self.ttl = seconds;
        self
    }

    /// Sets the longest time of an update, with resolving and connecting.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The server as `HOST:PORT`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The name of the record.
    pub fn name(&self) -> String {
        self.name.to_string()
    }

    /// TTL of the record, in seconds.
    pub fn ttl(&self) -> u32 {
        self.ttl
    }

    pub(super) fn zone(&self) -> &Name {
        &self.zone
    }

    pub(super) fn record(&self) -> &Name {
        &self.name
    }

    pub(super) fn key(&self) -> &TsigKey {
        &self.key
    }

    pub(super) fn limit(&self) -> Duration {
        self.limit
    }
}

/// Reads a domain name, which becomes absolute.
pub(super) fn parse(field: &'static str, text: &str) -> Result<Name, DdnsError> {
    let fault = |reason: String| DdnsError::Config { field, value: text.to_owned(), reason };
    let mut name = Name::from_ascii(text)
        .map_err(|error| fault(format!("is not a domain name ({error}); write it as in the zone")))?;
    if name.is_root() {
        return Err(fault("is empty; name the record, such as alice.labs.example.org".to_owned()));
    }
    name.set_fqdn(true);
    Ok(name)
}

/// Adds the port of DNS to a host without one.
fn with_port(server: &str) -> Result<String, DdnsError> {
    let fault =
        |reason: &str| DdnsError::Config { field: "server", value: server.to_owned(), reason: reason.to_owned() };
    let form = "is not HOST, HOST:PORT or [IPv6]:PORT";
    let inner = server.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match inner {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').ok_or_else(|| fault(form))?)),
        // An IPv6 address without brackets has no port.
        None if server.matches(':').count() > 1 => (server, None),
        None => server.split_once(':').map_or((server, None), |(host, port)| (host, Some(port))),
    };
    let port: u16 = match port {
        None => PORT,
        Some(text) => text.parse().ok().filter(|port| *port > 0).ok_or_else(|| fault(form))?,
    };
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err(fault(form));
    }
    if host.contains(':') {
        host.parse::<std::net::Ipv6Addr>().map_err(|_| fault(form))?;
        return Ok(format!("[{host}]:{port}"));
    }
    Ok(format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use crate::ddns::TsigAlgorithm;

    fn key() -> TsigKey {
        TsigKey::from_base64("k", TsigAlgorithm::HmacSha256, "c2VjcmV0LXNlY3JldC1zZWNyZXQ=".into()).unwrap()
    }

    #[test]
    fn a_server_has_the_port_of_dns_unless_it_names_one() {
        for (text, expected) in [
            ("ns.example", "ns.example:53"),
            ("ns.example:5353", "ns.example:5353"),
            ("192.0.2.1", "192.0.2.1:53"),
            ("2001:db8::1", "[2001:db8::1]:53"),
            ("[2001:db8::1]", "[2001:db8::1]:53"),
            ("[2001:db8::1]:99", "[2001:db8::1]:99"),
        ] {
            assert_eq!(with_port(text).unwrap(), expected);
        }
        for text in ["", ":53", "ns.example:", "ns.example:0", "ns.example:x", "a b", "[::1]x", "a:b:c"] {
            assert!(with_port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_outside_the_zone_is_refused() {
        let fault = DdnsConfig::new("ns", "labs.example", "alice.other.example", key()).unwrap_err();
        assert!(
            fault.to_string().contains("alice.other.example") && fault.to_string().contains("labs.example"),
            "{fault}"
        );
        assert!(DdnsConfig::new("ns", "labs.example", "xlabs.example", key()).is_err());
        assert!(DdnsConfig::new("ns", "labs.example", "", key()).is_err());
        assert!(DdnsConfig::new("ns", "labs.example.", "Alice.Labs.Example", key()).is_ok());
    }
}
