//! Client and its builder.

use std::sync::Arc;

use http::Method;
use ipam_core::RetryConfig;
use ipam_core::http::{HttpClient, HttpOptions, TokenPolicy};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::base64;
use super::login::{Form, ServerLogin, logout_request};
use crate::call::{Backend, Call, RawResponse};
use crate::error::Error;
use crate::lenient::JsonObject;
use crate::list::{List, Page, Paging, Row};
use crate::request::ApiRequest;
use crate::session::{Credentials, Session};
use crate::transport::{Transport, local_path};

/// Client of one server and one organization. A clone shares token and connections.
///
/// A method per service returns it. Their methods [prepare calls](super#calls-and-async-methods), which can be
/// inspected before they are sent, or are `async`.
///
/// The client logs in with the first call, renews the token before it expires, and logs in once more if the server
/// rejects it. After a login that the server refused it never logs in again, since servers lock accounts: every further
/// call fails with [`Error::Login`] until [`forget_login`](Self::forget_login).
///
/// ```
/// use vra_client::v8::Client;
///
/// let client = Client::builder("https://vra.example").with_password("tony", "…").with_domain("corp.example").build()?;
/// let call = client.about();
/// assert_eq!(call.request().target(), "/iaas/api/about");
/// // call.await? sends it, after logging in.
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    session: Arc<Session>,
    pub(crate) backend: Arc<dyn Backend>,
    versions: Arc<Versions>,
    /// True if the server has the call that ends a token.
    ends_tokens: bool,
}

/// Versions of the API that calls name.
#[derive(Debug, Clone)]
struct Versions {
    iaas: String,
    services: String,
}

