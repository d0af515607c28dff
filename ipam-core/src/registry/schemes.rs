//! Registry of schemes and their factories.

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

/// Schemes that need a feature of this crate, and whether it is there.
const OPTIONAL: &[(&str, &str, bool)] = &[
    ("embedded", "embedded", cfg!(feature = "embedded")),
    ("postgres", "postgres", cfg!(feature = "postgres")),
    ("postgresql", "postgres", cfg!(feature = "postgres")),
];

/// Registry: the schemes of URLs, each with a factory that opens its provider.
///
/// | URL | feature |
/// | --- | --- |
/// | `memory:` | |
/// | `embedded:PATH` | `embedded` |
/// | `postgres://[USER@]HOST[:PORT]/DATABASE`, or `postgresql://…` | `postgres` |
///
/// The path of `embedded:` is relative to the current directory, or absolute. It is taken as it is up to the first `?`:
/// nothing is decoded, and `~` has no meaning. `memory:` and `embedded:` have no server, and ignore user and trust of a
/// request.
///
/// The host of `postgres:` may be the directory of a Unix socket, with `%2F` for each `/`. The secret `password` is used
/// if there is one. Connections have TLS, except for a Unix socket, `localhost` and loopback addresses.
///
/// | option | of | value | default |
/// | --- | --- | --- | --- |
/// | `actor` | all | name of the program in the feed of changes | none |
/// | `application_name` | `postgres:` | name of the program in the server's views | `ipam-core` |
/// | `busy_timeout` | `embedded:` | duration: the longest wait for a store that another process has locked | `5s` |
/// | `ca` | `postgres:` | PEM file of certificate authorities to trust beside the system's | none |
/// | `connect_timeout` | `postgres:` | duration: the longest time to connect | `10s` |
/// | `connections` | `postgres:` | largest number of connections; below 3 counts as 3 | `8` |
/// | `create` | `embedded:`, `postgres:` | boolean: make the store or schema if it does not exist | `true` |
/// | `insecure` | `postgres:` | boolean: accept any certificate | `false` |
/// | `keep_changes` | `embedded:`, `postgres:` | number of changes that the feed keeps; 0 counts as 1 | `1000000` |
/// | `lock_timeout` | `postgres:` | duration: the longest wait for another transaction | `5s` |
/// | `pin` | `postgres:` | PEM file of the only certificate that the server may have | none |
/// | `plain` | `postgres:` | boolean: without TLS | by the host |
/// | `prepared_statements` | `postgres:` | boolean: quicker, and not for a proxy that pools transactions | `false` |
/// | `read_only` | `embedded:`, `postgres:` | boolean: never write | `false` |
/// | `readers` | `embedded:` | number of threads that read; 0 counts as 1, above 64 as 64 | `2` |
/// | `schema` | `postgres:` | schema with the tables; each is a store of its own | `ipam` |
/// | `statement_timeout` | `postgres:` | duration: the longest time of a statement | `30s` |
///
/// ```
/// use ipam_core::IpamProvider;
/// use ipam_core::registry::Registry;
///
/// # #[cfg(feature = "embedded")]
/// # futures_executor::block_on(async {
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("ipam.db").display().to_string();
/// # let path = path.as_str();
/// // such as embedded:/var/lib/ipam/ipam.db?busy_timeout=30s&actor=provisioner
/// let provider = Registry::new().open(&format!("embedded:{path}?busy_timeout=30s&actor=provisioner")).await?;
/// assert!(provider.capabilities().durable);
/// provider.close().await?;
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    // Ordered, so that messages list the schemes in the same order each time.
    factories: BTreeMap<String, Arc<Factory>>,
    secrets: Secrets,
}

