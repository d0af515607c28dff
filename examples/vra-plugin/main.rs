//! Program of the vRealize Automation plug-in for phpIPAM.
//!
//! The script of an action starts it with the action's name and passes inputs and credentials on standard input. See
//! `vra_client::plugin::host` for the protocol and `ipam vra package` for the package around it.

mod causes;
mod endpoint_url;
// The packager includes the form from this file; the program itself does not need it.
#[cfg(test)]
mod form;

use std::process::ExitCode;

use ipam_core::registry::{Registry, Secrets};
use ipam_core::{Error, ErrorKind, Operation};
use vra_client::plugin::host::{Host, Invocation};

fn main() -> std::io::Result<ExitCode> {
    let action = std::env::args().nth(1).unwrap_or_default();
    // One thread: an action waits for one server, and starts faster without a pool of threads.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let host = host();
    let serving = host.serve_until(&action, std::io::stdin(), std::io::stdout(), std::io::stderr(), terminated());
    let done = runtime.block_on(serving)?;
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Waits for SIGTERM, which the script of the action sends at its time limit.
async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        signal.recv().await;
        return;
    }
    // Without the signal the program ends as before: at once.
    std::future::pending().await
}

/// Returns the host, which opens the phpIPAM that the form of the endpoint names.
fn host() -> Host {
    Host::new(|invocation: Invocation| async move {
        let mut registry = Registry::empty().with_secrets(Secrets::none());
        phpipam_client::register(&mut registry)?;
        causes::check_inputs(&invocation)?;
        let url = endpoint_url::of_form(invocation.form())?;
        let opened = registry.open_with(invocation.to_open_request(&url)?).await;
        let provider = opened.map_err(|error| causes::in_terms_of_form(error, invocation.form()))?;
        // Every action but the lists writes. Without this, the endpoint could be saved and no machine would get an address.
        if !provider.capabilities().update {
            let message = "the app (apiAppId) may only read; give it the permission Read / Write in phpIPAM, under \
                           Administration, API";
            return Err(Error::new(ErrorKind::PermissionDenied, Operation::Open, message));
        }
        Ok(provider)
    })
}

#[cfg(test)]
mod tests;
