//! Several probes as one.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ipnet::IpNet;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout};

use super::neighbours::{self, complete, observe, unconfirmed};
use super::target::MAX_ADDRESSES;
use super::{NmapMissing, NmapProbe, Probe, ProbeTarget, SocketProbe};
use crate::scan::{Coverage, Observation};

/// Time between two looks into the neighbour table. An entry proves a reply for fifteen seconds at least.
const LOOK: Duration = Duration::from_secs(5);
/// Longest wait for entries that the kernel confirms: it begins five seconds after a packet, and tries six times in six.
const CONFIRMING: Duration = Duration::from_secs(12);
/// Time between two looks meanwhile.
const CONFIRMING_LOOK: Duration = Duration::from_millis(500);
/// Wait before silent hosts are asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Several probes as one: nmap, or sockets where nmap is missing; the neighbour table; and one repeat.
///
/// 1. nmap asks the target. Where it cannot be started, [`SocketProbe`] takes its place, and a note says so; a run of nmap
///    that fails makes the observation incomplete.
/// 2. Meanwhile and afterwards, the neighbour table is read. It adds hosts that blocked everything but ARP or neighbour
///    discovery, and MAC addresses. The addresses of an IPv6 prefix that it knows are asked, too, listed or not.
/// 3. Addresses that should have replied and did not, the listed ones of the target and its [`known`](ProbeTarget::known)
///    ones, are asked once more by sockets.
/// 4. The kernel takes up to twelve seconds to confirm a neighbour that it has not heard of for a while. It is waited for,
///    if the host has not replied otherwise.
///
/// If one of the steps is incomplete, so is the observation.
///
/// ```
/// use phpipam_client::scan::{Probe, ProbeTarget, Probes, SocketProbe};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let probes = Probes::new().with_nmap(None).with_sockets(SocketProbe::new().with_rate(100));
/// let observation = probes.probe(&ProbeTarget::whole("127.0.0.1/32".parse()?)).await;
/// assert!(observation.host("127.0.0.1".parse()?).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Probes {
    nmap: Option<NmapProbe>,
    sockets: Arc<dyn Probe>,
    neighbours: bool,
    /// Error of starting nmap, found out once.
    missing: Arc<OnceCell<Option<NmapMissing>>>,
}

impl Default for Probes {
    fn default() -> Self {
        Self::new()
    }
}

