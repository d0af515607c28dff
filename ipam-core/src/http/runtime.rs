//! Check for a tokio runtime.

use crate::{Error, ErrorKind, Operation, Result};

/// Checks that the caller is inside a tokio runtime, because timers and sockets of tokio panic outside of one.
///
/// # Errors
/// [`Config`](ErrorKind::Config) if the caller is not inside a tokio runtime.
pub(super) fn present() -> Result<()> {
    // A runtime does not tell whether its timers and I/O are enabled. One without them still panics.
    if tokio::runtime::Handle::try_current().is_ok() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Config,
        Operation::Send,
        "requests over HTTP need a tokio runtime, and this call is not inside one; call it from #[tokio::main], for example",
    ))
}
