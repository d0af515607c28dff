//! System roles.

use super::super::model::SystemRole;
use super::super::service::Identity;
use crate::call::Call;
use crate::lenient::JsonObject;
use crate::list::List;
use crate::request::ApiRequest;

impl Identity<'_> {
    /// All roles of the server. Evidence: documented rows (7.3).
    pub fn roles(self) -> List<SystemRole> {
        self.list(ApiRequest::get("/identity/api/authorization/roles", &[]))
    }

    /// The roles of a user. Evidence: documented (7.3).
    pub fn roles_of(self, tenant: &str, principal: &str) -> List<SystemRole> {
        let values = [tenant, principal];
        self.list(ApiRequest::get("/identity/api/authorization/tenants/{tenant}/principals/{principal}/roles", &values))
    }

    /// Who has a role, as the server names them. Evidence: request list (7.x).
    pub fn principals_with_role(self, tenant: &str, role: &str) -> Call<JsonObject> {
        let request = ApiRequest::get("/identity/api/authorization/tenants/{tenant}/principals", &[tenant]);
        self.json(request.with_query("hasRole", role))
    }

    /// Gives a user a role, such as `CSP_TENANT_ADMIN`. Evidence: documented (6.2, 7.3).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let call = client.identity().assign_role("dev", "tony@example.com", "CSP_TENANT_ADMIN");
    /// assert_eq!(call.request().body(), Some(&serde_json::json!({})));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn assign_role(self, tenant: &str, principal: &str, role: &str) -> Call<()> {
        let template = "/identity/api/authorization/tenants/{tenant}/principals/{principal}/roles/{role}";
        self.done(ApiRequest::put(template, &[tenant, principal, role]).json(JsonObject::new()))
    }

    /// Takes a role from a user. Evidence: client request (7.x).
    pub fn revoke_role(self, tenant: &str, principal: &str, role: &str) -> Call<()> {
        let template = "/identity/api/authorization/tenants/{tenant}/principals/{principal}/roles/{role}";
        self.done(ApiRequest::delete(template, &[tenant, principal, role]))
    }
}
