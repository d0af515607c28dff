//! System roles.

use super::super::model::SystemRole;
use super::super::service::Identity;
use crate::call::Call;
use crate::lenient::JsonObject;
use crate::list::List;
use crate::request::ApiRequest;

impl Identity<'_> {
    /// Lists all system roles of the server. Evidence: documented (7.3, as rows).
    ///
    /// Ids of roles differ between releases; public clients agree on `CSP_TENANT_ADMIN` only.
    pub fn roles(self) -> List<SystemRole> {
        self.list(ApiRequest::get("/identity/api/authorization/roles", &[]))
    }

    /// Lists the system roles of a user, `user@domain`. Evidence: documented (7.3).
    pub fn roles_of(self, tenant: &str, principal: &str) -> List<SystemRole> {
        let values = [tenant, principal];
        self.list(ApiRequest::get("/identity/api/authorization/tenants/{tenant}/principals/{principal}/roles", &values))
    }

    /// Reads the principals that have a system role, by its id. Evidence: listed (7.x); the shape is not published.
    pub fn principals_with_role(self, tenant: &str, role: &str) -> Call<JsonObject> {
        let request = ApiRequest::get("/identity/api/authorization/tenants/{tenant}/principals", &[tenant]);
        self.json(request.with_query("hasRole", role))
    }

    /// Gives a user, `user@domain`, a system role by its id. Evidence: documented (6.2, 7.3).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// client.identity().assign_role("qe", Server::USER, "CSP_TENANT_ADMIN").await?;
    /// let roles = client.identity().roles_of("qe", Server::USER).all().await?;
    /// assert_eq!(roles[0].id.as_deref(), Some("CSP_TENANT_ADMIN"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn assign_role(self, tenant: &str, principal: &str, role: &str) -> Call<()> {
        let template = "/identity/api/authorization/tenants/{tenant}/principals/{principal}/roles/{role}";
        // The manual sends an empty object and not an empty body.
        self.done(ApiRequest::put(template, &[tenant, principal, role]).json(JsonObject::new()))
    }

    /// Takes a system role from a user, `user@domain`. Evidence: sent (7.x).
    pub fn revoke_role(self, tenant: &str, principal: &str, role: &str) -> Call<()> {
        let template = "/identity/api/authorization/tenants/{tenant}/principals/{principal}/roles/{role}";
        self.done(ApiRequest::delete(template, &[tenant, principal, role]))
    }
}
