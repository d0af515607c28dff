//! Client of a server, and its builder.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, Method};
use ipam_core::Retrier;
use ipam_core::http::{HttpClient, HttpOptions, TokenPolicy};
use ipam_core::{BackoffConfig, RetryConfig};
use serde_json::Value;

use crate::auth::Auth;
use crate::envelope::{Reply, Success};
use crate::error::{Error, Result};
use crate::keyed_locks::KeyedLocks;
use crate::request::{ApiRequest, Call};
use crate::rows::Opened;
use crate::session::Session;
use crate::transport::Transport;
use crate::wire::{OneOrMany, SubnetId, Wire};

/// Client of one API app of one phpIPAM server. A clone is another handle to the same client.
///
/// A method per controller returns a handle to it: [`sections`](Self::sections), [`subnets`](Self::subnets),
/// [`addresses`](Self::addresses), [`vlans`](Self::vlans), [`tools`](Self::tools) and others. Nothing is sent before the
/// first call. With [`Auth::user`] this call logs in, and all clones share the token.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// use phpipam_client::models::SectionFields;
/// use phpipam_client::{Auth, Client, HttpOptions};
///
/// let client = Client::builder(server.url(), "test", Auth::user("admin", "correct horse"))
///     .with_http_options(HttpOptions::new().with_allow_http(true))
///     .build()?;
/// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
/// assert_eq!(client.sections().get(section).await?.name, "Lab");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Transport,
    session: Session,
    retry: RetryConfig,
    allocate_retry: RetryConfig,
    subnet_locks: KeyedLocks<SubnetId>,
}

/// Builder of a [`Client`]; see [`Client::builder`].
///
/// ```
/// use std::time::Duration;
///
/// use phpipam_client::{Auth, Client, HttpOptions, RetryConfig};
///
/// let client = Client::builder("https://ipam.example/phpipam", "myapp", Auth::app_code("c0de"))
///     .with_http_options(HttpOptions::new().with_attempt_timeout(Duration::from_secs(60)))
///     .with_retry(RetryConfig::new(1, Duration::from_secs(90)))
///     .build()?;
/// assert!(!format!("{client:?}").contains("c0de"));
/// assert!(Client::builder("https://ipam.example", "..", Auth::app_code("c0de")).build().is_err());
/// # Ok::<(), phpipam_client::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    url: String,
    app: String,
    auth: Auth,
    http: HttpOptions,
    retry: RetryConfig,
    allocate_retry: RetryConfig,
    tokens: TokenPolicy,
    token_header: HeaderName,
    stringify: bool,
    lenient: bool,
}

impl ClientBuilder {
    /// Sets time limits, proxy, TLS and user agent. Default: [`HttpOptions::new`] with the user agent
    /// `phpipam-client/VERSION`: 10 s to connect, 30 s for an attempt, 2 min for all attempts, HTTPS only, the system's
    /// root certificates and proxy.
    ///
    /// The options replace the default as a whole. The user agent is then the one that they name:
    /// `ipam-core/VERSION`, unless [`HttpOptions::with_user_agent`] sets another.
    pub fn with_http_options(mut self, options: HttpOptions) -> Self {
        self.http = options;
        self
    }

    /// Sets the number and the time of repetitions of a call. Default: [`RetryConfig::default`], three repetitions
    /// within a minute.
    ///
    /// Every call is repeated that the server cannot have carried out. Reads, changes by id and deletions are repeated
    /// also if their response was lost. The table at [`Error::retry`] has the exceptions.
    pub fn with_retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the number and the time of repetitions of an allocation of "the first free one" that another caller was
    /// quicker at. Default: 12 repetitions within a minute, with waits from 20 ms to 1 s.
    ///
    /// Needed on servers without a lock around allocations: 1.3, and 1.8 with the app's lock type `Disabled`, where
    /// more than 40 % of the requests of eight parallel clients lost.
    pub fn with_allocate_retry(mut self, retry: RetryConfig) -> Self {
        self.allocate_retry = retry;
        self
    }

