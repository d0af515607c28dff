//! Business groups (subtenants) and their roles.

use super::super::body::SubtenantBody;
use super::super::model::{Principal, PrincipalId, Subtenant, SubtenantRole};
use super::super::service::Identity;
use crate::call::{Call, Created};
use crate::error::Error;
use crate::lenient::IntoJson;
use crate::list::List;
use crate::odata::Filter;
use crate::request::ApiRequest;

impl Identity<'_> {
    /// The business groups (subtenants) that the caller administers. Who administers none gets an empty list:
    /// [`memberships`](Self::memberships) then has those the caller belongs to. Evidence: captured (7.x).
    pub fn subtenants(self, tenant: &str) -> List<Subtenant> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/subtenants", &[tenant]))
    }

    /// The business groups that the caller belongs to. Evidence: client code (7.x); same shape as the list above.
    pub fn memberships(self, tenant: &str) -> List<Subtenant> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/subtenants/membership", &[tenant]))
    }

    /// The business group of this name: among those the caller administers, or else those the caller belongs to.
    /// Evidence: captured (7.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`], [`Error::Ambiguous`], or what the calls say.
    pub async fn subtenant_named(self, tenant: &str, name: &str) -> Result<Subtenant, Error> {
        let what = "business group";
        let administered = self.subtenants(tenant).with_filter(Filter::eq("name", name));
        match administered.only(what, name, |row| row.name.as_deref()).await {
            Err(Error::NoSuchName { .. }) => self.memberships(tenant).only(what, name, |row| row.name.as_deref()).await,
            other => other,
        }
    }

    /// One business group. Evidence: captured rows of the list (7.x).
    pub fn subtenant(self, tenant: &str, id: &str) -> Call<Subtenant> {
        self.json(ApiRequest::get("/identity/api/tenants/{tenant}/subtenants/{subtenant}", &[tenant, id]))
    }

    /// Makes a business group. Evidence: client request (7.x).
    pub fn create_subtenant(self, tenant: &str, body: SubtenantBody) -> Call<Created> {
        self.created(ApiRequest::post("/identity/api/tenants/{tenant}/subtenants", &[tenant]).json(body))
    }

    /// Changes a business group that was read; all of it is replaced. Evidence: client request (7.x).
    pub fn update_subtenant(self, tenant: &str, id: &str, subtenant: Subtenant) -> Call<()> {
        let values = [tenant, id];
        self.done(ApiRequest::put("/identity/api/tenants/{tenant}/subtenants/{subtenant}", &values).json(subtenant))
    }

    /// Deletes a business group. Evidence: client request (7.x).
    pub fn delete_subtenant(self, tenant: &str, id: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}/subtenants/{subtenant}", &[tenant, id]))
    }

    /// The roles in a business group, with who has them. Evidence: member names (7.x).
    pub fn subtenant_roles(self, tenant: &str, id: &str) -> List<SubtenantRole> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/subtenants/{subtenant}/roles", &[tenant, id]))
    }

    /// Who has a role in a business group. Evidence: request list (7.x).
    pub fn subtenant_role_principals(self, tenant: &str, id: &str, role: &str) -> List<Principal> {
        let template = "/identity/api/tenants/{tenant}/subtenants/{subtenant}/roles/{role}/principals";
        self.list(ApiRequest::get(template, &[tenant, id, role]))
    }

    /// Gives principals a role in a business group, such as `CSP_CONSUMER`. Evidence: client request (7.x).
    pub fn add_subtenant_role_principals(
        self,
        tenant: &str,
        id: &str,
        role: &str,
        principals: Vec<PrincipalId>,
    ) -> Call<()> {
        let template = "/identity/api/tenants/{tenant}/subtenants/{subtenant}/roles/{role}/principals";
        self.done(ApiRequest::post(template, &[tenant, id, role]).with_body(principals.into_json()))
    }

    /// Takes a role in a business group from a principal. Evidence: request list (7.x).
    pub fn remove_subtenant_role_principal(self, tenant: &str, id: &str, role: &str, principal: &str) -> Call<()> {
        let template = "/identity/api/tenants/{tenant}/subtenants/{subtenant}/roles/{role}/principals/{principal}";
        self.done(ApiRequest::delete(template, &[tenant, id, role, principal]))
    }
}
