//! Reports of scanners in isolated networks: their form, and their way into phpIPAM.

mod check;
mod error;
mod message;
mod receive;

pub use error::RelayError;
pub use message::{Delivery, RelayHost, RelayReport, RelayScan};
pub use receive::{Relay, RelayBuilder};
