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
/// ```no_run
/// # async fn run(client: vra_client::v8::Client) -> Result<(), vra_client::Error> {
/// use vra_client::poll::Wait;
/// use vra_client::v8::ResourceActionRequestBody;
///
/// let deployments = client.deployments();
/// let web = deployments.named("web 1").await?;
/// let id = web.id.as_deref().unwrap_or_default();
/// println!("{:?} has {:?}", web.status, deployments.ip_addresses_of(id).await?);
/// let request = deployments.submit_action(id, ResourceActionRequestBody::new("Deployment.PowerOff")).await?;
/// deployments.wait_for_request(request.id.as_deref().unwrap_or_default(), &Wait::default()).await?;
/// # Ok(()) }
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
