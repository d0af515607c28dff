//! `vra ACTION`: one action of vRA's IPAM plug-in contract. Inputs come on standard input, outputs go to standard output.

use std::sync::Arc;

use ipam_core::IpamProvider;
use ipam_core::registry::Secrets;
use serde_json::Value;
use vra_client::plugin::host::{Host, Invocation};
use vra_client::plugin::{Action, ActionError, Plugin};

use crate::closing::{Ended, closing};
use crate::exit::Failure;
use crate::open::registry;
use crate::output::Answer;

/// Runs the action over the provider at `url`.
pub(crate) async fn run(url: Option<&str>, action: Action) -> Result<Ended<Answer>, Failure> {
    let Some(url) = url else {
        let message = "say where the addresses are: --provider URL, or IPAM_PROVIDER in the environment";
        return Err(Failure::Usage(message.to_owned()));
    };
    let call = Invocation::read(std::io::stdin()).map_err(Failure::Vra)?;
    let host = Host::with_registry(registry(Secrets::env("IPAM"))?, url);
    match host.open(&call).await {
        // Closed here, where signals are received.
        Ok(provider) => {
            closing(provider, async |provider| {
                answer(Plugin::new(Arc::clone(provider)).run(action, call.inputs()).await)
            })
            .await
        }
        Err(error) => {
            let outputs = answer(Plugin::<Arc<dyn IpamProvider>>::respond_to_open_error(action, error))?;
            Ok(Ended { value: outputs, closing: None })
        }
    }
}

/// vRA reads JSON and nothing else; there is no table.
fn answer(outputs: Result<Value, ActionError>) -> Result<Answer, Failure> {
    let outputs = outputs.map_err(Failure::Vra)?;
    Answer::new(format!("{outputs:#}"), &outputs)
}
