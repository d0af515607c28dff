//! The client over the wire: against the in-process server, and against responses that no real server sends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(feature = "crypt")]
mod crypt;
mod lists;
mod quirks;
mod recordings;
mod refused;
mod session;
mod streams;
mod support;
mod writes;
