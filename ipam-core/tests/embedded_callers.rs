//! Callers that drop their futures, come in large numbers, or hold the last handle.
#![cfg(feature = "embedded")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use futures_util::FutureExt;
use futures_util::future::join_all;
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Deallocate, DefineBlock, DefineRange, EmbeddedConfig, EmbeddedProvider,
    ErrorKind, Find, IpamProvider, IpamProviderExt, ListRanges,
};
use rusqlite::Connection;
use tempfile::TempDir;

struct Bench {
    provider: EmbeddedProvider,
    path: PathBuf,
    _directory: TempDir,
}

fn bench() -> Bench {
    bench_that_waits(Duration::from_secs(30))
}

/// Creates a bench with another busy timeout.
fn bench_that_waits(wait: Duration) -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ipam.db");
    let provider = block_on(async {
        let config = EmbeddedConfig::new(&path).with_busy_timeout(wait);
        let provider = EmbeddedProvider::open(config).await.unwrap();
        provider.define_range(&DefineRange::new("lan", "10.0.0.0/16".parse().unwrap())).await.unwrap();
        provider.define_block(&DefineBlock::new("campus", "10.20.0.0/16".parse().unwrap())).await.unwrap();
        provider
    });
    Bench { provider, path, _directory: directory }
}

impl Bench {
    fn taken(&self) -> usize {
        block_on(self.provider.find(&Find::default())).unwrap().items.len()
    }

