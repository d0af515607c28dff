//! Connections of a host: reads a request, applies faults, sends the response.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::host_state::HostState;
use super::{Effect, Request, Response, ServerFault, Site};
use crate::testing::{Logged, RequestView};

/// Longest body of a request, in bytes. A longer one is refused with 413.
// Far above what a client of these servers sends in one request, and small beside the memory of a test.
const MAX_BODY: usize = 16 << 20;

/// Pause after a connection that could not be accepted.
// Without a pause, the loop would take a whole core until a handle is free.
const PAUSE: Duration = Duration::from_millis(10);

/// Headers that are redacted in the log.
// Those that any server may read. Sites redact the headers of their own, such as `token`.
const HIDDEN: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// Error that makes hyper close the connection without a response.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection cut by a fault")
    }
}

impl Error for Cut {}

/// Accepts connections until the task is stopped; the connections stop with it.
pub(super) async fn accept<S: Site>(listener: TcpListener, shared: Arc<HostState<S>>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Most likely the process has no free file handle. Connections that end release some.
                    tokio::time::sleep(PAUSE).await;
                    continue;
                };
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { one(&shared, request).await }
                });
                connections.spawn(async move {
                    // The client closed the connection, or a fault cut it.
                    // HTTP/1 only: a connection then carries one request at a time, so that a cut hits that request and
                    // no other.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
            // Takes finished connections out of the set, which would otherwise grow for as long as the host runs.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one request.
async fn one<S: Site>(
    shared: &HostState<S>,
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>, Cut> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let request = Request::new(head.method.as_str(), target).with_headers(head.headers);
    // A client that sends without end must not fill the memory of its test.
    let request = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => request.with_body(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Ok(sent(&request, Response::empty(StatusCode::PAYLOAD_TOO_LARGE.as_u16())));
        }
        // The client closed the connection inside the body.
        Err(_) => return Err(Cut),
    };
    let text = String::from_utf8_lossy(request.body()).into_owned();
    let target = RequestView::new(request.method(), request.path(), request.query(), &text);
    let delay_of = |fault: &S::Fault| match fault.effect() {
        Effect::Delay(delay) => Some(delay),
        _ => None,
    };
    // Before the site responds: a request that is lost must not be applied.
    let (delay, fault) = shared.faults().take(&target, delay_of);
    let response = respond(&shared.site, &request, fault.as_ref()).await;
    let mut entry = Logged::new(request.method(), request.path());
    request.query().clone_into(&mut entry.query);
    entry.headers = logged_headers(&request);
    entry.body = text;
    entry.status = response.as_ref().map(|response| response.status);
    // A request that was delayed only has no other fault; the log shows the delay instead.
    entry.fault = fault.or_else(|| (!delay.is_zero()).then(|| S::Fault::delayed(delay)));
    shared.site.redact(&mut entry);
    // Logged before the delay: a client that gives up meanwhile ends this future, and its request must be in the log.
    shared.record(entry);
    // The delay comes after the work, so that a client that times out does not know that its request was applied.
    tokio::time::sleep(delay).await;
    response.map(|response| sent(&request, response)).ok_or(Cut)
}

/// Returns the response, or `None` to cut the connection.
async fn respond<S: Site>(site: &S, request: &Request, fault: Option<&S::Fault>) -> Option<Response> {
    let response = match fault.map(ServerFault::effect) {
        Some(Effect::CutBefore) => return None,
        // The response is made and dropped: the client sees the same cut as before the work.
        Some(Effect::CutAfter) => {
            site.respond(request, None).await;
            return None;
        }
        Some(Effect::Send(response)) => response,
        Some(Effect::Fail(status, message)) => site.failure(status, &message),
        Some(Effect::Site) => site.respond(request, fault).await,
        Some(Effect::Delay(_)) | None => site.respond(request, None).await,
    };
    Some(site.complete(request, response))
}

/// Returns the headers for the log, without credentials.
fn logged_headers(request: &Request) -> Vec<(String, String)> {
    let headers = request.headers().iter();
    headers
        .map(|(name, value)| {
            let value = match name.as_str() {
                name if HIDDEN.contains(&name) => "REDACTED".to_owned(),
                _ => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            };
            (name.to_string(), value)
        })
        .collect()
}

/// Converts a response to one of the HTTP library.
fn sent(request: &Request, response: Response) -> http::Response<Full<Bytes>> {
    let Response { status, headers, body } = response;
    // hyper would send the body, and the client would read it as the next response.
    let body = if request.method() == "HEAD" { Bytes::new() } else { Bytes::from(body) };
    let mut sent = http::Response::new(Full::new(body));
    *sent.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *sent.headers_mut() = headers;
    sent
}
