//! What an action raises.

use std::fmt;

use ipam_core::ErrorKind;

/// What an action raises: vRA shows the message to whoever asked for the machine or the network.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ActionError {
    message: String,
    #[source]
    source: Option<ipam_core::Error>,
}

impl ActionError {
    /// A member of the inputs that is not what it should be.
    pub(super) fn input(member: &str, problem: &dyn fmt::Display) -> Self {
        Self { message: format!("{member}: {problem}"), source: None }
    }

    /// Something else that the IPAM did not say itself.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// The IPAM's error, if it is the cause. Its kind tells a program what to do.
    #[must_use]
    pub fn ipam_error(&self) -> Option<&ipam_core::Error> {
        self.source.as_ref()
    }
}

/// An administrator reads this in vRA's form; the first words say what to look at.
fn cause(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Unauthenticated => Some("Wrong user name or password"),
        ErrorKind::PermissionDenied => Some("The credentials lack a permission that is needed"),
        ErrorKind::Unavailable => Some("The IPAM cannot be reached"),
        ErrorKind::Timeout => Some("The IPAM did not answer in time"),
        ErrorKind::Untrusted => Some("The IPAM's certificate is not trusted"),
        ErrorKind::Config => Some("The end point is set up wrongly"),
        ErrorKind::Exhausted => Some("No free address or network"),
        ErrorKind::Unsupported => Some("This IPAM cannot do that"),
        _ => None,
    }
}

impl From<ipam_core::Error> for ActionError {
    fn from(error: ipam_core::Error) -> Self {
        let message = cause(error.kind()).map_or_else(|| error.to_string(), |cause| format!("{cause}: {error}"));
        Self { message, source: Some(error) }
    }
}
