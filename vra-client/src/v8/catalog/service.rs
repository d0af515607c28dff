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
/// ```no_run
/// # async fn run(client: vra_client::v8::Client) -> Result<(), vra_client::Error> {
/// use vra_client::poll::Wait;
/// use vra_client::v8::CatalogItemRequestBody;
///
/// let item = client.catalog().item_named("CentOS").await?;
/// let body = CatalogItemRequestBody::new("9de81991-4063-43b8-9542-dbaff1e588f8", "web 1").with_input("cpu", 2);
/// for made in client.catalog().submit_to(&item, body)?.await? {
///     client.deployments().wait_for(made.id(), &Wait::default()).await?;
///     println!("{:?}", client.deployments().ip_addresses_of(made.id()).await?);
/// }
/// # Ok(()) }
/// ```
///
/// # Lost responses
/// The client repeats the POST of a request only if the server cannot have processed it. If the response is lost,
/// [`Error::outcome`](crate::Error::outcome) is [`Outcome::Unknown`](crate::Outcome::Unknown): the deployment may exist,
/// and a second POST would make another one. The name of a deployment is unique in its organization, so look for it by
/// [`Deployments::named`](crate::v8::Deployments::named) before you submit again.
#[derive(Debug, Clone, Copy)]
pub struct Catalog<'a> {
    pub(super) client: &'a Client,
}
