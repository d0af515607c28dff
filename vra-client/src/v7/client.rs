//! Client and its builder.

use std::sync::Arc;

use http::Method;
use ipam_core::RetryConfig;
use ipam_core::http::{HttpClient, HttpOptions, TokenPolicy};
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::login::{PasswordLogin, end_token};
use crate::call::{Backend, Call, RawResponse};
use crate::error::Error;
use crate::list::Link;
use crate::request::ApiRequest;
use crate::session::{Credentials, Session};
use crate::transport::{Transport, local_path};

/// Client of one server and one tenant. A clone shares token and connections.
///
/// A method per service returns it: [`identity`](Self::identity), [`catalog`](Self::catalog),
/// [`work_items`](Self::work_items), [`approvals`](Self::approvals), [`reservations`](Self::reservations),
/// [`reservation_policies`](Self::reservation_policies), [`network_profiles`](Self::network_profiles),
/// [`key_pairs`](Self::key_pairs), [`component_registry`](Self::component_registry) and [`ipam`](Self::ipam). Their
/// methods [prepare calls](super#calls-and-async-methods), which can be inspected before they are sent, or are `async`.
///
/// The client logs in with the first call, renews the token before it expires, and logs in once more if the server
/// rejects it. After a login that the server refused it never logs in again, since servers lock accounts: every further
/// call fails with [`Error::Login`] until [`forget_login`](Self::forget_login).
///
/// ```
/// use vra_client::v7::Client;
///
/// let client = Client::builder("https://vra.example")
///     .with_password("tony@example.com", "…", "vsphere.local")
///     .build()?;
/// let call = client.identity().tenant("vsphere.local");
/// assert_eq!(call.request().target(), "/identity/api/tenants/vsphere.local");
/// // call.await? sends it, after logging in.
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) session: Arc<Session>,
    tenant: Option<Arc<str>>,
    pub(crate) backend: Arc<dyn Backend>,
}

impl Client {
    /// Returns a builder of a client of the server at `url`, such as `https://vra.example`.
    ///
    /// The URL is checked by [`build`](ClientBuilder::build).
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            url: url.into(),
            credentials: Chosen::None,
            // Named, so that an administrator finds the client in the access log.
            options: HttpOptions::new().with_user_agent(concat!("vra-client/", env!("CARGO_PKG_VERSION"))),
            retry: RetryConfig::default(),
            tokens: TokenPolicy::new(),
        }
    }

    /// Returns the tenant that the client logs in to; [`None`] without a password.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Prepares a call that no service has a method for, from an encoded path. It uses the client's token, retries and
    /// limits.
    ///
    /// The path may have a query; it cannot leave the configured server. A POST or PUT without a body sends an empty
    /// one. A status that is not a success is an error, as anywhere. [`send`](Self::send) does the same for a path
    /// template with values to be encoded.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let call = client.raw(http::Method::GET, "/identity/api/about", None);
    /// assert_eq!(call.request().path(), "/identity/api/about");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn raw(&self, method: Method, path: impl Into<String>, body: Option<serde_json::Value>) -> Call<RawResponse> {
        let request = ApiRequest::raw(method, path);
        self.send(body.into_iter().fold(request, ApiRequest::with_body))
    }

    /// Prepares a call that no service has a method for. It uses the client's token, retries and limits.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::request::ApiRequest;
    /// let request = ApiRequest::new(http::Method::GET, "/identity/api/tenants/{tenant}", &["vsphere.local"]);
    /// let call = client.send(request.with_query("expand", "true"));
    /// assert_eq!(call.request().target(), "/identity/api/tenants/vsphere.local?expand=true");
    /// // call.await? sends it.
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn send(&self, request: ApiRequest) -> Call<RawResponse> {
        Call::new(Arc::clone(&self.backend), request, |reply| Ok(RawResponse::read(reply)))
    }

    /// Prepares a GET of a link of the server.
    ///
    /// Path and query of the link are requested from the configured server. Its host is ignored, since it may be the
    /// internal name of a node, and the token must not be sent elsewhere.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// use vra_client::v7::RequestTemplate;
    ///
    /// let item = client.catalog().item_named("CentOS").await?;
    /// let link = item.template_link().ok_or("no link")?;
    /// let template: RequestTemplate = client.follow(link)?.await?;
    /// assert!(template.data.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the link has no URL or one that cannot be parsed; [`Error::UnexpectedLink`] if its
    /// scheme is not `http` or `https`.
    pub fn follow<T: DeserializeOwned + Send + 'static>(&self, link: &Link) -> Result<Call<T>, Error> {
        let href = link.href.as_deref().unwrap_or_default();
        if href.is_empty() {
            return Err(Error::invalid("link", link.rel.as_deref().unwrap_or_default(), "a link with an address"));
        }
        // The token must not be sent to a host that a response names.
        let path = local_path("GET link", href, self.session.transport.origin())?;
        Ok(Call::json(&self.backend, ApiRequest::raw(Method::GET, path)))
    }

    /// Logs in, unless the client has a token that is valid as far as it knows.
    ///
    /// # Errors
    /// [`Error::Login`] if the login failed, or was not tried because of an earlier failure; also for a client without
    /// a password whose token was forgotten.
    pub async fn login(&self) -> Result<(), Error> {
        self.session.token().await.map(|_| ())
    }

    /// Ends the token at the server and forgets it. The next call logs in again.
    ///
    /// # Errors
    /// The [errors of a call](Call#errors) if the server could not end the token; the client forgets it all the same.
    pub async fn logout(&self) -> Result<(), Error> {
        // Only a token that is there is ended. A client that never logged in must not log in to log out.
        let result = match self.session.present_token().await {
            Some(token) => end_token(&self.session.transport, &token).await,
            None => Ok(()),
        };
        // In any case: if the server did not end the token, nothing here uses it any more.
        self.session.forget();
        result
    }

    /// Forgets the token, and a login that the server refused, without a request to the server.
    ///
    /// After a refused login the client tries no other, since servers lock accounts. Call this after the account was
    /// unlocked or its password was corrected.
    pub fn forget_login(&self) {
        self.session.forget();
    }
}

