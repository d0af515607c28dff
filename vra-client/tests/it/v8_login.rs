//! Logins of version 8, against a mock server with the responses of each test.

use std::time::{Duration, SystemTime};

use serde_json::json;
use vra_client::poll::Wait;
use vra_client::v8::{Client, ClientBuilder, Product};
use vra_client::{Error, ErrorKind, HttpOptions, RetryConfig, TokenPolicy};
use wiremock::matchers::{body_json, body_string, header, method, path, query_param, query_param_is_missing};
use wiremock::{Match, Mock, MockServer, Request, ResponseTemplate};

use crate::sample;

pub(crate) const PASSWORD: &str = "hunter2-password";
const REFRESH: &str = "hunter2-refresh";

/// Returns a builder of a client that repeats nothing and may log in ten times.
pub(crate) fn builder(server: &MockServer) -> ClientBuilder {
    Client::builder(server.uri())
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .with_retry(RetryConfig::none())
        .with_token_policy(TokenPolicy::new().with_max_logins(10, Duration::from_secs(60)))
}

/// Starts a server that accepts a refresh token, and a client of it that is not logged in.
pub(crate) async fn started() -> (MockServer, Client) {
    let server = MockServer::start().await;
    let body = json!({"tokenType": "Bearer", "token": "hunter2-access"});
    respond(&server, "POST", "/iaas/api/login", ResponseTemplate::new(200).set_body_json(body)).await;
    let client = builder(&server).with_refresh_token(REFRESH).build().unwrap();
    (server, client)
}

pub(crate) async fn respond(server: &MockServer, verb: &str, at: &str, response: ResponseTemplate) {
    Mock::given(method(verb)).and(path(at)).respond_with(response).mount(server).await;
}

/// Mounts the exchange of a refresh token, once.
async fn exchange(server: &MockServer, refresh: &str, response: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path("/iaas/api/login"))
        .and(body_json(json!({"refreshToken": refresh})))
        .respond_with(response)
        .up_to_n_times(1)
        .expect(1)
        .mount(server)
        .await;
}

fn issued(token: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"tokenType": "Bearer", "token": token}))
}

/// Mounts the login with the password, once.
async fn password(server: &MockServer, response: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path("/csp/gateway/am/api/login"))
        .and(query_param("access_token", ""))
        .and(body_json(json!({"username": "tony", "password": PASSWORD, "domain": "lab.example"})))
        .respond_with(response)
        .up_to_n_times(1)
        .expect(1)
        .mount(server)
        .await;
}

/// Mounts the response to a token, a number of times.
async fn about(server: &MockServer, token: &str, status: u16, times: u64) {
    Mock::given(method("GET"))
        .and(path("/iaas/api/about"))
        .and(header("authorization", format!("Bearer {token}").as_str()))
        .respond_with(ResponseTemplate::new(status).set_body_json(sample("v8_iaas_about_200").body))
        .expect(times)
        .mount(server)
        .await;
}

fn with_password(server: &MockServer) -> Client {
    builder(server).with_password("tony", PASSWORD).with_domain("lab.example").build().unwrap()
}

fn shown(error: &Error) -> String {
    format!("{error} {error:?}")
}

#[tokio::test]
async fn a_password_becomes_a_refresh_token_and_that_an_access_token() {
    let server = MockServer::start().await;
    password(&server, ResponseTemplate::new(200).set_body_json(sample("v8_csp_login_access_token_200").body)).await;
    exchange(
        &server,
        "dummy-refresh_token",
        ResponseTemplate::new(200).set_body_json(sample("v8_iaas_login_200").body),
    )
    .await;
    about(&server, "dummy-token", 200, 2).await;
    let client = with_password(&server);
    client.about().await.unwrap();
    let about = client.about().await.unwrap();
    assert_eq!(about.latest_api_version.as_deref(), Some("2021-07-15"));
}

