//! Rounds of the worker.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ipnet::{IpNet, Ipv4Net};
use phpipam_client::scan::{Coverage, Observation, Probe, ProbeTarget, Probes, SocketProbe};

use super::{Reach, Reachability};
use crate::addresses::Addresses;
use crate::background::{Report, Stop};
use crate::config::ReachabilitySettings;
use crate::store::Store;

/// Worker that asks the allocated addresses of the lab, all of them in a round.
///
/// The probes are those of the scan agent: echo requests, TCP for those that do not reply, and the neighbour table; a silent
/// address is asked once more before it counts as silent. They are bounded by the rate of the settings, and a round by its
/// cycle.
#[derive(Debug)]
pub struct Worker {
    addresses: Arc<Addresses>,
    store: Arc<dyn Store>,
    probe: Arc<dyn Probe>,
    every: Duration,
    reachability: Reachability,
}

impl Worker {
    /// Makes a worker with the probes of the settings.
    #[must_use]
    pub fn new(addresses: Arc<Addresses>, store: Arc<dyn Store>, settings: &ReachabilitySettings) -> Self {
        let every = Duration::from(settings.every);
        // Without nmap: a handful of known addresses is asked as quickly by sockets, and no program is started for it.
        let sockets = SocketProbe::new().with_rate(settings.rate).with_time_limit(every);
        let probes = Probes::new().with_nmap(None).with_sockets(sockets);
        Self { addresses, store, probe: Arc::new(probes), every, reachability: Reachability::new() }
    }

    /// Sets another probe.
    #[must_use]
    pub fn with_probe(mut self, probe: Arc<dyn Probe>) -> Self {
        self.probe = probe;
        self
    }

    /// Returns the reachability that the worker keeps up to date.
    #[must_use]
    pub fn reachability(&self) -> Reachability {
        self.reachability.clone()
    }

    /// Runs rounds until the service stops. The first one begins at once.
    pub async fn run(self, report: Report, stop: Stop) {
        self.remember(&report).await;
        loop {
            match stop.or(self.round()).await {
                None => return,
                Some(Ok(detail)) => report.up(detail),
                Some(Err(problem)) => report.down(problem),
            }
            if stop.or(tokio::time::sleep(self.every)).await.is_none() {
                return;
            }
        }
    }

    /// Takes over when addresses replied before the service started.
    async fn remember(&self, report: &Report) {
        let store = Arc::clone(&self.store);
        match tokio::task::spawn_blocking(move || store.seen()).await {
            Ok(Ok(seen)) => {
                let reach = |(address, time)| (address, Reach { routable: None, last_seen: Some(time) });
                self.reachability.set(seen.into_iter().map(reach).collect());
            }
            Ok(Err(error)) => report.down(error.to_string()),
            Err(error) => report.down(error.to_string()),
        }
    }

    /// Asks all addresses once, and returns a sentence about it.
    ///
    /// # Errors
    /// A sentence with the failure. What other probes of the round found counts all the same.
    pub async fn round(&self) -> Result<String, String> {
        let addresses = self.addresses.list().await.map_err(|error| error.to_string())?;
        let ranges = self.addresses.ranges().await.map_err(|error| error.to_string())?;
        let mut left: Vec<Ipv4Addr> = addresses.iter().map(|found| found.address).collect();
        let (asked, mut all, mut failed) = (left.len(), BTreeMap::new(), None);
        for range in ranges.iter() {
            let IpNet::V4(net) = range.net else { continue };
            let (ours, others): (Vec<_>, Vec<_>) = left.iter().partition(|address| net.contains(*address));
            left = others;
            if ours.is_empty() {
                continue;
            }
            let observation = self.probe.probe(&self.target(net, &ours)).await;
            if let Coverage::Incomplete(reason) = &observation.coverage {
                failed = Some(format!("{net}: {reason}"));
            }
            all.extend(ours.into_iter().map(|address| (address, self.reach(address, &observation))));
        }
        // An address in no range any more was asked by none.
        all.extend(
            left.into_iter().map(|address| (address, Reach { routable: None, ..self.reachability.of(address) })),
        );
        let up = all.values().filter(|reach| reach.routable == Some(true)).count();
        self.keep(&all).await?;
        self.reachability.set(all);
        failed.map_or_else(|| Ok(format!("{up} of {asked} addresses reply")), Err)
    }

    fn target(&self, net: Ipv4Net, addresses: &[Ipv4Addr]) -> ProbeTarget {
        let known = addresses.iter().filter(|address| self.reachability.of(**address).routable == Some(true));
        let ip = |address: &Ipv4Addr| IpAddr::V4(*address);
        ProbeTarget::addresses(IpNet::V4(net), addresses.iter().map(ip)).with_known(known.map(ip))
    }

    /// Returns the reachability of an address after a probe. The last reply is never the last attempt.
    fn reach(&self, address: Ipv4Addr, observation: &Observation) -> Reach {
        let before = self.reachability.of(address);
        match observation.host(address.into()) {
            // A clock that jumped back does not take the later time away.
            Some(host) => Reach { routable: Some(true), last_seen: before.last_seen.max(Some(host.seen)) },
            None if observation.covers(address.into()) => Reach { routable: Some(false), ..before },
            // A probe that failed says nothing: an address that replied before is not called bad.
            None => Reach { routable: None, ..before },
        }
    }

    async fn keep(&self, all: &BTreeMap<Ipv4Addr, Reach>) -> Result<(), String> {
        let seen: BTreeMap<Ipv4Addr, SystemTime> =
            all.iter().filter_map(|(address, reach)| Some((*address, reach.last_seen?))).collect();
        let store = Arc::clone(&self.store);
        let written = tokio::task::spawn_blocking(move || store.set_seen(&seen)).await;
        written.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}
