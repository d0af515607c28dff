//! The in-process phpIPAM: what it does on its own, and whether it responds as the recorded server did.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod allocation;
mod auth;
mod faults;
mod recording;
mod replay;
mod seeding;
mod wire;
