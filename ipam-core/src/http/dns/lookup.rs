//! Lookup of the addresses of a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::config::{self, Config};
use super::error::DnsError;
use super::exchange;
use super::message::{Query, RecordType};

/// Time that the second family gets once the first one has addresses. Some servers never respond for IPv6.
const GRACE: Duration = Duration::from_millis(500);
/// Largest number of addresses that are returned; each may be connected to.
const MAX_ADDRESSES: usize = 16;
/// Response code of a name that does not exist.
const NO_SUCH_NAME: u8 = 3;

/// Resolver over the files of this system, which are read for each lookup.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let hosts = config::read(Path::new("/etc/hosts"));
            let mut addresses = config::in_hosts(&hosts, name.as_str());
            if addresses.is_empty() {
                let config = Config::parse(&config::read(Path::new("/etc/resolv.conf")));
                addresses = lookup(&config, name.as_str()).await?;
            }
            // The port is that of the URL.
            let sockets = reachable_first(addresses).into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(sockets) as Addrs)
        })
    }
}

/// Returns the addresses of a name.
///
/// # Errors
/// If no candidate of the search list has an address, or if no server gave a usable response.
pub(super) async fn lookup(config: &Config, name: &str) -> Result<Vec<IpAddr>, DnsError> {
    for candidate in config.candidates(name) {
        let addresses = both_families(config, &candidate).await?;
        if !addresses.is_empty() {
            return Ok(addresses);
        }
    }
    let searched = match config.search.as_slice() {
        [] => String::new(),
        search => format!(", also not in {}", search.join(", ")),
    };
    Err(DnsError::new(format!("the name {name} has no address{searched}; check the name and /etc/resolv.conf")))
}

/// Asks for the addresses of both families at once.
async fn both_families(config: &Config, name: &str) -> Result<Vec<IpAddr>, DnsError> {
    let four = pin!(one_family(config, name, RecordType::A));
    let six = pin!(one_family(config, name, RecordType::Aaaa));
    let (first, second) = match select(six, four).await {
        Either::Left((first, other)) => finish(first, other).await,
        Either::Right((first, other)) => finish(first, other).await,
    };
    match (first, second) {
        (Ok(mut first), Ok(second)) => {
            first.extend(second);
            Ok(first)
        }
        // One family is enough to connect.
        (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.is_empty() => Ok(found),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

type Found = Result<Vec<IpAddr>, DnsError>;

/// Waits for the second family: as long as it takes if the first one has no address.
async fn finish(first: Found, other: impl Future<Output = Found>) -> (Found, Found) {
    let found = first.as_ref().is_ok_and(|addresses| !addresses.is_empty());
    let second =
        if found { tokio::time::timeout(GRACE, other).await.unwrap_or_else(|_| Ok(Vec::new())) } else { other.await };
    (first, second)
}

/// Asks the servers in order, until one of them knows the name or knows that it does not exist.
async fn one_family(config: &Config, name: &str, record_type: RecordType) -> Found {
    let mut last = String::new();
    for _ in 0..config.attempts {
        for server in &config.servers {
            let query = Query::new(random_id()?, name, record_type)?;
            let asked = exchange::ask(*server, &query, config.tcp_only);
            last = match tokio::time::timeout(config.timeout, asked).await {
                Ok(Ok(response)) if response.code == 0 => return Ok(response.addresses),
                Ok(Ok(response)) if response.code == NO_SUCH_NAME => return Ok(Vec::new()),
                Ok(Ok(response)) => format!("{server} responded with code {}", response.code),
                Ok(Err(error)) => format!("{server}: {error}"),
                Err(_) => format!("{server} did not respond within {:?}", config.timeout),
            };
        }
    }
    Err(DnsError::new(format!("no name server knows whether {name} exists: {last}; check /etc/resolv.conf")))
}

/// Returns an id that cannot be guessed, so that a forged response is not accepted.
fn random_id() -> Result<u16, DnsError> {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).map_err(|error| DnsError::new(format!("no random number: {error}")))?;
    Ok(u16::from_be_bytes(bytes))
}

/// Puts addresses to which this host has a route before the others, so that a host without IPv6 does not wait for it.
fn reachable_first(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    addresses.truncate(MAX_ADDRESSES);
    // Stable: the order of the server stays otherwise.
    addresses.sort_by_cached_key(|address| !has_route(*address));
    addresses
}

/// Returns true if the host can send to an address. Nothing is sent.
fn has_route(address: IpAddr) -> bool {
    let any = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    UdpSocket::bind(SocketAddr::new(any, 0)).and_then(|socket| socket.connect(SocketAddr::new(address, 53))).is_ok()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
