#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::matchers::{header as has_header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::http::ProxyOptions;

fn options() -> HttpOptions {
    HttpOptions::new().with_allow_http(true).with_proxy(ProxyOptions::none())
}

fn get(client: &HttpClient, path: &str) -> HttpRequest {
    HttpRequest::new(Method::GET, client.origin().url(path).unwrap())
}

/// Starts a server that reads a request, writes `response`, and keeps the connection open or not.
async fn raw_server(response: &'static [u8], keep_open: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0_u8; 2048]).await;
                let _ = stream.write_all(response).await;
                if keep_open {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn a_request_is_sent_as_built_and_an_error_status_is_a_response() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/base/api"))
        .and(has_header("token", "t"))
        .and(has_header("content-type", "application/json"))
        .and(wiremock::matchers::body_string("{}"))
        .respond_with(ResponseTemplate::new(503).set_body_string("closed").insert_header("x", "y"))
        .mount(&server)
        .await;
    let client = HttpClient::new(&format!("{}/base", server.uri()), options()).unwrap();
    let request = HttpRequest::new(Method::POST, client.origin().url("api").unwrap())
        .with_header(HeaderName::from_static("token"), HeaderValue::from_static("t"))
        .with_body("application/json", "{}");
    let response = client.send(request).await.unwrap();
    assert_eq!((response.status.as_u16(), response.body.as_slice()), (503, b"closed".as_slice()));
    assert_eq!(response.headers["x"], "y");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = MockServer::start().await;
    Mock::given(path("/a"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", "/b"))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/b")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let client = HttpClient::new(&server.uri(), options()).unwrap();
    assert_eq!(client.send(get(&client, "a")).await.unwrap().status.as_u16(), 302);
}

#[tokio::test]
async fn a_request_to_another_server_is_not_sent() {
    let (ours, other) = (MockServer::start().await, MockServer::start().await);
    let client = HttpClient::new(&ours.uri(), options()).unwrap();
    let error = client.send(HttpRequest::new(Method::GET, other.uri().parse().unwrap())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_connection_is_safe_to_repeat() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = HttpClient::new(&url, options()).unwrap();
    let error = client.send(get(&client, "x")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Safe), "{error:?}");
}

#[tokio::test]
async fn after_sending_the_outcome_is_unknown() {
    for (response, keep_open, kind) in [
        (b"".as_slice(), false, ErrorKind::Unavailable),
        (b"", true, ErrorKind::Timeout),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort", false, ErrorKind::Unavailable),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort", true, ErrorKind::Timeout),
    ] {
        let url = raw_server(response, keep_open).await;
        let client = HttpClient::new(&url, options().with_attempt_timeout(Duration::from_millis(200))).unwrap();
        let error = client.send(get(&client, "x")).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (kind, Retry::IfIdempotent), "{error:?}");
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_an_error() {
    let server = MockServer::start().await;
    Mock::given(path("/big"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 5000]))
        .mount(&server)
        .await;
    let client = HttpClient::new(&server.uri(), options().with_max_body(4999)).unwrap();
    let error = client.send(get(&client, "big")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Protocol, Retry::Never));
    assert_eq!(error.outcome(), Outcome::Unknown, "the server responded, so it may have applied the request");
    let client = HttpClient::new(&server.uri(), options().with_max_body(5000)).unwrap();
    assert_eq!(client.send(get(&client, "big")).await.unwrap().body.len(), 5000);
}

#[tokio::test]
async fn a_body_can_be_read_piece_by_piece() {
    let server = MockServer::start().await;
    Mock::given(path("/big"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 1 << 20]))
        .mount(&server)
        .await;
    let client = HttpClient::new(&server.uri(), options().with_max_body(1)).unwrap();
    let mut body = client.open(get(&client, "big")).await.unwrap();
    let (mut pieces, mut bytes) = (0, 0);
    while let Some(chunk) = body.chunk().await.unwrap() {
        pieces += 1;
        bytes += chunk.len();
    }
    assert_eq!(bytes, 1 << 20);
    assert!(pieces > 1);
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn damaged_compression_is_not_repeated() {
    let url =
        raw_server(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 12\r\n\r\nnot gzip at all", false)
            .await;
    let client = HttpClient::new(&url, options()).unwrap();
    let error = client.send(get(&client, "x")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Protocol, Retry::Never), "{error:?}");
}