/// The second login uses the refresh token of the first, and the password only when that has expired.
#[tokio::test]
async fn a_rejected_token_is_renewed_once_and_an_expired_refresh_token_by_the_password() {
    let server = MockServer::start().await;
    password(&server, ResponseTemplate::new(200).set_body_json(json!({"refresh_token": "r1"}))).await;
    exchange(&server, "r1", issued("a1")).await;
    about(&server, "a1", 401, 1).await;
    exchange(&server, "r1", issued("a2")).await;
    about(&server, "a2", 200, 1).await;
    let client = with_password(&server);
    client.about().await.unwrap();
    server.verify().await;

    server.reset().await;
    about(&server, "a2", 401, 1).await;
    exchange(&server, "r1", ResponseTemplate::new(400)).await;
    password(&server, ResponseTemplate::new(200).set_body_json(json!({"refresh_token": "r2"}))).await;
    exchange(&server, "r2", issued("a3")).await;
    about(&server, "a3", 200, 1).await;
    client.about().await.unwrap();
}

#[tokio::test]
async fn a_server_that_rejects_every_token_is_asked_twice() {
    let server = MockServer::start().await;
    exchange(&server, REFRESH, issued("a1")).await;
    exchange(&server, REFRESH, issued("a2")).await;
    about(&server, "a1", 401, 1).await;
    about(&server, "a2", 401, 1).await;
    let client = builder(&server).with_refresh_token(REFRESH).build().unwrap();
    assert!(client.about().await.unwrap_err().is_unauthenticated());
}

#[tokio::test]
async fn the_direct_login_takes_one_request() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/csp/gateway/am/api/login"))
        .and(query_param_is_missing("access_token"))
        .and(body_json(json!({"username": "tony@lab.example", "password": PASSWORD})))
        .respond_with(ResponseTemplate::new(200).set_body_json(sample("v8_csp_login_cspauthtoken_200").body))
        .expect(1)
        .mount(&server)
        .await;
    about(&server, "dummy-cspAuthToken", 200, 1).await;
    let client = builder(&server).with_password("tony@lab.example", PASSWORD).with_direct_login().build().unwrap();
    client.about().await.unwrap();
}

#[tokio::test]
async fn an_organization_of_vcf_automation_logs_in_with_a_form() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/tm/oauth/tenant/lab%20org/token"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string("grant_type=refresh_token&refresh_token=a%2Bb%26c"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"access_token": "vcf", "expires_in": 3600})))
        .expect(1)
        .mount(&server)
        .await;
    about(&server, "vcf", 200, 1).await;
    let client = builder(&server).with_organization("lab org", "a+b&c").build().unwrap();
    client.about().await.unwrap();
    // No call is known that ends this token, so nothing is sent.
    client.logout().await.unwrap();
}

