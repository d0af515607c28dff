//! Host that opens a provider for an invocation, runs the action, and writes the outputs or the error as JSON.

use std::fmt;
use std::future::Future;
use std::io::{self, Read, Write};
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{BoxFuture, Either, select};
use ipam_core::registry::Registry;
use ipam_core::{Error, ErrorKind, IpamProvider, Operation, Retry};
use serde_json::{Value, json};

use super::invocation::Invocation;
use crate::plugin::action::Action;
use crate::plugin::action_error::ActionError;
use crate::plugin::handler::Plugin;

// Boxed, so that `Host` has no type parameter for a callback and its future, which cannot be named.
type Open = dyn Fn(Invocation) -> BoxFuture<'static, ipam_core::Result<Arc<dyn IpamProvider>>> + Send + Sync;

/// Host of a plug-in: opens a provider for each invocation, runs the action, and closes the provider.
///
/// The [module's documentation](super) has an example and a whole program.
#[derive(Clone)]
pub struct Host {
    open: Arc<Open>,
}

/// Outputs of an action that succeeded, and the error of closing the provider afterwards.
#[derive(Debug)]
#[non_exhaustive]
pub struct ActionOutput {
    /// Outputs, the JSON that vRA expects.
    pub outputs: Value,
    /// Error of closing the provider. The action is done and `outputs` are valid all the same; the error names the cleanup
    /// that was left undone.
    pub close_error: Option<Error>,
}

impl Host {
    /// Creates a host that opens its providers with a callback. The error of the callback is an [`ipam_core::Error`].
    pub fn new<F, Fut, P>(open: F) -> Self
    where
        F: Fn(Invocation) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<P, Error>> + Send + 'static,
        P: IpamProvider + 'static,
    {
        let open = move |invocation| {
            let opening = open(invocation);
            let opened: BoxFuture<'static, _> =
                Box::pin(async move { opening.await.map(|provider| Arc::new(provider) as Arc<dyn IpamProvider>) });
            opened
        };
        Self { open: Arc::new(open) }
    }

