//! Tests against recorded payloads and a mock server, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod mutations;
mod replay_samples;
mod samples;
mod v7_action_links;
mod v7_bodies;
mod v7_client;
mod v7_infrastructure;
mod v8_abx;
mod v8_catalog;
mod v8_client;
mod v8_deployments;
mod v8_iaas;
mod v8_lists;
mod v8_login;
mod v8_package_import;

use std::collections::BTreeMap;

use replay::{Replay, Sample};

/// Reads a recorded payload, of the version that its name begins with.
fn sample(name: &str) -> Sample {
    let version = if name.starts_with("v8") { "v8" } else { "v7" };
    samples(version).remove(name).unwrap_or_else(|| panic!("no sample {name}"))
}

/// Reads all recorded payloads of a version, by name.
fn samples(version: &str) -> BTreeMap<String, Sample> {
    let mut samples = BTreeMap::new();
    for entry in std::fs::read_dir(fixtures(version)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            samples.insert(name, Sample::read(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display())));
        }
    }
    samples
}

fn fixtures(version: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version)
}

/// Returns the sample of a response, to look its call up.
fn response(method: &str, path: &str, body: serde_json::Value) -> Sample {
    let file = serde_json::json!({"request": {"method": method, "path": path}, "body": body});
    Sample::read(&file.to_string()).unwrap()
}

/// Prepares the calls of all clients.
fn prepared() -> Replay {
    Replay::new().unwrap()
}

#[path = "../../examples/replay_samples/replay/mod.rs"]
#[allow(dead_code, reason = "the program uses what the tests do not")]
mod replay;
