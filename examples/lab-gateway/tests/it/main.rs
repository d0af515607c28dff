//! Tests of the gateway's parts together.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod client;
mod fuzz;
mod portmaps;
mod program;
mod reach;
mod slow;
mod stage;
mod support;
mod token;
