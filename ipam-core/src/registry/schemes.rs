//! Registry: schemes, and how to open what they name.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::builtin;
use super::open_request::OpenRequest;
use super::secrets::Secrets;
use super::url::is_scheme;
use crate::{Error, ErrorKind, IpamProvider, Operation, Result};

type Factory = dyn Fn(OpenRequest) -> BoxFuture<'static, Result<Arc<dyn IpamProvider>>> + Send + Sync;

/// Schemes and how to open what they name.
///
/// | URL | options | feature |
/// | --- | --- | --- |
/// | `memory:` | `actor` | |
/// | `embedded:PATH`; the path is taken literally up to the first `?` | `actor`, `busy_timeout`, `create`, `keep_changes`, `read_only`, `readers` | `embedded` |
///
/// Neither has a server: user and trust of a request mean nothing to them.
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
        registry.add("memory", |request| async move { builtin::memory(&request.url) });
        #[cfg(feature = "embedded")]
        registry.add("embedded", |request| async move { builtin::embedded(&request.url).await });
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
        if !is_scheme(scheme) {
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
    /// `Config` for a URL that cannot be read, has a secret in it, or names a scheme that is not registered; otherwise what
    /// the provider fails with on opening.
    pub async fn open(&self, url: &str) -> Result<Arc<dyn IpamProvider>> {
        self.open_with(OpenRequest::parse(url)?).await
    }

    /// Opens the provider of a request: a URL with values that the caller holds. Secrets that the request has come before
    /// those of the registry.
    ///
    /// # Errors
    /// `Config` for a scheme that is not registered; otherwise what the provider fails with on opening.
    pub async fn open_with(&self, request: OpenRequest) -> Result<Arc<dyn IpamProvider>> {
        let Some(factory) = self.factories.get(request.url.scheme()) else {
            let known: Vec<&str> = self.schemes().collect();
            let message =
                format!("nothing opens the scheme {:?}; there are: {}", request.url.scheme(), known.join(", "));
            return Err(Error::new(ErrorKind::Config, Operation::Open, message));
        };
        factory(request.or_secrets(self.secrets.clone())).await
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
    use secrecy::{ExposeSecret, SecretString};

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
    fn what_is_not_registered_is_refused_by_name() {
        let mut registry = Registry::empty();
        assert!(registry.register("no scheme", |_| async { Err(Error::unsupported(Operation::Open, "x")) }).is_err());
        registry.register("here", |_| async { Err(Error::unsupported(Operation::Open, "x")) }).unwrap();
        let error = open(&registry, "there:x");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("\"there\"") && error.message().contains("here"), "{error}");
        assert!(!format!("{registry:?}").is_empty());
    }

    #[test]
    fn values_of_a_request_come_before_the_registrys_and_the_url_before_both() {
        let mut registry = Registry::empty().with_secrets(Secrets::value("password", SecretString::from("common")));
        let factory = |request: OpenRequest| async move {
            let secret = request.secret("password").await?;
            let pins: Vec<&str> = request.trust.pinned_pems().collect();
            let seen =
                format!("{:?} {} {pins:?} {:?}", request.user(), secret.expose_secret(), request.url.option("x"));
            Err(Error::new(ErrorKind::Unavailable, Operation::Open, seen))
        };
        registry.register("here", factory).unwrap();
        let seen = |request: OpenRequest| {
            futures_executor::block_on(registry.open_with(request)).unwrap_err().message().to_owned()
        };
        let plain = OpenRequest::parse("here://h/app").unwrap();
        assert_eq!(seen(plain.clone()), "None common [] None");
        let given = |request: OpenRequest| {
            let request = request.with_user("me").with_secret("password", SecretString::from("own"));
            request.with_pinned_pem("PEM").with_option("x", "1").unwrap()
        };
        assert_eq!(seen(given(plain)), "Some(\"me\") own [\"PEM\"] Some(\"1\")");
        let named = given(OpenRequest::parse("here://you@h/app?x=2").unwrap());
        assert!(!format!("{named:?}").contains("PEM"), "{named:?}");
        assert_eq!(seen(named), "Some(\"you\") own [\"PEM\"] Some(\"2\")");
    }
}
