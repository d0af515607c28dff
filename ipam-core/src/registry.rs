//! A provider from a URL, chosen at run time.
//!
//! ```
//! # futures_executor::block_on(async {
//! use ipam_core::registry::Registry;
//! use ipam_core::{DefineRange, IpamProvider, IpamProviderExt};
//!
//! let provider = Registry::new().open("memory:").await?;
//! provider.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse().unwrap())).await?;
//! assert_eq!(provider.allocate_one("lan", "vm-42").await?.address.to_string(), "192.0.2.1");
//! # Ok::<(), ipam_core::Error>(())
//! # }).unwrap();
//! ```
//!
//! A [`Registry`] is a value that the program owns; there is none behind its back. Other crates add their schemes to it.
//!
//! ```
//! use ipam_core::registry::{Registry, Secrets};
//!
//! let mut registry = Registry::new().with_secrets(Secrets::env("IPAM"));
//! registry.register("nothing", |request| async move {
//!     let password = request.secret("password").await?; // IPAM_PASSWORD, or the file IPAM_PASSWORD_FILE names
//!     # let _ = password;
//!     Err(ipam_core::Error::unsupported(ipam_core::Operation::Open, request.url))
//! })?;
//! # Ok::<(), ipam_core::Error>(())
//! ```

mod builtin;
mod secrets;
mod url;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use secrecy::SecretString;

pub use self::secrets::{SecretRequest, Secrets};
pub use self::url::ProviderUrl;
use crate::{Error, ErrorKind, IpamProvider, Operation, Result};

/// What a scheme's factory gets to open a provider.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenRequest {
    /// The URL, taken apart.
    pub url: ProviderUrl,
    /// Where secrets come from.
    pub secrets: Secrets,
}

impl OpenRequest {
    /// The secret `name` of this URL's server and user.
    ///
    /// # Errors
    /// `Config` that says where to put it, if there is none; what its source fails with.
    pub async fn secret(&self, name: &str) -> Result<SecretString> {
        self.secrets.get(&SecretRequest::new(name, &self.url)).await
    }
}

type Factory = dyn Fn(OpenRequest) -> BoxFuture<'static, Result<Arc<dyn IpamProvider>>> + Send + Sync;

/// Schemes and how to open what they name.
///
/// | URL | options | feature |
/// | --- | --- | --- |
/// | `memory:` | `actor` | |
/// | `embedded:PATH`; the path is taken literally up to the first `?` | `actor`, `busy_timeout`, `create`, `keep_changes`, `read_only`, `readers` | `embedded` |
#[derive(Clone, Default)]
pub struct Registry {
    factories: BTreeMap<String, Arc<Factory>>,
    secrets: Secrets,
}

impl Registry {
    /// A registry of the providers in this crate.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Self::empty();
        builtin::register(&mut registry);
        registry
    }

    /// A registry of nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Says where secrets come from. None are known unless this is called.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Adds a scheme; one that was there before is replaced.
    ///
    /// # Errors
    /// `Config` if the scheme is not one of RFC 3986: a letter, then letters, digits, `+`, `-` and `.`.
    pub fn register<F, Fut>(&mut self, scheme: &str, factory: F) -> Result<()>
    where
        F: Fn(OpenRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Arc<dyn IpamProvider>>> + Send + 'static,
    {
        if !url::is_scheme(scheme) {
            let message = format!("{scheme:?} is no scheme; write a letter, then letters, digits, +, - and .");
            return Err(Error::new(ErrorKind::Config, Operation::Configure, message));
        }
        self.add(&scheme.to_ascii_lowercase(), factory);
        Ok(())
    }

    /// Adds a scheme that is one, in lower case.
    fn add<F, Fut>(&mut self, scheme: &str, factory: F)
    where
        F: Fn(OpenRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Arc<dyn IpamProvider>>> + Send + 'static,
    {
        self.factories.insert(scheme.to_owned(), Arc::new(move |request| Box::pin(factory(request))));
    }

    /// The schemes it knows, sorted.
    pub fn schemes(&self) -> impl Iterator<Item = &str> {
        self.factories.keys().map(String::as_str)
    }

    /// Opens the provider that `url` names.
    ///
    /// # Errors
    /// `Config` for a URL that cannot be read, has a secret in it, or names a scheme nobody registered; else what the
    /// provider fails with on opening.
    pub async fn open(&self, url: &str) -> Result<Arc<dyn IpamProvider>> {
        let url = ProviderUrl::parse(url)?;
        let Some(factory) = self.factories.get(url.scheme()) else {
            let known: Vec<&str> = self.schemes().collect();
            let message = format!("nothing opens the scheme {:?}; there are: {}", url.scheme(), known.join(", "));
            return Err(Error::new(ErrorKind::Config, Operation::Open, message));
        };
        factory(OpenRequest { url, secrets: self.secrets.clone() }).await
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("schemes", &self.factories.keys().collect::<Vec<_>>())
            .field("secrets", &self.secrets)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use secrecy::ExposeSecret;

    use super::*;

    fn open(registry: &Registry, url: &str) -> Error {
        futures_executor::block_on(registry.open(url)).unwrap_err()
    }

    #[test]
    fn a_registered_scheme_is_opened_with_url_and_secrets() {
        let secrets = Secrets::from_fn(|request| async move { Ok(Some(SecretString::from(request.name))) });
        let mut registry = Registry::empty().with_secrets(secrets);
        let factory = |request: OpenRequest| async move {
            let secret = request.secret("app-code").await?;
            let seen = format!("{} {:?} {}", request.url.path(), request.url.option("x"), secret.expose_secret());
            Err(Error::new(ErrorKind::Unavailable, Operation::Open, seen))
        };
        registry.register("My+Scheme", factory).unwrap();
        assert_eq!(registry.schemes().collect::<Vec<_>>(), ["my+scheme"]);
        let error = open(&registry, "MY+scheme://h/app?x=1");
        assert_eq!(error.message(), "/app Some(\"1\") app-code");
    }

    #[test]
    fn what_nobody_registered_is_refused_by_name() {
        let mut registry = Registry::empty();
        assert!(registry.register("no scheme", |_| async { Err(Error::unsupported(Operation::Open, "x")) }).is_err());
        registry.register("here", |_| async { Err(Error::unsupported(Operation::Open, "x")) }).unwrap();
        let error = open(&registry, "there:x");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("\"there\"") && error.message().contains("here"), "{error}");
        assert!(!format!("{registry:?}").is_empty());
    }
}