    /// Sets the bounds of logins. Default: [`TokenPolicy::new`], which allows two logins a minute. Used with
    /// [`Auth::user`] only.
    ///
    /// After a failed login, calls fail with [`Error::LoginPaused`] during a pause:
    ///
    /// | reason of the failure | pause |
    /// | --- | --- |
    /// | user name or password is wrong, or the user is disabled | until [`Client::retry_login`] or [`Client::forget_login`] |
    /// | the server did not receive the login, or its lock was not free | none |
    /// | the server blocks this client's address | 5 min, at most [`with_max_pause`](TokenPolicy::with_max_pause) |
    /// | a proxy sent `Retry-After` | that time, at most [`with_max_pause`](TokenPolicy::with_max_pause) |
    /// | other | that of [`with_backoff`](TokenPolicy::with_backoff): 30 s, doubled with each failure up to 5 min |
    ///
    /// At the limit of [`with_max_logins`](TokenPolicy::with_max_logins) calls fail with [`Error::TooManyLogins`].
    /// [`with_min_ttl`](TokenPolicy::with_min_ttl) has no effect here: the server extends a token with each call, so
    /// the client does not count its lifetime and replaces a token when the server rejects it.
    pub fn with_token_policy(mut self, policy: TokenPolicy) -> Self {
        self.tokens = policy;
        self
    }

    /// Sets the name of the token's header. Default: `token`. Use `phpipam-token` where a proxy keeps `token` to
    /// itself.
    pub fn with_token_header(mut self, name: HeaderName) -> Self {
        self.token_header = name;
        self
    }

    /// Asks the server to send numbers as text. Default: false. Understood since 1.7, ignored before; never needed by
    /// this client.
    pub fn with_stringified_numbers(mut self, ask: bool) -> Self {
        self.stringify = ask;
        self
    }

    /// Accepts JSON with other text around it: warnings of PHP (`display_errors` is on), or additions of a proxy.
    /// Default: false, which makes such a response an [`Error::PhpWarnings`] or [`Error::NotOnlyJson`].
    ///
    /// Creating and allocating calls, [`Client::send`] and [`Client::raw`] return the other text as `warning`. Reads
    /// drop it.
    pub fn with_lenient_bodies(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }

    /// Returns the client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the app id cannot be a part of a path. [`Error::Http`] of kind `InvalidInput` if the URL or
    /// an option is invalid; of kind `Config` if the URL is `http://` without [`HttpOptions::with_allow_http`], or if TLS
    /// or the proxy cannot be set up from the options.
    pub fn build(self) -> Result<Client> {
        let odd = |app: &str| app.contains(['/', '\\', '?', '#']) || app.chars().any(char::is_control);
        // Web servers resolve `..` before phpIPAM sees it, encoded or not: the token would go to another path. And
        // phpIPAM drops a segment `0`, so that the controller would be taken for the app.
        if matches!(self.app.as_str(), "" | "0" | "." | "..") || odd(&self.app) {
            return Err(Error::invalid(
                "app id",
                &self.app,
                "give the App id as it is listed under Administration, API",
            ));
        }
        let http = HttpClient::new(&self.url, self.http)?;
        Ok(Client(Arc::new(Inner {
            transport: Transport::new(http, &self.app, self.token_header, self.stringify, self.lenient),
            session: Session::new(self.auth, self.tokens),
            retry: self.retry,
            allocate_retry: self.allocate_retry,
            subnet_locks: KeyedLocks::new("subnet"),
        })))
    }
}

/// Result of a call that created an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Created<I> {
    /// Id of the new object.
    pub id: I,
    /// Other text around the response's JSON; only with [`ClientBuilder::with_lenient_bodies`].
    pub warning: Option<String>,
}

/// Response of a call without a method of its own; see [`Client::send`] and [`Client::raw`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RawResponse {
    /// HTTP status.
    pub status: u16,
    /// Server's sentence, such as `Subnet updated`.
    pub message: Option<String>,
    /// Id of the new object, after a call that created one.
    pub id: Option<u64>,
    /// Subnet that the address was allocated from, after a POST to `prefix/…/address/`.
    pub subnet_id: Option<u64>,
    /// Content; `Null` if there is none.
    pub data: Value,
    /// Other text around the response's JSON; only with [`ClientBuilder::with_lenient_bodies`].
    pub warning: Option<String>,
}

