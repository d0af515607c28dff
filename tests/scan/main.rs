//! Scans over providers of `ipam-core`: what they hold of a scan, and what they cannot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt as _;
use ipam_core::layers::{Call, Intercept, Layered, Next, Reply};
use ipam_core::{
    Allocate, AllocateLine, Allocation, AllocationState, Capabilities, DefineRange, EmbeddedProvider, ErrorKind, Find,
    IpamProvider, IpamProviderExt as _, Labels, MemoryProvider, Result, Tag,
};
use ipnet::IpNet;
use phpipam_client::scan::{Coverage, Evidence, Host, Observation, Policy, ProviderReport, ProviderScan};

const DAY: Duration = Duration::from_secs(86_400);

/// Providers with the range "lan", 192.0.2.0/24, and the directories that they live in.
async fn providers() -> Vec<(Arc<dyn IpamProvider>, Option<tempfile::TempDir>)> {
    let directory = tempfile::tempdir().unwrap();
    let embedded = EmbeddedProvider::open(directory.path().join("ipam.db")).await.unwrap();
    let all: Vec<(Arc<dyn IpamProvider>, _)> =
        vec![(Arc::new(MemoryProvider::new()), None), (Arc::new(embedded), Some(directory))];
    for (provider, _) in &all {
        provider.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse().unwrap())).await.unwrap();
    }
    all
}

fn seen(hosts: &[u8], time: SystemTime) -> Observation {
    let net: IpNet = "192.0.2.0/24".parse().unwrap();
    let hosts = hosts.iter().map(|host| Host::new([192, 0, 2, *host].into(), Evidence::Echo, time));
    Observation::new(net, Coverage::Whole, hosts)
}

async fn rows(provider: &Arc<dyn IpamProvider>) -> Vec<Allocation> {
    let mut rows: Vec<Allocation> = provider.find_all(Find::default().with_range("lan")).try_collect().await.unwrap();
    rows.sort_by_key(|row| row.address);
    rows
}

fn policy() -> Policy {
    Policy::default().with_last_seen_interval(Duration::ZERO)
}

async fn apply(provider: &Arc<dyn IpamProvider>, policy: Policy, observation: &Observation) -> ProviderReport {
    let scan = ProviderScan::new(provider.clone(), "building7").with_policy(policy);
    let report = scan.apply(&"lan".into(), observation).await.unwrap();
    assert_eq!(report.counts.failed, 0, "{report:?}");
    report
}

#[tokio::test]
async fn hosts_become_allocations_and_known_ones_keep_theirs() {
    for (provider, _directory) in providers().await {
        let labels = Labels::default().with_description("front end").with_tag(Tag::new("env", "prod"));
        let line = AllocateLine::exactly("lan", [192, 0, 2, 10].into()).with_labels(labels);
        let request = Allocate::new("vm-1").with_key("vm-1/nic-0").with_line(line);
        provider.allocate(&request).await.unwrap();
        let (yesterday, now) = (SystemTime::now() - DAY, SystemTime::now());
        let mut observation = seen(&[10, 20], yesterday);
        observation.hosts[0].mac = Some("aa:bb:cc:00:11:22".parse().unwrap());
        observation.hosts[1].hostname = Some("web1".to_owned());
        let report = apply(&provider, policy(), &observation).await;
        assert_eq!((report.counts.created, report.counts.updated), (1, 1), "{report:?}");
        let first = rows(&provider).await;
        assert_eq!(first[0].owner.as_ref().unwrap().as_str(), "vm-1");
        assert!(first[0].labels.tags.contains(&Tag::new("env", "prod")), "{:?}", first[0].labels);
        assert_eq!(first[0].labels.tags.len(), 2);
        assert_eq!(first[0].labels.mac, observation.hosts[0].mac);
        assert_eq!(first[1].owner.as_ref().unwrap().as_str(), "scan:building7");
        assert_eq!(first[1].labels.hostname.as_deref(), Some("web1"));

        // The same again changes nothing.
        let report = apply(&provider, policy(), &observation).await;
        assert_eq!((report.counts.unchanged, report.counts.updated), (2, 0), "{report:?}");
        assert_eq!(rows(&provider).await, first);

        // Silent for a day: marked, and used again when it replies.
        let report = apply(&provider, policy(), &seen(&[20], now)).await;
        assert_eq!((report.counts.offline, report.counts.updated), (1, 1), "{report:?}");
        let offline = Tag::new("scan-state", "offline");
        assert!(rows(&provider).await[0].labels.tags.contains(&offline));
        let report = apply(&provider, policy(), &seen(&[10, 20], now)).await;
        assert_eq!(report.counts.online, 1, "{report:?}");
        let last = rows(&provider).await;
        assert!(!last[0].labels.tags.contains(&offline) && last[0].labels.tags.contains(&Tag::new("env", "prod")));
        assert_eq!((last[0].state, last[0].key.is_some()), (AllocationState::Allocated, true));
    }
}

