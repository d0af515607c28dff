//! Host: opens a provider for a call, runs the action, and writes what comes of it as JSON.

use std::fmt;
use std::future::Future;
use std::io::{self, Read, Write};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ipam_core::registry::Registry;
use ipam_core::{Error, ErrorKind, IpamProvider};
use serde_json::{Value, json};

use super::invocation::Invocation;
use crate::plugin::action::Action;
use crate::plugin::action_error::ActionError;
use crate::plugin::handler::Plugin;

type Open = dyn Fn(Invocation) -> BoxFuture<'static, ipam_core::Result<Arc<dyn IpamProvider>>> + Send + Sync;

/// Host of a plug-in over the providers that it opens, one for each call. See the [module](super) for an example.
#[derive(Clone)]
pub struct Host {
    open: Arc<Open>,
}

/// Outputs of an action, and what closing the provider failed with afterwards.
#[derive(Debug)]
#[non_exhaustive]
pub struct ActionOutput {
    /// The outputs, the JSON that vRA expects.
    pub outputs: Value,
    /// Why the provider could not be closed. The outputs stand.
    pub close_error: Option<Error>,
}

impl Host {
    /// A host whose providers come from a callback.
    pub fn new<F, Fut, P>(open: F) -> Self
    where
        F: Fn(Invocation) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ipam_core::Result<P>> + Send + 'static,
        P: IpamProvider + 'static,
    {
        let open = move |call| {
            let opening = open(call);
            let opened: BoxFuture<'static, _> =
                Box::pin(async move { opening.await.map(|provider| Arc::new(provider) as Arc<dyn IpamProvider>) });
            opened
        };
        Self { open: Arc::new(open) }
    }

    /// A host over the provider that a URL names, opened with user, password, certificate and custom fields of the call.
    ///
    /// ```
    /// use ipam_core::registry::{Registry, Secrets};
    /// use vra_client::plugin::host::Host;
    ///
    /// // Other crates add their schemes: phpipam_client::register(&mut registry)?;
    /// let registry = Registry::new().with_secrets(Secrets::env("IPAM"));
    /// let host = Host::with_registry(registry, "embedded:ipam.db?create=false");
    /// ```
    pub fn with_registry(registry: Registry, url: impl Into<String>) -> Self {
        let url = url.into();
        let open = move |call: Invocation| {
            let (registry, request) = (registry.clone(), call.to_open_request(&url));
            let opened: BoxFuture<'static, _> = Box::pin(async move { registry.open_with(request?).await });
            opened
        };
        Self { open: Arc::new(open) }
    }

    /// Opens the provider of a call, for a program that closes it itself.
    ///
    /// # Errors
    /// What the provider fails with on opening.
    pub async fn open(&self, call: &Invocation) -> ipam_core::Result<Arc<dyn IpamProvider>> {
        (self.open)(call.clone()).await
    }

    /// Runs an action: opens the provider, runs it on the inputs of the call, and closes the provider.
    ///
    /// Dropping the future drops the provider without closing it.
    ///
    /// # Errors
    /// A [`ActionError`], to be raised: what opening failed with, or what [`Plugin::run`] raises. An untrusted certificate in
    /// ValidateEndpoint is returned and not raised.
    pub async fn run(&self, action: Action, call: &Invocation) -> Result<ActionOutput, ActionError> {
        let provider = match self.open(call).await {
            Ok(provider) => provider,
            Err(error) => {
                let outputs = Plugin::<Arc<dyn IpamProvider>>::respond_to_open_error(action, error)?;
                return Ok(ActionOutput { outputs, close_error: None });
            }
        };
        let outputs = Plugin::new(Arc::clone(&provider)).run(action, call.inputs()).await;
        let close_error = provider.close().await.err();
        Ok(ActionOutput { outputs: outputs?, close_error })
    }

