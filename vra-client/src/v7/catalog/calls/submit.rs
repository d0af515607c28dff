//! Requests for catalog items: templates and submission.

use super::super::body::CatalogItemRequestBody;
use super::super::item::CatalogItemView;
use super::super::request::{RequestTemplate, SubmittedRequest};
use super::super::service::Catalog;
use crate::call::Call;
use crate::error::Error;
use crate::request::ApiRequest;
use crate::v7::Schema;

impl Catalog<'_> {
    /// Reads the template of a request for an item. 7.x. Evidence: captured (7.x).
    ///
    /// Change what is wanted and [`submit`](Self::submit) it. The server fills the template for the caller and the
    /// caller's default business group; for others add query `businessGroupId` or `requestedFor`, so that the server
    /// fills in their values. The template's fields of the same names then hold them.
    ///
    /// An item can be entitled for several business groups:
    /// [`entitled_organizations`](CatalogItemView::entitled_organizations). Which of them is the default of a caller is
    /// not documented, so name the group if there is more than one.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// let item = client.catalog().item_named("CentOS").await?;
    /// let template = client.catalog().template(item.catalog_item_id.as_deref().unwrap_or_default()).await?;
    /// // The components of the blueprint are members of `data`; each has its values below `data`.
    /// assert!(template.data.as_ref().is_some_and(|data| data.contains_key("machine")));
    /// assert!(template.component_value(&["machine"], "cpu").is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn template(self, item_id: &str) -> Call<RequestTemplate> {
        let template = "/catalog-service/api/consumer/entitledCatalogItems/{item}/requests/template";
        self.json(ApiRequest::get(template, &[item_id]))
    }

    /// Reads the template of a request for an item by the item's own link. 7.x. Evidence: captured (7.x), documented
    /// (7.3).
    ///
    /// The id in the link can differ from the item's id. Without a link the item's id is used.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the link has no URL or one that cannot be parsed; [`Error::UnexpectedLink`] if it is
    /// not a link to a web server.
    pub fn template_of(self, item: &CatalogItemView) -> Result<Call<RequestTemplate>, Error> {
        match item.template_link() {
            // The link is preferred: on some servers the id in it is not the id of the item.
            Some(link) => self.client.follow(link),
            None => Ok(self.template(item.catalog_item_id.as_deref().unwrap_or_default())),
        }
    }

    /// Reads the schema of a request for an item: its fields with types and constraints. 7.x. Evidence: listed (7.x).
    pub fn request_schema(self, item_id: &str) -> Call<Schema> {
        let template = "/catalog-service/api/consumer/entitledCatalogItems/{item}/requests/schema";
        self.json(ApiRequest::get(template, &[item_id]))
    }

    /// Submits a request for an item. 7.x. Evidence: captured (7.x), documented (7.3), sent (7.x).
    ///
    /// The server returns 201 or 202, with the request or without a body. If the response is lost, the request may
    /// exist: see [lost responses](Self#lost-responses).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let template = vra_client::v7::RequestTemplate::default();
    /// let call = client.catalog().submit("item", template);
    /// assert_eq!(call.request().path(), "/catalog-service/api/consumer/entitledCatalogItems/item/requests");
    /// assert!(!call.request().is_repeatable());
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn submit(self, item_id: &str, template: RequestTemplate) -> Call<SubmittedRequest> {
        let path = "/catalog-service/api/consumer/entitledCatalogItems/{item}/requests";
        self.submitted(ApiRequest::post(path, &[item_id]).json(template))
    }

    /// Submits a request for an item by the item's own link. 7.x. Evidence: captured (7.x), documented (7.3).
    ///
    /// Without a link the item's id is used. If the response is lost, the request may exist: see
    /// [lost responses](Self#lost-responses).
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the link has no URL or one that cannot be parsed; [`Error::UnexpectedLink`] if it is
    /// not a link to a web server.
    pub fn submit_to(self, item: &CatalogItemView, template: RequestTemplate) -> Result<Call<SubmittedRequest>, Error> {
        Ok(match item.submit_link() {
            Some(link) => {
                // Posted to the link's path, without its host: see `local_path`.
                use crate::lenient::IntoJson;
                let request = ApiRequest::raw(http::Method::POST, self.local(link)?);
                self.submitted(request.with_body(template.into_json()))
            }
            None => self.submit(item.catalog_item_id.as_deref().unwrap_or_default(), template),
        })
    }

    /// Submits a request for an item in the form of 6.2: a machine of vSphere, vCloud Air or Amazon. 7.x still accepts
    /// it for items that were made before. Evidence: documented (6.2), sent (6.2).
    ///
    /// If the response is lost, the request may exist: see [lost responses](Self#lost-responses).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::{CatalogItemRequestBody, MachineValues};
    /// // The further keys of an Amazon machine are in the item's form.
    /// let amazon = MachineValues::new("blueprint", "group").with("provider-amazon.keyPair", "TestKeyPair");
    /// let body = CatalogItemRequestBody::new("item", "tenant", "group").without_request_number().with_data(amazon);
    /// let call = client.catalog().submit_item_request(body);
    /// assert_eq!(call.request().path(), "/catalog-service/api/consumer/requests");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn submit_item_request(self, body: CatalogItemRequestBody) -> Call<SubmittedRequest> {
        self.submitted(ApiRequest::post("/catalog-service/api/consumer/requests", &[]).json(body))
    }
}
