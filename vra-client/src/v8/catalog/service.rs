//! Catalog service and the helpers of its calls.

use crate::v8::Client;

impl Client {
    /// Returns the catalog service: items that can be requested, their sources, types and prices.
    #[must_use]
    pub fn catalog(&self) -> Catalog<'_> {
        Catalog { client: self }
    }
}

/// Catalog service, `/catalog/api`: items that can be requested, their sources, types and prices.
///
/// The way to a machine: find the item, submit a request to it, [wait](crate::v8::Deployments::wait_for) for the
/// deployment, read the [addresses](crate::v8::Deployments::ip_addresses_of) of its machines.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v8::Server, v8::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use std::time::Duration;
/// use vra_client::poll::Wait;
/// use vra_client::v8::CatalogItemRequestBody;
///
/// let project = client.projects().named("Development").await?.id.ok_or("a project has an id")?;
/// let item = client.catalog().item_named("Ubuntu").await?;
/// let body = CatalogItemRequestBody::new(project, "web 1").with_reason("order 4711");
/// let made = client.catalog().submit_to(&item, body)?.await?;
/// let wait = Wait::up_to(Duration::from_secs(60)).with_pauses(Duration::from_millis(1), Duration::from_millis(5));
/// client.deployments().wait_for(made[0].id(), &wait).await?;
/// assert_eq!(client.deployments().ip_addresses_of(made[0].id()).await?, ["10.10.20.10"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Lost responses
/// The client repeats the POST of a request only if the server cannot have processed it. If the response is lost,
/// [`Error::outcome`](crate::Error::outcome) is [`Outcome::Unknown`](crate::Outcome::Unknown): the deployment may exist,
/// and a second POST would make another one. The name of a deployment is unique in its organization, so look for it by
/// [`Deployments::named`](crate::v8::Deployments::named) before you submit again:
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v8::Server, v8::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// # let project = client.projects().named("Development").await?.id.unwrap_or_default();
/// # let item = client.catalog().item_named("Ubuntu").await?;
/// use vra_client::{Outcome, testing::{Fault, When}, v8::CatalogItemRequestBody};
///
/// // The server takes the request, and the connection breaks before its response.
/// server.fault(Fault::DropAfter, When::any().method("POST").path("/request"));
/// let body = CatalogItemRequestBody::new(project, "web 1");
/// let error = client.catalog().submit_to(&item, body)?.await.unwrap_err();
/// assert_eq!(error.outcome(), Outcome::Unknown);
/// let made = client.deployments().named("web 1").await?;
/// # assert!(made.id.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Catalog<'a> {
    pub(super) client: &'a Client,
}
