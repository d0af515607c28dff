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
    /// Lists the business groups (subtenants) of a tenant that the caller administers. Evidence: captured (7.x).
    ///
    /// A caller who administers no business group gets an empty list and no error. Use
    /// [`memberships`](Self::memberships) for the groups that the caller is a member of.
    pub fn subtenants(self, tenant: &str) -> List<Subtenant> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/subtenants", &[tenant]))
    }

    /// Lists the business groups that the caller is a member of. Evidence: sent (7.x); the rows are those of
    /// [`subtenants`](Self::subtenants).
    pub fn memberships(self, tenant: &str) -> List<Subtenant> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/subtenants/membership", &[tenant]))
    }

    /// Finds the business group with this name: first among those that the caller administers, then among those that
    /// the caller is a member of. Evidence: captured (7.x).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// let group = client.identity().subtenant_named("qe", "Development").await?;
    /// assert_eq!(group.id, server.seed(|store| store.subtenant(Server::SUBTENANT)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no business group has the name; [`Error::Ambiguous`] if several have it; otherwise the
    /// [errors of a list](List#errors).
    pub async fn subtenant_named(self, tenant: &str, name: &str) -> Result<Subtenant, Error> {
        let what = "business group";
        // The filter is sent for the first list only: whether the second one accepts it is not known, and it is short.
        let administered = self.subtenants(tenant).with_filter(Filter::eq("name", name));
        match administered.only(what, name, |row| row.name.as_deref()).await {
            // Not an administrator: the first list is empty for them rather than refused.
            Err(Error::NoSuchName { .. }) => self.memberships(tenant).only(what, name, |row| row.name.as_deref()).await,
            other => other,
        }
    }

    /// Reads one business group by its id, a UUID. Evidence: captured (7.x, as a row of the list).
    pub fn subtenant(self, tenant: &str, id: &str) -> Call<Subtenant> {
        self.json(ApiRequest::get("/identity/api/tenants/{tenant}/subtenants/{subtenant}", &[tenant, id]))
    }

    /// Creates a business group. Evidence: sent (7.x).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// use vra_client::v7::{PrincipalId, SubtenantBody, SubtenantRole};
    ///
    /// let manager = SubtenantRole::new("CSP_SUBTENANT_MANAGER", [PrincipalId::new("tony", "example.com")]);
    /// client.identity().create_subtenant("qe", SubtenantBody::new("Finance").with_roles(vec![manager])).await?;
    /// assert!(client.identity().subtenant_named("qe", "Finance").await?.id.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_subtenant(self, tenant: &str, body: SubtenantBody) -> Call<Created> {
        self.created(ApiRequest::post("/identity/api/tenants/{tenant}/subtenants", &[tenant]).json(body))
    }

    /// Replaces a business group by one that was read and changed. Evidence: sent (7.x).
    pub fn update_subtenant(self, tenant: &str, id: &str, subtenant: Subtenant) -> Call<()> {
        let values = [tenant, id];
        self.done(ApiRequest::put("/identity/api/tenants/{tenant}/subtenants/{subtenant}", &values).json(subtenant))
    }

    /// Deletes a business group. Evidence: sent (7.x).
    pub fn delete_subtenant(self, tenant: &str, id: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}/subtenants/{subtenant}", &[tenant, id]))
    }

    /// Lists the roles in a business group, each with its principals. Evidence: members (7.x).
    pub fn subtenant_roles(self, tenant: &str, id: &str) -> List<SubtenantRole> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/subtenants/{subtenant}/roles", &[tenant, id]))
    }

    /// Lists the principals that have a role in a business group. Evidence: listed (7.x).
    pub fn subtenant_role_principals(self, tenant: &str, id: &str, role: &str) -> List<Principal> {
        let template = "/identity/api/tenants/{tenant}/subtenants/{subtenant}/roles/{role}/principals";
        self.list(ApiRequest::get(template, &[tenant, id, role]))
    }

    /// Gives principals a role in a business group. Evidence: sent (7.x).
    ///
    /// The roles are `CSP_SUBTENANT_MANAGER`, `CSP_SUPPORT`, `CSP_CONSUMER` and `CSP_CONSUMER_WITH_SHARED_ACCESS`.
    pub fn add_subtenant_role_principals(
        self,
        tenant: &str,
        id: &str,
        role: &str,
        principals: Vec<PrincipalId>,
    ) -> Call<()> {
        let template = "/identity/api/tenants/{tenant}/subtenants/{subtenant}/roles/{role}/principals";
        // The body is a bare list, unlike everywhere else.
        self.done(ApiRequest::post(template, &[tenant, id, role]).with_body(principals.into_json()))
    }

    /// Takes a role in a business group from a principal, `user@domain`. Evidence: listed (7.x).
    pub fn remove_subtenant_role_principal(self, tenant: &str, id: &str, role: &str, principal: &str) -> Call<()> {
        let template = "/identity/api/tenants/{tenant}/subtenants/{subtenant}/roles/{role}/principals/{principal}";
        self.done(ApiRequest::delete(template, &[tenant, id, role, principal]))
    }
}
