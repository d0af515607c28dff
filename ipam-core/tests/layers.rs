//! Effects of each layer besides forwarding calls. `conformance_layers.rs` runs the conformance suite over them.
#![cfg(feature = "layers")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ipam_core::layers::{
    Call, GuardLayer, Intercept, Layered, LimitLayer, Next, Reply, RetryLayer, ScopeLayer, TimeoutLayer,
};
use ipam_core::{
    Allocate, BackoffConfig, Deallocate, DefineRange, Error, ErrorKind, Find, IpamProvider, IpamProviderExt,
    ListRanges, MemoryProvider, Operation, Outcome, Result, Retry, RetryConfig, Update,
};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Layer that lets a number of calls of an operation fail or hang before one reaches the provider.
#[derive(Debug)]
struct Fault {
    operation: Operation,
    left: AtomicU32,
    seen: AtomicU32,
    retry: Option<Retry>,
    /// True if the call is applied before its result is lost.
    applied: bool,
}

impl Fault {
    fn failing(operation: Operation, times: u32, retry: Retry, applied: bool) -> Self {
        Self { operation, left: AtomicU32::new(times), seen: AtomicU32::new(0), retry: Some(retry), applied }
    }

    fn hanging(operation: Operation) -> Self {
        Self { operation, left: AtomicU32::new(u32::MAX), seen: AtomicU32::new(0), retry: None, applied: false }
    }
}

impl Intercept for Fault {
    async fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
        if call.operation() != self.operation {
            return next.run().await;
        }
        self.seen.fetch_add(1, Ordering::SeqCst);
        if self.left.load(Ordering::SeqCst) == 0 {
            return next.run().await;
        }
        self.left.fetch_sub(1, Ordering::SeqCst);
        if self.applied {
            next.run().await?;
        }
        match self.retry {
            Some(retry) => Err(Error::new(ErrorKind::Unavailable, Operation::Allocate, "lost").with_retry(retry)),
            None => std::future::pending().await,
        }
    }
}

async fn lan() -> MemoryProvider {
    let provider = MemoryProvider::new();
    for (id, net) in [("lan", "192.0.2.0/24"), ("dmz", "198.51.100.0/24")] {
        provider.define_range(&DefineRange::new(id, net.parse().unwrap())).await.unwrap();
    }
    provider
}

fn retries() -> RetryLayer {
    RetryLayer::new(RetryConfig::new(3, 60 * SECOND).with_backoff(BackoffConfig::new(SECOND, SECOND)))
}

async fn allocations(provider: &dyn IpamProvider) -> usize {
    provider.find(&Find::default()).await.unwrap().items.len()
}

