//! Error of a lookup.

use std::fmt;

/// Reason why a name has no address. The HTTP library carries it as the source of its own error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DnsError(String);

impl DnsError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Returns the reason of this resolver among the causes of an error, if there is one.
pub(in crate::http) fn reason(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(DnsError(reason)) = error.downcast_ref() {
            return Some(reason.clone());
        }
        next = error.source();
    }
    None
}

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DnsError {}
