//! Client of a server of the tests.

use std::time::Duration;

use ipam_core::http::{HttpOptions, ProxyOptions, TokenPolicy};
use phpipam_client::testing::Server;
use phpipam_client::{Auth, Client, ClientBuilder};

pub(crate) fn options() -> HttpOptions {
    HttpOptions::new().with_allow_http(true).with_proxy(ProxyOptions::none())
}

/// Many tests reject more tokens in a second than a real server does in a day.
pub(crate) fn many_logins() -> TokenPolicy {
    TokenPolicy::new().with_max_logins(1000, Duration::from_secs(60))
}

pub(crate) fn builder(url: &str, auth: Auth) -> ClientBuilder {
    Client::builder(url, Server::APP, auth).with_http_options(options()).with_token_policy(many_logins())
}

pub(crate) fn admin() -> Auth {
    Auth::user(Server::USER, Server::PASSWORD)
}

pub(crate) fn client(server: &Server) -> Client {
    builder(&server.url(), admin()).build().unwrap()
}