#[tokio::test]
async fn requests_go_through_the_proxy_with_its_credentials() {
    let proxy = MockServer::start().await;
    Mock::given(has_header("proxy-authorization", "Basic am9lOnBhNTU="))
        .respond_with(ResponseTemplate::new(200))
        .mount(&proxy)
        .await;
    let through = ProxyOptions::url(proxy.uri().replace("http://", "http://joe:pa55@").parse().unwrap()).unwrap();
    let client = HttpClient::new("http://ipam.invalid", options().with_proxy(through)).unwrap();
    assert_eq!(client.send(get(&client, "x")).await.unwrap().status.as_u16(), 200);
}

#[tokio::test]
async fn plain_http_to_a_port_of_tls_has_an_error_that_says_so() {
    // A TLS server responds to plain HTTP with the alert "unexpected message".
    let url = raw_server(b"\x15\x03\x03\x00\x02\x02\x0a", false).await;
    let client = HttpClient::new(&url, options()).unwrap();
    let error = client.send(get(&client, "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(error.to_string().contains("https://"), "{error}");
}

/// Starts a server that reads a request, writes `first`, and then `again` without end. The receiver resolves when the
/// client closes the connection.
async fn endless_server(first: &'static [u8], again: &'static [u8]) -> (String, tokio::sync::oneshot::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (gone, went) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0_u8; 2048]).await;
        let _ = stream.write_all(first).await;
        while stream.write_all(again).await.is_ok() {}
        let _ = gone.send(());
    });
    (url, went)
}

#[tokio::test]
async fn data_before_a_response_is_limited() {
    for (first, again) in [
        (b"".as_slice(), b"HTTP/1.1 100 Continue\r\n\r\n".as_slice()),
        (b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"x-filler: 0123456789012345678901234567890123456789\r\n"),
        (b"HTTP/1.1 200 OK\r\nx: ", b"0123456789012345678901234567890123456789"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", b"extension=1;"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", b"x-trailer: 1\r\n"),
    ] {
        let (url, went) = endless_server(first, again).await;
        let client = HttpClient::new(&url, options().with_attempt_timeout(Duration::from_millis(300))).unwrap();
        let shown = String::from_utf8_lossy(again);
        let sent = tokio::time::timeout(Duration::from_secs(20), client.send(get(&client, "x"))).await;
        let error = sent.unwrap_or_else(|_| panic!("{shown}: no end")).unwrap_err();
        let kinds = [ErrorKind::Timeout, ErrorKind::Unavailable, ErrorKind::Protocol];
        assert!(kinds.contains(&error.kind()), "{shown}: {error:?}");
        let closed = tokio::time::timeout(Duration::from_secs(20), went).await;
        assert!(closed.is_ok(), "{shown}: the connection stays open");
    }
}

#[tokio::test]
async fn no_debug_output_has_a_secret() {
    let url = raw_server(b"garbage\r\n\r\n", false).await;
    let proxy = ProxyOptions::url("http://joe:pa55@127.0.0.1:9".parse().unwrap()).unwrap();
    let client = HttpClient::new(&url, options()).unwrap();
    let mut secret = HeaderValue::from_static("pa55");
    secret.set_sensitive(true);
    let request = get(&client, "x?key=pa55")
        .with_header(HeaderName::from_static("token"), secret)
        .with_body("text/plain", "pa55");
    let shown = format!("{request:?} {client:?} {:?}", HttpClient::new(&url, options().with_proxy(proxy)).unwrap());
    let error = client.send(request).await.unwrap_err();
    let mut shown = format!("{shown} {error} {error:?}");
    let mut cause: Option<&dyn StdError> = error.source();
    while let Some(next) = cause {
        shown.push_str(&next.to_string());
        cause = next.source();
    }
    assert!(!shown.contains("pa55") && !shown.contains("joe"), "{shown}");
    assert!(shown.contains("key=***"), "{shown}");
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let client = HttpClient::new("http://127.0.0.1:9", options()).unwrap();
    let error = futures_executor::block_on(client.send(get(&client, "x"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    assert!(error.to_string().contains("tokio runtime"), "{error}");
    let error = futures_executor::block_on(client.open(get(&client, "x"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let retrier = crate::Retrier::new(crate::RetryConfig::default()).with_limit(Duration::from_secs(5));
    let error = futures_executor::block_on(retrier.run(|_| client.send(get(&client, "x")))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
