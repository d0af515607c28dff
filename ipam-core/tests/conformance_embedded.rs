//! Conformance suite over the embedded provider. The whole store is checked after each case.
#![cfg(all(feature = "conformance", feature = "embedded"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "conformance_support/embedded.rs"]
mod embedded;

use embedded::EmbeddedHarness;

ipam_core::conformance::tests!(EmbeddedHarness::default());
