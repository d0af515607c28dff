//! Catalog items, services and entitlements.

use super::super::item::{CatalogItem, CatalogItemView, CatalogService, EntitledCatalogItem, Entitlement};
use super::super::resource::ResourceOperation;
use super::super::service::Catalog;
use crate::call::Call;
use crate::error::Error;
use crate::list::List;
use crate::odata::Filter;
use crate::request::ApiRequest;

impl Catalog<'_> {
    /// The items that the caller may request. Evidence: captured rows (7.x), documented (6.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.catalog().entitled_items().with_query("onBehalfOf", "tony@example.com");
    /// assert_eq!(list.request().path(), "/catalog-service/api/consumer/entitledCatalogItems");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn entitled_items(self) -> List<EntitledCatalogItem> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItems", &[]))
    }

    /// One item that the caller may request. Evidence: captured (7.x).
    pub fn entitled_item(self, id: &str) -> Call<EntitledCatalogItem> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItems/{item}", &[id]))
    }

    /// The items that the caller may request, in the flat form. 7.x. Evidence: captured (7.x), documented (7.3).
    pub fn entitled_item_views(self) -> List<CatalogItemView> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItemViews", &[]))
    }

    /// One item that the caller may request, in the flat form. 7.x. Evidence: captured rows of the list (7.x).
    pub fn entitled_item_view(self, id: &str) -> Call<CatalogItemView> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItemViews/{item}", &[id]))
    }

    /// The item of this name. Names are unique in a service only, so there can be several. 7.x.
    /// Evidence: captured (7.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`], [`Error::Ambiguous`], or what the call says.
    pub async fn item_named(self, name: &str) -> Result<CatalogItemView, Error> {
        self.entitled_item_views()
            .with_filter(Filter::eq("name", name))
            .only("catalog item", name, |row| row.name.as_deref())
            .await
    }

    /// The items that the caller can see. Evidence: request list (7.x).
    pub fn items(self) -> List<CatalogItem> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/catalogItems", &[]))
    }

    /// All items, for administrators. Evidence: request list (7.x).
    pub fn all_items(self) -> List<CatalogItem> {
        self.list(ApiRequest::get("/catalog-service/api/catalogItems", &[]))
    }

    /// The services that the caller can see. Evidence: request list (7.x).
    pub fn services(self) -> List<CatalogService> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/services", &[]))
    }

    /// All services, for administrators. Evidence: request list (7.x).
    pub fn all_services(self) -> List<CatalogService> {
        self.list(ApiRequest::get("/catalog-service/api/services", &[]))
    }

    /// Who may request what, for administrators. Evidence: captured (7.x).
    pub fn entitlements(self) -> List<Entitlement> {
        self.list(ApiRequest::get("/catalog-service/api/entitlements", &[]))
    }

    /// All actions, for administrators. Evidence: request list (7.x).
    pub fn resource_operations(self) -> List<ResourceOperation> {
        self.list(ApiRequest::get("/catalog-service/api/resourceOperations", &[]))
    }
}
