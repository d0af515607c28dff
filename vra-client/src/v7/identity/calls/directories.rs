//! Identity stores (directories).

use super::super::body::DirectoryBody;
use super::super::model::{DirectoryStatus, IdentityStore};
use super::super::service::Identity;
use crate::call::{Call, Created};
use crate::list::List;
use crate::request::ApiRequest;

impl Identity<'_> {
    /// Lists the identity stores of a tenant. Evidence: documented (7.3).
    ///
    /// The API's paths, and so the methods here, call an identity store a *directory*. To *link* one means to create it
    /// with a test of its connection.
    pub fn directories(self, tenant: &str) -> List<IdentityStore> {
        self.list(ApiRequest::get("/identity/api/tenants/{tenant}/directories", &[tenant]))
    }

    /// Reads one identity store by its domain. Evidence: documented (7.3, as a row of the list).
    pub fn directory(self, tenant: &str, domain: &str) -> Call<IdentityStore> {
        self.json(ApiRequest::get("/identity/api/tenants/{tenant}/directories/{domain}", &[tenant, domain]))
    }

    /// Creates an identity store. Evidence: sent (7.x). The server refuses a domain that exists with status 400.
    ///
    /// Prefer [`link_directory`](Self::link_directory), which the manual documents. This call is for a domain that must
    /// not be replaced if it exists.
    pub fn create_directory(self, tenant: &str, body: DirectoryBody) -> Call<Created> {
        // A POST refuses a domain that exists, while the PUT of `link_directory` replaces it.
        self.created(ApiRequest::post("/identity/api/tenants/{tenant}/directories", &[tenant]).json(body))
    }

    /// Creates or replaces an identity store, and tests its connection (links it). Evidence: documented (6.2, 7.3).
    ///
    /// Give the password each time: the server returns `null` for it, and what it does with a body without one is not
    /// known. If the directory cannot be reached, the error is an [`Error::Server`](crate::Error::Server) whose
    /// [`is_directory_unreachable`](crate::error::ServerError::is_directory_unreachable) is true, and nothing was
    /// linked.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// use vra_client::v7::DirectoryBody;
    ///
    /// let body = DirectoryBody::new("lab", "LDAP", "lab.example.com", "ldap://ldap.example.com:389")
    ///     .with_user_name_dn("cn=reader,dc=lab,dc=example,dc=com")
    ///     .with_password("secret");
    /// client.identity().link_directory("qe", "lab.example.com", body).await?;
    /// let linked = client.identity().directory("qe", "lab.example.com").await?;
    /// assert_eq!(linked.name.as_deref(), Some("lab"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn link_directory(self, tenant: &str, domain: &str, body: DirectoryBody) -> Call<()> {
        let values = [tenant, domain];
        // A success has an empty body, and the connection test is a part of the call. So the status is all there is to
        // know.
        self.done(ApiRequest::put("/identity/api/tenants/{tenant}/directories/{domain}", &values).json(body))
    }

    /// Tests the connection to an identity store without creating it. Evidence: listed (7.x).
    pub fn test_directory(self, tenant: &str, body: DirectoryBody) -> Call<()> {
        self.done(ApiRequest::put("/identity/api/tenants/{tenant}/directories/connectivity", &[tenant]).json(body))
    }

    /// Deletes an identity store. Evidence: sent (7.x).
    pub fn delete_directory(self, tenant: &str, domain: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tenants/{tenant}/directories/{domain}", &[tenant, domain]))
    }

    /// Reads the state of the last synchronisation of an identity store. Evidence: members (7.x).
    pub fn directory_status(self, tenant: &str, domain: &str) -> Call<DirectoryStatus> {
        self.json(ApiRequest::get("/identity/api/tenants/{tenant}/directories/{domain}/status", &[tenant, domain]))
    }

    /// Starts a synchronisation of an identity store. 7.4 and later. Evidence: sent (7.x).
    pub fn sync_directory(self, tenant: &str, domain: &str) -> Call<()> {
        self.done(ApiRequest::post("/identity/api/tenants/{tenant}/directories/{domain}/sync", &[tenant, domain]))
    }
}
