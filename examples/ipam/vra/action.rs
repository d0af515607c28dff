//! `ipam vra ACTION`: one action of vRA's IPAM plug-in contract. Inputs come on standard input, outputs go to standard output.

use std::sync::Arc;

use ipam_core::IpamProvider;
use ipam_core::registry::Secrets;
use serde_json::Value;
use vra_client::plugin::host::{Host, Invocation};
use vra_client::plugin::{Action, ActionError, Plugin};

use crate::closing::{Ended, closing};
use crate::exit::Failure;
use crate::open::registry;
use crate::output::Output;

/// Runs the action over the provider at `url`.
pub(crate) async fn run(url: Option<&str>, action: Action) -> Result<Ended<Output>, Failure> {
    let Some(url) = url else {
        let message = "name the provider: --provider URL, or IPAM_PROVIDER in the environment";
        return Err(Failure::Usage(message.to_owned()));
    };
    let call = Invocation::read(std::io::stdin()).map_err(Failure::Vra)?;
    let host = Host::with_registry(registry(Secrets::env("IPAM"))?, url);
    match host.open(&call).await {
        // The provider is closed by `closing`, so that a signal closes it too.
        Ok(provider) => {
            closing(provider, async |provider| {
                to_output(Plugin::new(Arc::clone(provider)).run(action, call.inputs()).await)
            })
            .await
        }
        Err(error) => {
            let outputs = to_output(Plugin::<Arc<dyn IpamProvider>>::respond_to_open_error(action, error))?;
            Ok(Ended { value: outputs, closing: None })
        }
    }
}

/// Returns the outputs as JSON for people too: vRA reads JSON only.
fn to_output(outputs: Result<Value, ActionError>) -> Result<Output, Failure> {
    let outputs = outputs.map_err(Failure::Vra)?;
    Output::new(format!("{outputs:#}"), &outputs)
}
