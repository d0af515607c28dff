//! One test per quirk of the servers, named after its number in the list of quirks.
//!
//! Quirks of controllers that have no typed methods yet, and those that only the provider deals with, are tested there.

mod auth;
mod bodies;
mod custom_fields;
mod data_loss;
mod envelope;
mod errors;
mod objects;
mod probing;
mod scalars;

use ipam_core::http::TlsOptions;
use ipam_core::{BackoffConfig, RetryConfig};
use phpipam_client::models::{Address, Subnet};
use phpipam_client::{Auth, Client};
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use wiremock::matchers::{any, method, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::options;

/// Server with fixed responses.
pub(crate) struct Canned {
    server: Arc<MockServer>,
    pub(crate) client: Held,
}

/// Client that keeps its server: a dropped server serves another test's responses on the same port.
pub(crate) struct Held {
    client: Client,
    _server: Arc<MockServer>,
}

impl Deref for Held {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Canned {
    pub(crate) async fn new() -> Self {
        let server = Arc::new(MockServer::start().await);
        let client = client(&server, Auth::app_code("code"), false);
        Self { client: Held { client, _server: Arc::clone(&server) }, server }
    }

    /// Returns a server that sends this for every request.
    pub(crate) async fn always(status: u16, body: Value) -> Self {
        let canned = Self::new().await;
        Mock::given(any()).respond_with(json_response(status, &body)).mount(canned.server.as_ref()).await;
        canned
    }

    /// Returns a server that sends this text for every request.
    pub(crate) async fn text(status: u16, content_type: &str, body: &str) -> Self {
        let canned = Self::new().await;
        let response = ResponseTemplate::new(status).set_body_raw(body.as_bytes(), content_type);
        Mock::given(any()).respond_with(response).mount(canned.server.as_ref()).await;
        canned
    }

    /// Adds a response to one method at one path (a regular expression).
    pub(crate) async fn on(self, verb: &str, path: &str, status: u16, body: Value) -> Self {
        Mock::given(method(verb))
            .and(path_regex(path))
            .respond_with(json_response(status, &body))
            .mount(self.server.as_ref())
            .await;
        self
    }

    pub(crate) fn lenient(&self) -> Client {
        client(&self.server, Auth::app_code("code"), true)
    }

    pub(crate) fn with_auth(&self, auth: Auth) -> Client {
        client(&self.server, auth, false)
    }

    pub(crate) fn server(&self) -> &MockServer {
        &self.server
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// Returns the requests so far, as `METHOD path?query`.
    pub(crate) async fn asked(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        let line = |request: &wiremock::Request| {
            let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
            format!("{} {}{query}", request.method, request.url.path().trim_start_matches("/api/app/"))
        };
        requests.iter().map(line).collect()
    }

    pub(crate) async fn requests(&self) -> Vec<wiremock::Request> {
        self.server.received_requests().await.unwrap()
    }
}

fn client(server: &MockServer, auth: Auth, lenient: bool) -> Client {
    let now = BackoffConfig::new(Duration::ZERO, Duration::ZERO);
    let retry = RetryConfig::new(1, Duration::from_secs(5)).with_backoff(now);
    Client::builder(server.uri(), "app", auth)
        .with_http_options(options().with_tls(TlsOptions::new().with_system_roots(false)))
        .with_retry(retry)
        .with_allocate_retry(retry)
        .with_token_policy(crate::support::many_logins())
        .with_lenient_bodies(lenient)
        .build()
        .unwrap()
}

fn json_response(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// A success with this data.
pub(crate) fn ok(data: Value) -> Value {
    json!({"code": 200, "success": true, "data": data, "time": 0.003})
}

/// A failure with this message.
pub(crate) fn no(code: u16, message: &str) -> Value {
    json!({"code": code, "success": false, "message": message, "time": 0.003})
}

/// Returns one subnet from a response.
pub(crate) async fn subnet(members: Value) -> Result<Subnet, phpipam_client::Error> {
    let mut row = json!({"id": 7, "subnet": "10.1.0.0", "mask": "24", "sectionId": 1});
    merge(&mut row, members);
    Canned::always(200, ok(row)).await.client.subnets().get(7.into()).await
}

/// Returns one address from a response.
pub(crate) async fn address(members: Value) -> Result<Address, phpipam_client::Error> {
    let mut row = json!({"id": 27, "subnetId": 11, "ip": "10.1.1.1", "tag": 2});
    merge(&mut row, members);
    Canned::always(200, ok(row)).await.client.addresses().get(27.into()).await
}

fn merge(row: &mut Value, members: Value) {
    if let (Value::Object(row), Value::Object(members)) = (row, members) {
        row.extend(members);
    }
}
