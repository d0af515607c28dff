//! Tests of the gateway's parts together.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod portmaps;
mod support;
