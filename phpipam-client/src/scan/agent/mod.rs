//! Agent: plan, probe, compare, apply, report.

mod names;
mod run;
mod setup;
mod subnet;

pub use run::{Agent, AgentBuilder};
