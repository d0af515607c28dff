//! Users and groups.

use super::super::body::{GroupBody, UserBody};
use super::super::model::{Principal, Subtenant};
use super::super::service::Identity;
use crate::call::{Call, Created};
use crate::error::Error;
use crate::list::{List, Page};
use crate::request::ApiRequest;

impl Identity<'_> {
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
}
