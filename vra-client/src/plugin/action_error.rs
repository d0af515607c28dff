//! Error of an action.

use std::fmt;

use ipam_core::ErrorKind;

/// Error of an action. vRA shows its message to the user who requested the machine or the network.
///
/// There are two sources of errors:
/// - The inputs: a member is missing or cannot be read as its type. The message begins with the member's path, such as
///   `ipAllocations[0].size`, and [`ipam_error`](Self::ipam_error) returns `None`.
/// - The IPAM: [`ipam_error`](Self::ipam_error) returns its error. The message begins with one of these sentences, where the
///   kind has one, and goes on with the IPAM's own error:
///
/// | kind | first words |
/// | --- | --- |
/// | `Unauthenticated` | Wrong user name, password or app code |
/// | `PermissionDenied` | The credentials lack a permission that is needed |
/// | `Unavailable` | The IPAM cannot be reached |
/// | `Timeout` | The IPAM did not respond in time |
/// | `Untrusted` | The IPAM's certificate is not trusted; validate the endpoint in vRA, and accept the certificate there |
/// | `Config` | The endpoint is configured wrongly |
/// | `Exhausted` | No free address or network |
/// | `Unsupported` | This IPAM does not support the action |
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
/// use serde_json::json;
/// use vra_client::plugin::{Action, Plugin};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("12", "10.16.20.0/32".parse().unwrap())).await.unwrap();
/// let plugin = Plugin::new(ipam);
///
/// let inputs = json!({
///     "resourceInfo": {"id": "vm-1"}, "ipAllocations": [{"id": "a", "ipRangeIds": ["12"], "size": "2"}],
/// });
/// let error = plugin.run(Action::AllocateIp, &inputs).await.unwrap_err();
/// assert!(error.to_string().starts_with("No free address or network: "));
/// assert!(error.ipam_error().unwrap().is_exhausted());
///
/// let error = plugin.run(Action::AllocateIp, &json!({"ipAllocations": 7})).await.unwrap_err();
/// assert!(error.to_string().starts_with("ipAllocations") && error.ipam_error().is_none());
/// # });
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ActionError {
    message: String,
    #[source]
    // Boxed by `ipam_core` already, so that a `Result` with this error stays small.
    source: Option<ipam_core::Error>,
}

impl ActionError {
    /// Creates an error about a member of the inputs, named by its path.
    pub(super) fn input(member: &str, problem: &dyn fmt::Display) -> Self {
        Self { message: format!("{member}: {problem}"), source: None }
    }

    /// Creates the error for a member that has to be there, with the reason why it is needed.
    pub(super) fn missing(member: &str, reason: &str) -> Self {
        Self::input(member, &format_args!("missing; {reason}"))
    }

    /// Creates the error for an entry without the id that its result has to repeat.
    pub(super) fn missing_entry_id(member: &str) -> Self {
        Self::missing(member, "the response has to name it")
    }

    /// Creates the error for a list that needs an entry, with what to do about it.
    pub(super) fn empty(member: &str, remedy: &str) -> Self {
        Self::input(member, &format_args!("empty; {remedy}"))
    }

    /// Creates an error with a message of the plug-in's own.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// Creates an error of the IPAM with a message in the words of the inputs, after the first words of its kind.
    pub(super) fn caused(message: String, error: ipam_core::Error) -> Self {
        let message = cause(error.kind()).map_or(message.clone(), |cause| format!("{cause}: {message}"));
        Self { message, source: Some(error) }
    }

    /// Creates the error of an action that was stopped: the whole message, without the words for its kind.
    pub(super) fn stopped(message: String, error: ipam_core::Error) -> Self {
        Self { message, source: Some(error) }
    }

    /// Adds a sentence to the message.
    pub(super) fn with_note(mut self, note: &str) -> Self {
        self.message.push_str("; ");
        self.message.push_str(note);
        self
    }

    /// Returns the IPAM's error if the IPAM is the cause. Its kind, retry advice and outcome tell a program what to do.
    #[must_use]
    pub fn ipam_error(&self) -> Option<&ipam_core::Error> {
        self.source.as_ref()
    }
}

/// Returns the first words of the message for errors of this kind.
fn cause(kind: ErrorKind) -> Option<&'static str> {
    // An administrator reads the message in vRA's form and often sees its beginning only. Kinds whose own message already
    // begins with the cause, such as `NotFound`, have no entry.
    match kind {
        ErrorKind::Unauthenticated => Some("Wrong user name, password or app code"),
        ErrorKind::PermissionDenied => Some("The credentials lack a permission that is needed"),
        ErrorKind::Unavailable => Some("The IPAM cannot be reached"),
        ErrorKind::Timeout => Some("The IPAM did not respond in time"),
        // The IPAM's own text names options of a program, which an administrator of vRA does not have.
        ErrorKind::Untrusted => Some(
            "The IPAM's certificate is not trusted; validate the endpoint in vRA, and accept the certificate there",
        ),
        ErrorKind::Config => Some("The endpoint is configured wrongly"),
        ErrorKind::Exhausted => Some("No free address or network"),
        ErrorKind::Unsupported => Some("This IPAM does not support the action"),
        _ => None,
    }
}

impl From<ipam_core::Error> for ActionError {
    fn from(error: ipam_core::Error) -> Self {
        // The IPAM's own text follows the first words: it names the request and the server's reason.
        let message = cause(error.kind()).map_or_else(|| error.to_string(), |cause| format!("{cause}: {error}"));
        Self { message, source: Some(error) }
    }
}
