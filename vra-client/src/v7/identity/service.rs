//! Identity service and the helpers of its calls.

use crate::call::{Call, Created};
use crate::list::{List, Row};
use crate::request::ApiRequest;
use crate::v7::Client;

impl Client {
    /// Returns the identity service: tokens, tenants, identity stores, users and groups, roles and business groups.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        Identity { client: self }
    }
}

/// Identity service, `/identity/api`: tokens, tenants, identity stores, users and groups, roles and business groups.
///
/// Arguments named `tenant` take the tenant's URL name, such as `qe`. Users are `user@domain` and groups
/// `group@domain`. A *business group* is called subtenant by the API; its id is a UUID.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use vra_client::v7::{PrincipalId, SubtenantBody};
///
/// // Create a business group, and let a user request machines in it.
/// let identity = client.identity();
/// let group = identity.create_subtenant("qe", SubtenantBody::new("Finance")).await?.id.unwrap_or_default();
/// let tony = PrincipalId::new("tony", "example.com");
/// identity.add_subtenant_role_principals("qe", &group, "CSP_CONSUMER", vec![tony]).await?;
/// let members = identity.subtenant_role_principals("qe", &group, "CSP_CONSUMER").all().await?;
/// assert_eq!(members[0].full_name().as_deref(), Some("tony@example.com"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    pub(super) client: &'a Client,
}

impl Identity<'_> {
    pub(super) fn json<T: serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> Call<T> {
        Call::json(&self.client.backend, request)
    }

    pub(super) fn done(self, request: ApiRequest) -> Call<()> {
        Call::done(&self.client.backend, request)
    }

    pub(super) fn created(self, request: ApiRequest) -> Call<Created> {
        Call::created(&self.client.backend, request)
    }

    pub(super) fn list<T: Row + serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> List<T> {
        List::new(&self.client.backend, request)
    }
}