    /// Serves one call, as a program does: `action` is the name of the action, `input` its standard input to the end. The
    /// outputs go to `output`; what is raised, and why the provider could not be closed, goes to `errors`, as
    /// [`error_json`]. Returns whether the action succeeded and the provider was closed.
    ///
    /// # Errors
    /// If `output` or `errors` cannot be written.
    pub async fn serve(
        &self,
        action: &str,
        input: impl Read + Send,
        mut output: impl Write + Send,
        mut errors: impl Write + Send,
    ) -> io::Result<bool> {
        let action = action.parse::<Action>().map_err(|error| ActionError::new(error.to_string()));
        let call = action.and_then(|action| Ok((action, Invocation::read(input)?)));
        let reply = match call {
            Ok((action, call)) => self.run(action, &call).await,
            Err(error) => Err(error),
        };
        let error = match reply {
            Ok(reply) => {
                writeln!(output, "{:#}", reply.outputs)?;
                output.flush()?;
                reply.close_error.map(ActionError::from)
            }
            Err(error) => Some(error),
        };
        let Some(error) = error else { return Ok(true) };
        writeln!(errors, "{:#}", error_json(&error))?;
        errors.flush()?;
        Ok(false)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

/// Returns an error as JSON: `{"error": {"kind": …, "message": …}}`, the kind in words such as `invalid input`.
#[must_use]
pub fn error_json(error: &ActionError) -> Value {
    let kind = error.ipam_error().map_or(ErrorKind::InvalidInput, Error::kind);
    json!({ "error": { "kind": kind.as_str(), "message": error.to_string() } })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use futures_executor::block_on;
    use ipam_core::{CertificateChain, MemoryProvider, Operation};

    use super::*;

    fn served(host: &Host, action: &str, input: &str) -> (bool, Value, Value) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let done = block_on(host.serve(action, input.as_bytes(), &mut output, &mut errors)).unwrap();
        let read = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or_default();
        (done, read(&output), read(&errors))
    }

    #[test]
    fn outputs_and_errors_are_json() {
        let host = Host::new(|_| async { Ok(MemoryProvider::new()) });
        let (done, outputs, errors) = served(&host, "ValidateEndpoint", "{}");
        assert!(done && errors.is_null());
        assert_eq!(outputs["message"], "Validated successfully");
        for (action, input, kind, message) in [
            ("frobnicate", "{}", "invalid input", "there is no action"),
            ("get-ip-ranges", "s3cret", "invalid input", "standard input is not JSON"),
            ("allocate-ip", r#"{"ipAllocations": 7}"#, "invalid input", "ipAllocations"),
        ] {
            let (done, outputs, errors) = served(&host, action, input);
            assert!(!done && outputs.is_null(), "{action}");
            assert_eq!(errors["error"]["kind"], kind, "{errors}");
            let said = errors["error"]["message"].as_str().unwrap();
            assert!(said.contains(message) && !said.contains("s3cret"), "{said}");
        }
    }

    #[test]
    fn a_provider_that_cannot_be_opened_is_an_error_or_a_certificate_to_accept() {
        let host = Host::new(|_| async {
            let chain = CertificateChain::from_pem("-----BEGIN CERTIFICATE-----");
            let error = Error::new(ErrorKind::Untrusted, Operation::Open, "self-signed").with_certificates(chain);
            Err::<MemoryProvider, _>(error)
        });
        let (done, outputs, _) = served(&host, "validate-endpoint", "{}");
        assert!(done && outputs["error"]["errorCode"] == "3002", "{outputs}");
        let (done, _, errors) = served(&host, "get-ip-ranges", "{}");
        assert!(!done && errors["error"]["kind"] == "untrusted server", "{errors}");
    }

    #[test]
    fn a_registry_opens_with_what_the_call_has() {
        // A store has no such option, and says so, without what may be a secret in the wrong field.
        let host = Host::with_registry(Registry::new(), "memory:");
        let input = r#"{"endpoint": {"endpointProperties": {"addressFields": "custom_x=a b"}}}"#;
        let (done, _, errors) = served(&host, "get-ip-ranges", input);
        let said = errors["error"]["message"].as_str().unwrap();
        assert!(!done && said.contains("option 1 of the URL") && !said.contains("a b"), "{said}");
        let input = r#"{"inputs": {"endpoint": {}}, "credentials": {"privateKeyId": "u", "privateKey": "s3cret"}}"#;
        assert!(served(&host, "get-ip-ranges", input).0, "a store needs neither user nor password");
    }
}
