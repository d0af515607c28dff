//! Client of version 8 against the simulated server: whole tasks, with failures in each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod addresses;
mod deployments;
mod lists;
mod packages;
mod ranges;
mod requests;
mod session;

use std::time::Duration;

use http::Method;
use ipam_core::RetryConfig;
use ipam_core::http::{HttpOptions, TokenPolicy};
use serde_json::Value;
use vra_client::Error;
use vra_client::testing::v8::{Server, ServerBuilder};
use vra_client::v8::{Client, ClientBuilder};

/// Starts a server with the example data, and a client of it that repeats nothing.
async fn example() -> (Server, Client) {
    started(Server::builder().example_data()).await
}

async fn started(builder: ServerBuilder) -> (Server, Client) {
    let server = builder.start().await.unwrap();
    let client = client_of(&server).with_password(Server::USER, Server::PASSWORD).build().unwrap();
    (server, client)
}

/// Returns a builder of a client without credentials.
fn client_of(server: &Server) -> ClientBuilder {
    Client::builder(server.url())
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .with_retry(RetryConfig::none())
        .with_token_policy(TokenPolicy::new().with_max_logins(100, Duration::from_secs(60)))
}

/// Sends a call as it is, and returns the JSON of the response.
async fn call(client: &Client, method: Method, path: &str, body: Option<Value>) -> Result<Value, Error> {
    let response = client.raw(method, path, body).await?;
    Ok(serde_json::from_slice(&response.body).unwrap_or(Value::Null))
}

async fn get(client: &Client, path: &str) -> Result<Value, Error> {
    call(client, Method::GET, path, None).await
}

async fn post(client: &Client, path: &str, body: Value) -> Result<Value, Error> {
    call(client, Method::POST, path, Some(body)).await
}

/// Polls a tracker to its end.
async fn end_of(client: &Client, tracker: &Value) -> Value {
    let path = tracker["selfLink"].as_str().unwrap();
    for _ in 0..20 {
        let polled = get(client, path).await.unwrap();
        if polled["status"] != "INPROGRESS" {
            return polled;
        }
    }
    panic!("{path} does not end");
}
