//! Request to open a provider: its URL, and values beside it.

use secrecy::SecretString;

use super::secrets::{SecretRequest, Secrets};
use super::trust::Trust;
use super::url::ProviderUrl;
use crate::Result;

/// Request to open a provider: the URL, and the values that the caller passes beside it.
///
/// If the URL and a value differ, the URL counts: it is what the administrator configured. The
/// [module](super#values-beside-the-url) shows a factory that uses a request.
///
/// ```
/// use ipam_core::registry::OpenRequest;
///
/// let request = OpenRequest::parse("example://admin@ipam.example/app?space=1")?
///     .with_user("svc")
///     .with_option("space", "2")?
///     .with_option("region", "eu")?;
/// assert_eq!(request.user(), Some("admin"), "as the URL has it");
/// assert_eq!((request.url.option("space"), request.url.option("region")), (Some("1"), Some("eu")));
/// # Ok::<(), ipam_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use]
pub struct OpenRequest {
    /// URL.
    pub url: ProviderUrl,
    /// Sources of secrets.
    pub secrets: Secrets,
    /// Certificates to trust, in addition to those that options of the URL name.
    pub trust: Trust,
    user: Option<String>,
}

impl OpenRequest {
    /// Makes a request for a URL, without values.
    pub fn new(url: ProviderUrl) -> Self {
        Self { url, secrets: Secrets::none(), trust: Trust::new(), user: None }
    }

    /// Makes a request for a URL as text.
    ///
    /// # Errors
    /// `Config` if the URL cannot be read or has a secret in it; see [`ProviderUrl::parse`].
    pub fn parse(url: &str) -> Result<Self> {
        Ok(Self::new(ProviderUrl::parse(url)?))
    }

    /// Sets the user of a URL that names none.
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Adds a secret by its name, such as `password`. It is used before those of the registry.
    pub fn with_secret(mut self, name: impl Into<String>, secret: SecretString) -> Self {
        self.secrets = self.secrets.or(Secrets::value(name, secret));
        self
    }

    /// Trusts these certificate authorities as well; see [`Trust::with_ca_pem`].
    pub fn with_ca_pem(mut self, pem: impl Into<String>) -> Self {
        self.trust = self.trust.with_ca_pem(pem);
        self
    }

    /// Trusts exactly the server with this certificate or chain; see [`Trust::with_pinned_pem`].
    pub fn with_pinned_pem(mut self, pem: impl Into<String>) -> Self {
        self.trust = self.trust.with_pinned_pem(pem);
        self
    }

    /// Adds an option, unless the URL has it.
    ///
    /// # Errors
    /// `Config` if the name is that of a secret; see [`ProviderUrl::with_default_option`].
    pub fn with_option(mut self, name: &str, value: impl Into<String>) -> Result<Self> {
        self.url = self.url.with_default_option(name, value)?;
        Ok(self)
    }

    /// Adds sources of secrets that are asked after those of the request.
    pub fn or_secrets(mut self, secrets: Secrets) -> Self {
        self.secrets = self.secrets.or(secrets);
        self
    }

    /// Returns the user of the URL, or else the one that was set.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        // The URL wins: it was written for this connection, while the other one may be a default of the program.
        self.url.user().or(self.user.as_deref())
    }

    /// Returns the secret `name` for the server and user of the request.
    ///
    /// ```
    /// use ipam_core::registry::OpenRequest;
    /// use secrecy::{ExposeSecret, SecretString};
    ///
    /// # futures_executor::block_on(async {
    /// let request = OpenRequest::parse("example://ipam.example/app")?
    ///     .with_secret("password", SecretString::from("s3cret"));
    /// assert_eq!(request.secret("password").await?.expose_secret(), "s3cret");
    /// assert!(request.secret("app-code").await.is_err());
    /// # Ok::<(), ipam_core::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// `Config` if no source has the secret, with the places to put it; otherwise the error of a source, such as that
    /// of a callback.
    pub async fn secret(&self, name: &str) -> Result<SecretString> {
        let mut request = SecretRequest::new(name, &self.url);
        request.user = self.user().map(str::to_owned);
        self.secrets.get(&request).await
    }
}
