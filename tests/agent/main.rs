//! Scan agent in a network of its own: real hosts, real nmap, real DNS. See `ipam_tests::lab`.
//!
//! `.ci/agent.sh` runs these tests, or says why it cannot; so does
//! `cargo test -p ipam-tests --test agent -- --ignored`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod probes;
#[cfg(target_os = "linux")]
mod size;
#[cfg(target_os = "linux")]
mod whole;
