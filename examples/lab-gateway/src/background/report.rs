//! State of the parts of the service, for the health check.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// State of a part.
///
/// ```
/// use lab_gateway::background::Reports;
///
/// let reports = Reports::new();
/// reports.part("dns").down("the server refused the update: NOTAUTH");
/// assert!(!reports.all()["dns"].up);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// True if its last work succeeded.
    pub up: bool,
    /// Type of the failure for programs, such as `dns_bad_key`, where the part has types.
    pub kind: Option<&'static str>,
    /// Sentence for the operator, without secrets.
    pub detail: String,
    /// Time of the last report.
    pub reported: SystemTime,
    /// Time of the last success.
    pub succeeded: Option<SystemTime>,
}

/// States of all parts. Clones share them.
///
/// ```
/// use lab_gateway::background::Reports;
///
/// let reports = Reports::new();
/// let report = reports.part("reachability");
/// report.up("12 addresses asked");
/// assert!(reports.all()["reachability"].up);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Reports(Arc<Mutex<BTreeMap<&'static str, Part>>>);

impl Reports {
    /// Makes a list without parts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the handle by which the part `name` reports. A part that has not reported yet is not listed.
    #[must_use]
    pub fn part(&self, name: &'static str) -> Report {
        Report { name, all: self.clone() }
    }

    /// Returns the states by the names of the parts.
    #[must_use]
    pub fn all(&self) -> BTreeMap<&'static str, Part> {
        // A state is replaced as a whole, so that it is right even after a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Handle by which one part reports its state.
///
/// ```
/// use lab_gateway::background::Reports;
///
/// let reports = Reports::new();
/// let report = reports.part("log");
/// report.up("7 batches sent");
/// report.down("the collector cannot be reached");
/// let state = &reports.all()["log"];
/// assert!(!state.up && state.succeeded.is_some());
/// ```
#[derive(Debug, Clone)]
pub struct Report {
    name: &'static str,
    all: Reports,
}

impl Report {
    /// Reports success.
    pub fn up(&self, detail: impl Into<String>) {
        self.set(true, None, detail.into());
    }

    /// Reports a failure. One that differs from the last report is also written to the log of the service.
    pub fn down(&self, detail: impl Into<String>) {
        self.set(false, None, detail.into());
    }

    /// Reports a failure with its type for programs, as [`down`](Self::down).
    pub fn down_as(&self, kind: &'static str, detail: impl Into<String>) {
        self.set(false, Some(kind), detail.into());
    }

    fn set(&self, up: bool, kind: Option<&'static str>, detail: String) {
        let now = SystemTime::now();
        let before = {
            let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
            let succeeded = if up { Some(now) } else { all.get(self.name).and_then(|part| part.succeeded) };
            all.insert(self.name, Part { up, kind, detail: detail.clone(), reported: now, succeeded })
        };
        let was_up = before.as_ref().is_none_or(|part| part.up);
        // Not each repeat: a server that is down for a night would fill the log.
        if !up && (was_up || before.is_some_and(|part| part.detail != detail)) {
            super::note(format_args!("{}: {detail}", self.name));
        } else if up && !was_up {
            super::note(format_args!("{}: works again: {detail}", self.name));
        }
    }
}
