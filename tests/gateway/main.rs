//! Lab gateway in a network of its own: an outside, the gateway, and a lab behind it, with real nftables, NFLOG and `named`.
//! See `ipam_tests::lab`.
//!
//! `.ci/gateway.sh` runs these tests, or says why it cannot; so does
//! `cargo test -p ipam-tests --test gateway -- --ignored`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
#[path = "../../examples/lab-gateway/tests/it/client.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod client;
#[cfg(target_os = "linux")]
mod ddns;
#[cfg(target_os = "linux")]
mod firewall;
#[cfg(target_os = "linux")]
mod log;
#[cfg(target_os = "linux")]
mod log_kills;
#[cfg(target_os = "linux")]
mod outside;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod service;
#[cfg(target_os = "linux")]
mod site;