    /// Locks the store against all writers until the connection is dropped.
    fn lock(&self) -> Connection {
        let other = Connection::open(&self.path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }

    fn wait_for(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn a_future_dropped_before_the_work_does_nothing() {
    let bench = bench();
    let lock = bench.lock();
    let request = Allocate::one("vm", "lan");
    // The first is being worked on, the second waits behind it.
    let mut first = Box::pin(bench.provider.allocate(&request));
    assert!(first.as_mut().now_or_never().is_none());
    std::thread::sleep(Duration::from_millis(50));
    let keyed = Allocate::one("vm", "lan").with_key("k");
    let mut second = Box::pin(bench.provider.allocate(&keyed));
    assert!(second.as_mut().now_or_never().is_none());
    drop((first, second));
    drop(lock);
    // A later request is done after them.
    block_on(bench.provider.allocate(&Allocate::one("vm", "lan").with_key("later"))).unwrap();
    bench.wait_for("only the last one stays", |bench| bench.taken() == 1);
    let changes = block_on(bench.provider.changes(None, 100)).unwrap();
    assert_eq!(changes.items.len(), 3, "the range, the block and one address: {changes:?}");
}

#[test]
fn a_result_that_is_never_polled_is_undone() {
    let bench = bench();
    let request = Allocate::new("vm").with_line(AllocateLine::next("lan", 3));
    let mut lost = Box::pin(bench.provider.allocate(&request));
    assert!(lost.as_mut().now_or_never().is_none(), "it takes longer than that");
    // The result was sent, and the future has not been polled since.
    bench.wait_for("the addresses are taken", |bench| bench.taken() == 3);
    std::thread::sleep(Duration::from_millis(20));
    drop(lost);
    bench.wait_for("the addresses are free again", |bench| bench.taken() == 0);

    let request = AllocateRange::prefix_len("tenant", "campus", 24);
    let ranges = |bench: &Bench| block_on(bench.provider.list_ranges(&ListRanges::all())).unwrap().items.len();
    let mut lost = Box::pin(bench.provider.allocate_range(&request));
    assert!(lost.as_mut().now_or_never().is_none(), "it takes longer than that");
    bench.wait_for("the range is allocated", |bench| ranges(bench) == 2);
    std::thread::sleep(Duration::from_millis(20));
    drop(lost);
    bench.wait_for("the range is deallocated", |bench| ranges(bench) == 1);
}

/// Allocates an address without a key, and does not poll the result.
macro_rules! unseen {
    ($bench:ident, $request:ident) => {{
        let mut lost = Box::pin($bench.provider.allocate(&$request));
        assert!(lost.as_mut().now_or_never().is_none(), "it takes longer than that");
        $bench.wait_for("the address is taken", |bench| bench.taken() == 1);
        std::thread::sleep(Duration::from_millis(20));
        lost
    }};
}

#[test]
fn an_allocation_is_undone_once_the_store_is_no_longer_busy() {
    let bench = bench_that_waits(Duration::from_millis(20));
    let request = Allocate::one("vm", "lan");
    let lost = unseen!(bench, request);
    let lock = bench.lock();
    drop(lost);
    std::thread::sleep(Duration::from_millis(300));
    let error = block_on(bench.provider.allocate(&Allocate::one("vm", "lan").with_key("k"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "other requests are served meanwhile: {error}");
    drop(lock);
    bench.wait_for("the address is free again", |bench| bench.taken() == 0);
    block_on(bench.provider.close()).unwrap();
}

#[test]
fn an_allocation_that_could_not_be_undone_is_named_on_closing() {
    let bench = bench_that_waits(Duration::from_millis(20));
    let request = Allocate::one("vm", "lan");
    let lost = unseen!(bench, request);
    let lock = bench.lock();
    drop(lost);
    for _ in 0..2 {
        let error = block_on(bench.provider.close()).unwrap_err();
        assert!(error.message().contains("still allocated: 10.0.0.1 (key "), "{error}");
    }
    drop(lock);
    // It is as the error says, and can be undone with the key that it names.
    let error = block_on(bench.provider.close()).unwrap_err().to_string();
    let key = error.split("(key ").nth(1).unwrap().split(')').next().unwrap();
    block_on(async {
        let again = EmbeddedProvider::open(&bench.path).await.unwrap();
        assert!(!again.deallocate(&Deallocate::key(key)).await.unwrap().was_free());
    });
}

#[test]
fn a_result_that_is_dropped_after_closing_is_named_too() {
    let bench = bench();
    let request = Allocate::one("vm", "lan");
    let lost = unseen!(bench, request);
    block_on(bench.provider.close()).unwrap();
    drop(lost);
    let error = block_on(bench.provider.close()).unwrap_err();
    assert!(error.message().contains("still allocated: 10.0.0.1 (key "), "{error}");
}

#[test]
fn failed_commits_do_not_lose_undos() {
    let bench = bench();
    let request = Allocate::one("vm", "lan");
    let lost = unseen!(bench, request);
    let log = bench.path.with_extension("db-wal");
    std::fs::rename(&log, log.with_extension("gone")).unwrap();
    drop(lost);
    let error = block_on(bench.provider.close()).unwrap_err();
    assert!(error.message().contains("log"), "{error}");
    assert!(error.context("still allocated").is_some_and(|what| what.starts_with("10.0.0.1 (key ")), "{error}");
}

#[test]
fn an_allocation_with_a_key_stays() {
    let bench = bench();
    let request = Allocate::one("vm", "lan").with_key("k");
    let mut lost = Box::pin(bench.provider.allocate(&request));
    assert!(lost.as_mut().now_or_never().is_none(), "it takes longer than that");
    bench.wait_for("the address is taken", |bench| bench.taken() == 1);
    drop(lost);
    let again = block_on(bench.provider.allocate(&request)).unwrap();
    assert!(again.repeated);
    assert_eq!(bench.taken(), 1);
}

#[test]
fn a_result_that_was_polled_is_kept() {
    let bench = bench();
    for count in 1..50 {
        block_on(bench.provider.allocate(&Allocate::one("vm", "lan"))).unwrap();
        assert_eq!(bench.taken(), count);
    }
}

#[test]
fn a_crowd_waits_for_room_in_the_queue() {
    let bench = bench();
    let lock = bench.lock();
    let releaser = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        drop(lock);
    });
    // More than the queue holds.
    let requests: Vec<Allocate> = (0..3_000).map(|n| Allocate::one("vm", "lan").with_key(format!("k{n}"))).collect();
    let results = block_on(join_all(requests.iter().map(|request| bench.provider.allocate(request))));
    releaser.join().unwrap();
    let mut addresses: Vec<_> = results.into_iter().map(|result| result.unwrap().lines[0][0].address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 3_000);
    assert!(block_on(bench.provider.check_store()).unwrap().is_sound());
}

#[test]
fn one_bad_request_of_a_batch_does_not_fail_the_others() {
    let bench = bench();
    let lock = bench.lock();
    let good = |n: u32| Allocate::one("vm", "lan").with_key(format!("good{n}"));
    let requests: Vec<Allocate> = (0..60)
        .map(|n| match n % 3 {
            0 => good(n),
            1 => Allocate::one("vm", "nowhere"),
            _ => Allocate::new("vm").with_line(AllocateLine::exactly("lan", [10, 0, 0, 1].into())),
        })
        .collect();
    let releaser = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        drop(lock);
    });
    let results = block_on(join_all(requests.iter().map(|request| bench.provider.allocate(request))));
    releaser.join().unwrap();
    for (n, result) in results.iter().enumerate() {
        match n % 3 {
            0 => assert!(result.is_ok(), "{result:?}"),
            1 => assert_eq!(result.as_ref().unwrap_err().kind(), ErrorKind::NotFound),
            _ => assert_eq!(result.as_ref().unwrap_err().kind(), ErrorKind::Conflict),
        }
    }
    assert_eq!(bench.taken(), 20);
}

/// One transaction in which pages fill up, get room again, and are read in between.
#[test]
fn a_batch_leaves_its_pages_as_its_requests_did() {
    let bench = bench();
    let provider = &bench.provider;
    let lock = bench.lock();
    let releaser = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        drop(lock);
    });
    let one = |n: u32| Allocate::one("vm", "lan").with_key(format!("k{n}"));
    let take = |range: std::ops::Range<u32>| {
        range.map(|n| async move { provider.allocate(&one(n)).await.map(|result| result.lines[0][0].address) })
    };
    // Polled in this order, which is the order in the queue.
    let (first, returned, again, reserved, last) = block_on(async {
        let first = join_all(take(0..300));
        let returned =
            join_all([5, 299, 7].map(|n| async move { provider.deallocate(&Deallocate::key(format!("k{n}"))).await }));
        let again = join_all(take(300..302));
        let plan = ipam_core::UpdateRange::new("lan")
            .with_reserved(ipam_core::Patch::Set(vec!["10.0.1.44-10.0.1.255".parse().unwrap()]));
        let reserved = provider.update_range(&plan);
        let last = join_all(take(302..305));
        futures_util::join!(first, returned, again, reserved, last)
    });
    releaser.join().unwrap();
    reserved.unwrap();
    assert!(first.iter().all(Result::is_ok) && returned.iter().all(Result::is_ok));
    let texts = |results: Vec<ipam_core::Result<std::net::IpAddr>>| -> Vec<String> {
        results.into_iter().map(|result| result.unwrap().to_string()).collect()
    };
    assert_eq!(texts(again), ["10.0.0.6", "10.0.0.8"]);
    assert_eq!(texts(last), ["10.0.2.0", "10.0.2.1", "10.0.2.2"]);
    let report = block_on(provider.check_store()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    // What is read from the file alone is the same.
    let next = block_on(async {
        let other = EmbeddedProvider::open(&bench.path).await.unwrap();
        other.allocate_one("lan", "vm").await.unwrap().address.to_string()
    });
    assert_eq!(next, "10.0.2.3");
}

