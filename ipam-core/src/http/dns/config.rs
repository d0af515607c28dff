//! Files of the resolver: `/etc/resolv.conf` and `/etc/hosts`.

use std::fs::File;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::Path;
use std::time::Duration;

/// Largest part of a file that is read. A list that blocks host names may be much longer, but names no IPAM.
const MAX_FILE: u64 = 1 << 20;
/// Limits of the C library; more of them would only prolong the wait.
const MAX_SERVERS: usize = 3;
const MAX_SEARCH: usize = 16;

/// Content of `resolv.conf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) servers: Vec<SocketAddr>,
    pub(super) search: Vec<String>,
    /// Number of dots from which a name is tried as it is before the search list.
    pub(super) ndots: usize,
    /// Longest wait for one response.
    pub(super) timeout: Duration,
    /// Rounds over the servers.
    pub(super) attempts: u32,
    /// True if the servers are asked over TCP only.
    pub(super) tcp_only: bool,
}

impl Config {
    /// Reads the text of `resolv.conf`. What is not understood is left out, as in the C library.
    pub(super) fn parse(text: &str) -> Self {
        let mut config = Self {
            servers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
            tcp_only: false,
        };
        for line in text.lines() {
            let line = line.split(['#', ';']).next().unwrap_or_default();
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => config.servers.extend(words.next().and_then(server)),
                // The last of these lines counts.
                Some("search") => config.search = words.take(MAX_SEARCH).map(plain).collect(),
                Some("domain") => config.search = words.take(1).map(plain).collect(),
                Some("options") => words.for_each(|option| config.set(option)),
                _ => {}
            }
        }
        config.servers.truncate(MAX_SERVERS);
        config.search.retain(|domain| !domain.is_empty());
        if config.servers.is_empty() {
            config.servers.push(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53));
        }
        config
    }

    fn set(&mut self, option: &str) {
        let (name, value) = option.split_once(':').unwrap_or((option, ""));
        let number = value.parse::<u32>();
        match (name, number) {
            ("ndots", Ok(dots)) => self.ndots = usize::try_from(dots.min(15)).unwrap_or(1),
            ("timeout", Ok(seconds)) => self.timeout = Duration::from_secs(u64::from(seconds.clamp(1, 30))),
            ("attempts", Ok(rounds)) => self.attempts = rounds.clamp(1, 5),
            ("use-vc", _) => self.tcp_only = true,
            _ => {}
        }
    }

    /// Returns the names to look up for a name, in order.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        if let Some(absolute) = name.strip_suffix('.') {
            return vec![absolute.to_owned()];
        }
        let mut candidates: Vec<String> = self.search.iter().map(|domain| format!("{name}.{domain}")).collect();
        let dots = name.bytes().filter(|byte| *byte == b'.').count();
        candidates.insert(if dots >= self.ndots { 0 } else { candidates.len() }, name.to_owned());
        candidates
    }
}

/// Returns a domain without its final dot.
fn plain(domain: &str) -> String {
    domain.trim_end_matches('.').to_owned()
}

/// Reads the address of a name server, which may have a zone: `fe80::1%eth0`.
fn server(text: &str) -> Option<SocketAddr> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    match (address.parse().ok()?, zone) {
        (IpAddr::V6(address), Some(zone)) => Some(SocketAddr::V6(SocketAddrV6::new(address, 53, 0, index(zone)?))),
        (address, _) => Some(SocketAddr::new(address, 53)),
    }
}

/// Returns the number of a network interface.
fn index(zone: &str) -> Option<u32> {
    let of_interface = || read(&Path::new("/sys/class/net").join(zone).join("ifindex")).trim().parse().ok();
    zone.parse().ok().or_else(of_interface)
}

/// Returns the addresses of a name in the text of `hosts`. A name without a file has `localhost` alone.
pub(super) fn in_hosts(text: &str, name: &str) -> Vec<IpAddr> {
    let name = name.trim_end_matches('.');
    let mut addresses = Vec::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(address) = words.next().and_then(|word| word.parse().ok()) else { continue };
        if words.any(|word| word.eq_ignore_ascii_case(name)) && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    // Never asked of a server (RFC 6761).
    let name = name.to_ascii_lowercase();
    if addresses.is_empty() && (name == "localhost" || name.ends_with(".localhost")) {
        addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    addresses
}

/// Reads a file. One that is missing is empty, as for the C library.
pub(super) fn read(path: &Path) -> String {
    let mut content = Vec::new();
    if let Ok(file) = File::open(path) {
        // What was read before an error is used.
        let _ = file.take(MAX_FILE).read_to_end(&mut content);
    }
    String::from_utf8_lossy(&content).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_file_is_read_as_the_c_library_does() {
        let text = "# made by hand\ndomain old.example\nsearch a.example. b.example ; two\nnameserver 10.0.0.1\n\
                    nameserver nonsense\nnameserver 2001:db8::1\nnameserver fe80::1%7\nnameserver 10.0.0.2\n\
                    options ndots:2 timeout:99 attempts:0 use-vc edns0 ndots:x\n";
        let config = Config::parse(text);
        let servers: Vec<String> = config.servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["10.0.0.1:53", "[2001:db8::1]:53", "[fe80::1%7]:53"]);
        assert_eq!(config.search, ["a.example", "b.example"]);
        assert_eq!((config.ndots, config.timeout, config.attempts), (2, Duration::from_secs(30), 1));
        assert!(config.tcp_only);
        assert_eq!(Config::parse("").servers, ["127.0.0.1:53".parse().unwrap()]);
    }

    #[test]
    fn the_search_list_comes_before_or_after_the_name() {
        let mut config = Config::parse("search a.example b.example\n");
        assert_eq!(config.candidates("ipam"), ["ipam.a.example", "ipam.b.example", "ipam"]);
        assert_eq!(config.candidates("ipam.lab"), ["ipam.lab", "ipam.lab.a.example", "ipam.lab.b.example"]);
        assert_eq!(config.candidates("ipam."), ["ipam"]);
        config.ndots = 0;
        assert_eq!(config.candidates("ipam")[0], "ipam");
    }

    #[test]
    fn hosts_come_first_and_localhost_is_known_without_a_file() {
        let text = "10.0.0.7 ipam.example ipam # the IPAM\n2001:db8::7 IPAM\nnonsense ipam\n10.0.0.8 other\n";
        let expected: Vec<IpAddr> = vec!["10.0.0.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
        assert_eq!(in_hosts(text, "Ipam."), expected);
        assert!(in_hosts(text, "pam").is_empty());
        assert_eq!(in_hosts("", "localhost").len(), 2);
        assert_eq!(in_hosts("127.0.0.9 localhost\n", "localhost"), ["127.0.0.9".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn a_missing_file_is_empty() {
        assert_eq!(read(Path::new("/nowhere/resolv.conf")), "");
    }
}
