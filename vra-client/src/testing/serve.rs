//! Connections: reading a request, letting faults happen, sending the answer.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming as Body};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ipam_core::testing::{Faults, Target};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::exchange::{Incoming, Outgoing, Site};
use super::faults::Fault;
use super::{Logged, log};

/// A site behind a socket. It stops when it is dropped.
pub(super) struct Host<S> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) address: SocketAddr,
    task: JoinHandle<Infallible>,
}

/// What the connections share.
pub(super) struct Shared<S> {
    pub(super) site: S,
    log: Mutex<Vec<Logged>>,
    faults: Mutex<Faults<Fault>>,
}

impl<S> Shared<S> {
    pub(super) fn log(&self) -> MutexGuard<'_, Vec<Logged>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Site> Host<S> {
    /// Binds a free port of 127.0.0.1; the site is made when the address is known.
    pub(super) async fn start(site: impl FnOnce(SocketAddr) -> S) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { site: site(address), log: Mutex::default(), faults: Mutex::default() });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, address, task })
    }

    pub(super) fn count(&self, method: &str, path: &str) -> usize {
        let log = self.shared.log();
        log.iter().filter(|r| r.method.eq_ignore_ascii_case(method) && r.path.contains(path)).count()
    }
}

impl<S> Drop for Host<S> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

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
async fn accept<S: Site>(listener: TcpListener, shared: Arc<Shared<S>>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { one(&shared, request).await }
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

async fn one<S: Site>(shared: &Shared<S>, request: Request<Body>) -> Result<Response<Full<Bytes>>, Cut> {
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
    let (delay, fault) = shared.faults().take(&target, Fault::delay);
    let outcome = outcome(&shared.site, &incoming, fault.as_ref());
    let headers = incoming
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), log::header_value(name.as_str(), value.as_bytes())));
    let mut logged = Logged::new(&incoming.method, log::path(&incoming.path));
    logged.query.clone_from(&incoming.query);
    logged.headers = headers.collect();
    logged.body = log::body(&incoming.body);
    logged.status = outcome.as_ref().map(|o| o.status);
    logged.fault = fault.or((!delay.is_zero()).then_some(Fault::Latency(delay)));
    shared.log().push(logged);
    tokio::time::sleep(delay).await;
    match outcome {
        Some(outgoing) => Ok(response(&incoming, outgoing)),
        None => Err(Cut),
    }
}

/// The answer, or `None` to cut the connection.
fn outcome<S: Site>(site: &S, incoming: &Incoming, fault: Option<&Fault>) -> Option<Outgoing> {
    Some(match fault {
        Some(Fault::DropBefore) => return None,
        Some(Fault::DropAfter) => {
            site.answer(incoming, None);
            return None;
        }
        Some(Fault::Status(status, message)) => site.failure(*status, message),
        Some(Fault::Html(status)) => Outgoing::html(*status, reason(*status)),
        Some(Fault::EmptyError(status)) => Outgoing::empty(*status),
        Some(Fault::Redirect(to)) => Outgoing::empty(302).with_header("location", to),
        Some(Fault::NoBody(status)) => {
            let mut outgoing = site.answer(incoming, None);
            outgoing.body.clear();
            outgoing.headers.retain(|(name, _)| *name != "content-type");
            outgoing.status = *status;
            outgoing
        }
        Some(Fault::NoLocation) => {
            let mut outgoing = site.answer(incoming, None);
            outgoing.headers.retain(|(name, _)| *name != "location");
            outgoing
        }
        other => site.answer(incoming, other),
    })
}

/// What a servlet container calls a status.
fn reason(status: u16) -> &'static str {
    match status {
        401 => "Authentication required",
        status => {
            StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown status")
        }
    }
}

fn response(incoming: &Incoming, outgoing: Outgoing) -> Response<Full<Bytes>> {
    let body = if incoming.method == "HEAD" { Bytes::new() } else { Bytes::from(outgoing.body) };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(outgoing.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in outgoing.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}
