//! Long lists, row by row.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use ipam_core::ErrorKind;
use ipam_core::http::ListLimits;
use phpipam_client::testing::{Fault, Server, When};
use phpipam_client::{Error, Filter};
use serde_json::json;

use crate::quirks::{Canned, no, ok};
use crate::support::client;

#[tokio::test]
async fn a_stream_has_the_rows_of_the_list() {
    let server = Server::start().await.unwrap();
    let (subnet, empty) = server.seed(|store| {
        let section = store.add_section("Lab");
        let subnet = store.add_subnet(section, "10.0.0.0/20".parse().unwrap());
        store.fill(subnet, 3000);
        store.add_folder(section, "folder");
        (subnet, store.add_subnet(section, "10.9.0.0/24".parse().unwrap()))
    });
    let client = client(&server);
    let rows: Vec<_> = client.subnets().stream_addresses(subnet.into()).try_collect().await.unwrap();
    assert_eq!(rows.len(), 3000);
    assert_eq!(rows, client.subnets().addresses(subnet.into()).await.unwrap());
    assert_eq!(client.subnets().stream_addresses(empty.into()).count().await, 0);
    let first: Vec<_> = client.subnets().stream_addresses(subnet.into()).take(2).try_collect().await.unwrap();
    assert_eq!(first, rows[..2]);
    let one = Filter::equals("id", empty);
    let found: Vec<_> = client.subnets().stream(Some(&one)).try_collect().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(client.subnets().stream(None).count().await, 2);
    assert_eq!(client.folders().stream(None).count().await, 1);
    assert_eq!(client.addresses().stream(None).count().await, 3000);
    server.expire_tokens();
    assert_eq!(client.addresses().stream(None).count().await, 3000, "a new login, as for any call");
}

#[tokio::test]
async fn a_stream_fails_as_the_list_does() {
    let missing = Canned::always(404, no(404, "Invalid subnet Id (9)")).await;
    let error = missing.client.subnets().stream_addresses(9.into()).try_next().await.unwrap_err();
    assert!(error.is_not_found());
    let zero = missing.client.subnets().stream_addresses(0.into()).try_next().await.unwrap_err();
    assert_eq!(zero.kind(), ErrorKind::InvalidInput);
    let page = Canned::text(200, "text/html", "<html>login</html>").await;
    let error = page.client.addresses().stream(None).try_next().await.unwrap_err();
    assert!(matches!(error, Error::NotAnApi(_)), "{error:?}");
    let refused =
        Canned::always(200, json!({"code":500,"success":false,"data":[{"id":1}],"message":"Cannot obtain lock"})).await;
    let error = refused.client.addresses().stream(None).try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    let single = Canned::always(200, ok(json!({"id":1}))).await;
    assert_eq!(single.client.addresses().stream(None).count().await, 1);
}

#[tokio::test]
async fn one_bad_row_does_not_affect_the_others() {
    let rows = json!([{"id":1},{"id":2,"subnetId":{}},{"id":3}]);
    let canned = Canned::always(200, ok(rows)).await;
    let rows: Vec<_> = canned.client.addresses().stream(None).collect().await;
    let shape: Vec<_> =
        rows.iter().map(|row| row.as_ref().map(|row| row.id.get()).map_err(ToString::to_string)).collect();
    assert!(matches!(&shape[..], [Ok(1), Err(text), Ok(3)] if text.contains("data[1].subnetId")), "{shape:?}");
    let Err(Error::Row(bad)) = &rows[1] else { panic!("{rows:?}") };
    assert_eq!((bad.row, bad.path.as_str()), (1, "subnetId"), "{bad:?}");
    assert!(bad.excerpt.contains(r#""id":2"#), "{bad:?}");
}

#[tokio::test]
async fn a_list_that_breaks_off_is_an_error_at_its_end() {
    let cut = r#"{"code":200,"success":true,"data":[{"id":1},{"id":2"#;
    let canned = Canned::text(200, "application/json", cut).await;
    let rows: Vec<_> = canned.client.addresses().stream(None).collect().await;
    assert_eq!(rows.len(), 2);
    assert!(rows[0].is_ok());
    assert!(rows[1].as_ref().unwrap_err().to_string().contains("in the middle"), "{rows:?}");
}

#[tokio::test]
async fn a_stream_is_repeated_only_before_its_first_row() {
    let server = Server::start().await.unwrap();
    server.seed(|store| {
        let section = store.add_section("Lab");
        let subnet = store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
        store.fill(subnet, 10);
    });
    server.fault(Fault::DropAfter, When::any().method("GET").path("/addresses/"));
    assert_eq!(client(&server).addresses().stream(None).count().await, 10);
}

/// A server that reads a request, writes `first`, then `again` after each pause, without end.
async fn endless(first: &'static str, again: &'static str, pause: Duration) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                let _ = stream.read(&mut [0_u8; 4096]).await;
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(format!("{head}{first}").as_bytes()).await;
                while stream.write_all(again.as_bytes()).await.is_ok() {
                    tokio::time::sleep(pause).await;
                }
            });
        }
    });
    url
}

