//! Catalog service and the helpers of its calls.

use std::sync::Arc;

use super::request::SubmittedRequest;
use crate::call::Call;
use crate::error::Error;
use crate::list::{Link, List, Row};
use crate::request::ApiRequest;
use crate::transport::local_path;
use crate::v7::Client;

impl Client {
    /// Returns the catalog service: items that can be requested, requests, and the resources that they made.
    #[must_use]
    pub fn catalog(&self) -> Catalog<'_> {
        Catalog { client: self }
    }
}

/// Catalog service, `/catalog-service/api`: items, requests, resources and actions.
///
/// The way to a machine: find the item, read its template, change it, submit it, wait for the request, read its
/// machines. A *resource* is anything that was provisioned: a deployment, a machine, a network. In 7.x machines are
/// children of a deployment; in 6.2 they stand alone.
///
/// Many objects exist in two forms: the full one ([`Resource`](super::Resource)) and the flat one of 7.x
/// ([`ResourceView`](super::ResourceView)), which has plain JSON in place of typed values and links in place of
/// references.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use std::time::Duration;
/// use vra_client::poll::Wait;
///
/// let catalog = client.catalog();
/// let item = catalog.item_named("CentOS").await?;
/// let mut template = catalog.template_of(&item)?.await?;
/// template.set_component_value(&["machine"], "cpu", 2)?;
/// let submitted = catalog.submit_to(&item, template)?.await?;
/// let wait = Wait::up_to(Duration::from_secs(60)).with_pauses(Duration::from_millis(1), Duration::from_millis(5));
/// catalog.wait_for(&submitted.id, &wait).await?;
/// let machines = catalog.machines_of_request(&submitted.id).await?;
/// assert_eq!(machines[0].ip_addresses(), ["10.60.1.10"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Lost responses
/// Every method that submits something sends a POST. The client repeats it only if the server cannot have processed
/// it: the connection was never made, or the server refused it with 429. If the response is lost,
/// [`Error::outcome`] is [`Outcome::Unknown`](crate::Outcome::Unknown): the request may exist, and a second POST would
/// make a second machine. Look for it among [`requests`](Self::requests), newest first, before you submit again:
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use vra_client::{Outcome, odata::OrderBy, testing::{Fault, When}};
///
/// // The server takes the request, and the connection breaks before its response.
/// server.fault(Fault::DropAfter, When::any().method("POST").path("/requests"));
/// let catalog = client.catalog();
/// let item = catalog.item_named("CentOS").await?;
/// let mut template = catalog.template_of(&item)?.await?;
/// template.description = Some("order 4711".into());
/// let error = catalog.submit_to(&item, template)?.await.unwrap_err();
/// assert_eq!(error.outcome(), Outcome::Unknown);
///
/// let newest = catalog.requests().with_order_by(OrderBy::desc("dateCreated")).first_page().await?.content;
/// assert_eq!(newest[0].description.as_deref(), Some("order 4711"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Catalog<'a> {
    pub(super) client: &'a Client,
}

impl Catalog<'_> {
    pub(super) fn json<T: serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> Call<T> {
        Call::json(&self.client.backend, request)
    }

    pub(super) fn list<T: Row + serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> List<T> {
        List::new(&self.client.backend, request)
    }

    pub(super) fn submitted(self, request: ApiRequest) -> Call<SubmittedRequest> {
        // The response has three forms: empty with `Location`, the request, or both.
        Call::new(Arc::clone(&self.client.backend), request, |reply| SubmittedRequest::read(&reply))
    }

    /// Path and query of a link, below the configured server.
    pub(super) fn local(self, link: &Link) -> Result<String, Error> {
        let href = link.href.as_deref().unwrap_or_default();
        local_path("catalog link", href, self.client.session.transport.origin())
    }
}
