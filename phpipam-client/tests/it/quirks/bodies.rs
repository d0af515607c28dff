//! C. Bodies that are not the envelope.

use http::Method;
use phpipam_client::models::{AddressFields, SectionFields};
use phpipam_client::{Error, RefusalKind};
use serde_json::json;

use super::{Canned, no, ok};

const NOISE: &str = "<br /> <b>Warning</b>: fwrite(): 41 is not a valid stream resource in <b>Common.php</b><br />";

#[tokio::test]
async fn q18_html_before_the_json_is_accepted_only_in_lenient_mode() {
    let body = format!(r#"{NOISE}{{"code":201,"success":true,"message":"Section created","id":"3"}}"#);
    let canned = Canned::text(201, "text/html", &body).await;
    let strict = canned.client.sections().create("abc", &SectionFields::new()).await.unwrap_err();
    assert!(matches!(strict, Error::PhpWarnings(_)) && strict.may_have_been_done(), "{strict:?}");
    for words in ["warnings of PHP", "display_errors", "php_warnings=skip", "not a valid stream resource"] {
        assert!(strict.to_string().contains(words) && !strict.to_string().contains("rewrite"), "{words}: {strict}");
    }
    let created = canned.lenient().sections().create("abc", &SectionFields::new()).await.unwrap();
    assert_eq!(created.id.get(), 3);
    assert!(created.warning.unwrap().contains("not a valid stream resource"));
}

#[tokio::test]
async fn q18_warnings_behind_the_json_and_byte_order_marks_too() {
    let json = r#"{"code":200,"success":true,"data":[{"id":"7","name":"Lab"}],"time":0.01}"#;
    let warned = format!("{json}\n<br />\n<b>Warning</b>:  Unknown: x in <b>y.php</b> on line <b>2</b><br />");
    let both = format!("<b>Notice</b>: a{warned}");
    for body in [warned, both] {
        let canned = Canned::text(200, "text/html", &body).await;
        let strict = canned.client.sections().list().await.unwrap_err();
        assert!(matches!(strict, Error::PhpWarnings(_)), "{strict:?}");
        assert_eq!(canned.lenient().sections().list().await.unwrap().len(), 1);
    }
    let footer = Canned::text(200, "text/html", &format!("{json}<!-- served by proxy 7 -->")).await;
    let strict = footer.client.sections().list().await.unwrap_err();
    assert!(matches!(strict, Error::NotOnlyJson(_)) && strict.to_string().contains("proxy"), "{strict:?}");
    assert_eq!(footer.lenient().sections().list().await.unwrap().len(), 1);
    let marked = Canned::text(200, "application/json", &format!("\u{feff}{json}")).await;
    assert_eq!(marked.client.sections().list().await.unwrap().len(), 1, "a mark is no text");
    // A search has an envelope for each kind in its own; it is the outer one that counts.
    let search = r#"{"code":200,"success":true,"data":{"subnets":{"code":404,"data":"No subnets found"},"addresses":{"code":200,"data":[]}}}"#;
    let canned = Canned::text(200, "text/html", &format!("{NOISE}{search}{NOISE}")).await;
    assert!(canned.lenient().search().addresses("web").await.unwrap().is_empty());
    let fatal = Canned::text(500, "text/html", "<br />\n<b>Fatal error</b>:  Uncaught TypeError: x in y").await;
    let error = fatal.client.sections().list().await.unwrap_err();
    assert!(matches!(error, Error::PhpFailed(_)) && error.to_string().contains("Uncaught TypeError"), "{error}");
}

#[tokio::test]
async fn q18_a_list_of_free_networks_behind_a_warning() {
    let body = "<br />\n<b>Warning</b>:  Attempt to modify property of non-object in <b>/srv/Responses.php</b> on line \
        <b>296</b><br />\n{\"code\":200,\"success\":true,\"data\":[\"10.0.0.0\\/30\",\"10.0.0.4\\/30\"],\"time\":0.01}";
    let canned = Canned::text(200, "text/html", body).await;
    let error = canned.client.subnets().list_free_subnets(3.into(), 30).await.unwrap_err();
    assert!(error.to_string().contains("PHP") && error.to_string().contains("php_warnings=skip"), "{error}");
    assert_eq!(canned.lenient().subnets().list_free_subnets(3.into(), 30).await.unwrap().len(), 2);
}

#[tokio::test]
async fn q19_out_of_memory_is_told_apart() {
    let body =
        "<br />\n<b>Fatal error</b>:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 81 bytes)";
    for status in [200, 500] {
        let canned = Canned::text(status, "text/html", body).await;
        let error = canned.client.addresses().list().await.unwrap_err();
        let Error::ServerExhausted(unexpected) = &error else { panic!("{error:?}") };
        assert!(unexpected.excerpt.len() <= 2100 && error.to_string().contains("section by section"), "{error}");
        assert_eq!(canned.asked().await.len(), 1);
    }
}

#[tokio::test]
async fn q20_a_login_page_is_not_the_api() {
    let canned = Canned::new().await;
    let away = wiremock::ResponseTemplate::new(302).insert_header("location", "/phpipam/?page=login");
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(away).mount(canned.server.as_ref()).await;
    for error in [
        canned.client.sections().delete(1.into()).await.unwrap_err(),
        canned.client.sections().list().await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::NotAnApi(_)), "{error:?}");
        assert!(error.to_string().contains("rewrite"), "{error}");
    }
    assert_eq!(canned.asked().await.len(), 2, "no redirect was followed");
    let page = Canned::text(200, "text/html; charset=UTF-8", "<!DOCTYPE html><html>Please login</html>").await;
    assert!(matches!(page.client.sections().list().await, Err(Error::NotAnApi(_))));
}

