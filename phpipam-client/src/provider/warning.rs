//! Warning about a server's content, for `check` and for `doctor`.

use std::fmt;

/// Warning about something that prevents allocations or makes them ambiguous.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "doctor"), allow(dead_code, reason = "only the doctor tells the subject apart"))]
pub(crate) struct Warning {
    /// Subject: a subnet, a field.
    pub(crate) what: String,
    /// Fault. It names the subject.
    pub(crate) message: String,
    /// Remedy; empty if there is nothing to do.
    pub(crate) remedy: String,
}

impl Warning {
    pub(crate) fn new(what: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), message: message.into(), remedy: remedy.into() }
    }
}

/// Shows message and remedy.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "; {}", self.remedy) }
    }
}
