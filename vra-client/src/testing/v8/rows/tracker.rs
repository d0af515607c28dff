//! Request tracker of an asynchronous IaaS call.

use std::time::SystemTime;

/// End of a tracked request.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) enum Outcome {
    /// It waits for an action of an IPAM package.
    Waiting,
    /// Finished, with the paths of its resources.
    Finished(Vec<String>),
    /// Failed, with this message.
    Failed(String),
}

/// Request tracker.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) struct Tracker {
    pub(in crate::testing::v8) id: String,
    pub(in crate::testing::v8) name: String,
    pub(in crate::testing::v8) outcome: Outcome,
    /// Number of polls that still find it in progress.
    pub(in crate::testing::v8) polls_left: u32,
    pub(in crate::testing::v8) created: SystemTime,
}

impl Tracker {
    /// Returns true if a poll finds the end.
    pub(in crate::testing::v8) fn is_final(&self) -> bool {
        self.polls_left == 0 && !matches!(self.outcome, Outcome::Waiting)
    }
}
