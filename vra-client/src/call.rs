//! Calls that have not been made yet.

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

/// What makes calls: a client with its session, or a stand-in of a test.
pub(crate) trait Backend: Send + Sync + fmt::Debug {
    fn execute<'a>(&'a self, request: &'a ApiRequest) -> BoxFuture<'a, Result<Reply, Error>>;

    /// How long a list may be.
    fn list_limits(&self) -> ListLimits;
}

type Read<T> = Box<dyn FnOnce(Reply) -> Result<T, Error> + Send>;

/// One call: look at it with [`request`](Self::request), make it with `.await`.
#[must_use = "a call is made by awaiting it"]
pub struct Call<T> {
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

    /// The call as a value.
    pub fn request(&self) -> &ApiRequest {
        &self.request
    }

    /// Adds a query parameter that has no method of its own.
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request = self.request.with_query_set(&name.into(), value);
        self
    }

    /// Makes the call.
    ///
    /// # Errors
    /// [`Error`]; nothing was sent if it is [`Error::InvalidInput`].
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
    /// A call that is answered with JSON.
    pub(crate) fn json(backend: &Arc<dyn Backend>, request: ApiRequest) -> Self {
        Self::new(Arc::clone(backend), request, |reply| reply.json())
    }
}

impl<T: DeserializeOwned + Send + 'static> Call<Option<T>> {
    /// A call that some servers answer with JSON and others with nothing.
    pub(crate) fn maybe(backend: &Arc<dyn Backend>, request: ApiRequest) -> Self {
        Self::new(
            Arc::clone(backend),
            request,
            |reply| {
                if reply.is_empty() { Ok(None) } else { reply.json().map(Some) }
            },
        )
    }
}

impl Call<()> {
    /// A call whose success is all there is to know.
    pub(crate) fn done(backend: &Arc<dyn Backend>, request: ApiRequest) -> Self {
        Self::new(Arc::clone(backend), request, |_| Ok(()))
    }
}

impl Call<Created> {
    /// A call that makes something.
    pub(crate) fn created(backend: &Arc<dyn Backend>, request: ApiRequest) -> Self {
        Self::new(Arc::clone(backend), request, |reply| Ok(Created::read(&reply)))
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
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

/// What the server made.
///
/// It answers 201 or 202, usually with `Location` and no body, in places with the object instead.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Created {
    /// The id: the last part of `Location`, or else the body's `id`.
    pub id: Option<String>,
    /// `Location`: path and query below the configured server.
    pub location: Option<String>,
    /// The body, if there was one and it was an object. Something else is no error: what was asked for was made, and
    /// asking again would make it twice.
    pub body: Option<JsonObject>,
}

impl Created {
    pub(crate) fn read(reply: &Reply) -> Self {
        let body: Option<JsonObject> = reply.json().ok();
        let located = reply.location.as_deref().and_then(last_segment);
        let id = located.or_else(|| match body.as_ref()?.get("id")? {
            serde_json::Value::String(id) => Some(id.clone()),
            serde_json::Value::Number(id) => Some(id.to_string()),
            _ => None,
        });
        Self { id, location: reply.location.clone(), body }
    }
}

/// The last part of a path, decoded.
fn last_segment(path: &str) -> Option<String> {
    let path = path.split('?').next()?.trim_end_matches('/');
    let last = path.rsplit('/').next().filter(|last| !last.is_empty())?;
    percent_encoding::percent_decode_str(last).decode_utf8().ok().map(|id| id.into_owned())
}

/// An answer that was not interpreted.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct RawResponse {
    /// The status; always a success.
    pub status: u16,
    /// `Location`: path and query below the configured server.
    pub location: Option<String>,
    /// The content type.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    secret: bool,
}

impl RawResponse {
    pub(crate) fn read(reply: Reply) -> Self {
        let Reply { status, location, content_type, body, secret, .. } = reply;
        Self { status, location, content_type, body, secret }
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`Error::Decode`] with the JSON path.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let read = crate::error::decode("raw", self.status, &self.body);
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
