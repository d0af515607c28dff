//! Deletions of one address at the same time, on a server that confirms both, as those before 1.8 do (Q74).

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ipam_core::http::HttpOptions;
use ipam_core::{Deallocate, IpamProvider};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::{Auth, Client};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::harness::runtime;

/// Time that a deletion takes.
const TAKES: Duration = Duration::from_millis(300);

/// Confirms each deletion that begins before the first one is done.
struct Confirms(Arc<Mutex<Option<Instant>>>);

impl Respond for Confirms {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let first = *self.0.lock().unwrap().get_or_insert_with(Instant::now);
        let (status, body) = match first.elapsed() < TAKES {
            true => (200, json!({"code": 200, "success": true, "message": "Address deleted"})),
            false => (404, json!({"code": 404, "success": false, "message": "Address does not exist"})),
        };
        ResponseTemplate::new(status).set_body_json(body).set_delay(TAKES)
    }
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let ok = |data: Value| json!({"code": 200, "success": true, "data": data});
    let none = |message: &str| json!({"code": 404, "success": false, "message": message});
    let address = json!({"id": 17, "subnetId": 3, "ip": "10.0.0.5", "tag": 2, "is_gateway": 0});
    let subnet = json!({"id": 3, "subnet": "10.0.0.0", "mask": "24", "sectionId": 1, "masterSubnetId": 0});
    for (verb, at, status, body) in [
        ("OPTIONS", "", 200, ok(json!({"permissions": "Read/Write", "controllers": []}))),
        ("GET", "subnets/custom_fields/", 404, none("No custom fields defined")),
        ("GET", "addresses/custom_fields/", 404, none("No custom fields defined")),
        (
            "GET",
            "tools/tags/",
            200,
            ok(json!([{"id": 2, "type": "Used"}, {"id": 3, "type": "Reserved"}, {"id": 4, "type": "DHCP"}])),
        ),
        ("GET", "addresses/17/", 200, ok(address)),
        ("GET", "subnets/overlapping/10.0.0.5/32/", 200, ok(json!([subnet]))),
    ] {
        let response = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(method(verb)).and(path(format!("/api/app/{at}"))).respond_with(response).mount(&server).await;
    }
    let deletion = Mock::given(method("DELETE")).and(path("/api/app/addresses/17/"));
    deletion.respond_with(Confirms(Arc::default())).mount(&server).await;
    let other = json!({"code": 400, "success": false, "message": "Invalid controller"});
    let other = ResponseTemplate::new(400).set_body_json(other);
    Mock::given(wiremock::matchers::any()).respond_with(other).with_priority(9).mount(&server).await;
    server
}

async fn connect(server: &MockServer) -> PhpIpamProvider {
    let client = Client::builder(server.uri(), "app", Auth::app_code("code"));
    let client = client.with_http_options(HttpOptions::new().with_allow_http(true)).build().unwrap();
    PhpIpamProvider::connect(client, PhpIpamConfig::new()).await.unwrap()
}

#[test]
fn q74_calls_of_one_process_take_turns() {
    runtime().block_on(async {
        let server = server().await;
        let provider = connect(&server).await;
        assert!(!provider.capabilities().exclusive_deallocate);
        let request = Deallocate::id("17");
        let (one, other) = tokio::join!(provider.deallocate(&request), provider.deallocate(&request));
        assert_eq!(one.unwrap().freed().count() + other.unwrap().freed().count(), 1);
    });
}

#[test]
fn q74_two_processes_are_told_what_the_server_says() {
    runtime().block_on(async {
        let server = server().await;
        let (here, there) = (connect(&server).await, connect(&server).await);
        let request = Deallocate::id("17");
        let (one, other) = tokio::join!(here.deallocate(&request), there.deallocate(&request));
        assert_eq!(one.unwrap().freed().count() + other.unwrap().freed().count(), 2);
    });
}
