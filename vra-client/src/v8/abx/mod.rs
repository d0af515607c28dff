//! Extensibility service, `/abx/api`: actions that the server runs, and their runs.

mod action;
mod run;
mod service;

pub use action::AbxAction;
pub use run::{AbxRun, AbxRunBody, AbxRunState};
pub use service::Abx;
