//! Moving between providers: `plan::Migration`, `plan::Comparison` and the feed of changes, over the providers that this
//! workspace has.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod altered;
mod feed;
mod losses;
#[path = "../../ipam-core/tests/postgres_support/mod.rs"]
mod postgres_support;
mod ranges;
mod refusals;
mod resume;
mod site;
mod stations;
mod whole;