/// The token of an account of a service is replaced at each login. Some releases have the call at another path.
#[tokio::test]
async fn a_refresh_token_that_is_replaced_is_used_next() {
    let server = MockServer::start().await;
    for (given, next, access) in [("r1", Some("r2"), "a1"), ("r2", Some("r3"), "a2"), ("r3", None, "a3")] {
        let mut body = json!({"access_token": access, "token_type": "Bearer"});
        if let Some(next) = next {
            body["refresh_token"] = next.into();
        }
        Mock::given(method("POST"))
            .and(path("/oauth/tenant/lab/token"))
            .and(body_string(format!("grant_type=refresh_token&refresh_token={given}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .expect(1)
            .mount(&server)
            .await;
    }
    about(&server, "a1", 401, 1).await;
    about(&server, "a2", 200, 1).await;
    about(&server, "a3", 200, 1).await;
    let client = builder(&server).with_organization("lab", "r1").build().unwrap();
    client.about().await.unwrap();
    client.logout().await.unwrap();
    client.about().await.unwrap();
}

#[tokio::test]
async fn the_two_products_are_told_apart() {
    for (response, expected) in [
        (ResponseTemplate::new(404), Product::Automation8),
        (
            ResponseTemplate::new(200).set_body_json(json!({"applicationVersion": "OS4wLjAuMA=="})),
            Product::VcfAutomation { version: "9.0.0.0".into() },
        ),
        (ResponseTemplate::new(200).set_body_json(json!({"applicationVersion": "OC4xOC4x"})), Product::Automation8),
    ] {
        let server = MockServer::start().await;
        respond(&server, "GET", "/automation/config.json", response).await;
        assert_eq!(builder(&server).build().unwrap().product().await.unwrap(), expected);
    }
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html");
    respond(&server, "GET", "/automation/config.json", page).await;
    assert!(matches!(builder(&server).build().unwrap().product().await, Err(Error::Decode(_))));
}

#[tokio::test]
async fn a_wrong_password_is_sent_once_and_not_shown() {
    let server = MockServer::start().await;
    let body = json!({"timestamp": 1, "type": "T", "status": "400 BAD_REQUEST", "error": "Bad Request",
        "serverMessage": format!("no user with {PASSWORD}")});
    password(&server, ResponseTemplate::new(400).set_body_json(body)).await;
    let client = with_password(&server);
    for _ in 0..3 {
        let error = client.about().await.unwrap_err();
        assert!(matches!(&error, Error::Login(_)) && error.status() == Some(400), "{error:?}");
        let shown = shown(&error);
        assert!(shown.contains("check all three") && !shown.contains(PASSWORD), "{shown}");
    }
}

#[tokio::test]
async fn an_expired_refresh_token_is_named() {
    for status in [400, 401, 403] {
        let server = MockServer::start().await;
        let body = json!({"message": REFRESH, "errorCode": 7});
        exchange(&server, REFRESH, ResponseTemplate::new(status).set_body_json(body)).await;
        let client = builder(&server).with_refresh_token(REFRESH).build().unwrap();
        for _ in 0..2 {
            let error = client.about().await.unwrap_err();
            let shown = shown(&error);
            assert!(shown.contains("expired") && shown.contains("[7]") && !shown.contains(REFRESH), "{shown}");
            assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthenticated, Some(status)));
            assert!(error.is_unauthenticated() && !error.is_permission_denied());
        }
    }
}

/// The password was right: another one, or a new token, would not help.
#[tokio::test]
async fn a_user_without_a_role_is_told_from_a_wrong_password() {
    for status in [400, 401, 403] {
        let server = MockServer::start().await;
        password(&server, ResponseTemplate::new(200).set_body_json(json!({"refresh_token": "r1"}))).await;
        exchange(&server, "r1", ResponseTemplate::new(status)).await;
        let error = with_password(&server).about().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert!(error.to_string().contains("has a role"), "{error}");
    }
}

/// A missing right is no expired token: a login per refused call would use up the logins of all other calls.
#[tokio::test]
async fn a_forbidden_call_does_not_log_in_again() {
    let (server, client) = started().await;
    let forbidden = sample("v8_error_forbidden_403").body;
    respond(&server, "GET", "/iaas/api/projects", ResponseTemplate::new(403).set_body_json(forbidden)).await;
    for _ in 0..3 {
        let error = client.projects().list().all().await.unwrap_err();
        assert!(error.is_permission_denied() && matches!(error, Error::Server(_)), "{error:?}");
    }
    let logins = |requests: Vec<Request>| requests.iter().filter(|request| request.method == "POST").count();
    assert_eq!(logins(server.received_requests().await.unwrap()), 1);
}

/// The password is sent to a server of the other product; its 404 alone would say little.
#[tokio::test]
async fn a_login_of_the_other_product_is_named() {
    let server = MockServer::start().await;
    let builders = [
        builder(&server).with_password("tony", PASSWORD),
        builder(&server).with_refresh_token(REFRESH),
        builder(&server).with_organization("lab", REFRESH),
    ];
    for builder in builders {
        let error = builder.build().unwrap().about().await.unwrap_err();
        assert_eq!((error.status(), error.kind()), (Some(404), ErrorKind::Config));
        assert!(error.to_string().contains("with_organization"), "{error}");
    }
}

/// The gateway of a server that starts has no call at all. What a caller waits for is not gone for that.
#[tokio::test]
async fn a_login_that_is_missing_for_a_while_makes_nothing_gone() {
    let server = MockServer::start().await;
    let client = builder(&server).with_refresh_token(REFRESH).build().unwrap();
    let limits =
        Wait::up_to(Duration::from_millis(50)).with_pauses(Duration::from_millis(10), Duration::from_millis(10));
    let error = client.deployments().wait_until_deleted("d1", &limits).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert_eq!(client.deployments().is_name_taken("web").await.unwrap_err().kind(), ErrorKind::Config);
    assert!(!client.projects().get("p1").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_login_page_in_place_of_json_is_named() {
    let server = MockServer::start().await;
    let page = || ResponseTemplate::new(200).set_body_raw(format!("<html>{REFRESH}</html>"), "text/html");
    respond(&server, "POST", "/iaas/api/login", page()).await;
    let client = builder(&server).with_refresh_token(REFRESH).build().unwrap();
    let error = client.about().await.unwrap_err();
    assert!(shown(&error).contains("login page") && !shown(&error).contains(REFRESH), "{error:?}");

    let (server, client) = started().await;
    respond(&server, "GET", "/iaas/api/about", page()).await;
    let error = client.about().await.unwrap_err();
    assert!(matches!(&error, Error::Decode(_)) && error.to_string().contains("login page"), "{error}");
}

/// A JWT that ends two minutes from now by the server's clock, which is hours behind.
#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    // {"exp":1600000120}; the response is of 1600000000.
    let token = "e30.eyJleHAiOjE2MDAwMDAxMjB9.x";
    let date = "Sun, 13 Sep 2020 12:26:40 GMT";
    assert_eq!(
        jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).map(SystemTime::from).unwrap(),
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000)
    );
    for (min_ttl, logins) in [(60, 1), (180, 2)] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(issued(token).insert_header("date", date))
            .expect(logins)
            .mount(&server)
            .await;
        about(&server, token, 200, 2).await;
        let policy = TokenPolicy::new().with_min_ttl(Duration::from_secs(min_ttl));
        let policy = policy.with_max_logins(10, Duration::from_secs(60));
        let client = builder(&server).with_refresh_token(REFRESH).with_token_policy(policy).build().unwrap();
        client.about().await.unwrap();
        client.about().await.unwrap();
    }
}

