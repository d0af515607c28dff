//! What servers made for tests have in common: faults on demand, a clock that turns, a log of requests.
//!
//! The clients' simulated servers are built on it, so whoever tests against several of them has one [`When`] and one
//! [`Clock`].

mod clock;
mod faults;
pub mod http;
mod log;
mod mutate;
mod random;

pub use clock::Clock;
pub use faults::{Faults, Target, When};
pub use log::Logged;
pub use mutate::{Mutation, leaked_part, renderings};
pub use random::splitmix64;
