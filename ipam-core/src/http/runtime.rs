//! Whether there is a runtime to wait with.

use crate::{Error, ErrorKind, Operation, Result};

/// Fails where timers and sockets of tokio would panic.
///
/// # Errors
/// [`Config`](ErrorKind::Config) when the caller is not inside a tokio runtime.
pub(super) fn present() -> Result<()> {
    if tokio::runtime::Handle::try_current().is_ok() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Config,
        Operation::Send,
        "there is no tokio runtime here, which requests over HTTP need; call this inside of one, such as #[tokio::main]",
    ))
}
