//! Connections: reading a request, letting faults happen, sending the answer.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming as Body};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ipam_core::testing::Target;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::config::Lock;
use super::dispatch::{self, Incoming, Outgoing, html};
use super::faults::{Fault, Logged};
use super::params::Params;
use super::state::{State, expire};

/// The connection is cut instead of answered.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection cut by a fault")
    }
}

impl std::error::Error for Cut {}

/// Accepts connections until the task is stopped; the connections stop with it.
pub(super) async fn accept(listener: TcpListener, state: Arc<State>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let state = Arc::clone(&state);
                let service = service_fn(move |request| {
                    let state = Arc::clone(&state);
                    async move { one(&state, request).await }
                });
                connections.spawn(async move {
                    // An error here is a client that went away, or a cut that was asked for.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn one(state: &State, request: Request<Body>) -> Result<Response<Full<Bytes>>, Cut> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes().to_vec();
    let incoming = Incoming {
        method: head.method.as_str().to_ascii_uppercase(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    };
    let text = String::from_utf8_lossy(&incoming.body).into_owned();
    let target = Target::new(&incoming.method, &incoming.path, &incoming.query, &text);
    let (delay, fault) = state.faults().take(&target, Fault::delay);
    let outcome = outcome(state, &incoming, fault.as_ref()).await;
    let headers = incoming.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), if redacted(name.as_str()) { "REDACTED".to_owned() } else { value })
    });
    let mut logged = Logged::new(&incoming.method, &incoming.path);
    logged.query.clone_from(&incoming.query);
    logged.headers = headers.collect();
    logged.body = text;
    logged.status = outcome.as_ref().map(|o| o.status);
    logged.fault = fault.or((!delay.is_zero()).then_some(Fault::Latency(delay)));
    state.log().push(logged);
    tokio::time::sleep(delay).await;
    match outcome {
        Some(outgoing) => Ok(response(state, &incoming, outgoing)),
        None => Err(Cut),
    }
}

/// The answer, or `None` to cut the connection.
async fn outcome(state: &State, incoming: &Incoming, fault: Option<&Fault>) -> Option<Outgoing> {
    let setup = &state.setup;
    let page = |title: &str| format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
    Some(match fault {
        Some(Fault::DropBefore) => return None,
        Some(Fault::DropAfter) => {
            process(state, incoming).await;
            return None;
        }
        Some(Fault::LockTimeout) => dispatch::lock_timeout(setup, Lock::File(Duration::from_secs(30))),
        Some(Fault::EmptyError500) => html(500, String::new()),
        Some(Fault::Html200) => html(200, "<div class='alert alert-danger'>Error: database</div>".to_owned()),
        Some(Fault::Html(status)) => html(*status, page(&format!("{status} error"))),
        Some(Fault::Status(status, message)) => dispatch::failed(setup, &Params::default(), *status, *status, message),
        Some(Fault::ExpireToken) => {
            let now = state.clock.now();
            let token = incoming.header("phpipam-token").or_else(|| incoming.header("token"));
            expire(&mut state.store(), token, now);
            process(state, incoming).await
        }
        Some(Fault::Latency(_)) | None => process(state, incoming).await,
    })
}

/// Carries out a request: under its app's lock, or in three steps where the app has none and others can come in between.
async fn process(state: &State, incoming: &Incoming) -> Outgoing {
    let setup = &state.setup;
    let now = || -> SystemTime { state.clock.now() };
    let admitted = match dispatch::admit(setup, &state.store(), incoming, now()) {
        Ok(admitted) => admitted,
        Err(outgoing) => return outgoing,
    };
    let lock = admitted.lock();
    let waited = match lock {
        Some(Lock::File(wait)) => Some(tokio::time::timeout(patience(wait), state.file_lock.lock()).await),
        Some(Lock::MySql(wait)) => Some(tokio::time::timeout(patience(wait), state.mysql_lock.lock()).await),
        Some(Lock::Disabled) | None => None,
    };
    let _guard = match (waited, lock) {
        (Some(Ok(guard)), _) => Some(guard),
        (Some(Err(_)), Some(lock)) => return dispatch::lock_timeout(setup, lock),
        _ => None,
    };
    if !admitted.races() {
        return dispatch::answer(setup, &mut state.store(), incoming, &admitted, now());
    }
    let chosen = dispatch::choose(setup, &mut state.store(), incoming, &admitted, now());
    let race = match chosen {
        Ok(race) => race,
        Err(outgoing) => return outgoing,
    };
    tokio::time::sleep(state.race_window).await;
    let checked = dispatch::check(setup, &state.store(), &admitted, race);
    if let Err(outgoing) = checked {
        return outgoing;
    }
    tokio::time::sleep(state.race_window).await;
    dispatch::take(setup, &mut state.store(), incoming, &admitted, now(), race)
}

/// A wait of zero means an hour.
fn patience(wait: Duration) -> Duration {
    if wait.is_zero() { Duration::from_secs(3600) } else { wait }
}

fn response(state: &State, incoming: &Incoming, outgoing: Outgoing) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(outgoing.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = if incoming.method == "HEAD" { Bytes::new() } else { Bytes::from(outgoing.body) };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(outgoing.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let date = jiff::Timestamp::try_from(state.clock.now()).unwrap_or_default();
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date);
    if let Some(date) = date.ok().and_then(|date| HeaderValue::from_str(&date).ok()) {
        headers.insert(header::DATE, date);
    }
    if let Some(location) = outgoing.location.and_then(|l| HeaderValue::from_str(&l).ok()) {
        headers.insert(header::LOCATION, location);
    }
    if matches!(outgoing.status, 400 | 500 | 501 | 503) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if !incoming.headers.contains_key(header::COOKIE) {
        let session = state.store().new_token();
        let cookie =
            format!("{}={session}; Max-Age=86400; path=/; SameSite=Lax; HttpOnly;", state.setup.profile.cookie);
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.insert(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// Whether a header's value may be kept.
fn redacted(name: &str) -> bool {
    matches!(name, "authorization" | "proxy-authorization" | "cookie" | "token" | "phpipam-token")
}