#[tokio::test(start_paused = true)]
async fn a_keyed_allocation_whose_result_was_lost_is_repeated_and_taken_once() {
    let memory = lan().await;
    let faulty = Layered::new(memory.clone(), Fault::failing(Operation::Allocate, 2, Retry::IfIdempotent, true));
    let provider = Layered::new(faulty, retries());
    let taken = provider.allocate(&Allocate::one("vm", "lan").with_key("k")).await.unwrap();
    assert!(taken.repeated, "the first attempt had taken it");
    assert_eq!(allocations(&memory).await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_allocation_without_a_key_is_not_repeated_when_its_outcome_is_unknown() {
    let faulty = Layered::new(lan().await, Fault::failing(Operation::Allocate, 9, Retry::IfIdempotent, false));
    let provider = Layered::new(faulty, retries());
    let error = provider.allocate(&Allocate::one("vm", "lan")).await.unwrap_err();
    assert_eq!((error.retry(), error.outcome()), (Retry::IfIdempotent, Outcome::Unknown));
    assert_eq!(provider.inner().layer().seen.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_not_applied_is_repeated_for_every_operation() {
    let faulty = Layered::new(lan().await, Fault::failing(Operation::DefineRange, 2, Retry::Safe, false));
    let provider = Layered::new(faulty, retries());
    provider.define_range(&DefineRange::new("new", "203.0.113.0/24".parse().unwrap())).await.unwrap();
    assert_eq!(provider.inner().layer().seen.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn giving_up_keeps_the_outcome_and_stops_outer_retries() {
    let faulty = Layered::new(lan().await, Fault::failing(Operation::Deallocate, 99, Retry::IfIdempotent, false));
    let provider = Layered::new(Layered::new(faulty, retries()), retries());
    let error = provider.deallocate(&Deallocate::key("k")).await.unwrap_err();
    assert_eq!((error.retry(), error.outcome()), (Retry::Never, Outcome::Unknown));
    assert_eq!(provider.inner().inner().layer().seen.load(Ordering::SeqCst), 4, "retries do not multiply");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_times_out_with_its_outcome() {
    for (operation, outcome) in [(Operation::Allocate, Outcome::Unknown), (Operation::Find, Outcome::NotApplied)] {
        let provider =
            Layered::new(Layered::new(lan().await, Fault::hanging(operation)), TimeoutLayer::new(5 * SECOND));
        let start = Instant::now();
        let error = match operation {
            Operation::Find => provider.find(&Find::default()).await.map(|_| ()).unwrap_err(),
            _ => provider.allocate_one("lan", "vm").await.map(|_| ()).unwrap_err(),
        };
        assert_eq!((error.kind(), error.outcome(), start.elapsed()), (ErrorKind::Timeout, outcome, 5 * SECOND));
        assert_eq!(error.operation(), operation);
    }
}

#[test]
fn without_a_runtime_a_layer_with_a_timer_fails_and_does_not_panic() {
    futures_executor::block_on(async {
        let provider = lan().await;
        let layered: [Arc<dyn IpamProvider>; 3] = [
            Arc::new(Layered::new(provider.clone(), TimeoutLayer::new(SECOND))),
            Arc::new(Layered::new(provider.clone(), RetryLayer::default())),
            Arc::new(Layered::new(provider.clone(), LimitLayer::new().with_rate(1))),
        ];
        for provider in layered {
            assert_eq!(provider.allocate_one("lan", "vm").await.unwrap_err().kind(), ErrorKind::Config, "{provider:?}");
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_rate_spaces_calls_and_refuses_those_that_would_wait_too_long() {
    let limits = LimitLayer::new().with_rate(2).with_max_wait(2 * SECOND);
    let provider = Layered::new(lan().await, limits);
    let start = Instant::now();
    for _ in 0..2 {
        provider.check().await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::ZERO, "the calls of one second may begin at once");
    for _ in 0..4 {
        provider.check().await.unwrap();
    }
    assert_eq!(start.elapsed(), 2 * SECOND);
    let calls = (0..20).map(|_| provider.check());
    let results = futures_util::future::join_all(calls).await;
    let refused: Vec<Error> = results.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 16, "four calls fit into the longest wait");
    assert!(refused.iter().all(|error| error.kind() == ErrorKind::RateLimited && error.retry_after().is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_released_when_its_caller_is_dropped() {
    let hanging = Layered::new(lan().await, Fault::hanging(Operation::Allocate));
    let provider = Layered::new(hanging, LimitLayer::new().with_concurrency(1).with_max_wait(SECOND));
    let mut held = Box::pin(provider.allocate_one("lan", "vm"));
    assert!(futures_util::poll!(held.as_mut()).is_pending());
    assert_eq!(provider.check().await.unwrap_err().kind(), ErrorKind::Busy);
    drop(held);
    provider.check().await.unwrap();
}

#[tokio::test]
async fn a_guard_refuses_changes_and_the_capabilities_say_so() {
    let memory = lan().await;
    let taken = memory.allocate_one("lan", "vm").await.unwrap();
    let guarded = Layered::new(memory.clone(), GuardLayer::read_only());
    let can = guarded.capabilities();
    assert!(!can.update && !can.define_ranges && !can.define_blocks && !can.allocate_ranges && !can.sweep);
    assert_eq!(guarded.allocate_one("lan", "vm").await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    let back = guarded.deallocate(&Deallocate::id(taken.id.clone())).await;
    assert_eq!(back.unwrap_err().kind(), ErrorKind::PermissionDenied);
    let update = guarded.update(&Update::new(taken.id.clone())).await;
    assert_eq!(update.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(guarded.ranges(ListRanges::all()).count_all().await, 2);
    assert_eq!(allocations(&memory).await, 1);
}

#[tokio::test]
async fn a_dry_run_fails_as_the_call_would() {
    let guarded = Layered::new(lan().await, GuardLayer::dry_run());
    let error = guarded.allocate_one("lan", "vm").await.unwrap_err();
    assert!(error.message().contains("would take 192.0.2.1"), "{error}");
    let missing = guarded.allocate_one("no-such-range", "vm").await.unwrap_err();
    assert_eq!((missing.kind(), missing.operation()), (ErrorKind::NotFound, Operation::Allocate));
}

#[tokio::test]
async fn a_scope_hides_other_ranges_and_their_allocations() {
    let memory = lan().await;
    let outside = memory.allocate_one("dmz", "other").await.unwrap();
    let scoped = Layered::new(memory.clone(), ScopeLayer::new(["lan"]));
    let mine = scoped.allocate_one("lan", "vm").await.unwrap();
    assert_eq!(scoped.ranges(ListRanges::all()).count_all().await, 1);
    let found = scoped.find(&Find::default()).await.unwrap().items;
    assert_eq!(found.iter().map(|allocation| &allocation.id).collect::<Vec<_>>(), [&mine.id]);
    let changes = scoped.changes(None, 100).await.unwrap().items;
    assert!(changes.iter().all(|change| change.range.as_ref().is_none_or(|range| range.as_str() == "lan")));

    let key = outside.key.clone().unwrap();
    for request in [Deallocate::id(outside.id.clone()), Deallocate::key(key)] {
        assert_eq!(scoped.deallocate(&request).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
    let by_address = scoped.deallocate(&Deallocate::address("dmz", outside.address)).await;
    assert_eq!(by_address.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(scoped.update(&Update::new(outside.id.clone())).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(allocations(&memory).await, 2, "allocations outside the scope are unchanged");
    assert!(!scoped.deallocate(&Deallocate::id(mine.id)).await.unwrap().was_free());
}

#[tokio::test]
async fn a_scope_reads_on_over_changes_of_other_ranges() {
    let memory = lan().await;
    let start = memory.changes(None, 100).await.unwrap().next;
    let scoped = Layered::new(memory.clone(), ScopeLayer::new(["lan"]));
    for _ in 0..7 {
        memory.allocate_one("dmz", "other").await.unwrap();
    }
    let mine = memory.allocate_one("lan", "vm").await.unwrap();
    memory.allocate_one("dmz", "other").await.unwrap();

    // Every limit, also those at which whole parts of the feed lie outside of the scope.
    for limit in 1..=10 {
        let first = scoped.changes(Some(&start), limit).await.unwrap();
        let found: Vec<_> = first.items.iter().map(|change| change.address).collect();
        assert_eq!(found, [Some(mine.address)], "limit {limit}");
        let end = scoped.changes(Some(&first.next), limit).await.unwrap();
        assert!(end.items.is_empty(), "limit {limit}");
        assert_eq!(end.next, memory.changes(Some(&start), 100).await.unwrap().next, "the end is not read again");
    }
    let none = scoped.changes(Some(&start), 0).await.unwrap();
    assert_eq!((none.items.len(), &none.next), (0, &start), "a limit of 0 returns the position and reads nothing");

    // More changes outside of the scope than a page of the stream has.
    for _ in 0..150 {
        let request = Allocate::one("other", "dmz").with_key("k");
        memory.allocate(&request).await.unwrap();
        for _ in 0..4 {
            memory.deallocate(&Deallocate::key("k")).await.unwrap();
            memory.allocate(&request).await.unwrap();
        }
        memory.deallocate(&Deallocate::key("k")).await.unwrap();
    }
    let last = memory.allocate_one("lan", "vm").await.unwrap();
    let seen: Vec<_> = futures_util::TryStreamExt::try_collect(scoped.changes_since(Some(start))).await.unwrap();
    let addresses: Vec<_> = seen.iter().map(|change: &ipam_core::Change| change.address).collect();
    assert_eq!(addresses, [Some(mine.address), Some(last.address)]);
}

/// Length of a stream of results.
trait CountAll {
    async fn count_all(self) -> usize;
}

impl<S: futures_util::Stream<Item = Result<ipam_core::Range>> + Send> CountAll for S {
    async fn count_all(self) -> usize {
        futures_util::TryStreamExt::try_collect::<Vec<_>>(self).await.unwrap().len()
    }
}