const HEAD: &str = r#"{"code":200,"success":true,"data":["#;

#[tokio::test]
async fn a_stream_that_does_not_end_by_itself_ends_at_a_limit_that_is_named() {
    let limits = ListLimits::new().with_rows(1000).with_row_bytes(5000);
    let second = Duration::from_secs(1);
    let hour = Duration::from_secs(3600);
    for (first, again, pause, limits, kind, option) in [
        (HEAD, r#"{"id":1},"#, Duration::ZERO, limits, ErrorKind::Protocol, "with_rows"),
        (HEAD, "x0123456789", Duration::ZERO, limits, ErrorKind::Protocol, "with_row_bytes"),
        (r#"{"code":200,"message":""#, "0123456789", Duration::ZERO, limits, ErrorKind::Protocol, "with_row_bytes"),
        (HEAD, r#"{"id":1},"#, Duration::ZERO, limits.with_bytes(3000), ErrorKind::Protocol, "with_bytes"),
        (
            r#"{"code":200,"success":true,"data":[{"id":1},{"note":""#,
            "a",
            second / 20,
            limits,
            ErrorKind::Timeout,
            "with_attempt_timeout",
        ),
        (HEAD, r#"{"id":1},"#, second / 20, limits.with_time(second / 2), ErrorKind::Timeout, "with_time"),
        (HEAD, " ", second / 20, limits, ErrorKind::Timeout, "with_attempt_timeout"),
    ] {
        let url = endless(first, again, pause).await;
        let options = crate::support::options().with_list_limits(limits).with_attempt_timeout(second);
        let client = crate::support::builder(&url, phpipam_client::Auth::app_code("x")).with_http_options(options);
        let client = client.with_retry(ipam_core::RetryConfig::none()).build().unwrap();
        let rows = client.addresses().stream(None).collect::<Vec<_>>();
        let rows =
            tokio::time::timeout(Duration::from_secs(60), rows).await.unwrap_or_else(|_| panic!("{option}: no end"));
        let error = rows.last().unwrap().as_ref().unwrap_err();
        assert_eq!(error.kind(), kind, "{option}: {error:?}");
        assert!(error.to_string().contains(option), "{option}: {error}");
    }
    assert!(ListLimits::new().time() <= hour);
}

#[tokio::test]
async fn a_list_with_too_many_rows_is_not_read() {
    let rows: Vec<_> = (1..=2000).map(|id| json!({"id": id, "note": "a,b],["})).collect();
    let canned = Canned::always(200, ok(json!(rows))).await;
    let list = async |rows| {
        let options = crate::support::options().with_list_limits(ListLimits::new().with_rows(rows));
        let client =
            crate::support::builder(&canned.url(), phpipam_client::Auth::app_code("x")).with_http_options(options);
        client.build().unwrap().addresses().list().await
    };
    assert_eq!(list(2000).await.unwrap().len(), 2000);
    let error = list(1999).await.unwrap_err();
    assert!(error.to_string().contains("1999 rows") && error.to_string().contains("with_rows"), "{error}");
}

#[tokio::test]
async fn a_login_that_is_told_to_wait_for_years_waits_for_minutes() {
    let canned = Canned::new().await;
    let busy = wiremock::ResponseTemplate::new(503).insert_header("retry-after", "999999999").set_body_string("busy");
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(busy).mount(canned.server()).await;
    let client = canned.with_auth(phpipam_client::Auth::user("joe", "x"));
    assert!(client.sections().list().await.is_err());
    let error = client.sections().list().await.unwrap_err();
    let wait = error.retry_after().unwrap();
    assert!(wait <= Duration::from_secs(600), "{wait:?}");
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    for auth in [phpipam_client::Auth::app_code("x"), phpipam_client::Auth::user("joe", "x")] {
        let client = crate::support::builder("http://127.0.0.1:9", auth).build().unwrap();
        let error = futures_executor::block_on(client.sections().list()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        let error = futures_executor::block_on(client.addresses().stream(None).try_next()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        let config = phpipam_client::provider::PhpIpamConfig::new();
        let connected = phpipam_client::provider::PhpIpamProvider::connect(client, config);
        let error = futures_executor::block_on(connected).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(error.to_string().contains("tokio"), "{error}");
    }
}
