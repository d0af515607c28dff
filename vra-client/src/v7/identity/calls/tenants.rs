//! Tenants.

use super::super::body::TenantBody;
use super::super::model::Tenant;
use super::super::service::Identity;
use crate::call::Call;
use crate::list::List;
use crate::request::ApiRequest;

impl Identity<'_> {
    /// All tenants, for the administrator of the system tenant. Evidence: documented (6.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::odata::Filter;
    /// let list = client.identity().tenants().with_filter(Filter::starts_with("name", "dev"));
    /// let target = list.request().target();
    /// assert_eq!(target, "/identity/api/tenants?$filter=startswith%28name,%27dev%27%29&page=1&limit=100");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn tenants(self) -> List<Tenant> {
        self.list(ApiRequest::get("/identity/api/tenants", &[]))
    }

    /// One tenant. Evidence: documented (7.3).
    pub fn tenant(self, id: &str) -> Call<Tenant> {
        self.json(ApiRequest::get("/identity/api/tenants/{tenant}", &[id]))
    }

    /// Makes or changes a tenant. Some servers answer with it. Evidence: documented (6.2, 7.3), client request (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::TenantBody;
    /// let body = TenantBody::new("development", "DevelopmentTenant").with_contact_email("admin@example.com");
    /// let call = client.identity().put_tenant("development", body);
    /// assert_eq!(call.request().operation(), "PUT /identity/api/tenants/{tenant}");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn put_tenant(self, id: &str, body: TenantBody) -> Call<Option<Tenant>> {
        Call::maybe(&self.client.backend, ApiRequest::put("/identity/api/tenants/{tenant}", &[id]).json(body))
    }

    /// Deletes a tenant. Evidence: client request (7.x).
    pub fn delete_tenant(self, id: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}", &[id]))
    }
}
