//! Encrypted requests over the wire; their content is tested beside the code that makes them.

use http::Method;
use ipam_core::http::TlsOptions;
use phpipam_client::models::AddressFields;
use phpipam_client::{Auth, Client};
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::options;

#[tokio::test]
async fn the_whole_call_is_in_one_parameter() {
    let server = MockServer::start().await;
    let response = json!({"code": 200, "success": true, "data": [], "id": "7", "time": 0});
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(response)).mount(&server).await;
    let auth = Auth::crypt("k3yK3yK3yK3yK3yK3yK3yK3yK3yK3yK3");
    assert!(!format!("{auth:?}").contains("k3y"));
    let http = options().with_tls(TlsOptions::new().with_system_roots(false));
    let client = Client::builder(server.uri(), "app", auth).with_http_options(http).build().unwrap();
    client.vlans().list().await.unwrap();
    client.vlans().list().await.unwrap();
    let fields = AddressFields::new().with_hostname("a.example");
    client.addresses().create(9.into(), "10.0.0.1".parse().unwrap(), &fields).await.unwrap();
    let error = client.raw(Method::POST, "vlans/", Some(json!("text"))).await.unwrap_err();
    assert_eq!(error.kind(), ipam_core::ErrorKind::InvalidInput, "{error}");

    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 3);
    let mut seen = std::collections::BTreeSet::new();
    for request in &requests {
        assert_eq!(request.url.path(), "/api/app/");
        let query: Vec<_> = request.url.query_pairs().into_owned().collect();
        assert!(
            matches!(&query[..], [(name, value)] if name == "enc_request" && seen.insert(value.clone())),
            "{query:?}"
        );
        assert!(!request.url.as_str().contains('+'), "a plus would be read as a space");
        assert!(request.body.is_empty(), "a body would be read as it is");
        assert!(!request.headers.contains_key("token") && !request.headers.contains_key("authorization"));
    }
    assert_eq!(requests.iter().map(|request| request.method.as_str()).collect::<Vec<_>>(), ["GET", "GET", "POST"]);
}
