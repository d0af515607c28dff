//! Calls that are prepared first and sent by awaiting them.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ipam_core::http::ListLimits;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::lenient::JsonObject;
use crate::request::ApiRequest;
use crate::transport::Reply;

/// Executor of requests: the session of a client, or a substitute in a test.
pub(crate) trait Backend: Send + Sync + fmt::Debug {
    fn execute<'a>(&'a self, request: &'a ApiRequest) -> BoxFuture<'a, Result<Reply, Error>>;

    /// Returns the limits of a list over all its pages.
    fn list_limits(&self) -> ListLimits;
}

// Boxed, so that the type of a call is `Call<T>` and can be named by callers.
type Read<T> = Box<dyn FnOnce(Reply) -> Result<T, Error> + Send>;

/// Prepared call: nothing is sent until it is awaited.
///
/// A method of a service that is one HTTP request returns a `Call`; see
/// [calls and async methods](crate::v7#calls-and-async-methods). [`request`](Self::request) shows what
/// would be sent, without a server; `.await` or [`send`](Self::send) sends it. A call that is dropped sends nothing.
///
/// The client logs in first if it has no token, and once more if the server rejects the token. It repeats the call as
/// its [`RetryConfig`](crate::RetryConfig) says: always after status 429, or if the connection was never made; after a
/// lost response or status 502, 503 or 504 only if [`ApiRequest::is_repeatable`] is true; never after another status.
/// All attempts together end after the [operation timeout](crate::HttpOptions::with_operation_timeout).
///
/// ```
/// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
/// use vra_client::v7::Tenant;
/// let call: vra_client::v7::Call<Tenant> = client.identity().tenant("qe").with_query("expand", "true");
/// assert_eq!(call.request().target(), "/identity/api/tenants/qe?expand=true");
/// # Ok::<(), vra_client::Error>(())
/// ```
///
/// # Errors
/// Awaiting a call returns
/// - [`Error::InvalidInput`] if an id or name cannot be part of a path; nothing was sent,
/// - [`Error::Login`] if there is no token and the login failed or was not tried; the call was not sent,
/// - [`Error::Transport`] if the server was not reached, is not trusted, or a timeout passed,
/// - [`Error::Server`] if the server refused the call,
/// - [`Error::UnexpectedLink`] if the server redirected it to another host,
/// - [`Error::Decode`] if the response cannot be read; the call was carried out.
///
/// [`Error::outcome`] says whether a failed call may have been carried out.
#[must_use = "a call is made by awaiting it"]
pub struct Call<T> {
    // As a trait object, so that a call has one type parameter, and owns what it needs without a lifetime.
    backend: Arc<dyn Backend>,
    request: ApiRequest,
    read: Read<T>,
}

impl<T: Send + 'static> Call<T> {
    pub(crate) fn new(
        backend: Arc<dyn Backend>,
        request: ApiRequest,
        read: impl FnOnce(Reply) -> Result<T, Error> + Send + 'static,
    ) -> Self {
        Self { backend, request, read: Box::new(read) }
    }

    /// Returns the request that would be sent.
    pub fn request(&self) -> &ApiRequest {
        &self.request
    }

    /// Sets a query parameter that has no method of its own.
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request = self.request.with_query_set(&name.into(), value);
        self
    }

    /// Sends the call and reads the response; the same as `.await`.
    ///
    /// # Errors
    /// The [errors of a call](Self#errors). Nothing was sent if it is [`Error::InvalidInput`].
    pub async fn send(self) -> Result<T, Error> {
        let Self { backend, request, read } = self;
        let reply = backend.execute(&request).await?;
        read(reply)
    }

    pub(crate) fn map<U: Send + 'static>(self, then: impl FnOnce(T) -> Result<U, Error> + Send + 'static) -> Call<U> {
        let Self { backend, request, read } = self;
        Call::new(backend, request, move |reply| then(read(reply)?))
    }
}

impl<T: DeserializeOwned + Send + 'static> Call<T> {
    /// Makes a call whose response is JSON.
    pub(crate) fn json(backend: &Arc<dyn Backend>, request: ApiRequest) -> Self {
        Self::new(Arc::clone(backend), request, |reply| reply.json())
    }
}

