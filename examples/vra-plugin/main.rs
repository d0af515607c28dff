//! Program of the vRealize Automation plug-in for phpIPAM.
//!
//! The script of an action starts it with the action's name and passes inputs and credentials on standard input. See
//! `vra_client::plugin::host` for the protocol and `ipam vra package` for the package around it.

mod endpoint_url;
// The packager includes the form from this file; the program itself does not need it.
#[cfg(test)]
mod form;

use std::process::ExitCode;

use ipam_core::registry::{Registry, Secrets};
use vra_client::plugin::host::{Host, Invocation};

fn main() -> std::io::Result<ExitCode> {
    let action = std::env::args().nth(1).unwrap_or_default();
    // One thread: an action waits for one server, and starts faster without a pool of threads.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(host().serve(&action, std::io::stdin(), std::io::stdout(), std::io::stderr()))?;
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the host, which opens the phpIPAM that the form of the endpoint names.
fn host() -> Host {
    Host::new(|invocation: Invocation| async move {
        let mut registry = Registry::empty().with_secrets(Secrets::none());
        phpipam_client::register(&mut registry)?;
        let url = endpoint_url::of_form(invocation.form())?;
        registry.open_with(invocation.to_open_request(&url)?).await
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use vra_client::plugin::Action;

    use super::form;

    #[test]
    fn the_form_is_one_that_vra_reads_and_no_action_is_left_out() {
        let schema = form::form("phpIPAM").to_json().unwrap();
        assert_eq!(schema["layout"]["pages"][0]["title"], "phpIPAM");
        assert_eq!(schema["layout"]["pages"][0]["sections"][1]["id"], "credentials");
        assert_eq!(schema["schema"]["authType"]["default"], "user");
        assert!(Action::ALL.into_iter().all(|action| form::support().has(action)));
    }
}