    /// Creates a host over the provider that a URL names.
    ///
    /// The provider is opened with user, password, certificate and custom fields of the invocation, as
    /// [`Invocation::to_open_request`] describes.
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
        let open = move |invocation: Invocation| {
            // Cloned for each invocation: the future outlives the call, and a registry is cheap to clone.
            let (registry, request) = (registry.clone(), invocation.to_open_request(&url));
            let opened: BoxFuture<'static, _> = Box::pin(async move { registry.open_with(request?).await });
            opened
        };
        Self { open: Arc::new(open) }
    }

    /// Opens the provider of an invocation, for a program that closes it itself.
    ///
    /// # Errors
    /// The [`ipam_core::Error`] of the callback or of [`Registry::open_with`]: `Config` for a URL or an option that is
    /// wrong, `Untrusted` with the certificate chain, or those of connecting to the IPAM.
    pub async fn open(&self, invocation: &Invocation) -> Result<Arc<dyn IpamProvider>, Error> {
        (self.open)(invocation.clone()).await
    }

    /// Opens the provider, runs an action on the inputs of the invocation, and closes the provider.
    ///
    /// Dropping the future drops the provider without closing it.
    ///
    /// ```
    /// use ipam_core::MemoryProvider;
    /// use vra_client::plugin::Action;
    /// use vra_client::plugin::host::{Host, Invocation};
    ///
    /// # futures_executor::block_on(async {
    /// let host = Host::new(|_| async { Ok(MemoryProvider::new()) });
    /// let invocation = Invocation::parse(r#"{"endpointProperties": {"hostName": "ipam.example.test"}}"#)?;
    /// let output = host.run(Action::ValidateEndpoint, &invocation).await?;
    /// assert_eq!(output.outputs["statusCode"], "200");
    /// assert!(output.close_error.is_none());
    /// # Ok::<(), vra_client::plugin::ActionError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The error of opening the provider, or of [`Plugin::run`]. If the certificate is not trusted in ValidateEndpoint, the
    /// outputs carry it and there is no error; see [`Plugin::respond_to_open_error`].
    pub async fn run(&self, action: Action, invocation: &Invocation) -> Result<ActionOutput, ActionError> {
        self.run_until(action, invocation, std::future::pending()).await
    }

    /// Runs an action as [`run`](Self::run) does, or stops it when `stop` is done first. A stopped action is dropped, and the
    /// provider is closed, which undoes what it had begun.
    async fn run_until(
        &self,
        action: Action,
        invocation: &Invocation,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<ActionOutput, ActionError> {
        let mut stop = pin!(stop);
        let provider = match select(pin!(self.open(invocation)), &mut stop).await {
            Either::Left((Ok(provider), _)) => provider,
            Either::Left((Err(error), _)) => {
                let outputs = Plugin::<Arc<dyn IpamProvider>>::respond_to_open_error(action, error)?;
                return Ok(ActionOutput { outputs, close_error: None });
            }
            Either::Right(_) => return Err(stopped(action, None)),
        };
        let plugin = Plugin::new(Arc::clone(&provider));
        // In a box, so that a stopped action is dropped before the provider is closed.
        let running = Box::pin(plugin.run(action, invocation.inputs()));
        let outputs = match select(running, stop).await {
            Either::Left((outputs, _)) => Some(outputs),
            Either::Right(((), running)) => {
                drop(running);
                None
            }
        };
        // Closed also after an action that failed: a claim whose response was lost is undone there.
        let close_error = provider.close().await.err();
        match outputs {
            Some(outputs) => Ok(ActionOutput { outputs: outputs?, close_error }),
            None => Err(stopped(action, close_error)),
        }
    }

    /// Runs one action as a program does. Returns true if the action succeeded and the provider was closed.
    ///
    /// `action` is the name of the action, and `input` is read to its end. The outputs are written to `output`. An error of
    /// the action, or of closing the provider, is written to `errors`, as [`error_json`]. If only closing failed, both are
    /// written and the result is `false`: the outputs are valid, and the cleanup that was left undone is in `errors`. A
    /// program may then report failure, because every action may be repeated.
    ///
    /// # Errors
    /// The [`io::Error`] if `output` or `errors` cannot be written. A failed action is no error here: the result is
    /// `false`.
    pub async fn serve(
        &self,
        action: &str,
        input: impl Read + Send,
        output: impl Write + Send,
        errors: impl Write + Send,
    ) -> Result<bool, io::Error> {
        self.serve_until(action, input, output, errors, std::future::pending()).await
    }

    /// Runs one action as [`serve`](Self::serve) does, or stops it when `stop` is done first, such as at SIGTERM. The script
    /// of a package sends this signal at its time limit, and waits 8 s before it kills the program.
    ///
    /// A stopped action is dropped and its provider closed, which undoes what the action had begun; `errors` gets an error that
    /// says so, and the result is `false`. `stop` is first polled when the input was read, and no longer once the action is done.
    ///
    /// ```
    /// use ipam_core::MemoryProvider;
    /// use vra_client::plugin::host::Host;
    ///
    /// # futures_executor::block_on(async {
    /// let host = Host::new(|_| std::future::pending::<ipam_core::Result<MemoryProvider>>());
    /// let mut errors = Vec::new();
    /// let stop = async { /* a signal of the program's runtime */ };
    /// assert!(!host.serve_until("get-ip-ranges", b"{}".as_slice(), Vec::new(), &mut errors, stop).await?);
    /// assert!(String::from_utf8_lossy(&errors).contains("GetIPRanges was stopped"));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The [`io::Error`] if `output` or `errors` cannot be written, as for [`serve`](Self::serve).
    pub async fn serve_until(
        &self,
        action: &str,
        input: impl Read + Send,
        mut output: impl Write + Send,
        mut errors: impl Write + Send,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<bool, io::Error> {
        // The name is checked before the input is read, so that a wrong name does not wait for standard input.
        let action = action.parse::<Action>().map_err(|error| ActionError::new(error.to_string()));
        let invocation = action.and_then(|action| Ok((action, Invocation::read(input)?)));
        let result = match invocation {
            Ok((action, invocation)) => self.run_until(action, &invocation, stop).await,
            Err(error) => Err(error),
        };
        let error = match result {
            Ok(result) => {
                // Written before the error of closing, so that a script that reads both has the outputs in any case.
                writeln!(output, "{:#}", result.outputs)?;
                // Flushed before the errors are written, so that a reader of both streams sees the outputs first.
                output.flush()?;
                result.close_error.map(ActionError::from)
            }
            Err(error) => Some(error),
        };
        let Some(error) = error else { return Ok(true) };
        writeln!(errors, "{:#}", error_json(&error))?;
        errors.flush()?;
        Ok(false)
    }
}

/// Creates the error for an action that was stopped, with the error of closing the provider afterwards.
fn stopped(action: Action, close_error: Option<Error>) -> ActionError {
    let error =
        Error::new(ErrorKind::Timeout, Operation::Close, "the action was stopped").with_retry(Retry::IfIdempotent);
    match close_error {
        None => {
            let message = format!("{action} was stopped at its time limit; what it had begun was undone; repeat it");
            ActionError::stopped(message, error)
        }
        Some(left) => {
            let message =
                format!("{action} was stopped at its time limit, and what it had begun is left: {left}; repeat it");
            ActionError::stopped(message, error.with_source(left))
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

/// Returns an error as JSON: `{"error": {"kind": …, "message": …}}`. The kind is in words, such as `invalid input`.
///
/// ```
/// use vra_client::plugin::host::{Invocation, error_json};
///
/// let error = Invocation::parse("no JSON").unwrap_err();
/// assert_eq!(error_json(&error)["error"]["kind"], "invalid input");
/// ```
#[must_use]
pub fn error_json(error: &ActionError) -> Value {
    // An error without one of the IPAM is about the inputs.
    let kind = error.ipam_error().map_or(ErrorKind::InvalidInput, Error::kind);
    json!({ "error": { "kind": kind.as_str(), "message": error.to_string() } })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use futures_executor::block_on;
    use ipam_core::{CertificateChain, MemoryProvider};

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
    fn a_registry_opens_with_the_values_of_the_invocation() {
        // A store has no such option. The error names it by its position, as its value may be a misplaced secret.
        let host = Host::with_registry(Registry::new(), "memory:");
        let input = r#"{"endpoint": {"endpointProperties": {"addressFields": "custom_x=a b"}}}"#;
        let (done, _, errors) = served(&host, "get-ip-ranges", input);
        let said = errors["error"]["message"].as_str().unwrap();
        assert!(!done && said.contains("option 1 of the URL") && !said.contains("a b"), "{said}");
        let input = r#"{"inputs": {"endpoint": {}}, "credentials": {"privateKeyId": "u", "privateKey": "s3cret"}}"#;
        assert!(served(&host, "get-ip-ranges", input).0, "a store needs neither user nor password");
    }
}
