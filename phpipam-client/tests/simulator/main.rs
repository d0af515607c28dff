//! The in-process phpIPAM: its own behaviour, and its responses compared with those of a recorded server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod allocation;
mod auth;
mod faults;
mod older;
mod recording;
mod replay;
mod seeding;
mod wire;
