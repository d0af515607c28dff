//! Actions of an imported IPAM package, which the server calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

/// Future of an action: its outputs, or the message of its failure.
pub type ActionResult<'a> = Pin<Box<dyn Future<Output = Result<Value, String>> + Send + 'a>>;

/// Actions of imported IPAM packages: what runs when the server calls one.
///
/// With the feature `plugin`, a [`Plugin`](crate::plugin::Plugin) is one. Closures do for a test of a client alone:
///
/// ```
/// use vra_client::testing::v8::{IpamActions, IpamCall, Server};
///
/// let refuse = |call: IpamCall| async move { Err(format!("{} is not served", call.action)) };
/// let builder = Server::builder().ipam_actions(refuse);
/// ```
pub trait IpamActions: Send + Sync + 'static {
    /// Runs an action and returns its outputs, or the message of its failure.
    fn run(&self, call: IpamCall) -> ActionResult<'_>;
}

impl<F, R> IpamActions for F
where
    F: Fn(IpamCall) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Value, String>> + Send + 'static,
{
    fn run(&self, call: IpamCall) -> ActionResult<'_> {
        Box::pin(self(call))
    }
}

#[cfg(feature = "plugin")]
impl<P: ipam_core::IpamProvider> IpamActions for crate::plugin::Plugin<P> {
    fn run(&self, call: IpamCall) -> ActionResult<'_> {
        Box::pin(async move {
            let action = call.action.parse().map_err(|error: crate::plugin::UnknownAction| error.to_string())?;
            Self::run(self, action, &call.inputs).await.map_err(|error| error.to_string())
        })
    }
}

/// Call of an action of an imported package.
#[derive(Clone)]
#[non_exhaustive]
pub struct IpamCall {
    /// Id of the imported package, as `providerId` of the integration.
    pub provider: String,
    /// Bytes of the package that was imported.
    pub package: Arc<[u8]>,
    /// Name of the action, such as `AllocateIP`.
    pub action: String,
    /// Inputs, in the form of the plug-in contract.
    pub inputs: Value,
}

impl fmt::Debug for IpamCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The inputs hold the form of the endpoint, which may hold a secret.
        f.debug_struct("IpamCall")
            .field("provider", &self.provider)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}
