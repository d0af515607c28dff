//! Work items: tasks that wait for a user, mainly approvals; and the policies that require them.

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

/// Action that approves. It is one of `workItemType.actions` of an approval.
// The same in the manual of 6.2 and in clients of 7.x.
pub const APPROVE: &str = "com.vmware.csp.core.approval.action.approve";

/// Action that rejects.
pub const REJECT: &str = "com.vmware.csp.core.approval.action.reject";

impl Client {
    /// Returns the work items: tasks that wait for a user, mainly approvals.
    #[must_use]
    pub fn work_items(&self) -> WorkItems<'_> {
        WorkItems { client: self }
    }

    /// Returns the approval policies.
    #[must_use]
    pub fn approvals(&self) -> Approvals<'_> {
        Approvals { client: self }
    }
}

/// Work item service, `/workitem-service/api`: tasks that wait for a user, mainly approvals.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use vra_client::v7::{APPROVE, LiteralMap};
///
/// // A request that needs approval creates a work item.
/// let catalog = client.catalog();
/// let item = catalog.item_named("CentOS with approval").await?;
/// let submitted = catalog.submit_to(&item, catalog.template_of(&item)?.await?)?.await?;
///
/// let mine = client.work_items().list().with_query("userItemsOnly", "true").all().await?;
/// let work_item = mine.iter().find(|work_item| {
///     work_item.work_item_request.as_ref().is_some_and(|request| request.item_id.as_ref() == Some(&submitted.id))
/// });
/// let id = work_item.and_then(|work_item| work_item.id.as_deref()).ok_or("no work item")?;
/// let form = LiteralMap::new().with("source-businessJustification", "needed for the release");
/// assert!(client.work_items().complete_and_get(id, APPROVE, form).await?.is_completed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct WorkItems<'a> {
    client: &'a Client,
}

impl WorkItems<'_> {
    /// Lists the work items that the caller can see. Evidence: documented (7.3).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let mine = client.work_items().list().with_query("userItemsOnly", "true");
    /// assert_eq!(mine.request().path(), "/workitem-service/api/workitems");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn list(self) -> List<WorkItem> {
        // The list of calls of 7.2 prints `work-item-service`; the guide and all clients use this path.
        List::new(&self.client.backend, ApiRequest::get("/workitem-service/api/workitems", &[]))
    }

    /// Reads one work item by its id. The number is not unique across tenants. Evidence: documented (7.3, as a row).
    pub fn get(self, id: &str) -> Call<WorkItem> {
        Call::json(&self.client.backend, ApiRequest::get("/workitem-service/api/workitems/{item}", &[id]))
    }

    /// Reads the form of a work item with its values. Evidence: listed (7.x); the layout is not documented.
    ///
    /// The keys of the values (`source-…`) are those that a completion sends.
    pub fn form(self, id: &str) -> Call<JsonObject> {
        Call::json(&self.client.backend, ApiRequest::get("/workitem-service/api/workitems/{item}/form", &[id]))
    }

    /// Completes a work item. Evidence: documented (6.2, 7.3), sent (7.x).
    ///
    /// `form_data` has the values that change, such as `source-businessJustification`; published clients do not send
    /// the others. The success code is not certain: the manual says 201, and any success is accepted here.
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
        // POST, as the guide and the clients have it. One page of the manual prints PUT.
        let body = WorkItemCompletion::new(id, action_id, form_data);
        let request = ApiRequest::post(template, &[id, action_id]).json(body);
        // The body is not documented, so it is not decoded: an odd one must not turn a completion into an error.
        Call::new(Arc::clone(&self.client.backend), request, |reply| Ok(RawResponse::read(reply)))
    }

    /// Completes a work item and reads it again. Evidence: as for [`complete`](Self::complete) and [`get`](Self::get).
    ///
    /// The manual contradicts itself on the status of the completion, so only the item itself tells whether it is
    /// completed.
    ///
    /// # Errors
    /// An [`Error::Server`] that is [completed already](crate::error::ServerError::is_completed_already) if another
    /// user was faster, or [not permitted](Error::is_permission_denied) if the item belongs to another user; otherwise
    /// the [errors of a call](Call#errors). If the second call fails, the item may be completed.
    pub async fn complete_and_get(self, id: &str, action_id: &str, form_data: LiteralMap) -> Result<WorkItem, Error> {
        // If this fails because the item is completed already, the caller is told: another user may have rejected it.
        self.complete(id, action_id, form_data).await?;
        self.get(id).await
    }

    /// Approves, with the values of the form; see [`complete`](Self::complete). Evidence: documented (6.2), sent (7.x).
    pub fn approve(self, id: &str, form_data: LiteralMap) -> Call<RawResponse> {
        self.complete(id, APPROVE, form_data)
    }

    /// Rejects, with the values of the form; see [`complete`](Self::complete). Evidence: sent (7.x).
    pub fn reject(self, id: &str, form_data: LiteralMap) -> Call<RawResponse> {
        self.complete(id, REJECT, form_data)
    }

    /// Cancels a work item. Who may cancel one, and the effect on the request behind it, are not published. Evidence:
    /// listed (7.2).
    pub fn cancel(self, id: &str) -> Call<()> {
        let request = ApiRequest::post("/workitem-service/api/workitems/{item}/actions/cancel", &[id]);
        Call::done(&self.client.backend, request)
    }

    /// Lists the types of work items. Evidence: documented (7.3, as a part of a work item).
    pub fn types(self) -> List<WorkItemType> {
        List::new(&self.client.backend, ApiRequest::get("/workitem-service/api/workitems/types", &[]))
    }

    /// Reads one type of work items. Evidence: documented (7.3, as a part of a work item).
    pub fn item_type(self, id: &str) -> Call<WorkItemType> {
        Call::json(&self.client.backend, ApiRequest::get("/workitem-service/api/workitems/types/{type}", &[id]))
    }
}

/// Approval service, `/approval-service/api`: policies that require approvals.
///
/// ```
/// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
/// let list = client.approvals().policies();
/// assert_eq!(list.request().path(), "/approval-service/api/policies");
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Approvals<'a> {
    client: &'a Client,
}

impl Approvals<'_> {
    /// Lists the policies. Evidence: listed (7.x).
    pub fn policies(self) -> List<ApprovalPolicy> {
        List::new(&self.client.backend, ApiRequest::get("/approval-service/api/policies", &[]))
    }

    /// Reads one policy. Evidence: listed (7.x).
    pub fn policy(self, id: &str) -> Call<ApprovalPolicy> {
        Call::json(&self.client.backend, ApiRequest::get("/approval-service/api/policies/{policy}", &[id]))
    }

    /// Lists the types of policies. Evidence: captured (7.x).
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

    /// Reads the approvals of a request. Evidence: listed (7.x); the shape is not published.
    pub fn of_request(self, request_id: &str) -> Call<JsonObject> {
        let template = "/approval-service/api/info/approvalrequests/{request}";
        Call::json(&self.client.backend, ApiRequest::get(template, &[request_id]))
    }
}
