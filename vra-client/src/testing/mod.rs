//! In-process servers to test against: stateful, with faults on demand.
//!
//! | generation | server |
//! | --- | --- |
//! | 6.2 to 7.6 | [`v7::Server`] |
//!
//! [`Fault`], [`When`], [`Logged`] and [`Clock`] are the same for all of them.

mod clock;
mod faults;
mod log;
pub mod v7;

pub use faults::Fault;
pub use ipam_core::testing::{Clock, RequestView, When};

/// One request the server received, and how it ended.
pub type Logged = ipam_core::testing::Logged<Fault>;
