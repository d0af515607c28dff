//! Approval that a user has to give.

use std::time::SystemTime;

use serde_json::Value;

use super::request::Request;
use crate::testing::v7::literal::{integer, string};

/// Approval that a user has to give.
#[derive(Debug)]
pub(in crate::testing::v7) struct WorkItem {
    pub(in crate::testing::v7) id: String,
    pub(in crate::testing::v7) number: u64,
    pub(in crate::testing::v7) request: String,
    pub(in crate::testing::v7) request_number: u64,
    pub(in crate::testing::v7) assignee: String,
    pub(in crate::testing::v7) requestor: String,
    pub(in crate::testing::v7) name: String,
    pub(in crate::testing::v7) tenant: String,
    pub(in crate::testing::v7) subtenant: String,
    pub(in crate::testing::v7) created: SystemTime,
    /// Time of the completion, user, and name of the state; `None` while it is active.
    pub(in crate::testing::v7) done: Option<(SystemTime, String, &'static str)>,
    /// Values of the form.
    pub(in crate::testing::v7) form: Vec<(String, Value)>,
}

impl WorkItem {
    /// Creates the approval of a request, with the values that the approver may change.
    pub(in crate::testing::v7) fn new(
        (id, number): (String, u64),
        request: &Request,
        approver: &str,
        name: &str,
        now: SystemTime,
    ) -> Self {
        // The keys of the form differ from those of the request: `source-` for the form, `source-provider-` for the item.
        let key = |name: &str| format!("source-source-provider-{name}");
        let count = request.machines.iter().map(|(_, count)| count).sum();
        let first = request.machines.first().map(|(machine, _)| machine.clone());
        let form = vec![
            (key("Cafe.Shim.VirtualMachine.NumberOfInstances"), integer(count)),
            (key("VirtualMachine.Memory.Size"), integer(first.as_ref().map_or(0, |machine| machine.memory))),
            (key("VirtualMachine.CPU.Count"), integer(first.as_ref().map_or(0, |machine| machine.cpu))),
            (key("VirtualMachine.LeaseDays"), integer(request.lease_days.unwrap_or(0))),
            ("source-businessJustification".to_owned(), string("")),
        ];
        Self {
            id,
            number,
            request: request.id.clone(),
            request_number: request.number,
            assignee: approver.to_owned(),
            requestor: request.requested_by.clone(),
            name: name.to_owned(),
            tenant: request.tenant.clone(),
            subtenant: request.subtenant.clone(),
            created: now,
            done: None,
            form,
        }
    }
}