struct HasIdToken;

impl Match for HasIdToken {
    fn matches(&self, request: &Request) -> bool {
        request.body_json::<serde_json::Value>().is_ok_and(|body| body["idToken"] == "hunter2-access")
    }
}

#[tokio::test]
async fn logout_ends_the_token() {
    for status in [200, 404] {
        let (server, client) = started().await;
        Mock::given(method("POST"))
            .and(path("/csp/gateway/am/api/auth/logout"))
            .and(HasIdToken)
            .respond_with(ResponseTemplate::new(status))
            .expect(1)
            .mount(&server)
            .await;
        // Not logged in yet: nothing to end.
        client.logout().await.unwrap();
        client.login().await.unwrap();
        client.logout().await.unwrap();
    }
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let (server, client) = started().await;
    respond(&server, "GET", "/iaas/api/about", ResponseTemplate::new(403).set_body_string("no")).await;
    let error = client.about().await.unwrap_err();
    let builders = [
        builder(&server).with_password("tony", PASSWORD),
        builder(&server).with_refresh_token(REFRESH),
        builder(&server).with_organization("o", REFRESH),
        builder(&server).with_token(REFRESH),
    ];
    let mut text = format!("{client:?} {error:?} {error}");
    for builder in builders {
        text.push_str(&format!("{builder:?} {:?}", builder.clone().build().unwrap()));
    }
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("tony"));
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let at = || Client::builder("https://vra.example");
    assert!(at().with_password(" ", "x").build().is_err());
    assert!(at().with_password("tony", "x").with_domain("").build().is_err());
    assert!(at().with_organization("", "x").build().is_err());
    assert!(at().with_refresh_token("x").with_domain("lab").build().unwrap_err().to_string().contains("with_password"));
    assert!(at().with_token("x").with_direct_login().build().is_err());
    let plain = Client::builder("http://vra.example").with_password("tony", "x").build().unwrap_err().to_string();
    assert!(plain.starts_with("client: configure: wrong configuration"), "{plain}");
    for version in ["2021-7-15", "latest", "2021-13-01", ""] {
        let error = at().with_iaas_version(version).build().unwrap_err();
        assert!(error.to_string().contains("2021-07-15"), "{error}");
        assert!(at().with_service_version(version).build().is_err());
    }
    assert!(Client::builder("http://vra.example").build().is_err(), "plain HTTP must be allowed");
}
