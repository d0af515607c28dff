//! Conformance cases over each layer around the stores that work in tasks or threads of their own.
//!
//! `conformance_layers` runs all cases over each layer around memory, which shows that a layer forwards every method. Here
//! are the cases where a layer meets what only these stores have, which are their queues, tasks and connections: dropped
//! calls, callers at once, and closing. All other cases are of one call after the other, and a layer hands the same call
//! on, whatever is below; of those, each runs under one of the layers around a file. `IPAM_TEST_LAYERS=all` runs all cases
//! under all layers around both stores.
#![cfg(all(feature = "conformance", feature = "metrics", feature = "tracing"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(feature = "embedded")]
#[path = "conformance_support/embedded.rs"]
mod embedded;
#[path = "conformance_support/layers.rs"]
mod layers;
#[cfg(all(unix, feature = "postgres"))]
#[path = "conformance_support/postgres.rs"]
mod postgres;
#[cfg(all(unix, feature = "postgres"))]
mod postgres_support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use ipam_core::conformance::{Case, CaseOutcome, Harness, cases, run};
use layers::{Around, LAYERS};
use tokio::runtime::{Builder, Runtime};

/// Groups that run under each layer.
const EACH: [&str; 3] = ["cancellation::", "close::", "concurrency::"];

/// Number of cases at a time.
const THREADS: usize = 4;

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

/// Returns the cases, each with the index of a layer. The other cases come once each, or not at all.
fn chosen(others: bool) -> Vec<(&'static Case, usize)> {
    let all = std::env::var_os("IPAM_TEST_LAYERS").is_some_and(|which| which == "all");
    let mut chosen = Vec::new();
    for (index, case) in cases().iter().enumerate() {
        if all || EACH.iter().any(|group| case.name.starts_with(group)) {
            chosen.extend((0..LAYERS.len()).map(|layer| (case, layer)));
        } else if others {
            chosen.push((case, index % LAYERS.len()));
        }
    }
    chosen
}

/// Runs the cases with harnesses of their own, and fails with all that failed.
fn all_pass(others: bool, harness: impl Fn() -> Arc<dyn Harness> + Sync) {
    let chosen = chosen(others);
    let (next, passed, failures) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((case, layer)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (name, wrap) = LAYERS[*layer];
                    let around: Arc<dyn Harness> = Arc::new(Around { inner: harness(), runtime: runtime(), wrap });
                    match run(&around, case) {
                        Ok(CaseOutcome::Passed) => _ = passed.fetch_add(1, Ordering::Relaxed),
                        Ok(_) => {}
                        Err(failure) => failures.lock().unwrap().push(format!("under {name}: {failure}")),
                    }
                }
            });
        }
    });
    assert_eq!(failures.into_inner().unwrap(), Vec::<String>::new());
    let passed = passed.into_inner();
    println!("{passed} of {} passed, the others were skipped", chosen.len());
    // A scope has no blocks, and no store has the claims of others.
    assert!(passed > chosen.len() * 3 / 5, "{passed} of {}", chosen.len());
}

#[cfg(feature = "embedded")]
#[test]
fn cases_pass_under_layers_around_a_file() {
    all_pass(true, || Arc::new(embedded::EmbeddedHarness::default()));
}

#[cfg(all(unix, feature = "postgres"))]
#[test]
fn cases_pass_under_layers_around_a_database() {
    if let Some(reason) = postgres_support::no_server() {
        eprintln!("not run: {reason}");
        return;
    }
    all_pass(false, || Arc::new(postgres::PostgresHarness::default()));
}