impl Client {
    /// Returns a builder of a client of the server at `url`, such as `https://vra.example`.
    ///
    /// The URL is checked by [`build`](ClientBuilder::build).
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            url: url.into(),
            credentials: Chosen::None,
            domain: None,
            direct: false,
            // Named, so that an administrator finds the client in the access log.
            options: HttpOptions::new().with_user_agent(concat!("vra-client/", env!("CARGO_PKG_VERSION"))),
            retry: RetryConfig::default(),
            tokens: TokenPolicy::new(),
            versions: Versions { iaas: "2021-07-15".to_owned(), services: "2020-08-25".to_owned() },
        }
    }

    /// Prepares a call that no service has a method for, from an encoded path. It uses the client's token, retries and
    /// limits.
    ///
    /// The path may have a query; it cannot leave the configured server. The version of the API is added, as
    /// [`send`](Self::send) does.
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// let call = client.raw(http::Method::GET, "/iaas/api/tags", None);
    /// assert_eq!(call.request().target(), "/iaas/api/tags?apiVersion=2021-07-15");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn raw(&self, method: Method, path: impl Into<String>, body: Option<Value>) -> Call<RawResponse> {
        let request = ApiRequest::raw(method, path);
        self.send(body.into_iter().fold(request, ApiRequest::with_body))
    }

    /// Prepares a call that no service has a method for. It uses the client's token, retries and limits.
    ///
    /// If the request does not name a version of the API, that of the client is added to calls of the IaaS, catalog,
    /// deployment and blueprint services.
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// use vra_client::request::ApiRequest;
    /// let request = ApiRequest::new(http::Method::GET, "/iaas/api/tags/{tag}", &["t1"]);
    /// let call = client.send(request.with_query("apiVersion", "2019-01-15"));
    /// assert_eq!(call.request().target(), "/iaas/api/tags/t1?apiVersion=2019-01-15");
    /// // call.await? sends it.
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn send(&self, request: ApiRequest) -> Call<RawResponse> {
        Call::new(Arc::clone(&self.backend), self.versioned(request), |reply| Ok(RawResponse::read(reply)))
    }

    /// Prepares a GET of a path of the server, such as one of the [links](super::Links) of an object or of a request's
    /// resources.
    ///
    /// Path and query are requested from the configured server. A host in the link is ignored, since it may be the
    /// internal name of a node, and the token must not be sent elsewhere.
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// use vra_client::lenient::JsonObject;
    /// let call = client.follow::<JsonObject>("/iaas/api/regions/r1")?;
    /// assert_eq!(call.request().target(), "/iaas/api/regions/r1?apiVersion=2021-07-15");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the link is empty or cannot be parsed; [`Error::UnexpectedLink`] if its scheme is not
    /// `http` or `https`.
    pub fn follow<T: DeserializeOwned + Send + 'static>(&self, link: &str) -> Result<Call<T>, Error> {
        if link.trim().is_empty() {
            return Err(Error::invalid("link", link, "a path of the server"));
        }
        // The token must not be sent to a host that a response names.
        let path = local_path("GET link", link, self.session.transport.origin())?;
        Ok(Call::json(&self.backend, self.versioned(ApiRequest::raw(Method::GET, path))))
    }

    /// Logs in, unless the client has a token that is valid as far as it knows.
    ///
    /// # Errors
    /// [`Error::Login`] if the login failed, or was not tried because of an earlier failure; also for a client without
    /// credentials to log in with.
    pub async fn login(&self) -> Result<(), Error> {
        self.session.token().await.map(|_| ())
    }

    /// Ends the token at the server and forgets it, and the refresh token of the login too. The next call logs in
    /// again.
    ///
    /// The call is known from a published client only, so a server that does not have it (404, 405) is no error.
    /// Nothing is sent to VCF Automation 9, of which no such call is known.
    ///
    /// # Errors
    /// The [errors of a call](Call#errors) if the server could not end the token; the client forgets it all the same.
    pub async fn logout(&self) -> Result<(), Error> {
        // Only a token that is there is ended. A client that never logged in must not log in to log out.
        let result = match self.session.present_token().await.filter(|_| self.ends_tokens) {
            Some(token) => match self.session.transport.send(&logout_request(&token), Some(&token)).await {
                // 401: the token was not valid any more.
                Err(error) if !matches!(error.status(), Some(401 | 404 | 405)) => Err(error),
                _ => Ok(()),
            },
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

    /// Asks the server for its product, without logging in. Evidence: sent (9).
    ///
    /// Version 8 does not have the file that VCF Automation 9 describes itself in, and returns 404. The login of the
    /// two differs: see [`ClientBuilder::with_organization`].
    ///
    /// # Errors
    /// [`Error::Decode`] if the file names no version that can be read; otherwise the [errors of a call](Call#errors),
    /// except status 404.
    pub async fn product(&self) -> Result<Product, Error> {
        let request = ApiRequest::get("/automation/config.json", &[]).anonymously();
        let reply = match self.backend.execute(&request).await {
            Ok(reply) => reply,
            Err(error) if error.status() == Some(404) => return Ok(Product::Automation8),
            Err(error) => return Err(error),
        };
        let config: JsonObject = reply.json()?;
        let version = config
            .get("applicationVersion")
            .and_then(Value::as_str)
            .and_then(base64::decode)
            .and_then(|version| String::from_utf8(version).ok())
            .map(|version| version.trim().to_owned());
        let major = version.as_deref().and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        match (version, major) {
            (Some(version), Some(9..)) => Ok(Product::VcfAutomation { version }),
            (Some(_), Some(_)) => Ok(Product::Automation8),
            _ => Err(reply.lacks("its applicationVersion is not a version in base64")),
        }
    }

    /// Adds the version of the API to a request that does not name one.
    pub(crate) fn versioned(&self, request: ApiRequest) -> ApiRequest {
        if request.query_value(API_VERSION).is_some() {
            return request;
        }
        let of = |prefixes: &[&str]| prefixes.iter().any(|prefix| request.path().starts_with(prefix));
        // The login and the list of versions themselves have none.
        let version = if of(&["/iaas/api/login", "/iaas/api/about"]) {
            None
        } else if of(&["/iaas/"]) {
            Some(&self.versions.iaas)
        } else if of(&["/catalog/", "/deployment/", "/blueprint/"]) {
            Some(&self.versions.services)
        } else {
            None
        };
        match version {
            Some(version) => request.with_query(API_VERSION, version.clone()),
            None => request,
        }
    }

    /// Makes a call whose response is JSON.
    pub(crate) fn json<T: DeserializeOwned + Send + 'static>(&self, request: ApiRequest) -> Call<T> {
        Call::json(&self.backend, self.versioned(request))
    }

    /// Makes a call whose response is JSON, or empty with status 204.
    pub(crate) fn maybe<T: DeserializeOwned + Send + 'static>(&self, request: ApiRequest) -> Call<Option<T>> {
        Call::maybe(&self.backend, self.versioned(request))
    }

    /// Makes a call whose response is a list without pages.
    pub(crate) fn rows<T: Row + DeserializeOwned + Send + 'static>(&self, request: ApiRequest) -> Call<Vec<T>> {
        // Read as a page: such lists are bare arrays, and an envelope around one is no reason to fail.
        self.json::<Page<T>>(request).map(|page| Ok(page.content))
    }

    /// Makes a call whose response has no content of interest.
    pub(crate) fn done(&self, request: ApiRequest) -> Call<()> {
        Call::done(&self.backend, self.versioned(request))
    }

    /// Makes a list that is read by `$top` and `$skip`.
    pub(crate) fn list<T: Row + DeserializeOwned + Send + 'static>(&self, request: ApiRequest) -> List<T> {
        // Published clients ask for 200 and 1000; 10 000 rows are 50 requests.
        List::new(&self.backend, self.versioned(request)).with_paging(Paging::TopSkip).with_page_size(200)
    }

    /// Makes a list that is read by `$top` and `$skip`, and that counts its rows if it is asked to.
    pub(crate) fn counted_list<T: Row + DeserializeOwned + Send + 'static>(&self, request: ApiRequest) -> List<T> {
        self.list(request.with_query("$count", "true"))
    }
}

