#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::http::{HttpClient, HttpOptions, HttpRequest, HttpResponse};
use crate::testing::{Logged, When};
use crate::{Outcome, Result};

/// Site that counts the requests that it applied.
#[derive(Default)]
struct Counter(AtomicU32);

impl Site for Counter {
    type Fault = Fault;

    async fn respond(&self, request: &Request, _: Option<&Fault>) -> Response {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Response::json(200, format_args!("{{\"count\":{count},\"body_bytes\":{}}}", request.body().len()))
    }

    fn failure(&self, status: u16, message: &str) -> Response {
        Response::text(status, "text/plain", message)
    }

    fn complete(&self, _: &Request, response: Response) -> Response {
        response.with_header(http::header::SERVER, "counter").with_header(http::header::ETAG, "not\na header")
    }

    fn redact(&self, entry: &mut Logged<Fault>) {
        entry.body = entry.body.replace("hunter2", "REDACTED");
    }
}

struct Stage {
    host: Host<Counter>,
    client: HttpClient,
}

impl Stage {
    async fn new() -> Self {
        let host = Host::start(|_| Counter::default()).await.unwrap();
        let client = HttpClient::new(&host.url(), HttpOptions::new().with_allow_http(true)).unwrap();
        Self { host, client }
    }

    async fn send(&self, method: http::Method, body: &str) -> Result<HttpResponse> {
        let url = self.client.origin().url("/x?a=b").unwrap();
        let mut request = HttpRequest::new(method, url)
            .with_header(http::header::AUTHORIZATION, http::HeaderValue::from_static("Bearer hunter2"));
        if !body.is_empty() {
            request = request.with_body("text/plain", body);
        }
        self.client.send(request).await
    }

    async fn get(&self) -> Result<HttpResponse> {
        self.send(http::Method::GET, "").await
    }

    fn done(&self) -> u32 {
        self.host.site().0.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn requests_and_responses_are_complete() {
    let stage = Stage::new().await;
    let response = stage.send(http::Method::POST, "four").await.unwrap();
    assert_eq!(response.body, br#"{"count":1,"body_bytes":4}"#);
    assert_eq!(response.headers["content-type"], "application/json;charset=UTF-8");
    assert_eq!((&response.headers["server"], response.headers.get("etag")), (&"counter".parse().unwrap(), None));
    assert!(stage.send(http::Method::HEAD, "").await.unwrap().body.is_empty());
}

#[tokio::test]
async fn a_lost_request_is_not_applied_and_a_lost_response_is() {
    let stage = Stage::new().await;
    for (fault, done) in [(Fault::CutBefore, 0), (Fault::CutAfter, 1)] {
        stage.host.fault(fault.clone(), When::any());
        let error = stage.get().await.unwrap_err();
        assert_eq!((error.outcome(), stage.done()), (Outcome::Unknown, done), "the client cannot tell {fault:?}");
    }
    let ends: Vec<_> = stage.host.requests().into_iter().map(|entry| (entry.status, entry.fault)).collect();
    assert_eq!(ends, [(None, Some(Fault::CutBefore)), (None, Some(Fault::CutAfter))]);
}

#[tokio::test]
async fn a_fault_that_sends_a_response_replaces_the_work() {
    let stage = Stage::new().await;
    for (fault, status, body) in [
        (Fault::Status(409, "taken".into()), 409, "taken"),
        (Fault::Page(502), 502, "HTTP Status 502 - Bad Gateway"),
        (Fault::Empty(503), 503, ""),
        (Fault::Redirect("https://elsewhere.example/".into()), 302, ""),
    ] {
        stage.host.fault(fault.clone(), When::any());
        let response = stage.get().await.unwrap();
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert_eq!(response.status.as_u16(), status);
        assert!(text.contains(body) && (text.is_empty() == body.is_empty()), "{fault:?}: {text}");
        assert_eq!(response.headers["server"], "counter", "{fault:?}");
    }
    assert_eq!((stage.done(), stage.host.pending_faults()), (0, 0));
}

#[tokio::test]
async fn a_delay_comes_after_the_work_and_is_in_the_log() {
    let stage = Stage::new().await;
    let delay = Duration::from_millis(60);
    stage.host.fault(Fault::Latency(delay), When::any());
    let begun = Instant::now();
    let (response, ()) = tokio::join!(stage.get(), async {
        while stage.done() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(begun.elapsed() < delay, "the work was late");
    });
    assert!(response.is_ok() && begun.elapsed() >= delay);
    assert_eq!(stage.host.requests()[0].fault, Some(Fault::Latency(delay)));
}

#[tokio::test]
async fn the_log_counts_and_keeps_no_secret() {
    let stage = Stage::new().await;
    stage.send(http::Method::POST, "password=hunter2").await.unwrap();
    let log = stage.host.requests();
    let entry = &log[0];
    assert_eq!((entry.method.as_str(), entry.path.as_str(), entry.query.as_str()), ("POST", "/x", "a=b"));
    assert_eq!((entry.header("authorization"), entry.body.as_str()), (Some("REDACTED"), "password=REDACTED"));
    assert_eq!((stage.host.count("post", "/x"), stage.host.count("GET", "/x")), (1, 0));
    stage.host.clear_log();
    assert!(stage.host.requests().is_empty());
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let stage = Stage::new().await;
    let response = stage.send(http::Method::POST, &"x".repeat((16 << 20) + 1)).await;
    // The refusal may come while the client is still sending.
    assert!(response.is_err() || response.is_ok_and(|response| response.status.as_u16() == 413));
    assert_eq!(stage.done(), 0);
}

#[tokio::test]
async fn a_dropped_host_accepts_no_connection() {
    let stage = Stage::new().await;
    let Stage { host, client } = stage;
    let url = client.origin().url("/x").unwrap();
    drop(host);
    tokio::task::yield_now().await;
    assert!(client.send(HttpRequest::new(http::Method::GET, url)).await.is_err());
}
