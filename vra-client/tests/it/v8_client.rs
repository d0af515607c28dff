//! Calls of version 8 that belong to no service, and errors, against a mock server.

use serde_json::json;
use vra_client::error::ErrorBody;
use vra_client::lenient::JsonObject;
use vra_client::request::ApiRequest;
use vra_client::v8::Client;
use vra_client::{Error, ErrorKind, Outcome, Retry};
use wiremock::ResponseTemplate;

use crate::sample;
use crate::v8_login::{respond, started};

#[test]
fn every_service_gets_its_version() {
    let client = Client::builder("https://vra.example").with_service_version("2020-01-30").build().unwrap();
    for (given, sent) in [
        ("/iaas/api/zones", "/iaas/api/zones?apiVersion=2021-07-15"),
        ("/iaas/api/zones?apiVersion=2019-01-15", "/iaas/api/zones?apiVersion=2019-01-15"),
        ("/iaas/api/about", "/iaas/api/about"),
        ("/catalog/api/items?search=x", "/catalog/api/items?search=x&apiVersion=2020-01-30"),
        ("/deployment/api/deployments", "/deployment/api/deployments?apiVersion=2020-01-30"),
        ("/blueprint/api/blueprints", "/blueprint/api/blueprints?apiVersion=2020-01-30"),
        ("/automation/config.json", "/automation/config.json"),
    ] {
        assert_eq!(client.raw(http::Method::GET, given, None).request().target(), sent);
        assert_eq!(client.follow::<JsonObject>(given).unwrap().request().target(), sent);
    }
    assert!(client.follow::<JsonObject>(" ").is_err());
    let other = client.follow::<JsonObject>("https://node-2.internal/iaas/api/zones/z").unwrap();
    assert_eq!(other.request().path(), "/iaas/api/zones/z");
}

#[tokio::test]
async fn errors_of_the_services_are_typed() {
    let (server, client) = started().await;
    let forbidden = ResponseTemplate::new(403).set_body_json(sample("v8_error_forbidden_403").body);
    respond(&server, "GET", "/iaas/api/projects/p", forbidden).await;
    let error = client.projects().get("p").await.unwrap_err();
    assert!(error.is_permission_denied());
    assert!(error.to_string().contains("forbidden (server error cef94085"), "{error}");

    let full = ResponseTemplate::new(400).set_body_json(sample("v8_error_spec_full_400").body);
    respond(&server, "POST", "/iaas/api/projects", full).await;
    let error = client.projects().create(vra_client::v8::ProjectBody::new("x")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotApplied));
    assert_eq!(error.retry(), Retry::IfIdempotent, "the server marks it with SHOULD_RETRY");
    assert!(error.as_server().unwrap().messages[0].should_retry());

    respond(&server, "DELETE", "/iaas/api/projects/busy", ResponseTemplate::new(409)).await;
    let error = client.projects().delete("busy").await.unwrap_err();
    assert_eq!((error.kind(), error.as_server().unwrap().body), (ErrorKind::Conflict, ErrorBody::Empty));

    let spring = json!({"timestamp": 1, "status": 404, "error": "Not Found", "message": "no item", "path": "/x"});
    respond(&server, "GET", "/catalog/api/items/i", ResponseTemplate::new(404).set_body_json(spring)).await;
    let error = client.send(ApiRequest::new(http::Method::GET, "/catalog/api/items/{item}", &["i"])).await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("no item"), "{error}");
}

#[tokio::test]
async fn a_response_that_does_not_fit_is_named_by_its_path() {
    let (server, client) = started().await;
    let body = json!({"id": "p", "_links": {"self": {"href": {}}}});
    respond(&server, "GET", "/iaas/api/projects/p", ResponseTemplate::new(200).set_body_json(body)).await;
    let Err(Error::Decode(error)) = client.projects().get("p").await else { panic!("it was read") };
    assert_eq!(error.path, "_links.self.href");
}
