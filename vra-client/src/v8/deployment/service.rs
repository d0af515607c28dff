//! Services of deployments and of resources.

use crate::v8::Client;

impl Client {
    /// Returns the deployments, with their resources, actions and requests.
    #[must_use]
    pub fn deployments(&self) -> Deployments<'_> {
        Deployments { client: self }
    }

    /// Returns the resources of all deployments, and those without one.
    #[must_use]
    pub fn resources(&self) -> Resources<'_> {
        Resources { client: self }
    }
}

/// Deployments, `/deployment/api/deployments`: what requests made, with resources, actions and requests.
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
/// # let body = vra_client::v8::CatalogItemRequestBody::new(project, "web 1");
/// # client.catalog().submit_to(&item, body)?.await?;
/// # let soon = std::time::Duration::from_millis(1);
/// # let wait = vra_client::poll::Wait::default().with_pauses(soon, soon);
/// use vra_client::v8::ResourceActionRequestBody;
///
/// let deployments = client.deployments();
/// let id = deployments.named("web 1").await?.id.ok_or("a deployment has an id")?;
/// deployments.wait_for(&id, &wait).await?;
/// let machine = deployments.machines_of(&id).await?.remove(0);
/// assert_eq!(machine.property("powerState"), Some("ON"));
///
/// // Power it off, and wait for the request.
/// let request = deployments.submit_action(&id, ResourceActionRequestBody::new("Deployment.PowerOff")).await?;
/// deployments.wait_for_request(request.id.as_deref().unwrap_or_default(), &wait).await?;
/// let machine = deployments.machines_of(&id).await?.remove(0);
/// assert_eq!(machine.property("powerState"), Some("OFF"));
///
/// // Delete it.
/// deployments.delete(&id).await?;
/// deployments.wait_until_deleted(&id, &wait).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Lost responses
/// Actions and deletions are sent once, unless the server cannot have processed them. If the response is lost,
/// [`Error::outcome`](crate::Error::outcome) is [`Outcome::Unknown`](crate::Outcome::Unknown): look for the request among
/// those of the deployment ([`requests`](Self::requests)) before you send it again.
#[derive(Debug, Clone, Copy)]
pub struct Deployments<'a> {
    pub(super) client: &'a Client,
}

/// Resources, `/deployment/api/resources`: those of all deployments, and those without one.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// use vra_client::v8::ResourceQuery;
///
/// let machines = client.resources().find(ResourceQuery::new().with_type("Cloud.vSphere.Machine").with_search("web"));
/// assert_eq!(machines.request().query_value("resourceTypes"), Some("Cloud.vSphere.Machine"));
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Resources<'a> {
    pub(super) client: &'a Client,
}
