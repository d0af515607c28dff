//! Tests of the scan agent over a simulated server, with a scripted probe.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod changes;
mod cut;
mod plan;
mod relay;
mod run;
mod stage;
mod zone;
