//! The client and how it is made.

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

/// A client of one server and one tenant. A clone shares token and connections.
///
/// The services are methods: [`identity`](Self::identity), [`catalog`](Self::catalog) … Each of their methods gives a
/// [`Call`] or a [`List`](super::List): a value that can be looked at before it is sent.
///
/// ```
/// use vra_client::v7::Client;
///
/// let client = Client::builder("https://vra.example").with_password("tony@example.com", "…", "vsphere.local").build()?;
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
    /// Begins a client of the server at this address, such as `https://vra.example`.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            url: url.into(),
            credentials: Chosen::None,
            options: HttpOptions::new().with_user_agent(concat!("vra-client/", env!("CARGO_PKG_VERSION"))),
            retry: RetryConfig::default(),
            tokens: TokenPolicy::new(),
        }
    }

    /// The tenant that the client logs in to; none without a password.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// A call that this crate has no method for, with the same token, retries and limits. The path is encoded already
    /// and may have a query; it stays below the configured server.
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

    /// A request that the services have no method for, with the same token, retries and limits.
    ///
    /// ```
    /// use vra_client::request::ApiRequest;
    ///
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let request = ApiRequest::new(http::Method::GET, "/identity/api/tenants/{tenant}", &["vsphere.local"]);
    /// let call = client.send(request.with_query("expand", "true"));
    /// assert_eq!(call.request().target(), "/identity/api/tenants/vsphere.local?expand=true");
    /// // call.await? sends it.
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn send(&self, request: ApiRequest) -> Call<RawResponse> {
        Call::new(Arc::clone(&self.backend), request, |reply| Ok(RawResponse::read(reply)))
    }

    /// Asks for what a link of the server leads to. The link's host is not followed: path and query are asked of the
    /// configured server, since the host may be a node's own name, and the token is for nobody else.
    ///
    /// # Errors
    /// [`Error::UnexpectedLink`] or [`Error::InvalidInput`] if the link is no address on a web server.
    pub fn follow<T: DeserializeOwned + Send + 'static>(&self, link: &Link) -> Result<Call<T>, Error> {
        let href = link.href.as_deref().unwrap_or_default();
        if href.is_empty() {
            return Err(Error::invalid("link", link.rel.as_deref().unwrap_or_default(), "a link with an address"));
        }
        let path = local_path("GET link", href, self.session.transport.origin())?;
        Ok(Call::json(&self.backend, ApiRequest::raw(Method::GET, path)))
    }

    /// Makes sure of a token: logs in unless there is a good one.
    ///
    /// # Errors
    /// [`Error::Login`].
    pub async fn login(&self) -> Result<(), Error> {
        self.session.token().await.map(|_| ())
    }

    /// Gives the token back to the server and forgets it. The next call logs in again.
    ///
    /// # Errors
    /// [`Error`] if the server could not be told; the token is forgotten all the same.
    pub async fn logout(&self) -> Result<(), Error> {
        let result = match self.session.present_token().await {
            Some(token) => end_token(&self.session.transport, &token).await,
            None => Ok(()),
        };
        self.session.forget();
        result
    }

    /// Forgets the token and that a login was refused, without telling the server. After a refused login no other is
    /// tried, since the server locks accounts; this is for when the account was put right.
    pub fn forget_login(&self) {
        self.session.forget();
    }
}

/// Makes a [`Client`].
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
    /// Logs in with a password. The user is `user@domain`; `DOMAIN\user` is not accepted. The tenant is the one of the
    /// URL, such as `vsphere.local`.
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

    /// Uses a token that was got elsewhere. It cannot be renewed.
    pub fn with_token(mut self, token: impl Into<SecretString>) -> Self {
        self.credentials = Chosen::Token(token.into());
        self
    }

    /// Sets time limits, proxy and trust.
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

    /// Sets how often and for how long calls are repeated that may be.
    pub fn with_retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// Sets when tokens are renewed and how often logins are tried.
    pub fn with_token_policy(mut self, policy: TokenPolicy) -> Self {
        self.tokens = policy;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a user name or tenant that cannot be one, [`Error::Transport`] for an address or
    /// options that cannot work.
    pub fn build(self) -> Result<Client, Error> {
        let mut tenant_of = None;
        let credentials = match self.credentials {
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
        let http = HttpClient::new(&self.url, self.options)
            .map_err(|source| Error::Transport { operation: "configure".to_owned(), source })?;
        let session = Arc::new(Session::new(Transport::new(http, self.retry), credentials, self.tokens));
        let backend: Arc<dyn Backend> = session.clone();
        Ok(Client { session, tenant: tenant_of, backend })
    }
}

/// The credentials that a builder was given. They are checked when the client is built.
#[derive(Debug, Clone)]
enum Chosen {
    Password { username: String, password: SecretString, tenant: String },
    Token(SecretString),
    None,
}
