//! Calls of catalog administrators: items, sources and entitlements.

use super::body::CatalogItemPatch;
use super::item::CatalogItem;
use super::service::Catalog;
use super::source::{CatalogSource, CatalogSourceBody, Entitlement, EntitlementBody};
use crate::call::Call;
use crate::list::List;
use crate::odata::OrderBy;
use crate::request::ApiRequest;

impl Catalog<'_> {
    /// Lists all items of the organization, by name, for administrators. Evidence: described (8.10).
    ///
    /// Query parameters narrow the list: `projectId`, `search`, `sourceIds`, `types`.
    pub fn all_items(self) -> List<CatalogItem> {
        self.client.list(ApiRequest::get("/catalog/api/admin/items", &[])).with_order_by(OrderBy::asc("name"))
    }

    /// Reads any item of the organization, for administrators. Evidence: described (8.10).
    ///
    /// Query parameter `includeSource` adds the source.
    pub fn any_item(self, id: &str) -> Call<CatalogItem> {
        self.client.json(ApiRequest::get("/catalog/api/admin/items/{item}", &[id]))
    }

    /// Changes an item. Members that are not in the body stay. Evidence: described (8.10).
    pub fn update_item(self, id: &str, body: CatalogItemPatch) -> Call<()> {
        // The description declares no body for the response.
        self.client.done(ApiRequest::patch("/catalog/api/admin/items/{item}", &[id]).json(body))
    }

    /// Lists the sources of items, by name. Evidence: captured (8.x, one source).
    ///
    /// Query parameters narrow the list: `projectId`, `search`.
    pub fn sources(self) -> List<CatalogSource> {
        self.client.list(ApiRequest::get("/catalog/api/admin/sources", &[])).with_order_by(OrderBy::asc("name"))
    }

    /// Reads a source of items. Evidence: captured (8.x).
    pub fn source(self, id: &str) -> Call<CatalogSource> {
        self.client.json(ApiRequest::get("/catalog/api/admin/sources/{source}", &[id]))
    }

    /// Creates a source of items, or changes it if the body has an id. Evidence: described (8.10).
    ///
    /// Query parameter `validationOnly` makes the server check the source and count its items only.
    pub fn put_source(self, body: CatalogSourceBody) -> Call<CatalogSource> {
        // One call for both, as the server has it: the id in the body decides.
        self.client.json(ApiRequest::post("/catalog/api/admin/sources", &[]).json(body))
    }

    /// Deletes a source of items, with its items. Evidence: described (8.10).
    pub fn delete_source(self, id: &str) -> Call<()> {
        self.client.done(ApiRequest::delete("/catalog/api/admin/sources/{source}", &[id]))
    }

    /// Reads the entitlements of a project, by its id. Evidence: captured (8.x).
    ///
    /// The list has no counts and cannot be paged, so it is a call and not a [`List`].
    pub fn entitlements(self, project_id: &str) -> Call<Vec<Entitlement>> {
        // A blank project is refused: without one the server returns the entitlements of all.
        let request = ApiRequest::get("/catalog/api/admin/entitlements", &[]);
        self.client.rows(request.with_condition("projectId", project_id.to_owned()))
    }

    /// Creates an entitlement. Evidence: described (8.10).
    pub fn create_entitlement(self, body: EntitlementBody) -> Call<Entitlement> {
        self.client.json(ApiRequest::post("/catalog/api/admin/entitlements", &[]).json(body))
    }

    /// Deletes an entitlement. Evidence: described (8.10).
    pub fn delete_entitlement(self, id: &str) -> Call<()> {
        self.client.done(ApiRequest::delete("/catalog/api/admin/entitlements/{entitlement}", &[id]))
    }
}
