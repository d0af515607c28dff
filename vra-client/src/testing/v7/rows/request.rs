//! Request for an item or an action, with its stage.

use std::time::SystemTime;

use serde_json::Value;

use crate::testing::v7::config::Component;

/// Request for an item or an action.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) struct Request {
    pub(in crate::testing::v7) id: String,
    pub(in crate::testing::v7) number: u64,
    pub(in crate::testing::v7) version: i64,
    pub(in crate::testing::v7) stage: Stage,
    pub(in crate::testing::v7) kind: RequestKind,
    pub(in crate::testing::v7) tenant: String,
    pub(in crate::testing::v7) subtenant: String,
    pub(in crate::testing::v7) requested_by: String,
    pub(in crate::testing::v7) requested_for: String,
    pub(in crate::testing::v7) description: Value,
    pub(in crate::testing::v7) reasons: Value,
    /// Typed values.
    pub(in crate::testing::v7) data: Value,
    /// Machines to make, each with their number.
    pub(in crate::testing::v7) machines: Vec<(Component, i64)>,
    pub(in crate::testing::v7) lease_days: Option<i64>,
    /// True for a request in the 7.x form, which makes a deployment.
    // 6.2 makes machines without a deployment around them.
    pub(in crate::testing::v7) composite: bool,
    pub(in crate::testing::v7) created: SystemTime,
    pub(in crate::testing::v7) updated: SystemTime,
    pub(in crate::testing::v7) approved: Option<SystemTime>,
    pub(in crate::testing::v7) completed: Option<SystemTime>,
    pub(in crate::testing::v7) details: Option<String>,
    /// State that a test has set. Polls change it no more.
    pub(in crate::testing::v7) forced: Option<String>,
}

/// Subject of a request: an item of the catalog, or an action on a resource.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) enum RequestKind {
    Item { id: String },
    Action { resource: String, label: String, binding: &'static str },
}

/// Stage of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing::v7) enum Stage {
    Unsubmitted,
    Submitted,
    PendingApproval,
    /// In progress for this number of further polls.
    InProgress(u32),
    Successful,
    Failed,
    Rejected,
}

impl Stage {
    /// Returns true if the request has ended.
    pub(in crate::testing::v7) fn is_final(self) -> bool {
        matches!(self, Self::Successful | Self::Failed | Self::Rejected)
    }
}
