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
    /// Lists the items that the caller may request. Evidence: captured (7.x), documented (6.2).
    ///
    /// Add query `onBehalfOf` (a user), `serviceId` or `subtenantId` (a business group) to narrow the list.
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

    /// Reads one item that the caller may request. Evidence: captured (7.x).
    pub fn entitled_item(self, id: &str) -> Call<EntitledCatalogItem> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItems/{item}", &[id]))
    }

    /// Lists the items that the caller may request, in the flat form of 7.x. Evidence: captured (7.x), documented
    /// (7.3).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// let items = client.catalog().entitled_item_views().all().await?;
    /// let names: Vec<_> = items.iter().filter_map(|item| item.name.as_deref()).collect();
    /// assert_eq!(names, ["CentOS", "CentOS with approval"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn entitled_item_views(self) -> List<CatalogItemView> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItemViews", &[]))
    }

    /// Reads one item that the caller may request, in the flat form of 7.x. Evidence: captured (7.x, as a row of the
    /// list).
    pub fn entitled_item_view(self, id: &str) -> Call<CatalogItemView> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItemViews/{item}", &[id]))
    }

    /// Finds the item with this name among those that the caller may request. 7.x. Evidence: captured (7.x).
    ///
    /// Names are unique within one catalog service only, so two services may have an item of the same name. Letter case
    /// counts if one item has the name exactly, and is ignored otherwise.
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no item has the name; [`Error::Ambiguous`] if several have it; otherwise the
    /// [errors of a list](crate::v7::List#errors).
    pub async fn item_named(self, name: &str) -> Result<CatalogItemView, Error> {
        self.entitled_item_views()
            // The filter is sent to save pages; `only` compares the names again, since some servers ignore a filter.
            .with_filter(Filter::eq("name", name))
            .only("catalog item", name, |row| row.name.as_deref())
            .await
    }

    /// Lists the items that the caller can see, whether or not the caller may request them. Evidence: listed (7.x).
    pub fn items(self) -> List<CatalogItem> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/catalogItems", &[]))
    }

    /// Lists all items of the tenant, for catalog administrators. Evidence: listed (7.x).
    pub fn all_items(self) -> List<CatalogItem> {
        self.list(ApiRequest::get("/catalog-service/api/catalogItems", &[]))
    }

    /// Lists the catalog services, which are the categories that items are grouped in, as far as the caller can see
    /// them. Evidence: listed (7.x).
    pub fn services(self) -> List<CatalogService> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/services", &[]))
    }

    /// Lists all catalog services of the tenant, for catalog administrators. Evidence: listed (7.x).
    pub fn all_services(self) -> List<CatalogService> {
        self.list(ApiRequest::get("/catalog-service/api/services", &[]))
    }

    /// Lists the entitlements, which say who may request what, for catalog administrators. Evidence: captured (7.x).
    pub fn entitlements(self) -> List<Entitlement> {
        self.list(ApiRequest::get("/catalog-service/api/entitlements", &[]))
    }

    /// Lists all actions of the tenant, for catalog administrators. Evidence: listed (7.x).
    pub fn resource_operations(self) -> List<ResourceOperation> {
        self.list(ApiRequest::get("/catalog-service/api/resourceOperations", &[]))
    }
}