impl<T: DeserializeOwned + Send + 'static> Call<Option<T>> {
    /// Makes a call whose response is JSON on some servers and empty on others.
    pub(crate) fn maybe(backend: &Arc<dyn Backend>, request: ApiRequest) -> Self {
        Self::new(Arc::clone(backend), request, |reply| {
            // The same call returns the object on some releases and nothing on others, so an empty body is no error
            // here.
            if reply.is_empty() { Ok(None) } else { reply.json().map(Some) }
        })
    }
}

impl Call<()> {
    /// Makes a call whose response has no content of interest.
    pub(crate) fn done(backend: &Arc<dyn Backend>, request: ApiRequest) -> Self {
        Self::new(Arc::clone(backend), request, |_| Ok(()))
    }
}

#[cfg(feature = "v7")]
impl Call<Created> {
    /// Makes a call that creates an object.
    pub(crate) fn created(backend: &Arc<dyn Backend>, request: ApiRequest) -> Self {
        Self::new(Arc::clone(backend), request, |reply| Ok(Created::read(&reply)))
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    // Boxed, because the future of `send` has no name.
    type IntoFuture = BoxFuture<'static, Result<T, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.request).finish()
    }
}

/// Object that the server created.
///
/// The server returns status 201 or 202, usually with `Location` and without a body, and in places with the object.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use vra_client::v7::SubtenantBody;
///
/// let created = client.identity().create_subtenant("qe", SubtenantBody::new("Finance")).await?;
/// let id = created.id.ok_or("the server named no id")?;
/// assert_eq!(client.identity().subtenant("qe", &id).await?.name.as_deref(), Some("Finance"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Created {
    /// Id: the last part of `Location`, or else the `id` of the body. [`None`] if the response has neither.
    pub id: Option<String>,
    /// `Location`: path and query below the configured server.
    pub location: Option<String>,
    /// Body, if there is one and it is a JSON object. Another body is no error: the object was created, and an error
    /// would invite the caller to create it twice.
    pub body: Option<JsonObject>,
}

#[cfg(feature = "v7")]
impl Created {
    pub(crate) fn read(reply: &Reply) -> Self {
        // The status said that the object exists, so a body that cannot be read must not make the call fail.
        let body: Option<JsonObject> = reply.json().ok();
        // `Location` first: it is what the manual documents, while a body that has an id may be another object, such as
        // the catalog item of a request.
        let located = reply.location.as_deref().and_then(last_segment);
        let id = located.or_else(|| match body.as_ref()?.get("id")? {
            serde_json::Value::String(id) => Some(id.clone()),
            // Key pairs have numbers as ids.
            serde_json::Value::Number(id) => Some(id.to_string()),
            _ => None,
        });
        Self { id, location: reply.location.clone(), body }
    }
}

/// Returns the last part of a path, decoded.
pub(crate) fn last_segment(path: &str) -> Option<String> {
    // A slash at the end or a query would hide the id.
    let path = path.split('?').next()?.trim_end_matches('/');
    let last = path.rsplit('/').next().filter(|last| !last.is_empty())?;
    percent_encoding::percent_decode_str(last).decode_utf8().ok().map(|id| id.into_owned())
}

/// Successful response that was not interpreted, from [`Client::send`](crate::v7::Client::send) and
/// [`Client::raw`](crate::v7::Client::raw).
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct RawResponse {
    /// HTTP status, from 200 to 299.
    pub status: u16,
    /// `Location`: path and query below the configured server.
    pub location: Option<String>,
    /// Content type.
    pub content_type: Option<String>,
    /// Body, as it was received.
    pub body: Vec<u8>,
    secret: bool,
}

impl RawResponse {
    pub(crate) fn read(reply: Reply) -> Self {
        let Reply { status, location, content_type, body, secret, .. } = reply;
        Self { status, location, content_type, body, secret }
    }

    /// Decodes the body as JSON.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// let response = client.raw(http::Method::GET, "/identity/api/about", None).await?;
    /// let about: vra_client::v7::About = response.json()?;
    /// assert!(about.product_version.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Decode`] with the JSON path of the value that does not fit the type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let read = crate::error::decode("raw", self.status, &self.body);
        // A body of a login that cannot be decoded may still hold a token; its error repeats no part of it.
        if self.secret { read.map_err(|_| crate::error::withheld("raw", self.status, &self.body)) } else { read }
    }
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status)
            .field("location", &self.location)
            .field("content_type", &self.content_type)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
