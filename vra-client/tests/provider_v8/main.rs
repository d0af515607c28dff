//! vRealize Automation 8 as a provider, over the simulated server: the conformance suite, and what is special about it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod book;
mod conformance;
mod harness;
mod histories;
mod pages;
mod races;
mod special;
mod stormy;
mod wire;