#[test]
fn a_closed_store_says_so() {
    let bench = bench();
    let other = bench.provider.clone();
    block_on(async {
        bench.provider.allocate_one("lan", "vm").await.unwrap();
        bench.provider.close().await.unwrap();
        bench.provider.close().await.unwrap();
        let error = other.allocate_one("lan", "vm").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        let errors = [
            error,
            other.find(&Find::default()).await.unwrap_err(),
            other.check().await.unwrap_err(),
            other.check_store().await.unwrap_err(),
            other.list_ranges(&ListRanges::all()).await.unwrap_err(),
            other.sweep(&ipam_core::Sweep::default()).await.unwrap_err(),
            other.changes(None, 1).await.unwrap_err(),
            other.backup_to(bench.path.with_extension("copy")).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            assert!(error.message().contains("the store was closed"), "{error}");
        }
        // All connections are closed: the log was written back.
        assert!(!bench.path.with_extension("db-wal").exists());
        let again = EmbeddedProvider::open(&bench.path).await.unwrap();
        assert_eq!(again.find(&Find::default()).await.unwrap().items.len(), 1);
    });
}

#[test]
fn the_last_handle_ends_the_threads() {
    let bench = bench();
    let Bench { provider, path, _directory } = bench;
    let clone = provider.clone();
    drop(provider);
    block_on(clone.allocate(&Allocate::one("vm", "lan"))).unwrap();
    drop(clone);
    let begun = Instant::now();
    while path.with_extension("db-wal").exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the connections are closed");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn two_providers_see_each_others_plan_at_once() {
    let bench = bench();
    block_on(async {
        let other = EmbeddedProvider::open(&bench.path).await.unwrap();
        // Both have decoded the range by now.
        bench.provider.allocate_one("lan", "vm").await.unwrap();
        let taken = other.allocate_one("lan", "vm").await.unwrap();
        let range = ipam_core::UpdateRange::new("lan")
            .with_reserved(ipam_core::Patch::Set(vec!["10.0.0.3-10.0.0.9".parse().unwrap()]));
        bench.provider.update_range(&range).await.unwrap();
        assert_eq!(other.allocate_one("lan", "vm").await.unwrap().address.to_string(), "10.0.0.10");
        bench.provider.deallocate(&Deallocate::id(taken.id)).await.unwrap();
        assert_eq!(other.allocate_one("lan", "vm").await.unwrap().address.to_string(), "10.0.0.2");
    });
}
