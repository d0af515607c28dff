//! PTR records from name servers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::ReverseLookup;

/// Wait for one server, once.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Longest look-up, with repetition and TCP.
const LIMIT: Duration = Duration::from_secs(3);
/// Look-ups without any response, one after the other, after which servers count as dead.
const DEAD_AFTER: u32 = 3;
/// Time for which they are not asked then.
const REST: Duration = Duration::from_secs(60);
/// Look-ups at once.
const PARALLEL: usize = 16;
/// Names that are remembered per set of servers, as long as they may be.
const CACHE: u64 = 8192;
/// Age at which a set of servers is set up anew, so that a changed configuration of the system is noticed.
const MAX_AGE: Duration = Duration::from_secs(600);
/// Largest number of sets of servers, and of servers in one.
const MAX_SETS: usize = 64;
const MAX_SERVERS: usize = 4;

/// Look-up of PTR records with the name servers of the subnet, or those of the system (`/etc/resolv.conf`).
///
/// A look-up takes three seconds at most. Servers of which none responded three times in a row are not asked for a minute, so
/// that a dead one costs a few seconds, and not some for each host. At most sixteen look-ups are under way; names are
/// remembered for as long as their records say.
///
/// If an address has several names, the first in the order of the alphabet is returned, always the same.
///
/// ```
/// use phpipam_client::scan::{DnsLookup, ReverseLookup};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// // No name server listens there.
/// let lookup = DnsLookup::new().with_port(9);
/// assert_eq!(lookup.name("192.0.2.5".parse()?, &["127.0.0.1".parse()?]).await, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DnsLookup {
    port: u16,
    permits: Semaphore,
    sets: Mutex<BTreeMap<Vec<IpAddr>, Arc<Servers>>>,
}

impl Default for DnsLookup {
    fn default() -> Self {
        Self::new()
    }
}

impl DnsLookup {
    /// Look-up at port 53.
    #[must_use]
    pub fn new() -> Self {
        Self { port: 53, permits: Semaphore::new(PARALLEL), sets: Mutex::default() }
    }

    /// Sets the port of the name servers that a call names; 53 by default. Those of the system keep theirs.
    #[must_use]
    pub const fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    fn servers(&self, servers: &[IpAddr]) -> Arc<Servers> {
        let mut key: Vec<IpAddr> = Vec::new();
        for server in servers {
            if !key.contains(server) && key.len() < MAX_SERVERS {
                key.push(*server);
            }
        }
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = sets.get(&key).filter(|servers| servers.since.elapsed() < MAX_AGE) {
            return Arc::clone(found);
        }
        if sets.len() >= MAX_SETS {
            sets.clear();
        }
        let made = Arc::new(Servers::new(&key, self.port));
        sets.insert(key, Arc::clone(&made));
        made
    }
}

#[async_trait]
impl ReverseLookup for DnsLookup {
    async fn name(&self, address: IpAddr, servers: &[IpAddr]) -> Option<String> {
        let _permit = self.permits.acquire().await.ok()?;
        // After the permit: the servers may have been found dead meanwhile.
        self.servers(servers).name(address).await
    }
}

/// Set of name servers.
#[derive(Debug)]
struct Servers {
    /// `None` if the configuration cannot be used.
    resolver: Option<TokioResolver>,
    since: Instant,
    health: Mutex<Health>,
}

/// Look-ups without a response.
#[derive(Debug, Default)]
struct Health {
    failures: u32,
    rests_until: Option<Instant>,
}

impl Health {
    fn rests(&self) -> bool {
        self.rests_until.is_some_and(|until| Instant::now() < until)
    }

    fn record(&mut self, responded: bool) {
        if responded {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= DEAD_AFTER {
            self.rests_until = Some(Instant::now() + REST);
        }
    }
}

impl Servers {
    fn new(addresses: &[IpAddr], port: u16) -> Self {
        Self { resolver: resolver(addresses, port).ok(), since: Instant::now(), health: Mutex::default() }
    }

