//! Tests over a real phpIPAM, in sections that they create and remove.
//!
//! | variable | |
//! | --- | --- |
//! | `IPAM_LIVE_PHPIPAM_URL` | such as `https://ipam.example/phpipam`, without `/api` |
//! | `IPAM_LIVE_PHPIPAM_APP` | the app's id; it needs read/write permission |
//! | `IPAM_LIVE_PHPIPAM_CODE` | its code, for security `ssl_code` |
//! | `IPAM_LIVE_PHPIPAM_USER`, `…_PASSWORD` | a user, for the other kinds of security |
//! | `IPAM_LIVE_PHPIPAM_ZONE` | the time zone of the server, such as `UTC`; needed with a code |
//! | `IPAM_LIVE_PHPIPAM_CA` | a PEM file to trust, where the system does not |
//! | `IPAM_LIVE_PHPIPAM_REQUIRED_URL` | a phpIPAM with custom fields of addresses and of subnets that are required texts, with and without the default `''` |
//! | `IPAM_LIVE_PHPIPAM_WARNINGS_URL` | a phpIPAM whose PHP prints warnings: `display_errors` on in the web server's settings, or `$debugging` before 1.7 |
//!
//! `eval "$(tests/live/site/phpipam up 1.8.2)"` runs such a server on this machine and sets them.
//!
//! `cargo test -p ipam-tests --test live -- --ignored --nocapture --test-threads 1`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod abandoned;
mod agent;
mod calls;
mod contract;
mod crowd;
mod doctor;
#[cfg(target_os = "linux")]
mod lab;
mod listing;
mod noise;
mod refused;
mod required;
mod shared_address_space;
