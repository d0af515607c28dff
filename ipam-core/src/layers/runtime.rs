//! Check for the runtime that timers need.

use super::Call;
use crate::{Error, ErrorKind, Result};

/// Checks that timers work, which panic outside of a runtime.
///
/// # Errors
/// `Config` if the call is made outside of a tokio runtime.
pub(super) fn needs_tokio(call: &Call<'_>) -> Result<()> {
    // An error and not the panic of the timer: the stores of this crate need no runtime, so that a program may have
    // none.
    if tokio::runtime::Handle::try_current().is_ok() {
        return Ok(());
    }
    let message = "the layer needs a tokio runtime with time enabled; call the provider from one";
    Err(Error::new(ErrorKind::Config, call.operation(), message))
}
