//! vRealize Automation 8 as a provider, over the simulated server: the conformance suite, and what is special about it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod conformance;
mod harness;
mod pages;
mod races;
mod special;
mod stormy;