impl Client {
    /// Returns a builder of a client of the app `app` of the server at `url` (without `/api`), such as
    /// `https://ipam.example/phpipam`.
    ///
    /// An *app* is phpIPAM's word for an API key. An administrator creates it in the web interface under
    /// Administration, API; `app` is its *App id* there. The app's security decides which [`Auth`] fits, its permission
    /// whether calls may write, and its lock type whether writes wait for each other.
    pub fn builder(url: impl Into<String>, app: impl Into<String>, auth: Auth) -> ClientBuilder {
        // A lost race for the first free address is over at once, so the waits are far shorter than those after
        // failures.
        let quick = BackoffConfig::new(Duration::from_millis(20), Duration::from_secs(1));
        ClientBuilder {
            url: url.into(),
            app: app.into(),
            auth,
            http: HttpOptions::new().with_user_agent(concat!("phpipam-client/", env!("CARGO_PKG_VERSION"))),
            retry: RetryConfig::default(),
            // Twelve, because without a lock on the server more than 40 % of the calls of eight parallel clients lose
            // (Q48).
            allocate_retry: RetryConfig::new(12, Duration::from_secs(60)).with_backoff(quick),
            tokens: TokenPolicy::new(),
            token_header: HeaderName::from_static("token"),
            // Off: versions before 1.7 ignore the header (Q02), so the decoders have to read both forms.
            stringify: false,
            lenient: false,
        }
    }

