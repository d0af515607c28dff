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
    /// The template of a request for an item: read, change, [submit](Self::submit). 7.x. For another business group or
    /// user than the caller's set `businessGroupId` and `requestedFor` with [`with_query`](Call::with_query).
    /// Evidence: captured (7.x).
    ///
    /// ```no_run
    /// # async fn run(client: vra_client::v7::Client) -> Result<(), vra_client::Error> {
    /// use vra_client::poll::Wait;
    /// let catalog = client.catalog();
    /// let item = catalog.item_named("CentOS").await?;
    /// let mut template = catalog.template_of(&item)?.await?;
    /// template.reasons = Some("a test".into());
    /// template.set_component_value(&["machine"], "cpu", 2)?;
    /// let submitted = catalog.submit_to(&item, template)?.await?;
    /// let request = catalog.wait_for(&submitted.id, &Wait::default()).await?;
    /// println!("request {:?} ended well", request.request_number);
    /// # Ok(()) }
    /// ```
    pub fn template(self, item_id: &str) -> Call<RequestTemplate> {
        let template = "/catalog-service/api/consumer/entitledCatalogItems/{item}/requests/template";
        self.json(ApiRequest::get(template, &[item_id]))
    }

    /// The template of a request for an item by its link, whose id can differ from the item's. 7.x.
    /// Evidence: captured (7.x), documented (7.3).
    ///
    /// # Errors
    /// [`Error::UnexpectedLink`] or [`Error::InvalidInput`] if the link leads nowhere.
    pub fn template_of(self, item: &CatalogItemView) -> Result<Call<RequestTemplate>, Error> {
        match item.template_link() {
            Some(link) => self.client.follow(link),
            None => Ok(self.template(item.catalog_item_id.as_deref().unwrap_or_default())),
        }
    }

    /// The schema of a request for an item. 7.x. Evidence: request list (7.x).
    pub fn request_schema(self, item_id: &str) -> Call<Schema> {
        let template = "/catalog-service/api/consumer/entitledCatalogItems/{item}/requests/schema";
        self.json(ApiRequest::get(template, &[item_id]))
    }

    /// Hands in a request for an item. 7.x. Servers answer 201 or 202, with the request or with nothing.
    /// Evidence: captured (7.x), documented (7.3), client request (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let template = vra_client::v7::RequestTemplate::default();
    /// let call = client.catalog().submit("item", template);
    /// assert_eq!(call.request().path(), "/catalog-service/api/consumer/entitledCatalogItems/item/requests");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn submit(self, item_id: &str, template: RequestTemplate) -> Call<SubmittedRequest> {
        let path = "/catalog-service/api/consumer/entitledCatalogItems/{item}/requests";
        self.submitted(ApiRequest::post(path, &[item_id]).json(template))
    }

    /// Hands in a request for an item by its link. 7.x. Evidence: captured (7.x), documented (7.3).
    ///
    /// # Errors
    /// [`Error::UnexpectedLink`] or [`Error::InvalidInput`] if the link leads nowhere.
    pub fn submit_to(self, item: &CatalogItemView, template: RequestTemplate) -> Result<Call<SubmittedRequest>, Error> {
        Ok(match item.submit_link() {
            Some(link) => {
                use crate::lenient::IntoJson;
                let request = ApiRequest::raw(http::Method::POST, self.local(link)?);
                self.submitted(request.with_body(template.into_json()))
            }
            None => self.submit(item.catalog_item_id.as_deref().unwrap_or_default(), template),
        })
    }

    /// Hands in a request for an item in the 6.2 form: a machine of vSphere, vCloud Air or Amazon. 7.x still takes it
    /// for old items. Evidence: documented (6.2), client request (6.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::{CatalogItemRequestBody, MachineValues};
    /// // What an Amazon machine wants besides is in the item's form.
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