#[tokio::test]
async fn only_the_scans_own_allocations_are_removed() {
    for (provider, _directory) in providers().await {
        let policy = policy().with_remove_after(Some(DAY));
        let request = Allocate::new("vm-1").with_line(AllocateLine::exactly("lan", [192, 0, 2, 10].into()));
        provider.allocate(&request).await.unwrap();
        let old = SystemTime::now() - DAY * 2;
        apply(&provider, policy.clone(), &seen(&[10, 20, 21], old)).await;
        let named = rows(&provider).await.into_iter().find(|row| row.address.to_string() == "192.0.2.21").unwrap();
        provider.update(&ipam_core::Update::new(named.id).with_description("printer")).await.unwrap();
        let scan = ProviderScan::new(provider.clone(), "building7").with_policy(policy.clone());
        let observation = seen(&[30], SystemTime::now());
        let preview = scan.preview(&"lan".into(), &observation).await.unwrap();
        assert_eq!((preview.counts().removed, preview.counts().offline), (0, 3));
        let report = apply(&provider, policy.clone(), &observation).await;
        assert_eq!((report.counts.removed, report.counts.offline, report.counts.created), (0, 3, 1), "{report:?}");
        // A removal takes two silent scans. The second one is in the same second, so nothing else changes.
        let report = apply(&provider, policy, &observation).await;
        assert_eq!((report.counts.removed, report.counts.offline, report.counts.created), (1, 0, 0), "{report:?}");
        let left: Vec<String> = rows(&provider).await.iter().map(|row| row.address.to_string()).collect();
        assert_eq!(left, ["192.0.2.10", "192.0.2.21", "192.0.2.30"]);
    }
}

#[tokio::test]
async fn hosts_that_were_up_are_asked_again_and_an_ipv6_range_is_not_swept() {
    for (provider, _directory) in providers().await {
        let exactly = |range: &str, address: &str| {
            Allocate::new("vm-1").with_line(AllocateLine::exactly(range, address.parse().unwrap()))
        };
        provider.allocate(&exactly("lan", "192.0.2.10")).await.unwrap();
        apply(&provider, policy(), &seen(&[20], SystemTime::now())).await;
        let scan = ProviderScan::new(provider.clone(), "building7");
        let target = scan.target(&"lan".into()).await.unwrap();
        assert_eq!(target.only, None);
        // The one that no scan has found is not up as far as is known.
        assert_eq!(target.known, ["192.0.2.20".parse().unwrap()].into());

        provider.define_range(&DefineRange::new("six", "2001:db8::/64".parse().unwrap())).await.unwrap();
        provider.allocate(&exactly("six", "2001:db8::5")).await.unwrap();
        let target = scan.target(&"six".into()).await.unwrap();
        assert_eq!(target.only, Some(["2001:db8::5".parse().unwrap()].into()));
        let missing = scan.target(&"none".into()).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn an_incomplete_scan_and_silence_of_all_mark_none() {
    for (provider, _directory) in providers().await {
        apply(&provider, policy(), &seen(&[10, 20], SystemTime::now() - DAY)).await;
        let before = rows(&provider).await;
        let cut = Observation::incomplete("192.0.2.0/24".parse().unwrap(), "killed");
        for observation in [cut, seen(&[], SystemTime::now())] {
            let report = apply(&provider, policy(), &observation).await;
            assert!(report.counts.offline == 0 && report.withheld.is_some(), "{report:?}");
        }
        assert_eq!(rows(&provider).await, before);
    }
}

/// Layer that says that the provider has no tags, as one over a server without a place for them does.
#[derive(Debug)]
struct Tagless;

impl Intercept for Tagless {
    async fn around<T: Reply>(&self, _call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
        next.run().await
    }

    fn capabilities(&self, mut below: Capabilities) -> Capabilities {
        below.tags = false;
        below
    }
}

#[tokio::test]
async fn a_provider_without_tags_gets_names_and_no_marks() {
    let provider: Arc<dyn IpamProvider> = Arc::new(Layered::new(MemoryProvider::new(), Tagless));
    provider.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse().unwrap())).await.unwrap();
    apply(&provider, policy(), &seen(&[10, 20], SystemTime::now() - DAY)).await;
    let mut observation = seen(&[10], SystemTime::now());
    observation.hosts[0].hostname = Some("web1".to_owned());
    let report = apply(&provider, policy().with_remove_after(Some(DAY)), &observation).await;
    assert_eq!((report.counts.offline, report.counts.removed), (0, 0));
    assert!(report.withheld.as_ref().unwrap().contains("no tags"), "{report:?}");
    let rows = rows(&provider).await;
    assert_eq!((rows.len(), rows[0].labels.hostname.as_deref()), (2, Some("web1")));
    assert!(rows.iter().all(|row| row.labels.tags.is_empty()));
}
