//! Users and groups.

use super::super::body::{GroupBody, UserBody};
use super::super::model::{Principal, Subtenant};
use super::super::service::Identity;
use crate::call::{Call, Created};
use crate::error::Error;
use crate::list::{List, Page};
use crate::request::ApiRequest;

impl Identity<'_> {
    /// Lists the users and groups whose name contains a text; all of them if the text is empty. Evidence: documented
    /// (7.3).
    ///
    /// Narrow it with [`with_query`](List::with_query): `domain`, `role` (which takes precedence over the text),
    /// `parentGroup`, `localUsersOnly`, `expandGroups`.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// let found = client.identity().search_principals("qe", "tony").all().await?;
    /// assert_eq!(found[0].full_name().as_deref(), Some("tony@example.com"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn search_principals(self, tenant: &str, criteria: &str) -> List<Principal> {
        let request = ApiRequest::get("/identity/api/tenants/{tenant}/principals", &[tenant]);
        // An empty `criteria` is left out: whether the server takes it for all or for none is not documented.
        self.list(if criteria.is_empty() { request } else { request.with_query("criteria", criteria) })
    }

    /// Reads one user by `user@domain`. Evidence: documented (7.3).
    ///
    /// The server looks the user up in the linked directories. Some releases return the user and others a list of one;
    /// an empty list becomes [`Error::NoSuchName`].
    pub fn principal(self, tenant: &str, id: &str) -> Call<Principal> {
        let request = ApiRequest::get("/identity/api/tenants/{tenant}/principals/{principal}", &[tenant, id]);
        let operation = request.operation();
        let name = id.to_owned();
        // The manual prints a page without counts, and clients read a bare user: a page takes both.
        self.json::<Page<Principal>>(request).map(move |page| {
            let missing = Error::NoSuchName { operation, what: "principal", name };
            page.content.into_iter().next().ok_or(missing)
        })
    }

    /// Creates a local user. Evidence: sent (7.x).
    ///
    /// Only tenants with local users allow it; others return status 405.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// use vra_client::v7::{PrincipalId, UserBody};
    ///
    /// let ann = UserBody::new(PrincipalId::new("ann", "example.com"), "Ann", "Other", "secret");
    /// client.identity().create_user("qe", ann).await?;
    /// assert_eq!(client.identity().principal("qe", "ann@example.com").await?.name.as_deref(), Some("Ann Other"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_user(self, tenant: &str, body: UserBody) -> Call<Created> {
        self.created(ApiRequest::post("/identity/api/tenants/{tenant}/principals", &[tenant]).json(body))
    }

    /// Replaces a local user, `user@domain`, by one that was read and changed. Evidence: sent (7.x).
    pub fn update_user(self, tenant: &str, id: &str, user: Principal) -> Call<()> {
        let values = [tenant, id];
        self.done(ApiRequest::put("/identity/api/tenants/{tenant}/principals/{principal}", &values).json(user))
    }

    /// Deletes a local user, `user@domain`. Evidence: sent (7.x).
    pub fn delete_user(self, tenant: &str, id: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}/principals/{principal}", &[tenant, id]))
    }

    /// Lists the groups that a user, `user@domain`, is a member of. Evidence: listed (7.x).
    pub fn groups_of(self, tenant: &str, id: &str) -> List<Principal> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/principals/{principal}/groups", &[tenant, id]))
    }

    /// Lists the business groups that a user, `user@domain`, is a member of. Evidence: listed (7.x).
    pub fn subtenants_of(self, tenant: &str, id: &str) -> List<Subtenant> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/principals/{principal}/subtenants", &[tenant, id]))
    }

    /// Lists the groups of a tenant. Evidence: members (7.x).
    pub fn groups(self, tenant: &str) -> List<Principal> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/groups", &[tenant]))
    }

    /// Reads one group by `group@domain`. Evidence: members (7.x).
    pub fn group(self, tenant: &str, id: &str) -> Call<Principal> {
        self.json(ApiRequest::get("/identity/api/tenants/{tenant}/groups/{group}", &[tenant, id]))
    }

    /// Creates a custom group, which exists in vRealize Automation only. Evidence: sent (7.x).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// use vra_client::v7::GroupBody;
    ///
    /// client.identity().create_group("qe", GroupBody::new("ops", "example.com")).await?;
    /// let tony = client.identity().principal("qe", Server::USER).await?;
    /// client.identity().add_to_group("qe", "ops@example.com", vec![tony]).await?;
    /// assert_eq!(client.identity().users_of_group("qe", "ops@example.com").all().await?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_group(self, tenant: &str, body: GroupBody) -> Call<Created> {
        // Only custom groups can be created; the others come from a directory.
        self.created(ApiRequest::post("/identity/api/tenants/{tenant}/groups", &[tenant]).json(body))
    }

    /// Replaces a group, `group@domain`, by one that was read and changed. Evidence: sent (7.x).
    pub fn update_group(self, tenant: &str, id: &str, group: Principal) -> Call<()> {
        self.done(ApiRequest::put("/identity/api/tenants/{tenant}/groups/{group}", &[tenant, id]).json(group))
    }

    /// Deletes a custom group, `group@domain`. Evidence: sent (7.x).
    pub fn delete_group(self, tenant: &str, id: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}/groups/{group}", &[tenant, id]))
    }

    /// Adds members to a group, `group@domain`. Evidence: sent (7.x).
    pub fn add_to_group(self, tenant: &str, id: &str, members: Vec<Principal>) -> Call<()> {
        self.done(ApiRequest::post("/identity/api/tenants/{tenant}/groups/{group}", &[tenant, id]).json(members))
    }

    /// Removes a user, `user@domain`, from a group, `group@domain`. Evidence: listed (7.x).
    pub fn remove_from_group(self, tenant: &str, id: &str, user: &str) -> Call<()> {
        let values = [tenant, id, user];
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}/groups/{group}/users/{user}", &values))
    }

    /// Lists the groups that a group, `group@domain`, is a member of. Evidence: listed (7.x).
    pub fn parents_of_group(self, tenant: &str, id: &str) -> List<Principal> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/groups/{group}/parents", &[tenant, id]))
    }

    /// Lists the users in a group, `group@domain`. Evidence: listed (7.x).
    pub fn users_of_group(self, tenant: &str, id: &str) -> List<Principal> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/groups/{group}/users", &[tenant, id]))
    }
}
