//! Tasks for people, approvals before all, and the policies that ask for them.

mod model;

use std::sync::Arc;

pub use model::{
    ApprovalPhaseType, ApprovalPolicy, ApprovalPolicyType, Assignee, Icon, ListView, WorkItem, WorkItemAction,
    WorkItemCompletion, WorkItemForms, WorkItemRequest, WorkItemType,
};

use super::{Client, List, LiteralMap};
use crate::call::{Call, RawResponse};
use crate::error::Error;
use crate::lenient::JsonObject;
use crate::request::ApiRequest;

/// The action that approves, in `workItemType.actions` of an approval.
pub const APPROVE: &str = "com.vmware.csp.core.approval.action.approve";

/// The action that rejects.
pub const REJECT: &str = "com.vmware.csp.core.approval.action.reject";

impl Client {
    /// Tasks for people, approvals before all.
    #[must_use]
    pub fn work_items(&self) -> WorkItems<'_> {
        WorkItems { client: self }
    }

    /// The policies that ask for approval.
    #[must_use]
    pub fn approvals(&self) -> Approvals<'_> {
        Approvals { client: self }
    }
}

/// The work item service: `/workitem-service/api`.
#[derive(Debug, Clone, Copy)]
pub struct WorkItems<'a> {
    client: &'a Client,
}

impl WorkItems<'_> {
    /// The work items that the caller can see. Evidence: documented (7.3).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let mine = client.work_items().list().with_query("userItemsOnly", "true");
    /// assert_eq!(mine.request().path(), "/workitem-service/api/workitems");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn list(self) -> List<WorkItem> {
        List::new(&self.client.backend, ApiRequest::get("/workitem-service/api/workitems", &[]))
    }

    /// One work item, by its id: its number is not unique across tenants. Evidence: documented rows (7.3).
    pub fn get(self, id: &str) -> Call<WorkItem> {
        Call::json(&self.client.backend, ApiRequest::get("/workitem-service/api/workitems/{item}", &[id]))
    }

    /// The form of a work item with its values, whose keys (`source-…`) the completion wants back. Its layout is not
    /// documented. Evidence: request list (7.x).
    pub fn form(self, id: &str) -> Call<JsonObject> {
        Call::json(&self.client.backend, ApiRequest::get("/workitem-service/api/workitems/{item}/form", &[id]))
    }

    /// Completes a work item. What the server answers is not certain: 201 by the manual; any success counts here.
    /// Evidence: documented (6.2, 7.3), client request (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::{APPROVE, LiteralMap};
    /// let form = LiteralMap::new().with("source-businessJustification", "business reason");
    /// let call = client.work_items().complete("item", APPROVE, form);
    /// assert_eq!(call.request().body().unwrap()["workItemActionId"], APPROVE);
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn complete(self, id: &str, action_id: &str, form_data: LiteralMap) -> Call<RawResponse> {
        let template = "/workitem-service/api/workitems/{item}/actions/{action}";
        let body = WorkItemCompletion::new(id, action_id, form_data);
        let request = ApiRequest::post(template, &[id, action_id]).json(body);
        Call::new(Arc::clone(&self.client.backend), request, |reply| Ok(RawResponse::read(reply)))
    }

    /// Completes a work item and reads it again, since only that tells for certain. Evidence: as above.
    ///
    /// # Errors
    /// [`Error`]. An item that was completed already has
    /// [`is_completed_already`](crate::error::ServerError::is_completed_already), somebody else's
    /// [`is_permission_denied`](Error::is_permission_denied).
    pub async fn complete_and_get(self, id: &str, action_id: &str, form_data: LiteralMap) -> Result<WorkItem, Error> {
        self.complete(id, action_id, form_data).await?;
        self.get(id).await
    }

    /// Approves, with the values of the form. Evidence: documented (6.2), client request (7.x).
    pub fn approve(self, id: &str, form_data: LiteralMap) -> Call<RawResponse> {
        self.complete(id, APPROVE, form_data)
    }

    /// Rejects, with the values of the form. Evidence: client request (7.x).
    pub fn reject(self, id: &str, form_data: LiteralMap) -> Call<RawResponse> {
        self.complete(id, REJECT, form_data)
    }

    /// Takes a work item back. Evidence: request list (7.2).
    pub fn cancel(self, id: &str) -> Call<()> {
        let request = ApiRequest::post("/workitem-service/api/workitems/{item}/actions/cancel", &[id]);
        Call::done(&self.client.backend, request)
    }

    /// The kinds of work items. Evidence: documented as part of a work item (7.3).
    pub fn types(self) -> List<WorkItemType> {
        List::new(&self.client.backend, ApiRequest::get("/workitem-service/api/workitems/types", &[]))
    }

    /// One kind of work items. Evidence: documented as part of a work item (7.3).
    pub fn item_type(self, id: &str) -> Call<WorkItemType> {
        Call::json(&self.client.backend, ApiRequest::get("/workitem-service/api/workitems/types/{type}", &[id]))
    }
}

/// The approval service: `/approval-service/api`.
#[derive(Debug, Clone, Copy)]
pub struct Approvals<'a> {
    client: &'a Client,
}

impl Approvals<'_> {
    /// The policies. Evidence: request list (7.x).
    pub fn policies(self) -> List<ApprovalPolicy> {
        List::new(&self.client.backend, ApiRequest::get("/approval-service/api/policies", &[]))
    }

    /// One policy. Evidence: request list (7.x).
    pub fn policy(self, id: &str) -> Call<ApprovalPolicy> {
        Call::json(&self.client.backend, ApiRequest::get("/approval-service/api/policies/{policy}", &[id]))
    }

    /// The kinds of policies. Evidence: captured (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.approvals().policy_types().with_page_size(1000);
    /// assert_eq!(list.request().query_value("limit"), Some("1000"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn policy_types(self) -> List<ApprovalPolicyType> {
        List::new(&self.client.backend, ApiRequest::get("/approval-service/api/policytypes", &[]))
    }

    /// The approvals of a request; the shape is not published. Evidence: request list (7.x).
    pub fn of_request(self, request_id: &str) -> Call<JsonObject> {
        let template = "/approval-service/api/info/approvalrequests/{request}";
        Call::json(&self.client.backend, ApiRequest::get(template, &[request_id]))
    }
}
