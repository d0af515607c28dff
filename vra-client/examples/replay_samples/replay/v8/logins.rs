//! Logins: the client makes their calls by itself.

use http::Method;
use serde_json::{Value, json};
use vra_client::request::ApiRequest;
use vra_client::v8::{AccessToken, Client, ClientBuilder, IssuedToken};
use vra_client::{Error, HttpOptions};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::replay::body::{Members, refused};
use crate::replay::check::{compare, keeps, keeps_object};
use crate::replay::route::{ANY, Route};

/// Returns the calls of the logins. There are no prepared calls to take them from.
pub(super) fn routes() -> Vec<Route> {
    let post = |template: &str| Route::of(&ApiRequest::new(Method::POST, template, &[ANY]));
    let password = || post("/csp/gateway/am/api/login").reads(keeps::<IssuedToken>).sends(sends_password);
    vec![
        password(),
        password().with_query("access_token"),
        post("/iaas/api/login").reads(keeps::<AccessToken>).sends(sends_refresh_token),
        post("/tm/oauth/tenant/{organization}/token").reads(keeps::<AccessToken>),
        post("/oauth/tenant/{organization}/token").reads(keeps::<AccessToken>),
        post("/csp/gateway/am/api/auth/logout"),
        Route::of(&ApiRequest::new(Method::GET, "/automation/config.json", &[])).reads(keeps_object),
    ]
}

fn sends_password(json: &str) -> Result<Vec<String>, String> {
    let mut members = Members::read(json)?;
    let (user, password) = (members.required::<String>("username")?, members.required::<String>("password")?);
    let domain = members.optional::<String>("domain")?;
    sends(members, "username", |builder| {
        let builder = builder.with_password(user, password);
        match domain {
            Some(domain) => builder.with_domain(domain),
            None => builder,
        }
    })
}

fn sends_refresh_token(json: &str) -> Result<Vec<String>, String> {
    let mut members = Members::read(json)?;
    let token = members.required::<String>("refreshToken")?;
    sends(members, "refreshToken", |builder| builder.with_refresh_token(token))
}

/// Compares a body with the one that a client of these credentials logs in with.
///
/// No method shows it, so that a password is in no value of the caller. It is sent to a server of this process.
/// `checked` is the member that a client refuses if it cannot be used.
fn sends(
    members: Members,
    checked: &'static str,
    with: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Vec<String>, String> {
    let original = members.without_others()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let sent = runtime.block_on(async {
        let server = MockServer::start().await;
        let token = ResponseTemplate::new(200).set_body_json(json!({"token": "dummy", "cspAuthToken": "dummy"}));
        Mock::given(any()).respond_with(token).mount(&server).await;
        let options = HttpOptions::new().with_allow_http(true);
        let client = with(Client::builder(server.uri()).with_http_options(options)).build()?;
        client.login().await?;
        Ok::<_, Error>(server.received_requests().await.unwrap_or_default())
    });
    let sent = sent.map_err(refused(checked))?;
    let sent: Option<Value> = sent.first().and_then(|request| request.body_json().ok());
    compare(&sent, &original)?;
    Ok(Vec::new())
}
