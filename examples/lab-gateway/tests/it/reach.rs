//! Reachability: what a round finds, and what outlives a restart.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ipam_core::{IpamProvider, IpamProviderExt as _, MemoryProvider};
use lab_gateway::addresses::Addresses;
use lab_gateway::background::{Reports, Stopper};
use lab_gateway::config::ReachabilitySettings;
use lab_gateway::reach::Worker;
use lab_gateway::store::{SqliteStore, Store};
use phpipam_client::scan::{Coverage, Evidence, Host, Observation, Probe, ProbeTarget};

use crate::stage::networks;

/// Probe with the addresses that reply, or that fails.
#[derive(Debug, Default)]
struct Fake {
    up: Mutex<BTreeSet<&'static str>>,
    fails: Mutex<bool>,
    asked: Mutex<Vec<usize>>,
}

#[async_trait]
impl Probe for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    async fn probe(&self, target: &ProbeTarget) -> Observation {
        if *self.fails.lock().unwrap() {
            return Observation::incomplete(target.net, "no socket");
        }
        let only = target.only.clone().unwrap();
        self.asked.lock().unwrap().push(only.len());
        let seen = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let hosts: Vec<Host> =
            self.up.lock().unwrap().iter().map(|up| Host::new(up.parse().unwrap(), Evidence::Echo, seen)).collect();
        Observation::new(target.net, Coverage::Addresses(only), hosts)
    }
}

#[tokio::test]
async fn a_round_finds_who_replies_and_the_last_reply_outlives_a_restart() {
    let provider: Arc<dyn IpamProvider> = Arc::new(MemoryProvider::new());
    let addresses = Arc::new(Addresses::new(Arc::clone(&provider), "alice", networks(), None));
    let range = addresses.ranges().await.unwrap()[0].id.clone();
    for name in ["web1", "web2"] {
        provider.allocate_one(range.clone(), name).await.unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&directory.path().join("p.db")).unwrap());
    let fake = Arc::new(Fake::default());
    let worker = |store: &Arc<dyn Store>| {
        Worker::new(Arc::clone(&addresses), Arc::clone(store), &ReachabilitySettings::default())
            .with_probe(Arc::<Fake>::clone(&fake))
    };
    let first = worker(&store);
    let reach = first.reachability();
    let (one, two) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
    assert_eq!(reach.of(one).routable, None);
    fake.up.lock().unwrap().insert("10.0.0.1");
    assert_eq!(first.round().await.unwrap(), "1 of 2 addresses reply");
    assert_eq!((reach.of(one).routable, reach.of(two).routable), (Some(true), Some(false)));
    let seen = reach.of(one).last_seen.unwrap();
    assert_eq!(reach.of(two).last_seen, None);
    // A failed probe says nothing, and a silent host keeps the time of its last reply.
    *fake.fails.lock().unwrap() = true;
    assert!(first.round().await.unwrap_err().contains("no socket"));
    assert_eq!((reach.of(one).routable, reach.of(one).last_seen), (None, Some(seen)));
    *fake.fails.lock().unwrap() = false;
    fake.up.lock().unwrap().clear();
    first.round().await.unwrap();
    assert_eq!((reach.of(one).routable, reach.of(one).last_seen), (Some(false), Some(seen)));
    assert_eq!(*fake.asked.lock().unwrap(), [2, 2], "allocated addresses only");

    // The next process knows the time before its first round has ended; and the worker stops when it is told to.
    *fake.fails.lock().unwrap() = true;
    let second = worker(&store);
    let (reach, (stopper, stop), reports) = (second.reachability(), Stopper::new(), Reports::new());
    let running = tokio::spawn(second.run(reports.part("reachability"), stop));
    while !reports.all().contains_key("reachability") {
        tokio::task::yield_now().await;
    }
    assert_eq!((reach.of(one).routable, reach.of(one).last_seen), (None, Some(seen)));
    stopper.stop();
    running.await.unwrap();
}