    async fn name(&self, address: IpAddr) -> Option<String> {
        let resolver = self.resolver.as_ref()?;
        if self.health.lock().unwrap_or_else(PoisonError::into_inner).rests() {
            return None;
        }
        let result = timeout(LIMIT, resolver.reverse_lookup(Name::from(address))).await;
        let responded = match &result {
            // "No such name", or a refusal, is a response as well.
            Ok(Ok(_) | Err(NetError::Dns(_))) => true,
            Ok(Err(_)) | Err(_) => false,
        };
        self.health.lock().unwrap_or_else(PoisonError::into_inner).record(responded);
        let lookup = result.ok()?.ok()?;
        // Of the name that was asked for, or of one that stands in its place (RFC 2317): what a server adds is about others.
        let mut asked = vec![Name::from(address)];
        for record in lookup.message().all_sections() {
            match &record.data {
                RData::CNAME(other) if asked.contains(&record.name) => asked.push(other.0.clone()),
                _ => {}
            }
        }
        let names = lookup.message().all_sections().filter_map(|record| match &record.data {
            RData::PTR(name) if asked.contains(&record.name) => Some(name.0.to_ascii()),
            _ => None,
        });
        names.min()
    }
}

fn resolver(addresses: &[IpAddr], port: u16) -> Result<TokioResolver, NetError> {
    let mut builder = if addresses.is_empty() {
        TokioResolver::builder_tokio()?
    } else {
        let servers = addresses.iter().map(|&address| {
            let mut server = NameServerConfig::udp_and_tcp(address);
            server.connections.iter_mut().for_each(|connection| connection.port = port);
            server
        });
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    configure(builder.options_mut());
    builder.build()
}

fn configure(options: &mut ResolverOpts) {
    options.timeout = TIMEOUT;
    // One repeat, because a datagram may be lost.
    options.attempts = 1;
    options.cache_size = CACHE;
    // Names of the scanning machine's own file are not those of the network.
    options.use_hosts_file = ResolveHosts::Never;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_dead_server_costs_little_however_many_hosts_there_are() {
        // A socket that nothing reads.
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let lookup = DnsLookup::new().with_port(silent.local_addr().unwrap().port());
        let started = std::time::Instant::now();
        let names = (0..=255).map(|last| {
            let lookup = &lookup;
            async move { lookup.name(IpAddr::from([192, 0, 2, last]), &[address("127.0.0.1")]).await }
        });
        let found = futures_util::future::join_all(names).await;
        assert!(found.iter().all(Option::is_none));
        // 256 look-ups would take 48 s without the rest.
        assert!(started.elapsed() < LIMIT * 3, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn servers_rest_after_three_failures_and_are_asked_again_later() {
        let mut health = Health::default();
        health.record(false);
        health.record(false);
        health.record(true);
        health.record(false);
        health.record(false);
        assert!(!health.rests(), "a response in between");
        health.record(false);
        assert!(health.rests());
        tokio::time::advance(REST).await;
        assert!(!health.rests());
        health.record(false);
        assert!(health.rests(), "one more failure is enough");
    }

    #[tokio::test]
    async fn sets_are_bounded_and_shared() {
        let lookup = DnsLookup::new();
        let first = lookup.servers(&[address("192.0.2.1"), address("192.0.2.1")]);
        assert!(Arc::ptr_eq(&first, &lookup.servers(&[address("192.0.2.1")])));
        for last in 0..=255 {
            lookup.servers(&[IpAddr::from([198, 51, 100, last])]);
        }
        assert!(lookup.sets.lock().unwrap().len() <= MAX_SETS);
        let many: Vec<IpAddr> = (0..=255).map(|last| IpAddr::from([203, 0, 113, last])).collect();
        lookup.servers(&many);
        assert!(lookup.sets.lock().unwrap().keys().all(|key| key.len() <= MAX_SERVERS));
    }
}
