//! In-process servers for tests of your own programs: stateful, with faults on demand.
//!
//! | release | server |
//! | --- | --- |
//! | 6.2, and 7.1 to 7.6 | [`v7::Server`] |
//! | 8.x, and VCF Automation 9 | [`v8::Server`] |
//!
//! [`Fault`] is the failure, and [`When`] selects its requests. [`Logged`] is a request that was received, and [`Clock`] is
//! the server's time.

mod clock;
mod controls;
mod faults;
mod filter;
mod id;
mod log;
mod order;
mod paging;
mod table;
pub mod v7;
pub mod v8;

pub use faults::Fault;
pub use ipam_core::testing::{Clock, RequestView, When};

/// Entry of the request log: a request that the server received, with the status that was sent and the fault, if any.
pub type Logged = ipam_core::testing::Logged<Fault>;
