//! Calls about items: lists, requests and prices.

use std::sync::Arc;

use super::body::{CatalogItemRequestBody, RequestedDeployment};
use super::item::{CatalogItem, CatalogItemQuery, CatalogItemType, CatalogItemVersion};
use super::price::UpfrontPrice;
use super::service::Catalog;
use crate::call::Call;
use crate::error::Error;
use crate::list::{List, Paging};
use crate::odata::OrderBy;
use crate::request::ApiRequest;

impl Catalog<'_> {
    /// Lists the items that the caller may request, by name. Evidence: captured (8.1).
    pub fn items(self) -> List<CatalogItem> {
        self.find_items(CatalogItemQuery::new())
    }

    /// Lists the items that satisfy conditions, by name. Evidence: captured (8.1), described (8.10, the conditions).
    pub fn find_items(self, query: CatalogItemQuery) -> List<CatalogItem> {
        let request = query.into_conditions().apply(ApiRequest::get("/catalog/api/items", &[]));
        // Captured lists are not sorted (`unsorted` is true), so that pages without an order could repeat rows.
        self.client.list(request).with_order_by(OrderBy::asc("name"))
    }

    /// Reads an item. Evidence: captured (8.1).
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// let call = client.catalog().item("i1").with_query("expandProjects", "true");
    /// assert_eq!(call.request().target(), "/catalog/api/items/i1?apiVersion=2020-08-25&expandProjects=true");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn item(self, id: &str) -> Call<CatalogItem> {
        self.client.json(ApiRequest::get("/catalog/api/items/{item}", &[id]))
    }

    /// Finds the item with this name. Evidence: captured (8.1).
    ///
    /// Letter case counts if one item has the name exactly, and is ignored otherwise. The row of a list can lack the
    /// schema; [`item`](Self::item) reads it.
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no item has the name; [`Error::Ambiguous`] if several have it; [`Error::InvalidInput`]
    /// if it is blank; otherwise the [errors of a list](List#errors).
    pub async fn item_named(self, name: &str) -> Result<CatalogItem, Error> {
        // The search finds parts of names and of descriptions, so `only` compares the names.
        let found = self.find_items(CatalogItemQuery::new().with_search(name));
        found.only("catalog item", name, |row| row.name.as_deref()).await
    }

    /// Lists the versions of an item. Evidence: described (8.10).
    pub fn versions(self, item_id: &str) -> List<CatalogItemVersion> {
        let request = ApiRequest::get("/catalog/api/items/{item}/versions", &[item_id]);
        // This list has page numbers, and no order.
        self.client.list(request).with_paging(Paging::PageSize)
    }

    /// Reads a version of an item. Evidence: described (8.10).
    pub fn version(self, item_id: &str, version: &str) -> Call<CatalogItemVersion> {
        // Names of versions are free text, so one may have a slash.
        self.client.json(ApiRequest::get("/catalog/api/items/{item}/versions/{version}", &[item_id, version]))
    }

    /// Submits a request for an item by its id, without a check. Evidence: captured (8.x), sent (8.x).
    ///
    /// The deployments exist at once, in the status `CREATE_INPROGRESS`: [wait](crate::v8::Deployments::wait_for) for
    /// each. If the response is lost, they may exist: see [lost responses](Self#lost-responses). A response without the
    /// id of a deployment is [`Error::Decode`], and the deployment may exist all the same.
    pub fn submit(self, item_id: &str, body: CatalogItemRequestBody) -> Call<Vec<RequestedDeployment>> {
        let request = ApiRequest::post("/catalog/api/items/{item}/request", &[item_id]).json(body);
        Call::new(Arc::clone(&self.client.backend), self.client.versioned(request), |reply| {
            let made: Vec<RequestedDeployment> = reply.json()?;
            // Refused here: a caller that looks for no deployment would take the request for done.
            if made.is_empty() || made.iter().any(|row| row.id().is_empty()) {
                return Err(reply.lacks("it has no deployment, or one without an id"));
            }
            Ok(made)
        })
    }

    /// Submits a request for an item, after [checking](CatalogItem::check) it against the item. Evidence: captured
    /// (8.x), sent (8.x).
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// use vra_client::v8::{CatalogItem, CatalogItemRequestBody};
    ///
    /// let item: CatalogItem = serde_json::from_str(r#"{"id": "i1", "projectIds": ["p1"]}"#).expect("an item");
    /// let call = client.catalog().submit_to(&item, CatalogItemRequestBody::new("p1", "web 1"))?;
    /// assert_eq!(call.request().path(), "/catalog/api/items/i1/request");
    /// assert!(client.catalog().submit_to(&item, CatalogItemRequestBody::new("p2", "web 1")).is_err());
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the item has not the project, allows fewer deployments, or has a schema that the
    /// inputs do not satisfy, or if the deployment's name is blank; nothing is sent then.
    pub fn submit_to(
        self,
        item: &CatalogItem,
        body: CatalogItemRequestBody,
    ) -> Result<Call<Vec<RequestedDeployment>>, Error> {
        // Here, so that the message names the projects of the item: the refusals of the server are not published.
        item.check(&body)?;
        Ok(self.submit(item.id.as_deref().unwrap_or_default(), body))
    }

    /// Asks for the price of a request, without making it. Evidence: described (8.10).
    ///
    /// The price is computed in the background: read it with [`upfront_price`](Self::upfront_price) until its status is
    /// final.
    pub fn request_upfront_price(self, item_id: &str, body: CatalogItemRequestBody) -> Call<UpfrontPrice> {
        // Not marked as repeatable, although it makes nothing: each call starts a computation.
        self.client.json(ApiRequest::post("/catalog/api/items/{item}/upfront-prices", &[item_id]).json(body))
    }

    /// Reads a price that was asked for. Evidence: described (8.10).
    pub fn upfront_price(self, item_id: &str, price_id: &str) -> Call<UpfrontPrice> {
        self.client.json(ApiRequest::get("/catalog/api/items/{item}/upfront-prices/{price}", &[item_id, price_id]))
    }

    /// Lists the types of items. Evidence: captured (8.x, one type).
    pub fn types(self) -> List<CatalogItemType> {
        self.client.list(ApiRequest::get("/catalog/api/types", &[])).with_order_by(OrderBy::asc("name"))
    }

    /// Reads a type of items. Evidence: captured (8.x).
    pub fn item_type(self, id: &str) -> Call<CatalogItemType> {
        self.client.json(ApiRequest::get("/catalog/api/types/{type}", &[id]))
    }
}
