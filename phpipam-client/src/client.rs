//! The client and its builder.

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

/// A client of one app of one phpIPAM server. A clone is another handle to the same client.
///
/// ```no_run
/// # async fn example() -> Result<(), phpipam_client::Error> {
/// use phpipam_client::{Auth, Client};
///
/// let client = Client::builder("https://ipam.example/phpipam", "myapp", Auth::user("svc", "secret")).build()?;
/// for section in client.sections().list().await? {
///     println!("{} {}", section.id, section.name);
/// }
/// # Ok(())
/// # }
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

/// Sets up a [`Client`].
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
    /// Sets time limits, proxy and TLS.
    pub fn with_http_options(mut self, options: HttpOptions) -> Self {
        self.http = options;
        self
    }

    /// Sets how often and how long calls are repeated, where that is right.
    pub fn with_retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// Sets how often and how long an allocation is repeated that another caller was faster at. Servers without locking
    /// need many.
    pub fn with_allocate_retry(mut self, retry: RetryConfig) -> Self {
        self.allocate_retry = retry;
        self
    }

    /// Sets how logins are bounded.
    pub fn with_token_policy(mut self, policy: TokenPolicy) -> Self {
        self.tokens = policy;
        self
    }

    /// Sets the name of the token's header: `token`, or `phpipam-token` where a proxy keeps `token` to itself.
    pub fn with_token_header(mut self, name: HeaderName) -> Self {
        self.token_header = name;
        self
    }

    /// Asks the server to send numbers as text. Understood since 1.7; never needed by this client.
    pub fn with_stringified_numbers(mut self, ask: bool) -> Self {
        self.stringify = ask;
        self
    }

    /// Accepts a response with something else around its JSON: warnings that PHP printed (`display_errors` on), or what a
    /// proxy added. It is kept in what creating calls return. Otherwise such a response is an
    /// [`Error::PhpWarnings`] or [`Error::NotOnlyJson`].
    pub fn with_lenient_bodies(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Http`] or [`Error::Invalid`] when URL, app id or options cannot work.
    pub fn build(self) -> Result<Client> {
        let odd = |app: &str| app.contains(['/', '\\', '?', '#']) || app.chars().any(char::is_control);
        // Encoded or not, dots alone would climb out of `api/`.
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

/// Id of what a call created.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Created<I> {
    /// The id of what was created.
    pub id: I,
    /// What PHP printed around the response; only with [`ClientBuilder::with_lenient_bodies`].
    pub warning: Option<String>,
}

/// Response as the server sent it; see [`Client::send`] and [`Client::raw`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RawResponse {
    /// The HTTP status.
    pub status: u16,
    /// The server's sentence, if it said one.
    pub message: Option<String>,
    /// The id of what was created.
    pub id: Option<u64>,
    /// The subnet an allocation by customer type came from.
    pub subnet_id: Option<u64>,
    /// The data; `Null` when there is none.
    pub data: Value,
    /// What PHP printed around the response; only with [`ClientBuilder::with_lenient_bodies`].
    pub warning: Option<String>,
}

impl Client {
    /// Begins a client of the app `app` of the server at `url` (without `/api`), such as `https://ipam.example/phpipam`.
    pub fn builder(url: impl Into<String>, app: impl Into<String>, auth: Auth) -> ClientBuilder {
        let quick = BackoffConfig::new(Duration::from_millis(20), Duration::from_secs(1));
        ClientBuilder {
            url: url.into(),
            app: app.into(),
            auth,
            http: HttpOptions::new().with_user_agent(concat!("phpipam-client/", env!("CARGO_PKG_VERSION"))),
            retry: RetryConfig::default(),
            allocate_retry: RetryConfig::new(12, Duration::from_secs(60)).with_backoff(quick),
            tokens: TokenPolicy::new(),
            token_header: HeaderName::from_static("token"),
            stringify: false,
            lenient: false,
        }
    }

    /// Sends any call in one line. `path` is below the app and percent-encoded, such as `subnets/8/usage/`; it may have a
    /// query. See [`ApiRequest::raw`] and [`send`](Self::send).
    ///
    /// # Errors
    /// [`Error`]; a list without rows is a refusal of kind `NotFound` here.
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
    /// let request = ApiRequest::raw(http::Method::PATCH, "subnets/8/")?.with_body(serde_json::json!({"description": "lab"}));
    /// println!("{:?}", client.send(&request).await?.message);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error`]; a list without rows is a refusal of kind `NotFound` here.
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

    /// Lets the next call log in although an earlier login failed, if that was a minute ago or more: the server locks out
    /// hosts that fail too often. A wait that the server asked for stands.
    pub fn retry_login(&self) {
        self.0.session.retry_login();
    }

    /// Forgets the token and earlier failed logins, for when the credentials were put right on the server. The next call
    /// logs in.
    pub fn forget_login(&self) {
        self.0.session.forget();
    }

    /// What the server's clock shows now, as far as its responses told.
    #[cfg(feature = "provider")]
    pub(crate) fn server_time(&self) -> std::time::SystemTime {
        self.0.transport.clock().at(std::time::SystemTime::now())
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    fn retrier(&self, request: &ApiRequest) -> Retrier<Error> {
        let inner = &self.0;
        let config = if request.call == Call::Allocate { inner.allocate_retry } else { inner.retry };
        Retrier::new(config)
            .with_idempotent(request.is_idempotent())
            .with_read(request.method() == Method::GET)
            .with_limit(inner.transport.http().options().operation_timeout())
    }

    /// Sends a request until it succeeds, fails for good, or the bounds are reached.
    pub(crate) async fn execute(&self, request: &ApiRequest) -> Result<Reply> {
        let inner = &self.0;
        self.retrier(request).run(|_| inner.session.send(&inner.transport, request)).await
    }

    /// The same for a list that is read as it comes; once rows come, nothing is repeated.
    pub(crate) async fn open(&self, request: &ApiRequest) -> Result<Opened> {
        let inner = &self.0;
        self.retrier(request).run(|_| inner.session.open(&inner.transport, request)).await
    }

    /// A call that is no list.
    pub(crate) async fn call(&self, request: &ApiRequest) -> Result<Success> {
        self.execute(request).await?.success(request)
    }

    /// One object. With a filter the server makes a list of it.
    pub(crate) async fn one<T: Wire>(&self, request: &ApiRequest) -> Result<T> {
        let success = self.call(request).await?;
        let OneOrMany(mut items) = success.decode::<OneOrMany<T>>()?;
        match items.len() {
            1 => items.pop().ok_or_else(|| success.undecodable("data".to_owned(), "it is empty")),
            count => Err(success.undecodable("data".to_owned(), format_args!("expected one object, found {count}"))),
        }
    }

    /// A list. When it has no rows and the server's words leave open why, `parent` is asked for: if that is missing, so
    /// is the list.
    pub(crate) async fn list<T: Wire>(&self, request: &ApiRequest, parent: Option<ApiRequest>) -> Result<Vec<T>> {
        match self.execute(request).await? {
            Reply::Success(success) => self.rows_of(&success),
            Reply::Nothing { certain: true } => Ok(Vec::new()),
            Reply::Nothing { certain: false } => self.nothing_below(parent).await,
        }
    }

    /// The rows of a list that came whole.
    fn rows_of<T: Wire>(&self, success: &Success) -> Result<Vec<T>> {
        // A row in memory is a hundred times the smallest on the wire: the count comes first.
        success.check_rows(self.0.transport.http().options().list_limits())?;
        Ok(success.decode::<OneOrMany<T>>()?.0)
    }

    /// A list below `parent`, for calls that say the same when there are no rows and when there is no such parent.
    pub(crate) async fn list_below<T: Wire>(&self, request: &ApiRequest, parent: ApiRequest) -> Result<Vec<T>> {
        match self.execute(request).await? {
            Reply::Success(success) => self.rows_of(&success),
            Reply::Nothing { .. } => self.nothing_below(Some(parent)).await,
        }
    }

    pub(crate) async fn nothing_below<T>(&self, parent: Option<ApiRequest>) -> Result<Vec<T>> {
        if let Some(parent) = parent
            && let Err(error) = self.execute(&parent).await
            && error.is_not_found()
        {
            return Err(error);
        }
        // That a parent cannot be read says nothing about its list, which could.
        Ok(Vec::new())
    }

    /// Allocations from one subnet go one after another in this process: in parallel they only get in each other's way
    /// on the server.
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
