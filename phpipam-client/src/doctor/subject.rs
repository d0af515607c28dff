//! Server, app and credentials to examine.

use std::time::Duration;

use ipam_core::RetryConfig;
use ipam_core::http::{HttpOptions, TokenPolicy};

use crate::auth::Auth;
use crate::client::Client;
use crate::error::Result;
use crate::provider::PhpIpamConfig;

/// Server, app, credentials and options to examine: what a [`Client`] and a provider are built from.
///
/// ```
/// use std::time::Duration;
///
/// use phpipam_client::doctor::Subject;
/// use phpipam_client::provider::PhpIpamConfig;
/// use phpipam_client::{Auth, HttpOptions};
///
/// let subject = Subject::new("https://ipam.example/phpipam", "vra", Auth::app_code("s3cret"))
///     .with_http_options(HttpOptions::new().with_connect_timeout(Duration::from_secs(3)))
///     .with_config(PhpIpamConfig::new().with_section("Customers"))
///     .with_step_timeout(Duration::from_secs(30));
/// assert!(!format!("{subject:?}").contains("s3cret"));
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Subject {
    pub(super) url: String,
    pub(super) app: String,
    pub(super) auth: Auth,
    pub(super) http: HttpOptions,
    pub(super) config: PhpIpamConfig,
    pub(super) step_timeout: Duration,
}

impl Subject {
    /// Returns the app `app` of the server at `url` (without `/api`) with the credentials `auth`, as for
    /// [`Client::builder`].
    pub fn new(url: impl Into<String>, app: impl Into<String>, auth: Auth) -> Self {
        Self {
            url: url.into(),
            app: app.into(),
            auth,
            http: HttpOptions::new().with_user_agent(concat!("phpipam-client/", env!("CARGO_PKG_VERSION"))),
            config: PhpIpamConfig::new(),
            step_timeout: Duration::from_secs(60),
        }
    }

    /// Sets time limits, proxy, TLS and user agent. Default: that of [`Client::builder`].
    pub fn with_http_options(mut self, options: HttpOptions) -> Self {
        self.http = options;
        self
    }

    /// Sets the configuration of the provider, which decides what the site is examined for. Default:
    /// [`PhpIpamConfig::new`]. Nothing is swept, whatever it says.
    pub fn with_config(mut self, config: PhpIpamConfig) -> Self {
        self.config = config;
        self
    }

    /// Sets the longest time of one step. Default: 60 s. A step that takes longer becomes a finding, and the next one
    /// starts.
    pub fn with_step_timeout(mut self, limit: Duration) -> Self {
        self.step_timeout = limit;
        self
    }

    /// Returns a client that logs in at most once and repeats nothing.
    pub(super) fn client(&self) -> Result<Client> {
        // Lenient: warnings of PHP around the JSON become a finding, and must not hide the others.
        Client::builder(&self.url, &self.app, self.auth.clone())
            .with_http_options(self.http.clone())
            .with_retry(RetryConfig::new(0, self.step_timeout))
            .with_token_policy(TokenPolicy::new().with_max_logins(1, Duration::from_secs(24 * 3600)))
            .with_lenient_bodies(true)
            .build()
    }
}