const API_VERSION: &str = "apiVersion";

/// Product of a server, by [`Client::product`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Product {
    /// vRealize Automation 8 or Aria Automation 8.
    Automation8,
    /// VCF Automation 9 or later.
    VcfAutomation {
        /// Version, such as `9.0.0.0`.
        version: String,
    },
}

/// Builder of a [`Client`].
///
/// | login | for | methods |
/// | --- | --- | --- |
/// | password | version 8 on your premises | [`with_password`](Self::with_password), [`with_domain`](Self::with_domain) |
/// | password, in one request | the same | also [`with_direct_login`](Self::with_direct_login) |
/// | refresh token, also called API token | version 8, and its cloud service | [`with_refresh_token`](Self::with_refresh_token) |
/// | refresh token of an organization | VCF Automation 9 | [`with_organization`](Self::with_organization) |
/// | access token of the caller | all | [`with_token`](Self::with_token) |
///
/// If several are called, the last one counts. Without any, calls are sent without a token.
///
/// ```
/// use std::time::Duration;
/// use vra_client::{HttpOptions, RetryConfig, v8::Client};
///
/// // Wait longer for a slow appliance, and repeat calls for half a minute.
/// let client = Client::builder("https://vra.example")
///     .with_refresh_token("…")
///     .with_http_options(HttpOptions::new().with_attempt_timeout(Duration::from_secs(90)))
///     .with_retry(RetryConfig::new(5, Duration::from_secs(30)))
///     .build()?;
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientBuilder {
    url: String,
    credentials: Chosen,
    domain: Option<String>,
    direct: bool,
    options: HttpOptions,
    retry: RetryConfig,
    tokens: TokenPolicy,
    versions: Versions,
}

impl ClientBuilder {
    /// Logs in with a password, which is exchanged for a refresh token and that for access tokens. Evidence:
    /// documented, sent (8.x).
    ///
    /// If the refresh token expires, the password gives a new one. A password that the server refuses is never sent
    /// again: see [`Client::forget_login`].
    pub fn with_password(mut self, username: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.credentials = Chosen::Password { username: username.into(), password: password.into() };
        self
    }

    /// Sets the domain of the user. A user of a directory needs it unless the name has one (`user@domain`). Evidence:
    /// documented (8.x).
    pub fn with_domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Takes the token that the password login returns, in place of a refresh token: one request rather than two. Each
    /// renewal sends the password again. Evidence: captured (8.x).
    pub fn with_direct_login(mut self) -> Self {
        self.direct = true;
        self
    }

    /// Logs in with a refresh token, also called API token. Evidence: documented (8.x, cloud).
    ///
    /// When it has expired, calls fail with [`Error::Login`], and only a client with a new one can log in.
    pub fn with_refresh_token(mut self, token: impl Into<SecretString>) -> Self {
        self.credentials = Chosen::RefreshToken(token.into());
        self
    }

    /// Logs in to an organization of VCF Automation 9 with a refresh token, also called API token. Evidence:
    /// documented, sent (9).
    ///
    /// The token of an account of a service is replaced at each login. The client uses its successor, but cannot save
    /// it for the next program; use the API token of a user where the program ends.
    pub fn with_organization(mut self, name: impl Into<String>, token: impl Into<SecretString>) -> Self {
        self.credentials = Chosen::Organization { name: name.into(), token: token.into() };
        self
    }

