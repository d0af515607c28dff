//! Tokens, tenants, identity stores, principals, roles and business groups.

mod body;
mod model;

use http::Method;
use secrecy::{ExposeSecret, SecretString};

pub use body::{DirectoryBody, GroupBody, SubtenantBody, TenantBody, UserBody};
pub use model::{
    About, DirectoryStatus, DirectorySync, IdentityStore, Permission, Principal, PrincipalId, Subtenant, SubtenantRole,
    SystemRole, Tenant,
};

use super::login::{IssuedToken, end_token, token_request};
use super::{Client, List, Page};
use crate::call::{Call, Created};
use crate::error::Error;
use crate::lenient::{IntoJson, JsonObject};
use crate::odata::Filter;
use crate::request::ApiRequest;

impl Client {
    /// Tokens, tenants, identity stores, principals, roles and business groups.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        Identity { client: self }
    }
}

/// The identity service: `/identity/api`.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    client: &'a Client,
}

impl Identity<'_> {
    fn json<T: serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> Call<T> {
        Call::json(&self.client.backend, request)
    }

    fn done(self, request: ApiRequest) -> Call<()> {
        Call::done(&self.client.backend, request)
    }

    fn created(self, request: ApiRequest) -> Call<Created> {
        Call::created(&self.client.backend, request)
    }

    fn list<T: super::Row + serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> List<T> {
        List::new(&self.client.backend, request)
    }

    /// Version and build of the server. Evidence: member names (7.x).
    pub fn about(self) -> Call<About> {
        self.json(ApiRequest::get("/identity/api/about", &[]).anonymously())
    }

    // ---- Tokens ----------------------------------------------------------------------------------------------------

    /// Asks for a token of one's own. The client does so by itself; this is for programs that hand tokens on.
    /// Evidence: captured (7.x), documented (6.2, 7.3).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let call = client.identity().issue_token("tony@example.com", "secret", "vsphere.local");
    /// assert_eq!(call.request().path(), "/identity/api/tokens");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn issue_token(self, username: &str, password: impl Into<SecretString>, tenant: &str) -> Call<IssuedToken> {
        self.json(token_request(username, &password.into(), tenant))
    }

    /// Whether a token is good. It is sent as its own credential, so it must be one of this server.
    /// Evidence: documented (6.2, 7.3).
    ///
    /// # Errors
    /// [`Error`] if the server said neither yes nor no.
    pub async fn token_is_valid(self, token: &SecretString) -> Result<bool, Error> {
        let request = ApiRequest::new(Method::HEAD, "/identity/api/tokens/{token}", &[token.expose_secret()]);
        match self.client.session.transport.send(&request, Some(token)).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.status(), Some(401 | 403 | 404)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends a token. Evidence: documented (6.2, 7.3).
    ///
    /// # Errors
    /// [`Error`]; one for a token that has ended already is not among them.
    pub async fn delete_token(self, token: &SecretString) -> Result<(), Error> {
        end_token(&self.client.session.transport, token).await
    }

    /// Ends all tokens of a principal. Evidence: request list (7.x).
    pub fn delete_tokens_of(self, principal: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tokens/principals/{principal}", &[principal]))
    }

    /// Whom a token stands for. The answer's shape is not known. Evidence: request list (7.x).
    pub fn security_context(self, token: &SecretString) -> Call<JsonObject> {
        let request = ApiRequest::get("/identity/api/tokens/{token}/securityContext", &[token.expose_secret()]);
        self.json(request)
    }

    // ---- Tenants ---------------------------------------------------------------------------------------------------

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

    // ---- Identity stores -------------------------------------------------------------------------------------------

    /// The identity stores (directories) of a tenant. Evidence: documented (7.3).
    pub fn directories(self, tenant: &str) -> List<IdentityStore> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/directories", &[tenant]))
    }

    /// One identity store, by its domain. Evidence: documented rows of the list (7.3).
    pub fn directory(self, tenant: &str, domain: &str) -> Call<IdentityStore> {
        self.json(ApiRequest::get("/identity/api/tenants/{tenant}/directories/{domain}", &[tenant, domain]))
    }

    /// Makes an identity store. Evidence: client request (7.x).
    pub fn create_directory(self, tenant: &str, body: DirectoryBody) -> Call<Created> {
        self.created(ApiRequest::post("/identity/api/tenants/{tenant}/directories", &[tenant]).json(body))
    }

    /// Links an identity store: makes or changes it, and tests the connection. If that fails, the error's
    /// [`is_directory_unreachable`](crate::error::ServerError::is_directory_unreachable) holds.
    /// Evidence: documented (6.2, 7.3).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::DirectoryBody;
    /// let body = DirectoryBody::new("openLDAPDemo", "LDAP", "example.com", "ldap://ldap.example.com:389");
    /// let call = client.identity().link_directory("development", "example.com", body);
    /// assert_eq!(call.request().path(), "/identity/api/tenants/development/directories/example.com");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn link_directory(self, tenant: &str, domain: &str, body: DirectoryBody) -> Call<()> {
        let values = [tenant, domain];
        self.done(ApiRequest::put("/identity/api/tenants/{tenant}/directories/{domain}", &values).json(body))
    }

    /// Tests a connection without linking it. Evidence: request list (7.x).
    pub fn test_directory(self, tenant: &str, body: DirectoryBody) -> Call<()> {
        self.done(ApiRequest::put("/identity/api/tenants/{tenant}/directories/connectivity", &[tenant]).json(body))
    }

    /// Deletes an identity store. Evidence: client request (7.x).
    pub fn delete_directory(self, tenant: &str, domain: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}/directories/{domain}", &[tenant, domain]))
    }

    /// How the last synchronisation went. Evidence: member names (7.x).
    pub fn directory_status(self, tenant: &str, domain: &str) -> Call<DirectoryStatus> {
        self.json(ApiRequest::get("/identity/api/tenants/{tenant}/directories/{domain}/status", &[tenant, domain]))
    }

    /// Begins a synchronisation. 7.4 and later. Evidence: client request (7.x).
    pub fn sync_directory(self, tenant: &str, domain: &str) -> Call<()> {
        self.done(ApiRequest::post("/identity/api/tenants/{tenant}/directories/{domain}/sync", &[tenant, domain]))
    }

    // ---- Principals and groups -------------------------------------------------------------------------------------

    /// The users and groups whose name matches; all with an empty text. Narrow it with
    /// [`with_query`](List::with_query): `domain`, `role` (which overrides the text), `parentGroup`,
    /// `localUsersOnly`, `expandGroups`. Evidence: documented (7.3).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.identity().search_principals("qe", "tony").with_query("localUsersOnly", "true");
    /// assert_eq!(list.request().query_value("criteria"), Some("tony"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn search_principals(self, tenant: &str, criteria: &str) -> List<Principal> {
        let request = ApiRequest::get("/identity/api/tenants/{tenant}/principals", &[tenant]);
        self.list(if criteria.is_empty() { request } else { request.with_query("criteria", criteria) })
    }

    /// One user by `user@domain`, looked up in the linked directories. Servers answer with the user or with a list of
    /// one. Evidence: documented (7.3).
    pub fn principal(self, tenant: &str, id: &str) -> Call<Principal> {
        let request = ApiRequest::get("/identity/api/tenants/{tenant}/principals/{principal}", &[tenant, id]);
        let operation = request.operation();
        let name = id.to_owned();
        self.json::<Page<Principal>>(request).map(move |page| {
            let missing = Error::NoSuchName { operation, what: "principal", name };
            page.content.into_iter().next().ok_or(missing)
        })
    }

    /// Makes a local user; 405 unless the tenant keeps its own. Evidence: client request (7.x).
    pub fn create_user(self, tenant: &str, body: UserBody) -> Call<Created> {
        self.created(ApiRequest::post("/identity/api/tenants/{tenant}/principals", &[tenant]).json(body))
    }

    /// Changes a local user that was read. Evidence: client request (7.x).
    pub fn update_user(self, tenant: &str, id: &str, user: Principal) -> Call<()> {
        let values = [tenant, id];
        self.done(ApiRequest::put("/identity/api/tenants/{tenant}/principals/{principal}", &values).json(user))
    }

    /// Deletes a local user. Evidence: client request (7.x).
    pub fn delete_user(self, tenant: &str, id: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}/principals/{principal}", &[tenant, id]))
    }

    /// The groups that a user is in. Evidence: request list (7.x).
    pub fn groups_of(self, tenant: &str, id: &str) -> List<Principal> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/principals/{principal}/groups", &[tenant, id]))
    }

    /// The business groups that a user is in. Evidence: request list (7.x).
    pub fn subtenants_of(self, tenant: &str, id: &str) -> List<Subtenant> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/principals/{principal}/subtenants", &[tenant, id]))
    }

    /// The groups of a tenant. Evidence: member names (7.x).
    pub fn groups(self, tenant: &str) -> List<Principal> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/groups", &[tenant]))
    }

    /// One group by `group@domain`. Evidence: member names (7.x).
    pub fn group(self, tenant: &str, id: &str) -> Call<Principal> {
        self.json(ApiRequest::get("/identity/api/tenants/{tenant}/groups/{group}", &[tenant, id]))
    }

    /// Makes a custom group. Evidence: client request (7.x).
    pub fn create_group(self, tenant: &str, body: GroupBody) -> Call<Created> {
        self.created(ApiRequest::post("/identity/api/tenants/{tenant}/groups", &[tenant]).json(body))
    }

    /// Changes a group that was read. Evidence: client request (7.x).
    pub fn update_group(self, tenant: &str, id: &str, group: Principal) -> Call<()> {
        self.done(ApiRequest::put("/identity/api/tenants/{tenant}/groups/{group}", &[tenant, id]).json(group))
    }

    /// Deletes a custom group. Evidence: client request (7.x).
    pub fn delete_group(self, tenant: &str, id: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}/groups/{group}", &[tenant, id]))
    }

    /// Adds members to a group. Evidence: client request (7.x).
    pub fn add_to_group(self, tenant: &str, id: &str, members: Vec<Principal>) -> Call<()> {
        self.done(ApiRequest::post("/identity/api/tenants/{tenant}/groups/{group}", &[tenant, id]).json(members))
    }

    /// Takes a user out of a group. Evidence: request list (7.x).
    pub fn remove_from_group(self, tenant: &str, id: &str, user: &str) -> Call<()> {
        let values = [tenant, id, user];
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}/groups/{group}/users/{user}", &values))
    }

    /// The groups that a group is in. Evidence: request list (7.x).
    pub fn parents_of_group(self, tenant: &str, id: &str) -> List<Principal> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/groups/{group}/parents", &[tenant, id]))
    }

    /// The users in a group. Evidence: request list (7.x).
    pub fn users_of_group(self, tenant: &str, id: &str) -> List<Principal> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/groups/{group}/users", &[tenant, id]))
    }

    // ---- Roles -----------------------------------------------------------------------------------------------------

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

    // ---- Business groups -------------------------------------------------------------------------------------------

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
