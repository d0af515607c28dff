//! Request to open a provider: its URL, and what the caller holds as values.

use secrecy::SecretString;

use super::secrets::{SecretRequest, Secrets};
use super::trust::Trust;
use super::url::ProviderUrl;
use crate::Result;

/// What a scheme's factory gets to open a provider: the URL, and what the caller has as values. See the
/// [module](super#values-beside-the-url) for an example.
///
/// Where both say something, the URL counts: it is what the administrator wrote down.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use]
pub struct OpenRequest {
    /// The URL, taken apart.
    pub url: ProviderUrl,
    /// Where secrets come from.
    pub secrets: Secrets,
    /// Certificates to trust, beside those that the URL names.
    pub trust: Trust,
    user: Option<String>,
}

impl OpenRequest {
    /// A request for a URL, without any values.
    pub fn new(url: ProviderUrl) -> Self {
        Self { url, secrets: Secrets::none(), trust: Trust::new(), user: None }
    }

    /// A request for a URL as text.
    ///
    /// # Errors
    /// Those of [`ProviderUrl::parse`].
    pub fn parse(url: &str) -> Result<Self> {
        Ok(Self::new(ProviderUrl::parse(url)?))
    }

    /// Sets the user, for a URL that names none.
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Adds a secret by its name, such as `password`. It comes before those of the registry.
    pub fn with_secret(mut self, name: impl Into<String>, secret: SecretString) -> Self {
        self.secrets = self.secrets.or(Secrets::value(name, secret));
        self
    }

    /// Trusts these authorities as well; see [`Trust::with_ca_pem`].
    pub fn with_ca_pem(mut self, pem: impl Into<String>) -> Self {
        self.trust = self.trust.with_ca_pem(pem);
        self
    }

    /// Trusts exactly the server with these certificates; see [`Trust::with_pinned_pem`].
    pub fn with_pinned_pem(mut self, pem: impl Into<String>) -> Self {
        self.trust = self.trust.with_pinned_pem(pem);
        self
    }

    /// Adds an option, unless the URL has it.
    ///
    /// # Errors
    /// Those of [`ProviderUrl::with_default_option`].
    pub fn with_option(mut self, name: &str, value: impl Into<String>) -> Result<Self> {
        self.url = self.url.with_default_option(name, value)?;
        Ok(self)
    }

    /// Adds a source of secrets, for what the request has none of.
    pub fn or_secrets(mut self, secrets: Secrets) -> Self {
        self.secrets = self.secrets.or(secrets);
        self
    }

    /// The user: the URL's, or the one that was given.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.url.user().or(self.user.as_deref())
    }

    /// The secret `name` of this URL's server and user.
    ///
    /// # Errors
    /// `Config` that says where to put it, if there is none; what its source fails with.
    pub async fn secret(&self, name: &str) -> Result<SecretString> {
        let mut request = SecretRequest::new(name, &self.url);
        request.user = self.user().map(str::to_owned);
        self.secrets.get(&request).await
    }
}
