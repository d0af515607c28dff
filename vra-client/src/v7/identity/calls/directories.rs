//! Identity stores (directories).

use super::super::body::DirectoryBody;
use super::super::model::{DirectoryStatus, IdentityStore};
use super::super::service::Identity;
use crate::call::{Call, Created};
use crate::list::List;
use crate::request::ApiRequest;

impl Identity<'_> {
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
}
