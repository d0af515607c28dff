//! Request for an item or an action, and how far it is.

use std::time::SystemTime;

use serde_json::Value;

use crate::testing::v7::config::Component;

/// A request.
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
    /// The values, with types.
    pub(in crate::testing::v7) data: Value,
    /// The machines that are wanted, each with how many.
    pub(in crate::testing::v7) machines: Vec<(Component, i64)>,
    pub(in crate::testing::v7) lease_days: Option<i64>,
    /// In the 7.x form, which makes deployments.
    pub(in crate::testing::v7) composite: bool,
    pub(in crate::testing::v7) created: SystemTime,
    pub(in crate::testing::v7) updated: SystemTime,
    pub(in crate::testing::v7) approved: Option<SystemTime>,
    pub(in crate::testing::v7) completed: Option<SystemTime>,
    pub(in crate::testing::v7) details: Option<String>,
    /// A state that a test has set; nothing moves the request any more.
    pub(in crate::testing::v7) forced: Option<String>,
}

/// What is requested.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) enum RequestKind {
    Item { id: String },
    Action { resource: String, label: String, binding: &'static str },
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing::v7) enum Stage {
    Unsubmitted,
    Submitted,
    PendingApproval,
    /// For so many more looks.
    InProgress(u32),
    Successful,
    Failed,
    Rejected,
}

impl Stage {
    /// Whether nothing will change any more.
    pub(in crate::testing::v7) fn is_final(self) -> bool {
        matches!(self, Self::Successful | Self::Failed | Self::Rejected)
    }
}
