//! In-process servers to test against: stateful, with faults on demand.
//!
//! | generation | server |
//! | --- | --- |
//! | 6.2 to 7.6 | [`v7::Server`] |
//!
//! [`Fault`], [`When`], [`Logged`] and [`Clock`] are the same for all of them.

mod clock;
mod exchange;
mod faults;
mod log;
mod serve;
pub mod v7;

pub use clock::Clock;
pub use faults::{Fault, Target, When};
pub use log::Logged;
