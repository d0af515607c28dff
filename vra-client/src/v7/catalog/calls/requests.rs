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
    /// The caller's requests. Fields for filters: `requestedFor`, `requestedBy`, `state`, `requestNumber`,
    /// `dateCreated`. Evidence: captured rows (6.2, 7.x).
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

    /// One request. Evidence: captured (6.2, 7.x), documented (7.3).
    pub fn request(self, id: &str) -> Call<CatalogRequest> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/requests/{request}", &[id]))
    }

    /// Changes a request that was not handed in yet. Evidence: request list (7.x).
    pub fn edit_request(self, id: &str, request: CatalogRequest) -> Call<Option<CatalogRequest>> {
        let call = ApiRequest::post("/catalog-service/api/consumer/requests/{request}", &[id]).json(request);
        Call::maybe(&self.client.backend, call)
    }

    /// Deletes a request that was not handed in yet. Evidence: request list (7.x).
    pub fn delete_request(self, id: &str) -> Call<()> {
        let call = ApiRequest::delete("/catalog-service/api/consumer/requests/{request}", &[id]);
        Call::done(&self.client.backend, call)
    }

    /// Asks how a request stands until it ends. The server has nothing better than being asked.
    /// Evidence: captured requests in all phases but two (6.2, 7.x).
    ///
    /// # Errors
    /// [`Error::Wait`]: the deadline passed, or the request failed, was rejected or deleted, or is in a phase that is
    /// not known here; the error has the last state and the server's details.
    pub async fn wait_for(self, id: &str, limits: &Wait) -> Result<CatalogRequest, Error> {
        let operation = self.request(id).request().operation();
        wait(&operation, limits, Wire::to_json, || async {
            let value = self.request(id).await?;
            let details = value.completion_details().map(str::to_owned);
            Ok(Poll { progress: value.progress(), state: value.state_word(), details, pause: None, value })
        })
        .await
    }

    /// What a request made so far. Evidence: captured (6.2, 7.x).
    pub fn resources_of_request(self, id: &str) -> List<Resource> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/requests/{request}/resources", &[id]))
    }

    /// What a request made so far, in the flat form. 7.x. Addresses come late. Evidence: captured (7.x).
    pub fn resource_views_of_request(self, id: &str) -> List<ResourceView> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/requests/{request}/resourceViews", &[id]))
    }

    /// The form of a request with its values. Its layout is not documented. Evidence: request list (7.x).
    pub fn request_form(self, id: &str) -> Call<JsonObject> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/requests/{request}/forms/details", &[id]))
    }

    /// The machines of a request with their addresses, once it has ended. 7.x machines are parts of a deployment, 6.2
    /// ones are there themselves; both come with this list. Evidence: captured (7.x).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn machines_of_request(self, id: &str) -> Result<Vec<Resource>, Error> {
        let is_machine = |resource: &Resource| {
            let kind = resource.resource_type_ref.as_ref().and_then(|kind| kind.id.as_deref()).unwrap_or_default();
            matches!(kind, "Infrastructure.Machine" | "Infrastructure.Virtual" | "Infrastructure.Cloud")
        };
        let rows = self.resources_of_request(id).stream();
        rows.try_filter(|row| std::future::ready(is_machine(row))).try_collect().await
    }
}
