//! Conformance suite over each layer, and over the stack of layers that the documentation recommends.
#![cfg(all(feature = "conformance", feature = "metrics", feature = "tracing"))]

#[path = "conformance_support/layers.rs"]
mod layers;
#[path = "conformance_support/memory.rs"]
mod memory;

use std::sync::{Arc, OnceLock};

use layers::{Around, Wrap};
use memory::MemoryHarness;
use tokio::runtime::{Builder, Runtime};

/// Returns the harness of memory providers inside layers.
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
fn around(wrap: Wrap) -> Around {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let build = || Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime");
    Around { inner: Arc::new(MemoryHarness::default()), runtime: RUNTIME.get_or_init(build), wrap }
}

/// Defines a module with the suite over a layer.
macro_rules! over {
    ($($layer:ident),*) => {
        $(mod $layer {
            use super::around;
            use super::layers::$layer;

            ipam_core::conformance::tests!(around($layer));
        })*
    };
}

over!(limit, timeout, retry, trace, scope, stack);

#[test]
fn each_layer_is_tested() {
    let names: Vec<&str> = layers::LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["limit", "timeout", "retry", "trace", "scope", "stack"]);
}
