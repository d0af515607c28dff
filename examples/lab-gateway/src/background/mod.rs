//! Parts of the service that run beside the API: how they are told to stop, and how they say how they are.

mod report;
mod stop;

pub use report::{Part, Report, Reports};
pub use stop::{Stop, Stopper};

use std::fmt;
use std::io::Write as _;

/// Writes a line to the log of the service: standard error, which systemd keeps with the time. A log that cannot be written
/// stops nothing.
pub fn note(message: fmt::Arguments<'_>) {
    // One call for the whole line, so that lines of several threads do not mix.
    let _ = std::io::stderr().lock().write_all(format!("{message}\n").as_bytes());
}
