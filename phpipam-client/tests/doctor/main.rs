//! The doctor: a test for each finding, on the simulator or on a small server that says what no simulator says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod credentials;
mod raw;
mod reads;
mod server;
mod site;
mod stage;
mod tls;
mod url;
