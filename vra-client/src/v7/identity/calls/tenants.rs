//! Tenants.

use super::super::body::TenantBody;
use super::super::model::Tenant;
use super::super::service::Identity;
use crate::call::Call;
use crate::list::List;
use crate::request::ApiRequest;

impl Identity<'_> {
    /// Lists all tenants. Only the administrator of the system tenant (`vsphere.local`) may. Evidence: documented
    /// (6.2).
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

    /// Reads one tenant by its id, which is its URL name such as `qe`. Evidence: documented (7.3).
    pub fn tenant(self, id: &str) -> Call<Tenant> {
        self.json(ApiRequest::get("/identity/api/tenants/{tenant}", &[id]))
    }

    /// Creates or replaces a tenant. Evidence: documented (6.2, 7.3), sent (7.x).
    ///
    /// The body's id has to be `id`. Some servers return the tenant and others nothing, hence the [`Option`].
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// use vra_client::v7::TenantBody;
    ///
    /// let body = TenantBody::new("development", "DevelopmentTenant").with_contact_email("admin@example.com");
    /// client.identity().put_tenant("development", body).await?;
    /// let tenant = client.identity().tenant("development").await?;
    /// assert_eq!(tenant.name.as_deref(), Some("DevelopmentTenant"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn put_tenant(self, id: &str, body: TenantBody) -> Call<Option<Tenant>> {
        // There is no POST for tenants: the manual creates one by a PUT with the id in the path.
        Call::maybe(&self.client.backend, ApiRequest::put("/identity/api/tenants/{tenant}", &[id]).json(body))
    }

    /// Deletes a tenant. Evidence: sent (7.x).
    pub fn delete_tenant(self, id: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}", &[id]))
    }
}