/// Builder of a [`Client`].
///
/// Without [`with_password`](Self::with_password) and [`with_token`](Self::with_token) calls are sent without a token,
/// which is enough for the status of a server that starts. If both are called, the last one counts.
///
/// ```
/// use std::time::Duration;
/// use vra_client::{HttpOptions, RetryConfig, v7::Client};
///
/// // Wait longer for a slow appliance, and repeat calls for half a minute.
/// let options = HttpOptions::new().with_attempt_timeout(Duration::from_secs(90));
/// let client = Client::builder("https://vra.example")
///     .with_password("tony@example.com", "…", "vsphere.local")
///     .with_http_options(options)
///     .with_retry(RetryConfig::new(5, Duration::from_secs(30)))
///     .build()?;
/// assert_eq!(client.tenant(), Some("vsphere.local"));
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientBuilder {
    url: String,
    credentials: Chosen,
    options: HttpOptions,
    retry: RetryConfig,
    tokens: TokenPolicy,
}

impl ClientBuilder {
    /// Logs in with a password. The user is `user@domain`; `DOMAIN\user` is not accepted. The tenant is its URL name,
    /// such as `vsphere.local`.
    ///
    /// A password that the server refuses is never sent again: see [`Client::forget_login`].
    pub fn with_password(
        mut self,
        username: impl Into<String>,
        password: impl Into<SecretString>,
        tenant: impl Into<String>,
    ) -> Self {
        let (username, password, tenant) = (username.into(), password.into(), tenant.into());
        self.credentials = Chosen::Password { username, password, tenant };
        self
    }

    /// Uses a token of the caller. The client cannot renew it.
    ///
    /// When it has expired, calls fail with [`Error::Server`] of status 401 and are not repeated. [`Client::login`]
    /// does not check it; [`Identity::token_is_valid`](super::Identity::token_is_valid) does.
    pub fn with_token(mut self, token: impl Into<SecretString>) -> Self {
        self.credentials = Chosen::Token(token.into());
        self
    }