impl Probes {
    /// Combination of the probes with their defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            nmap: Some(NmapProbe::new()),
            sockets: Arc::new(SocketProbe::new()),
            neighbours: true,
            missing: Arc::default(),
        }
    }

    /// Sets the probe of nmap; `None` to use sockets only.
    #[must_use]
    pub fn with_nmap(mut self, nmap: Option<NmapProbe>) -> Self {
        self.nmap = nmap;
        self.missing = Arc::default();
        self
    }

    /// Sets the probe of sockets.
    #[must_use]
    pub fn with_sockets(mut self, sockets: SocketProbe) -> Self {
        self.sockets = Arc::new(sockets);
        self
    }

    /// Sets whether the neighbour table is read; it is by default.
    #[must_use]
    pub const fn with_neighbours(mut self, neighbours: bool) -> Self {
        self.neighbours = neighbours;
        self
    }

    /// Returns the probe for the first step, and a note if it is the second choice.
    async fn first(&self) -> (&dyn Probe, Option<String>) {
        let Some(nmap) = &self.nmap else { return (self.sockets.as_ref(), None) };
        match self.missing.get_or_init(|| async { nmap.check().await.err() }).await {
            None => (nmap, None),
            Some(missing) => (self.sockets.as_ref(), Some(format!("{missing}. Sockets took its place"))),
        }
    }

    /// Runs a probe, and reads the neighbour table meanwhile and afterwards.
    async fn watched(&self, probe: &dyn Probe, target: &ProbeTarget) -> Observation {
        if !self.neighbours {
            return probe.probe(target).await;
        }
        // Whatever is in the table, because the hosts of an IPv6 prefix cannot be listed.
        let whole = ProbeTarget::whole(target.net);
        let mut replied = Observation::new(target.net, Coverage::Addresses(BTreeSet::new()), []);
        let mut probing = std::pin::pin!(probe.probe(target));
        let mut observation = loop {
            match timeout(LOOK, &mut probing).await {
                Ok(observation) => break observation,
                // A failure shows again at the end.
                Err(_) => {
                    let table = neighbours::read().await.unwrap_or_default();
                    replied.merge(observe(&whole, &table, SystemTime::now()));
                }
            }
        };
        match neighbours::read().await {
            Ok(table) => {
                replied.merge(observe(&whole, &table, SystemTime::now()));
                observation.merge(replied);
                complete(&mut observation, &table);
            }
            // Where there is a table, hosts that reply to ARP only would look silent without it.
            Err(reason) if cfg!(target_os = "linux") => observation.merge(Observation::incomplete(target.net, reason)),
            Err(reason) => observation = observation.with_note(reason),
        }
        observation
    }

    /// Returns the target with the addresses that the neighbour table knows of an IPv6 prefix.
    async fn with_neighbours_of(&self, target: &ProbeTarget) -> ProbeTarget {
        let mut target = target.clone();
        if let (true, IpNet::V6(_), Some(only)) = (self.neighbours, target.net, &mut target.only) {
            // A table that cannot be read is a failure later.
            let table = neighbours::read().await.unwrap_or_default();
            only.extend(unconfirmed(target.net, &table).take(MAX_ADDRESSES.saturating_sub(only.len())));
        }
        target
    }

    /// Waits for neighbours that were asked, and of which the kernel does not know yet whether they are still there.
    async fn confirm(&self, observation: &mut Observation) {
        let whole = ProbeTarget::whole(observation.net);
        let deadline = Instant::now() + CONFIRMING;
        while self.neighbours && Instant::now() < deadline {
            let Ok(table) = neighbours::read().await else { return };
            observation.merge(observe(&whole, &table, SystemTime::now()));
            let open = |address: IpAddr| observation.covers(address) && observation.host(address).is_none();
            if !unconfirmed(observation.net, &table).any(open) {
                return;
            }
            sleep(CONFIRMING_LOOK).await;
        }
    }
}

#[async_trait]
impl Probe for Probes {
    fn name(&self) -> &str {
        match (&self.nmap, self.neighbours) {
            (Some(_), true) => "nmap and neighbours",
            (Some(_), false) => "nmap",
            (None, true) => "sockets and neighbours",
            (None, false) => "sockets",
        }
    }

    async fn probe(&self, target: &ProbeTarget) -> Observation {
        if let Err(error) = target.check() {
            return Observation::incomplete(target.net, error.to_string());
        }
        let (first, note) = self.first().await;
        let mut observation = self.watched(first, &self.with_neighbours_of(target).await).await;
        if let Some(note) = note {
            observation = observation.with_note(note);
        }
        let silent = silent(target, &observation);
        if !silent.is_empty() {
            self.again(silent, &mut observation).await;
        }
        self.confirm(&mut observation).await;
        observation
    }
}

impl Probes {
    /// Asks silent addresses once more.
    async fn again(&self, silent: BTreeSet<IpAddr>, observation: &mut Observation) {
        sleep(PAUSE).await;
        let target = ProbeTarget::addresses(observation.net, silent);
        let mut again = self.watched(self.sockets.as_ref(), &target).await;
        if let Coverage::Incomplete(reason) = &mut again.coverage {
            reason.insert_str(0, "silent hosts could not be asked again: ");
        }
        observation.merge(again);
    }
}