impl Registry {
    /// Makes a registry of the providers in this crate.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Self::empty();
        registry.add("memory", |request| async move { builtin::memory(&request.url) });
        #[cfg(feature = "embedded")]
        registry.add("embedded", |request| async move { builtin::embedded(&request.url).await });
        #[cfg(feature = "postgres")]
        for scheme in ["postgres", "postgresql"] {
            registry.add(scheme, super::postgres::open);
        }
        registry
    }

    /// Makes a registry without schemes.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Sets the sources of secrets. Without this call there are none.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Adds a scheme and its factory. A scheme that exists already is replaced. Case does not count.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ipam_core::registry::Registry;
    /// use ipam_core::{IpamProvider, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let mut registry = Registry::empty();
    /// registry.register("lab", |request| async move {
    ///     request.url.only_options(&[])?;
    ///     Ok(Arc::new(MemoryProvider::new()) as Arc<dyn IpamProvider>)
    /// })?;
    /// assert_eq!(registry.open("lab:").await?.capabilities().provider, "memory");
    /// # Ok::<(), ipam_core::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// `Config` if the text is not a scheme of RFC 3986, 3.1: a letter, then letters, digits, `+`, `-` and `.`.
    pub fn register<F, Fut>(&mut self, scheme: &str, factory: F) -> Result<()>
    where
        F: Fn(OpenRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Arc<dyn IpamProvider>>> + Send + 'static,
    {
        if !is_scheme(scheme) {
            let message = format!("{scheme:?} is not a scheme; write a letter, then letters, digits, +, - and .");
            return Err(Error::new(ErrorKind::Config, Operation::Configure, message));
        }
        // Schemes have no case (RFC 3986, 3.1), and a parsed URL has its scheme in lower case.
        self.add(&scheme.to_ascii_lowercase(), factory);
        Ok(())
    }

    /// Adds a scheme that is valid and in lower case.
    fn add<F, Fut>(&mut self, scheme: &str, factory: F)
    where
        F: Fn(OpenRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Arc<dyn IpamProvider>>> + Send + 'static,
    {
        self.factories.insert(scheme.to_owned(), Arc::new(move |request| Box::pin(factory(request))));
    }

    /// Returns the schemes of the registry, sorted.
    pub fn schemes(&self) -> impl Iterator<Item = &str> {
        self.factories.keys().map(String::as_str)
    }

    /// Opens the provider of a URL.
    ///
    /// # Errors
    /// `Config` if the URL cannot be read, has a secret in it, has an option that the provider does not know, or a
    /// scheme that is not registered; otherwise the error of opening the provider, such as `Unavailable` or `Corrupt`.
    pub async fn open(&self, url: &str) -> Result<Arc<dyn IpamProvider>> {
        self.open_with(OpenRequest::parse(url)?).await
    }

    /// Opens the provider of a request: a URL with values beside it. Secrets of the request are used before those of
    /// the registry.
    ///
    /// # Errors
    /// `Config` if the scheme is not registered or the provider does not know an option; otherwise the error of opening
    /// the provider, such as `Unavailable` or `Corrupt`.
    pub async fn open_with(&self, request: OpenRequest) -> Result<Arc<dyn IpamProvider>> {
        let Some(factory) = self.factories.get(request.url.scheme()) else {
            let known: Vec<&str> = self.schemes().collect();
            let scheme = request.url.scheme();
            let mut message = format!("no provider has the scheme {scheme:?}; there are: {}", known.join(", "));
            if let Some((_, feature, _)) = OPTIONAL.iter().find(|(name, _, built)| *name == scheme && !built) {
                message.push_str(&format!("; build the program with the feature `{feature}` of ipam-core"));
            }
            return Err(Error::new(ErrorKind::Config, Operation::Open, message));
        };
        // Appended, so that the values of the request are asked first.
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
    fn unregistered_schemes_are_refused_by_name() {
        let mut registry = Registry::empty();
        assert!(registry.register("no scheme", |_| async { Err(Error::unsupported(Operation::Open, "x")) }).is_err());
        registry.register("here", |_| async { Err(Error::unsupported(Operation::Open, "x")) }).unwrap();
        let error = open(&registry, "there:x");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("\"there\"") && error.message().contains("here"), "{error}");
        assert!(!error.message().contains("feature"), "{error}");
        let error = open(&registry, "postgres://h/db");
        assert_eq!(error.message().contains("feature `postgres`"), !cfg!(feature = "postgres"), "{error}");
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