    /// Sets time limits, proxy and trust. Default: [`HttpOptions::new`]. This client reads each response whole.
    ///
    /// ```
    /// use std::time::Duration;
    /// use vra_client::{HttpOptions, v7::Client};
    /// let options = HttpOptions::new().with_attempt_timeout(Duration::from_secs(90));
    /// let client = Client::builder("https://vra.example").with_http_options(options).build()?;
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn with_http_options(mut self, options: HttpOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets how often and for how long calls are repeated. Default: three repetitions within a minute. The
    /// [operation timeout](HttpOptions::with_operation_timeout) limits them too; whichever ends first counts.
    ///
    /// A call that may have been carried out is repeated only if it [is repeatable](ApiRequest::is_repeatable).
    pub fn with_retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// Sets when tokens are renewed and how many logins are allowed. Default: [`TokenPolicy::new`].
    ///
    /// The policy limits the logins of the client and its clones. After a login that failed, the next one is
    /// allowed later, by default:
    ///
    /// | failure of the login | next login |
    /// | --- | --- |
    /// | status 400, 401 or 403 | only after [`Client::forget_login`], whatever the policy says |
    /// | server not reached, or certificate not trusted | at once |
    /// | another status with `Retry-After` | after that time, at most 10 min: [`TokenPolicy::with_max_pause`] |
    /// | any other failure | after 30 s, doubling with each failure to 5 min: [`TokenPolicy::with_backoff`] |
    ///
    /// Until then calls fail at once with [`Error::Login`], and [`Error::retry_after`] is the rest of the pause. They
    /// also do so, with the kind `RateLimited`, after 2 logins within 60 s: [`TokenPolicy::with_max_logins`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use vra_client::{TokenPolicy, v7::Client};
    ///
    /// // Renew a token five minutes before it expires, and allow six logins in a minute.
    /// let minute = Duration::from_secs(60);
    /// let policy = TokenPolicy::new().with_min_ttl(5 * minute).with_max_logins(6, minute);
    /// let client = Client::builder("https://vra.example")
    ///     .with_password("tony@example.com", "…", "vsphere.local")
    ///     .with_token_policy(policy)
    ///     .build()?;
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn with_token_policy(mut self, policy: TokenPolicy) -> Self {
        self.tokens = policy;
        self
    }

    /// Builds the client. Nothing is sent: the first call logs in.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the user name is not `user@domain` or the tenant is blank; [`Error::Transport`] if
    /// the URL is not `https` (unless allowed) or cannot be parsed, or the TLS options cannot be used.
    pub fn build(self) -> Result<Client, Error> {
        let mut tenant_of = None;
        let credentials = match self.credentials {
            // Checked here: the server would refuse the login, and refused logins can lock the account.
            Chosen::Password { username, .. } if !username.contains('@') || username.contains('\\') => {
                return Err(Error::invalid("user name", username, "user@domain"));
            }
            Chosen::Password { tenant, .. } if tenant.trim().is_empty() => {
                return Err(Error::invalid("tenant", tenant, "the tenant's URL name, such as vsphere.local"));
            }
            Chosen::Password { username, password, tenant } => {
                tenant_of = Some(Arc::from(tenant.as_str()));
                Credentials::Login(Box::new(PasswordLogin { username, password, tenant }))
            }
            Chosen::Token(token) => Credentials::Token(token),
            Chosen::None => Credentials::Anonymous,
        };
        // Fails here and not with the first call: a wrong URL or certificate file is a mistake in the set-up.
        let http = HttpClient::new(&self.url, self.options)
            .map_err(|source| Error::Transport { operation: "client".to_owned(), source })?;
        let session = Arc::new(Session::new(Transport::new(http, self.retry), credentials, self.tokens));
        // The same session twice: calls see it as a backend only, so that tests can put another one in its place.
        let backend: Arc<dyn Backend> = session.clone();
        Ok(Client { session, tenant: tenant_of, backend })
    }
}

/// Credentials that a builder was given. They are checked when the client is built.
#[derive(Debug, Clone)]
enum Chosen {
    Password { username: String, password: SecretString, tenant: String },
    Token(SecretString),
    None,
}
