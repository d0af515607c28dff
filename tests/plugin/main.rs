//! Actions of the vRA plug-in over real providers: the sample inputs, the contract's rules, and what the public plug-ins
//! get wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod histories;
mod kill;
mod kill_requests;
mod labels;
mod lists;
mod messages;
mod phpipam_shortfalls;
mod repeats;
mod retries;
mod rules;
mod samples;
mod secrets;
mod shortfalls;
mod stage;
mod stopped;
