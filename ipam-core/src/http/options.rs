//! How to reach a server: time limits, proxy, trust.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{ListLimits, TlsOptions};
use crate::{Error, ErrorKind, Operation, Result};

/// How to reach a server over HTTP.
///
/// Three time limits, each inside the next: *connect* (name, TCP, proxy and TLS), *attempt* (one request with its whole
/// answer; for a body that is read as it comes, until the head and between two pieces), *operation* (all attempts with
/// the waits between them). Lists and streams have [limits](ListLimits) of rows, bytes and time besides.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::http::HttpOptions;
///
/// let options = HttpOptions::new().with_connect_timeout(Duration::from_secs(3)).with_user_agent("lab-tool/1.0");
/// assert_eq!(options.attempt_timeout(), Duration::from_secs(30));
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct HttpOptions {
    connect_timeout: Duration,
    attempt_timeout: Duration,
    operation_timeout: Duration,
    max_body: usize,
    lists: ListLimits,
    proxy: ProxyOptions,
    user_agent: String,
    allow_http: bool,
    tls: TlsOptions,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpOptions {
    /// 10 s to connect, 30 s for an attempt, 2 min for an operation, 64 MiB for a body, the system's proxy, HTTPS only,
    /// the system's root certificates.
    pub fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(120),
            max_body: 64 << 20,
            lists: ListLimits::new(),
            proxy: ProxyOptions::system(),
            user_agent: concat!("ipam-core/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_http: false,
            tls: TlsOptions::new(),
        }
    }

    /// Limits the time to connect.
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Limits the time of one attempt.
    pub fn with_attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = limit;
        self
    }

    /// Limits the time of all attempts together.
    pub fn with_operation_timeout(mut self, limit: Duration) -> Self {
        self.operation_timeout = limit;
        self
    }

    /// Limits the size in bytes of a body that is read into memory, after decompression.
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Limits lists and streams, over all their pages.
    pub fn with_list_limits(mut self, limits: ListLimits) -> Self {
        self.lists = limits;
        self
    }

    /// Sets the proxy.
    pub fn with_proxy(mut self, proxy: ProxyOptions) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sets the `User-Agent` header.
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Allows `http://` URLs. Whoever can see or change the traffic then has the credentials.
    pub fn with_allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Sets whom to trust, and who we are, in TLS.
    pub fn with_tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// The time to connect.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// The time of one attempt.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        self.attempt_timeout
    }

    /// The time of all attempts together.
    #[must_use]
    pub fn operation_timeout(&self) -> Duration {
        self.operation_timeout
    }

    /// The largest body, in bytes, that is read into memory.
    #[must_use]
    pub fn max_body(&self) -> usize {
        self.max_body
    }

    /// The limits of lists and streams.
    pub fn list_limits(&self) -> ListLimits {
        self.lists
    }

    /// Whether `http://` URLs are allowed.
    #[must_use]
    pub fn allow_http(&self) -> bool {
        self.allow_http
    }

    /// Builds the client underneath.
    pub(super) fn build(&self) -> Result<reqwest::Client> {
        for (field, value) in [
            ("connect timeout", self.connect_timeout),
            ("attempt timeout", self.attempt_timeout),
            ("operation timeout", self.operation_timeout),
        ] {
            if value.is_zero() {
                return Err(Error::invalid(Operation::Configure, field, "0", "give it time, or nothing can be sent"));
            }
        }
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.client_config()?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .user_agent(&self.user_agent);
        builder = match &self.proxy.0 {
            Proxy::None => builder.no_proxy(),
            Proxy::System => builder,
            Proxy::Url { url, credentials } => {
                let mut proxy = reqwest::Proxy::all(url.as_str()).map_err(|error| {
                    Error::invalid(Operation::Configure, "proxy", url, "give an http:// or https:// URL")
                        .with_source(error.without_url())
                })?;
                if let Some((user, password)) = credentials {
                    proxy = proxy.basic_auth(user, password.expose_secret());
                }
                builder.proxy(proxy)
            }
        };
        builder.build().map_err(|error| {
            Error::new(ErrorKind::Config, Operation::Configure, "the HTTP client cannot be built from these options")
                .with_source(error.without_url())
        })
    }
}

/// Which proxy to use.
#[derive(Clone)]
#[must_use]
pub struct ProxyOptions(Proxy);

#[derive(Clone)]
enum Proxy {
    None,
    System,
    Url { url: Url, credentials: Option<(String, SecretString)> },
}

impl ProxyOptions {
    /// No proxy, whatever the environment says.
    pub fn none() -> Self {
        Self(Proxy::None)
    }

    /// What the system says: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, or the settings of the desktop.
    pub fn system() -> Self {
        Self(Proxy::System)
    }

    /// All requests through the proxy at `url`. A user and password in it are taken out and kept as credentials.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) when the URL is not `http://` or `https://`.
    pub fn url(mut url: Url) -> Result<Self> {
        let password = url.password().map(percent_decoded);
        let user = percent_decoded(url.username());
        // These setters refuse only URLs without a host, which the check below refuses as well.
        let stripped = url.set_password(None).is_ok() && url.set_username("").is_ok();
        if !stripped || !matches!(url.scheme(), "http" | "https") {
            let scheme = url.scheme();
            return Err(Error::invalid(
                Operation::Configure,
                "scheme of the proxy",
                scheme,
                "give an http:// or https:// URL",
            ));
        }
        let proxy = Self(Proxy::Url { url, credentials: None });
        Ok(if user.is_empty() { proxy } else { proxy.with_credentials(user, password.unwrap_or_default().into()) })
    }

    /// Sets user and password for the proxy. Without a proxy URL this does nothing.
    pub fn with_credentials(mut self, user: impl Into<String>, password: SecretString) -> Self {
        if let Proxy::Url { credentials, .. } = &mut self.0 {
            *credentials = Some((user.into(), password));
        }
        self
    }
}

/// The parts of a URL are percent-encoded; credentials are sent as they are.
fn percent_decoded(text: &str) -> String {
    let encoded = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("x={}", encoded.replace('&', "%26")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

impl fmt::Debug for ProxyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Proxy::None => f.write_str("None"),
            Proxy::System => f.write_str("System"),
            Proxy::Url { url, credentials } => f
                .debug_struct("Url")
                .field("url", &url.as_str())
                .field("credentials", &credentials.as_ref().map(|_| "[hidden]"))
                .finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn credentials_of_a_proxy_are_taken_out_of_its_url_and_hidden() {
        let proxy = ProxyOptions::url("http://joe:p%40s+s%26@proxy:3128".parse().unwrap()).unwrap();
        let Proxy::Url { url, credentials: Some((user, password)) } = &proxy.0 else { panic!("{proxy:?}") };
        assert_eq!((url.as_str(), user.as_str(), password.expose_secret()), ("http://proxy:3128/", "joe", "p@s+s&"));
        let shown = format!("{:?}", HttpOptions::new().with_proxy(proxy.clone()));
        assert!(!shown.contains("p@s") && !shown.contains("joe"), "{shown}");
    }

    #[test]
    fn a_proxy_of_another_scheme_is_refused() {
        let error = ProxyOptions::url("ftp://proxy".parse().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(ProxyOptions::url("data:text".parse().unwrap()).is_err());
    }

    #[test]
    fn a_time_limit_of_zero_is_refused() {
        let error = HttpOptions::new().with_attempt_timeout(Duration::ZERO).build().unwrap_err();
        assert!(error.to_string().contains("attempt timeout"), "{error}");
    }
}