#[tokio::test]
async fn q21_an_empty_body_is_an_error_of_its_own() {
    for status in [200, 500] {
        let canned = Canned::text(status, "text/html", "").await;
        assert!(matches!(canned.client.sections().list().await, Err(Error::EmptyBody(_))), "{status}");
        let error = canned.client.sections().delete(1.into()).await.unwrap_err();
        assert!(matches!(error, Error::EmptyBody(_)) && error.may_have_been_done());
        assert_eq!(canned.asked().await.len(), 2, "{status}: not repeated");
    }
}

#[tokio::test]
async fn q22_q23_every_request_says_that_it_is_json() {
    let canned = Canned::always(200, ok(json!([]))).await;
    let client = canned.with_auth(phpipam_client::Auth::user("joe", "x"));
    let _ = client.sections().list().await;
    let _ = canned.client.sections().list().await;
    let _ = canned.client.sections().delete(1.into()).await;
    let _ = canned.client.addresses().allocate_first_free(1.into(), &AddressFields::new()).await;
    let _ = canned.client.raw(Method::PATCH, "subnets/1/", Some(json!({"x": 1}))).await;
    let requests = canned.requests().await;
    assert!(requests.len() >= 5);
    for request in requests {
        assert_eq!(request.headers["content-type"], "application/json", "{} {}", request.method, request.url);
        assert!(request.url.path().ends_with('/'), "{}", request.url);
        assert!(!request.headers.contains_key("accept-language"));
    }
}

#[tokio::test]
async fn q24_no_body_on_a_get_and_none_without_fields() {
    let canned = Canned::always(200, ok(json!([]))).await;
    let _ = canned.client.subnets().list_filtered(&phpipam_client::Filter::equals("sectionId", 3)).await;
    let _ = canned.client.addresses().allocate_first_free(1.into(), &AddressFields::new()).await;
    let requests = canned.requests().await;
    assert!(requests.iter().all(|request| request.body.is_empty()));
    assert_eq!(requests[0].url.query(), Some("filter_by=sectionId&filter_value=3"));
}

#[tokio::test]
async fn q25_a_client_with_open_connections_ends_at_once() {
    let canned = Canned::always(200, ok(json!([]))).await;
    let client = canned.with_auth(phpipam_client::Auth::app_code("x"));
    client.sections().delete(1.into()).await.unwrap();
    let start = std::time::Instant::now();
    drop(client);
    assert!(start.elapsed() < std::time::Duration::from_secs(1));
}

#[tokio::test]
async fn a_proxy_that_cannot_reach_the_server_is_no_response_of_it() {
    for status in [502, 503, 504] {
        let canned = Canned::text(status, "text/html", "<html>Bad gateway</html>").await;
        let error = canned.client.sections().list().await.unwrap_err();
        assert_eq!(error.refusal_kind(), Some(RefusalKind::Unavailable));
        assert_eq!(canned.asked().await.len(), 2, "a read is repeated");
        let fields = AddressFields::new();
        let error = canned.client.addresses().allocate_first_free(1.into(), &fields).await.unwrap_err();
        assert!(error.may_have_been_done(), "{error:?}");
        assert_eq!(canned.asked().await.len(), 3, "an allocation is not");
    }
    let limited = Canned::always(429, no(429, "slow down")).await;
    let error = limited.client.sections().list().await.unwrap_err();
    assert_eq!(error.kind(), ipam_core::ErrorKind::RateLimited);
}
