//! Options of an HTTP client: time limits, proxy, trust.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{ListLimits, TlsOptions};
use crate::{Error, ErrorKind, Operation, Result};

/// Options of a client's HTTP connections: time limits, limits of bodies and lists, proxy, trust and user agent.
///
/// The clients of the providers take them, and so does [`HttpClient`](super::HttpClient), on which they are built.
///
/// | option | default | setter |
/// | --- | --- | --- |
/// | connect timeout | 10 s | [`with_connect_timeout`](Self::with_connect_timeout) |
/// | attempt timeout | 30 s | [`with_attempt_timeout`](Self::with_attempt_timeout) |
/// | operation timeout | 2 min | [`with_operation_timeout`](Self::with_operation_timeout) |
/// | largest body in memory | 64 MiB | [`with_max_body`](Self::with_max_body) |
/// | limits of lists | those of [`ListLimits`] | [`with_list_limits`](Self::with_list_limits) |
/// | proxy | that of the system | [`with_proxy`](Self::with_proxy) |
/// | plain HTTP | refused | [`with_allow_http`](Self::with_allow_http) |
/// | trust | root certificates of the system | [`with_tls`](Self::with_tls) |
/// | `User-Agent` | `ipam-core/` and the version | [`with_user_agent`](Self::with_user_agent) |
///
/// The timeouts are nested. An *operation* has several attempts, with pauses between them. An *attempt* sends one request
/// and reads the whole response. It includes *connecting*: name resolution, TCP, proxy and TLS. A response whose body
/// is read as a stream may take longer: there the attempt timeout applies to the headers, and then to each chunk.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::http::{HttpOptions, ProxyOptions, TlsOptions};
///
/// let options = HttpOptions::new()
///     .with_connect_timeout(Duration::from_secs(3))
///     .with_proxy(ProxyOptions::none())
///     .with_tls(TlsOptions::new().with_system_roots(false))
///     .with_user_agent("lab-tool/1.0");
/// assert_eq!(options.connect_timeout(), Duration::from_secs(3));
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
    /// Returns the defaults of the table above.
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

    /// Sets the longest time to connect. The default is 10 seconds; zero is refused when the client is built.
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets the longest time of one attempt. The default is 30 seconds; zero is refused when the client is built.
    pub fn with_attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = limit;
        self
    }

    /// Sets the longest time of all attempts together, with the pauses between them. The default is 2 minutes; zero is
    /// refused when the client is built.
    ///
    /// [`HttpClient`](super::HttpClient) sends one attempt. The clients of this workspace pass this limit to their
    /// [`Retrier`](crate::Retrier).
    pub fn with_operation_timeout(mut self, limit: Duration) -> Self {
        self.operation_timeout = limit;
        self
    }

    /// Sets the largest size of a body that is read into memory, in bytes after decompression. The default is 64 MiB.
    ///
    /// A longer body fails with [`Protocol`](ErrorKind::Protocol).
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Sets the limits of lists and streams, over all their pages.
    pub fn with_list_limits(mut self, limits: ListLimits) -> Self {
        self.lists = limits;
        self
    }

    /// Sets the proxy. The default is [`ProxyOptions::system`].
    pub fn with_proxy(mut self, proxy: ProxyOptions) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sets the `User-Agent` header.
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Allows or refuses `http://` URLs. The default is to refuse them.
    ///
    /// Without TLS, everyone who can read the traffic reads the credentials, and everyone who can change it changes the
    /// responses. Allow it for a server on the same host only.
    pub fn with_allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Sets the trusted certificates and the client certificate.
    pub fn with_tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// Returns the longest time to connect.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Returns the longest time of one attempt.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        self.attempt_timeout
    }

    /// Returns the longest time of all attempts together.
    #[must_use]
    pub fn operation_timeout(&self) -> Duration {
        self.operation_timeout
    }

    /// Returns the largest size of a body that is read into memory, in bytes.
    #[must_use]
    pub fn max_body(&self) -> usize {
        self.max_body
    }

    /// Returns the limits of lists and streams.
    pub fn list_limits(&self) -> ListLimits {
        self.lists
    }

    /// Returns the trusted certificates and the certificate of the client.
    pub fn tls(&self) -> &TlsOptions {
        &self.tls
    }

    /// Returns true if `http://` URLs are allowed.
    #[must_use]
    pub fn allow_http(&self) -> bool {
        self.allow_http
    }

    /// Builds the client of the HTTP library.
    pub(super) fn build(&self) -> Result<reqwest::Client> {
        for (field, value) in [
            ("connect timeout", self.connect_timeout),
            ("attempt timeout", self.attempt_timeout),
            ("operation timeout", self.operation_timeout),
        ] {
            // Zero would fail every call with a timeout that does not name the option.
            if value.is_zero() {
                return Err(Error::invalid(Operation::Configure, field, "0", "give it time, or nothing can be sent"));
            }
        }
        let mut tls = self.tls.client_config()?;
        // The HTTP library sets these for its own configurations only. Without them every connection is HTTP/1.1.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        if cfg!(feature = "http2") {
            tls.alpn_protocols.insert(0, b"h2".to_vec());
        }
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect could lead the credentials to another server.
            .redirect(reqwest::redirect::Policy::none())
            // The library repeats requests that HTTP/2 refused. Our layers decide on that, and count every attempt.
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .user_agent(&self.user_agent);
        // The resolver of a static glibc loads libraries at run time, which may be missing or of another version. That of
        // any other C library also reads what this system has beside DNS, so it is preferred.
        #[cfg(feature = "dns")]
        if !cfg!(all(target_env = "gnu", target_feature = "crt-static")) {
            builder = builder.no_hickory_dns();
        }
        builder = match &self.proxy.0 {
            Proxy::None => builder.no_proxy(),
            // The library reads the settings of the system by default.
            Proxy::System => builder,
            Proxy::Url { url, credentials } => {
                let mut proxy = reqwest::Proxy::all(url.as_str()).map_err(|error| {
                    Error::invalid(Operation::Configure, "proxy", url, "give an http:// or https:// URL")
                        .with_source(error.without_url())
                })?;
                if let Some((user, password)) = credentials {
                    // Set apart from the URL, which appears in errors of the library.
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

/// Proxy for the connections to a server.
///
/// ```
/// use ipam_core::http::ProxyOptions;
///
/// let proxy = ProxyOptions::url("http://joe:s3cret@proxy.example:3128".parse().unwrap())?;
/// assert_eq!(format!("{proxy:?}"), r#"Url { url: "http://proxy.example:3128/", credentials: Some("[hidden]") }"#);
/// # Ok::<(), ipam_core::Error>(())
/// ```
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
    /// Returns direct connections, without a proxy. Settings of the environment are ignored.
    pub fn none() -> Self {
        Self(Proxy::None)
    }

    /// Returns the proxy of the system: from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, or the settings of the
    /// desktop.
    pub fn system() -> Self {
        Self(Proxy::System)
    }

    /// Returns the proxy at `url`, for all requests. User and password in the URL become the credentials.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the URL is not `http://` or `https://`.
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
        // A password without a user name is ignored: no proxy accepts that.
        let proxy = Self(Proxy::Url { url, credentials: None });
        Ok(if user.is_empty() { proxy } else { proxy.with_credentials(user, password.unwrap_or_default().into()) })
    }

    /// Sets user and password for the proxy of [`url`](Self::url). Other proxies ignore them.
    pub fn with_credentials(mut self, user: impl Into<String>, password: SecretString) -> Self {
        if let Proxy::Url { credentials, .. } = &mut self.0 {
            *credentials = Some((user.into(), password));
        }
        self
    }
}

/// Decodes a percent-encoded part of a URL. Credentials are sent decoded.
fn percent_decoded(text: &str) -> String {
    // The parser is one of forms, where `+` is a space and `&` ends a value. In the user part of a URL neither is special.
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