/// Returns the addresses whose silence would count, and was not expected.
fn silent(target: &ProbeTarget, observation: &Observation) -> BTreeSet<IpAddr> {
    // Not only those that are covered: the first probe may have had fewer rights than the second has.
    if matches!(observation.coverage, Coverage::Incomplete(_)) {
        return BTreeSet::new();
    }
    let expected = target.known.iter().chain(target.only.iter().flatten());
    expected.filter(|address| observation.host(**address).is_none()).copied().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::sync::Mutex;

    use super::*;
    use crate::scan::{Evidence, Host};

    /// Probe that finds its hosts only at the second time.
    #[derive(Debug)]
    struct Second {
        hosts: Vec<&'static str>,
        targets: Mutex<Vec<ProbeTarget>>,
        fails: bool,
    }

    impl Second {
        fn new(hosts: &[&'static str], fails: bool) -> Arc<Self> {
            Arc::new(Self { hosts: hosts.to_vec(), targets: Mutex::default(), fails })
        }
    }

    #[async_trait]
    impl Probe for Second {
        fn name(&self) -> &str {
            "second"
        }

        async fn probe(&self, target: &ProbeTarget) -> Observation {
            let mut targets = self.targets.lock().unwrap();
            targets.push(target.clone());
            if self.fails && targets.len() > 1 {
                return Observation::incomplete(target.net, "broken");
            }
            let host = |address: &&str| Host::new(address.parse().unwrap(), Evidence::Echo, SystemTime::now());
            let hosts: Vec<Host> = if targets.len() > 1 { self.hosts.iter().map(host).collect() } else { Vec::new() };
            let coverage = target.only.clone().map_or(Coverage::Whole, Coverage::Addresses);
            Observation::new(target.net, coverage, hosts)
        }
    }

    fn probes(second: &Arc<Second>) -> Probes {
        let mut probes = Probes::new().with_nmap(None).with_neighbours(false);
        probes.sockets = Arc::<Second>::clone(second);
        probes
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn known_hosts_that_are_silent_are_asked_once_more() {
        let second = Second::new(&["10.0.0.5"], false);
        let target =
            ProbeTarget::whole("10.0.0.0/24".parse().unwrap()).with_known([address("10.0.0.5"), address("10.0.0.6")]);
        let observation = probes(&second).probe(&target).await;
        assert!(observation.host(address("10.0.0.5")).is_some());
        assert!(observation.covers(address("10.0.0.6")) && observation.coverage == Coverage::Whole);
        let targets = second.targets.lock().unwrap();
        assert_eq!(targets.len(), 2, "and never a third time");
        assert_eq!(targets[1].only, Some([address("10.0.0.5"), address("10.0.0.6")].into()));
    }

    #[tokio::test(start_paused = true)]
    async fn without_known_hosts_there_is_one_round() {
        let second = Second::new(&[], false);
        probes(&second).probe(&ProbeTarget::whole("10.0.0.0/24".parse().unwrap())).await;
        assert_eq!(second.targets.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn listed_addresses_are_asked_once_more_too_and_a_failure_of_it_counts() {
        let second = Second::new(&[], true);
        let target = ProbeTarget::addresses("2001:db8::/64".parse().unwrap(), [address("2001:db8::5")]);
        let observation = probes(&second).probe(&target).await;
        assert_eq!(
            observation.coverage,
            Coverage::Incomplete("silent hosts could not be asked again: broken".to_owned())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_target_reaches_no_probe() {
        let second = Second::new(&[], false);
        let observation = probes(&second).probe(&ProbeTarget::whole("2001:db8::/64".parse().unwrap())).await;
        assert!(matches!(observation.coverage, Coverage::Incomplete(_)));
        assert!(second.targets.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_missing_nmap_is_replaced_with_a_note() {
        let second = Second::new(&[], false);
        let probes = probes(&second).with_nmap(Some(NmapProbe::new().with_program("/nonexistent/nmap")));
        let observation = probes.probe(&ProbeTarget::whole("10.0.0.0/24".parse().unwrap())).await;
        assert_eq!(observation.coverage, Coverage::Whole);
        assert!(observation.notes[0].contains("install nmap"), "{:?}", observation.notes);
        assert!(observation.notes[0].contains("Sockets took its place"), "{:?}", observation.notes);
    }
}
