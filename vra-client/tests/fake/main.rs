//! Client against the simulated server: whole tasks, with failures in each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod admin;
mod deployments;
mod lists;
mod network;
mod requests;
mod samples;
mod session;

use std::time::Duration;

use ipam_core::RetryConfig;
use ipam_core::http::{HttpOptions, TokenPolicy};
use vra_client::poll::Wait;
use vra_client::testing::v7::{Release, Server, ServerBuilder};
use vra_client::v7::{Client, ClientBuilder};

/// Starts a server with the example data, and a client of it that repeats nothing.
async fn example() -> (Server, Client) {
    started(Server::builder().example_data()).await
}

/// Starts a server of 6.2 with the example data, and a client of it.
async fn example_62() -> (Server, Client) {
    started(Server::builder().example_data().release(Release::V6_2)).await
}

async fn started(builder: ServerBuilder) -> (Server, Client) {
    let server = builder.start().await.unwrap();
    let client = client_of(&server).build().unwrap();
    (server, client)
}

fn client_of(server: &Server) -> ClientBuilder {
    as_user(server, Server::USER)
}

fn as_user(server: &Server, user: &str) -> ClientBuilder {
    Client::builder(server.url())
        .with_password(user, Server::PASSWORD, Server::TENANT)
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .with_retry(RetryConfig::none())
        .with_token_policy(TokenPolicy::new().with_max_logins(100, Duration::from_secs(60)))
}

/// Returns a wait of up to 20 s with pauses of 1 to 2 ms.
fn soon() -> Wait {
    Wait::up_to(Duration::from_secs(20)).with_pauses(Duration::from_millis(1), Duration::from_millis(2))
}

/// Returns the id of the business group in the example data.
fn group(server: &Server) -> String {
    server.seed(|store| store.subtenant(Server::SUBTENANT)).unwrap()
}