    /// Uses an access token of the caller. The client cannot renew it.
    ///
    /// When it has expired, calls fail with [`Error::Server`] of status 401 and are not repeated.
    pub fn with_token(mut self, token: impl Into<SecretString>) -> Self {
        self.credentials = Chosen::Token(token.into());
        self
    }

    /// Sets time limits, proxy and trust. Default: [`HttpOptions::new`]. This client reads each response whole.
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
    /// The policy limits the logins of the client and its clones. After a login that failed, the next one is allowed
    /// later, by default:
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
    pub fn with_token_policy(mut self, policy: TokenPolicy) -> Self {
        self.tokens = policy;
        self
    }

    /// Sets the version of the IaaS API that calls name. Default: `2021-07-15`.
    ///
    /// [`Client::about`] lists the versions of a server.
    pub fn with_iaas_version(mut self, version: impl Into<String>) -> Self {
        self.versions.iaas = version.into();
        self
    }

    /// Sets the version of the catalog and deployment APIs that calls name. Default: `2020-08-25`.
    pub fn with_service_version(mut self, version: impl Into<String>) -> Self {
        self.versions.services = version.into();
        self
    }

    /// Builds the client. Nothing is sent: the first call logs in.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the user, domain or organization is blank, a version is not a date, or a domain or a
    /// direct login was set without a password; [`Error::Transport`] if the URL is not `https` (unless allowed) or
    /// cannot be parsed, or the TLS options cannot be used.
    pub fn build(self) -> Result<Client, Error> {
        for (field, version) in [("IaaS version", &self.versions.iaas), ("service version", &self.versions.services)] {
            // Checked here: the server would refuse every call with a status that does not name the parameter.
            if version.parse::<jiff::civil::Date>().is_err() || version.len() != 10 {
                return Err(Error::invalid(field, version, "a date such as 2021-07-15"));
            }
        }
        if let Some(domain) = self.domain.as_deref().filter(|domain| domain.trim().is_empty()) {
            return Err(Error::invalid("domain", domain, "the domain of the user's directory"));
        }
        if !matches!(self.credentials, Chosen::Password { .. }) && (self.domain.is_some() || self.direct) {
            let given = if self.direct { "with_direct_login" } else { "with_domain" };
            return Err(Error::invalid("login", given, "with_password beside it; no other login has this"));
        }
        let ends_tokens = !matches!(self.credentials, Chosen::Organization { .. });
        let form = match self.credentials {
            // Checked here: the server would refuse the login, and refused logins can lock the account.
            Chosen::Password { username, .. } if username.trim().is_empty() => {
                return Err(Error::invalid("user name", username, "a user name, with a domain if it needs one"));
            }
            Chosen::Organization { name, .. } if name.trim().is_empty() => {
                return Err(Error::invalid("organization", name, "the name of the organization in the URL"));
            }
            Chosen::Password { username, password } => {
                Ok(Form::Password { username, password, domain: self.domain, direct: self.direct })
            }
            Chosen::RefreshToken(token) => Ok(Form::RefreshToken(token)),
            Chosen::Organization { name, token } => Ok(Form::Organization { name, token }),
            Chosen::Token(token) => Err(Credentials::Token(token)),
            Chosen::None => Err(Credentials::Anonymous),
        };
        let credentials = match form {
            Ok(form) => Credentials::Login(Box::new(ServerLogin::new(form))),
            Err(other) => other,
        };
        // Fails here and not with the first call: a wrong URL or certificate file is a mistake in the set-up.
        let http = HttpClient::new(&self.url, self.options)
            .map_err(|source| Error::Transport { operation: "client".to_owned(), source })?;
        let session = Arc::new(Session::new(Transport::new(http, self.retry), credentials, self.tokens));
        // The same session twice: calls see it as a backend only, so that tests can put another one in its place.
        let backend: Arc<dyn Backend> = session.clone();
        Ok(Client { session, backend, versions: Arc::new(self.versions), ends_tokens })
    }
}

/// Credentials that a builder was given. They are checked when the client is built.
#[derive(Debug, Clone)]
enum Chosen {
    Password { username: String, password: SecretString },
    RefreshToken(SecretString),
    Organization { name: String, token: SecretString },
    Token(SecretString),
    None,
}
