//! Readers of what comes from outside, over recorded and written texts with changes from a seeded generator.
//!
//! They run in the gate with a bounded number of cases; `IPAM_FUZZ_CASES` sets another number, and `IPAM_FUZZ_SEED`
//! another start. A failure names the case, and the same seed repeats it. No reader may panic, or take longer than
//! [`LIMIT`].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bodies;
mod marks;
mod mutate;
mod texts;

use std::time::Duration;

#[path = "../../examples/replay_recordings/recording.rs"]
#[allow(dead_code, reason = "a replay reads more of a recording")]
mod recording;
#[path = "../../examples/replay_recordings/route/mod.rs"]
#[allow(dead_code, reason = "a replay looks at more of a result")]
mod route;
#[path = "../../examples/replay_recordings/serve.rs"]
#[allow(dead_code, reason = "a replay looks at the requests that arrived")]
mod serve;

/// Longest time for one case. A debug build on a busy machine needs a fraction of it.
const LIMIT: Duration = Duration::from_secs(10);

/// Returns the number of cases of a target.
fn cases(usual: usize) -> usize {
    std::env::var("IPAM_FUZZ_CASES").ok().map_or(usual, |text| text.parse().expect("IPAM_FUZZ_CASES is a number"))
}

/// Returns the start of the generator.
fn seed() -> u64 {
    std::env::var("IPAM_FUZZ_SEED").ok().map_or(17, |text| text.parse().expect("IPAM_FUZZ_SEED is a number"))
}