    /// Sends any call in one line.
    ///
    /// `path` is below the app and percent-encoded, such as `subnets/8/usage/`; it may have a query. See
    /// [`ApiRequest::raw`].
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// let response = client.raw(http::Method::GET, "tools/tags/2/", None).await?;
    /// assert_eq!((response.status, response.data["type"].as_str()), (200, Some("Used")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] if the path is not one below the app. A refusal of kind
    /// [`NotFound`](crate::RefusalKind::NotFound) also for a list without rows, in every version: the server sends a
    /// failure for it, and this call does not know that the path is a list. Otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn raw(&self, method: Method, path: &str, body: Option<Value>) -> Result<RawResponse> {
        let request = ApiRequest::raw(method, path)?;
        self.send(&body.into_iter().fold(request, ApiRequest::with_body)).await
    }

    /// Sends a request that the controllers have no method for, with the same authentication, retries and error mapping
    /// as theirs.
    ///
    /// ```no_run
    /// # async fn example(client: &phpipam_client::Client) -> Result<(), phpipam_client::Error> {
    /// use phpipam_client::ApiRequest;
    ///
    /// let request = ApiRequest::raw(http::Method::PATCH, "subnets/8/")?;
    /// let request = request.with_body(serde_json::json!({"description": "lab"}));
    /// println!("{:?}", client.send(&request).await?.message);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) also for a list without rows, as
    /// [`raw`](Self::raw). Otherwise the [common errors](crate::Error#common-errors).
    pub async fn send(&self, request: &ApiRequest) -> Result<RawResponse> {
        let success = self.call(request).await?;
        Ok(RawResponse {
            status: success.status,
            data: success.value()?,
            message: success.message,
            id: success.id,
            subnet_id: success.subnet_id,
            warning: success.warning,
        })
    }

    /// Ends the pause after a failed login, so that the next call logs in.
    ///
    /// Does nothing if the login failed less than a minute ago, because the server blocks addresses that fail too
    /// often. A wait that the server asked for stays in force too. [`forget_login`](Self::forget_login) ends both.
    pub fn retry_login(&self) {
        self.0.session.retry_login();
    }

    /// Forgets the token and earlier failed logins, and ends every pause. The next call logs in.
    ///
    /// For use after the credentials were corrected on the server.
    pub fn forget_login(&self) {
        self.0.session.forget();
    }

    /// Returns the current time of the server's clock, estimated from the `Date` headers of its responses.
    #[cfg(feature = "provider")]
    pub(crate) fn server_time(&self) -> std::time::SystemTime {
        self.0.transport.clock().at(std::time::SystemTime::now())
    }

    /// Returns the time of the server's clock when this host's clock shows `time`; `None` before a response told it.
    #[cfg(feature = "scan-agent")]
    pub(crate) fn on_server_clock(&self, time: std::time::SystemTime) -> Option<std::time::SystemTime> {
        let clock = self.0.transport.clock();
        clock.is_known().then(|| clock.at(time))
    }

    /// Logs in once more and returns the expiry of the token, in the server's local time; `None` if this client does not
    /// log in. The session stays as it is: while a token is valid, the server returns that one.
    #[cfg(feature = "scan-agent")]
    pub(crate) async fn login_expiry(&self) -> Result<Option<crate::models::ServerTime>> {
        let inner = &self.0;
        let login = || inner.session.login_once(&inner.transport);
        // A lock that is not free in time is the one failure of a login that may be repeated (Q55).
        let retrier = Retrier::new(inner.retry).with_limit(inner.transport.http().options().operation_timeout());
        Ok(retrier.run(|_| login()).await?.and_then(|login| login.expires))
    }

    /// Returns URL and path prefix, which tell apps of several servers apart.
    #[cfg(feature = "scan-agent")]
    pub(crate) fn site(&self) -> String {
        self.0.transport.site()
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    fn retrier(&self, request: &ApiRequest) -> Retrier<Error> {
        let inner = &self.0;
        let config = if request.call == Call::Allocate { inner.allocate_retry } else { inner.retry };
        Retrier::new(config)
            .with_idempotent(request.is_idempotent() && !request.is_long_list())
            .with_read(request.method() == Method::GET && !request.is_long_list())
            // The whole call ends with the operation's time limit, the waits between attempts included.
            .with_limit(inner.transport.http().options().operation_timeout())
    }

    /// Sends a request until it succeeds, fails permanently, or the bounds of its retries are reached.
    pub(crate) async fn execute(&self, request: &ApiRequest) -> Result<Reply> {
        let inner = &self.0;
        self.retrier(request).run(|_| inner.session.send(&inner.transport, request)).await
    }

    /// Same as [`execute`](Self::execute) for a streamed list. Once rows arrive, nothing is repeated.
    pub(crate) async fn open(&self, request: &ApiRequest) -> Result<Opened> {
        let inner = &self.0;
        self.retrier(request).run(|_| inner.session.open(&inner.transport, request)).await
    }

    /// Sends a call that does not list.
    pub(crate) async fn call(&self, request: &ApiRequest) -> Result<Success> {
        self.execute(request).await?.into_success(request)
    }

    /// Sends a call for one object. With a filter the server makes a list of it.
    pub(crate) async fn one<T: Wire>(&self, request: &ApiRequest) -> Result<T> {
        let success = self.call(request).await?;
        let OneOrMany(mut items) = success.decode::<OneOrMany<T>>()?;
        // Zero or several objects where one was requested is a fault of the server. The first of several would be a
        // guess.
        match items.len() {
            1 => items.pop().ok_or_else(|| success.undecodable("data".to_owned(), "it is empty")),
            count => Err(success.undecodable("data".to_owned(), format_args!("expected one object, found {count}"))),
        }
    }

    /// Sends a call for a list.
    ///
    /// If it has no rows and the server's words leave open why, the parent is read too: a missing parent means a
    /// missing list.
    pub(crate) async fn list<T: Wire>(&self, request: &ApiRequest, parent: Option<ApiRequest>) -> Result<Vec<T>> {
        match self.execute(request).await? {
            Reply::Success(success) => self.rows_of(&success),
            Reply::Nothing { certain: true } => Ok(Vec::new()),
            Reply::Nothing { certain: false } => self.nothing_below(parent).await,
        }
    }

    /// Returns the rows of a list that was received as a whole.
    fn rows_of<T: Wire>(&self, success: &Success) -> Result<Vec<T>> {
        // A row in memory is a hundred times the smallest on the wire: the count comes first.
        success.check_rows(self.0.transport.http().options().list_limits())?;
        Ok(success.decode::<OneOrMany<T>>()?.0)
    }

    /// Same as [`list`](Self::list) for calls whose words for "no rows" and "no such parent" are the same.
    pub(crate) async fn list_below<T: Wire>(&self, request: &ApiRequest, parent: ApiRequest) -> Result<Vec<T>> {
        match self.execute(request).await? {
            Reply::Success(success) => self.rows_of(&success),
            Reply::Nothing { .. } => self.nothing_below(Some(parent)).await,
        }
    }

    /// Returns the empty list, or the error of a missing parent.
    pub(crate) async fn nothing_below<T>(&self, parent: Option<ApiRequest>) -> Result<Vec<T>> {
        if let Some(parent) = parent
            && let Err(error) = self.execute(&parent).await
            && error.is_not_found()
        {
            return Err(error);
        }
        // The list itself was readable. Another error about the parent, such as missing rights, must not hide that.
        Ok(Vec::new())
    }

    /// Returns the locks per subnet: allocations from one subnet run one after another in this process, because in
    /// parallel they only conflict on the server.
    pub(crate) fn subnet_locks(&self) -> &KeyedLocks<SubnetId> {
        &self.0.subnet_locks
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("transport", &self.0.transport)
            .field("session", &self.0.session)
            .field("retry", &self.0.retry)
            .finish_non_exhaustive()
    }
}
