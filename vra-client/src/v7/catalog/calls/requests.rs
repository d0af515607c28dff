//! Submitted requests: state, end and what they made.

use futures_util::TryStreamExt;

use super::super::request::CatalogRequest;
use super::super::resource::{Resource, ResourceView};
use super::super::service::Catalog;
use crate::call::Call;
use crate::error::Error;
use crate::lenient::{JsonObject, Wire};
use crate::list::List;
use crate::poll::{Poll, Wait, wait};
use crate::request::ApiRequest;

impl Catalog<'_> {
    /// Lists the caller's requests. Evidence: captured (6.2, 7.x).
    ///
    /// Fields for filters: `requestedFor`, `requestedBy`, `state`, `requestNumber`, `dateCreated`.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::odata::{Filter, Operand, OrderBy};
    /// let failed = client.catalog().requests().with_filter(Filter::eq("state", Operand::word("FAILED")))
    ///     .with_order_by(OrderBy::desc("dateCreated"));
    /// assert_eq!(failed.request().query_value("$filter"), Some("state eq FAILED"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn requests(self) -> List<CatalogRequest> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/requests", &[]))
    }

    /// Reads one request. Evidence: captured (6.2, 7.x), documented (7.3).
    pub fn request(self, id: &str) -> Call<CatalogRequest> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/requests/{request}", &[id]))
    }

    /// Replaces a request that was saved but not submitted yet. Evidence: listed (7.x).
    pub fn edit_request(self, id: &str, request: CatalogRequest) -> Call<Option<CatalogRequest>> {
        let call = ApiRequest::post("/catalog-service/api/consumer/requests/{request}", &[id]).json(request);
        Call::maybe(&self.client.backend, call)
    }

    /// Deletes a request that was saved but not submitted yet (state `UNSUBMITTED`). Evidence: listed (7.x).
    pub fn delete_request(self, id: &str) -> Call<()> {
        let call = ApiRequest::delete("/catalog-service/api/consumer/requests/{request}", &[id]);
        Call::done(&self.client.backend, call)
    }

    /// Polls a request until it is final, and returns it if it was successful.
    /// Evidence: captured in the phases `PENDING_PRE_APPROVAL`, `IN_PROGRESS` and `SUCCESSFUL` (6.2, 7.x).
    ///
    /// | phase | state | result |
    /// | --- | --- | --- |
    /// | any | `DELETED` | error `Failed`: the phase of a deleted request stays as it was |
    /// | `SUCCESSFUL` | any other, also `PARTIALLY_SUCCESSFUL` or unknown | success |
    /// | `FAILED`, `REJECTED` | any other, also unknown | error `Failed` |
    /// | another known phase | any other, also unknown | waits |
    /// | unknown | any other | error `UnknownState` |
    /// | none | `SUCCESSFUL`, `PARTIALLY_SUCCESSFUL` | success |
    /// | none | `FAILED`, `PRE_REJECTED`, `POST_REJECTED` | error `Failed` |
    /// | none | another known state | waits |
    /// | none | unknown or none | error `UnknownState` |
    ///
    /// The server has no call that waits, so this sends one GET per pause of `limits`. A failed GET is repeated as the
    /// client's [`RetryConfig`](crate::RetryConfig) says; if it fails still, waiting ends. The request itself goes on
    /// at the server whatever ends the waiting: call this again to continue.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// use std::time::Duration;
    /// use vra_client::{Error, error::WaitReason, poll::Wait};
    ///
    /// let catalog = client.catalog();
    /// let item = catalog.item_named("CentOS with approval").await?;
    /// let template = catalog.template_of(&item)?.await?;
    /// let submitted = catalog.submit_to(&item, template)?.await?;
    /// let pause = Duration::from_millis(5);
    /// let wait = Wait::up_to(Duration::from_millis(50)).with_pauses(pause, pause);
    /// match catalog.wait_for(&submitted.id, &wait).await {
    ///     Err(Error::Wait(error)) => {
    ///         assert!(matches!(error.reason, WaitReason::Deadline));
    ///         assert_eq!(error.last_state.as_deref(), Some("PENDING_PRE_APPROVAL"));
    ///     }
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Always [`Error::Wait`], whose [`reason`](crate::error::WaitError::reason) is `Deadline` if the time is up,
    /// `Failed` or `UnknownState` as in the table, and `Call` with the error if a poll failed, such as for an id that
    /// does not exist. It holds the last state and the server's details.
    pub async fn wait_for(self, id: &str, limits: &Wait) -> Result<CatalogRequest, Error> {
        // The server offers no long poll and no event, so the only way is to read the request again and again.
        let operation = self.request(id).request().operation();
        wait(&operation, limits, Wire::to_json, || async {
            let value = self.request(id).await?;
            // Kept with each poll: the error of a failed request is made from the last one.
            let details = value.completion_details().map(str::to_owned);
            Ok(Poll { progress: value.progress(), state: value.state_word(), details, pause: None, value })
        })
        .await
    }

    /// Lists the resources that a request made so far. Evidence: captured (6.2, 7.x).
    pub fn resources_of_request(self, id: &str) -> List<Resource> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/requests/{request}/resources", &[id]))
    }

    /// Lists the resources that a request made so far, in the flat form of 7.x. Evidence: captured (7.x).
    ///
    /// Addresses appear late, some only after the request has ended.
    pub fn resource_views_of_request(self, id: &str) -> List<ResourceView> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/requests/{request}/resourceViews", &[id]))
    }

    /// Reads the form of a request with its values. Evidence: listed (7.x); the layout is not documented.
    pub fn request_form(self, id: &str) -> Call<JsonObject> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/requests/{request}/forms/details", &[id]))
    }

    /// Returns the machines that a request made, with their addresses. Evidence: captured (7.x).
    ///
    /// Before the request has ended the result can be empty, or have machines without addresses: [wait](Self::wait_for)
    /// first. Machines of 7.x are children of a deployment and those of 6.2 stand alone; both are in the list that is
    /// read here.
    ///
    /// # Errors
    /// The [errors of a list](crate::v7::List#errors), such as an [`Error::Server`] that is
    /// [not found](Error::is_not_found) for an unknown request.
    pub async fn machines_of_request(self, id: &str) -> Result<Vec<Resource>, Error> {
        // The deployment, networks and load balancers are rows of the same list. `Infrastructure.Machine` is the parent
        // type of the other two, which servers write for a machine without saying of what kind it is.
        let is_machine = |resource: &Resource| {
            let kind = resource.resource_type_ref.as_ref().and_then(|kind| kind.id.as_deref()).unwrap_or_default();
            matches!(kind, "Infrastructure.Machine" | "Infrastructure.Virtual" | "Infrastructure.Cloud")
        };
        // As a stream: a request can make hundreds of resources of which few are machines.
        let rows = self.resources_of_request(id).stream();
        rows.try_filter(|row| std::future::ready(is_machine(row))).try_collect().await
    }
}
