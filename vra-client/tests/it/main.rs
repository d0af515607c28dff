//! Tests against recorded payloads and a mock server, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod v7_action_links;
mod v7_bodies;
mod v7_client;
mod v7_infrastructure;
mod v7_mutations;
mod v7_samples;

/// Reads a recorded payload of version 7.
fn sample(name: &str) -> replay::Sample {
    let path = fixtures().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    replay::Sample::read(&text).unwrap().unwrap()
}

fn fixtures() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v7")
}

#[path = "../../examples/replay_samples/replay.rs"]
#[allow(dead_code, reason = "the program uses what the tests do not")]
mod replay;
