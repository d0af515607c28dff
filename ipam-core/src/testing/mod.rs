//! Tools (feature `testing`) for tests against simulated servers: faults on demand, a clock that tests set, a log of
//! requests.
//!
//! | task | use |
//! | --- | --- |
//! | write a simulated server | [`http::Host`], [`http::Site`] |
//! | let requests fail | [`When`], [`Faults`] |
//! | let time pass on a server | [`Clock`] |
//! | look at the requests of a client | [`Logged`] |
//! | prove that no error shows a secret | [`Mutation`], [`renderings`], [`leaked_part`] |
//!
//! The simulators of `phpipam-client` and `vra-client` are built on this module, so a program that uses both tests with the
//! same types.

mod clock;
mod faults;
pub mod http;
mod log;
mod mutate;
mod random;

pub use clock::Clock;
pub use faults::{Faults, RequestView, When};
pub use log::Logged;
pub use mutate::{Mutation, leaked_part, renderings};
pub use random::splitmix64;
