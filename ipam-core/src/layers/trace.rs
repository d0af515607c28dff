//! Layer that records each call: its operation, duration and outcome.

use std::time::Instant;

use super::{Call, Intercept, Next, Reply};
use crate::{Outcome, Result};

/// Layer with spans for [`tracing`](https://docs.rs/tracing) (feature `tracing`) and metrics for
/// [`metrics`](https://docs.rs/metrics) (feature `metrics`).
///
/// | name | meaning | fields or labels |
/// | --- | --- | --- |
/// | span `ipam` | one call, level info | `operation`, `provider`, `ranges` (at most 8), `outcome`, `items` |
/// | counter `ipam_calls_total` | calls that ended | `operation`, `provider`, `outcome` |
/// | histogram `ipam_call_duration_seconds` | duration of a call in seconds | `operation`, `provider`, `outcome` |
///
/// | value of `outcome` | meaning |
/// | --- | --- |
/// | `ok` | succeeded |
/// | a kind, such as `conflict` or `timed out` | failed with this [kind](crate::ErrorKind::as_str); changed nothing |
/// | a kind and a suffix, such as `timed out, outcome unknown` | failed, and a write may have been carried out |
///
/// The last two are told apart by [`Error::outcome`](crate::Error::outcome). `items` is the number of
/// [items](super::Reply::items) that a successful call returned: ranges, allocations, blocks or changes. Keys, owners
/// and labels are not recorded.
///
/// A call that is dropped before it ends is a span without `outcome`, and is not counted.
///
/// ```
/// use ipam_core::layers::{Layered, TraceLayer};
/// use ipam_core::{IpamProvider, ListRanges, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = Layered::new(MemoryProvider::new(), TraceLayer::new());
/// ipam.list_ranges(&ListRanges::all()).await?; // a span "ipam" with operation=list_ranges, outcome=ok, items=0
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TraceLayer;

impl TraceLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

// Kinds and not messages: each value of a label is a time series of its own.
fn outcome<T>(result: &Result<T>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        // A value of its own, because these are the calls that an operator has to look at.
        Err(error) if error.outcome() == Outcome::Unknown => format!("{}, outcome unknown", error.kind()),
        Err(error) => error.kind().to_string(),
    }
}

#[cfg(feature = "tracing")]
async fn traced<T: Reply>(call: &Call<'_>, provider: &str, next: &Next<'_, T>) -> Result<T> {
    use tracing::Instrument;
    use tracing::field::Empty;

    let span = tracing::info_span!(
        "ipam",
        operation = call.operation().as_str(),
        provider,
        ranges = Empty,
        outcome = Empty,
        items = Empty,
    );
    // Names of ranges are collected only if they are recorded.
    if span.is_disabled() {
        return next.run().await;
    }
    let ranges = call.request().ranges();
    // Eight are enough to find the call; a listing may name thousands.
    let named: Vec<&str> = ranges.iter().take(8).map(|range| range.as_str()).collect();
    span.record("ranges", named.join(","));
    let result = next.run().instrument(span.clone()).await;
    span.record("outcome", outcome(&result));
    match &result {
        Ok(reply) => {
            span.record("items", reply.items());
        }
        // At level debug: a caller may expect the failure, such as a conflict, and only the caller knows.
        Err(error) => span.in_scope(|| tracing::debug!(%error, "the call failed")),
    }
    result
}

#[cfg(not(feature = "tracing"))]
async fn traced<T: Reply>(_: &Call<'_>, _: &str, next: &Next<'_, T>) -> Result<T> {
    next.run().await
}

#[cfg(feature = "metrics")]
fn measured<T>(call: &Call<'_>, provider: String, started: Instant, result: &Result<T>) {
    let labels =
        [("operation", call.operation().as_str().to_owned()), ("provider", provider), ("outcome", outcome(result))];
    metrics::counter!("ipam_calls_total", &labels).increment(1);
    metrics::histogram!("ipam_call_duration_seconds", &labels).record(started.elapsed());
}

#[cfg(not(feature = "metrics"))]
fn measured<T>(_: &Call<'_>, _: String, _: Instant, _: &Result<T>) {}

impl Intercept for TraceLayer {
    async fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
        let provider = call.provider().capabilities().provider.into_owned();
        let started = Instant::now();
        let result = traced(call, &provider, next).await;
        measured(call, provider, started, &result);
        result
    }
}
