//! Tokens, apps and blocking.

use std::time::{Duration, SystemTime};

use phpipam_client::testing::{App, Clock, Permission, Security, Server};

use crate::wire::{Caller, exchange, login};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_slides_and_expires_after_six_hours() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let server = Server::builder().clock(Clock::fixed(start)).start().await.unwrap();
    let caller = Caller::of(&server);
    assert_eq!(login(server.address(), "test", "admin:correct horse").json()["data"]["token"], caller.token.as_str());
    server.advance(Duration::from_secs(5 * 3600));
    assert_eq!(caller.get("vlans/").message(), "No vlans configured", "a call extends the token");
    server.advance(Duration::from_secs(5 * 3600));
    assert_eq!(caller.get("vlans/").status, 404);
    server.advance(Duration::from_secs(6 * 3600));
    let response = caller.get("vlans/");
    assert_eq!((response.status, response.message().as_str()), (401, "Unauthorized"));
    assert_eq!(response.header("location"), Some("/api//user/"));
    let response = caller.get("user/");
    assert_eq!((response.status, response.message().as_str()), (403, "Token expired"));
    assert_ne!(Caller::of(&server).token, caller.token);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_local_to_the_server() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let server = Server::builder().clock(Clock::fixed(start)).utc_offset_minutes(-300).start().await.unwrap();
    let response = login(server.address(), "test", "admin:correct horse");
    assert_eq!(response.json()["data"]["expires"], "2027-01-15 09:00:00");
}

#[tokio::test(flavor = "multi_thread")]
async fn eleven_bad_logins_block_everything_for_five_minutes() {
    let server = Server::start().await.unwrap();
    let caller = Caller::of(&server);
    for _ in 0..11 {
        assert_eq!(login(server.address(), "test", "admin:wrong").message(), "Invalid username or password");
    }
    let blocked = "Your IP has been blocked for 5 minutes because of excessive login failures";
    for response in [login(server.address(), "test", "admin:correct horse"), caller.get("sections/")] {
        assert_eq!((response.status, response.message().as_str()), (500, blocked));
    }
    server.advance(Duration::from_secs(301));
    assert_eq!(caller.get("sections/").status, 200);
    assert_eq!(login(server.address(), "test", "admin:correct horse").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_code_needs_tls_and_no_login() {
    let app = App::new("code").with_security(Security::SslCode).with_code("secret").with_permission(Permission::Read);
    let server = Server::builder().app(app).start().await.unwrap();
    let get =
        |headers: &[(&str, &str)]| exchange(server.address(), "GET", "/api/code/sections/", headers, None).unwrap();
    assert_eq!(get(&[("token", "secret")]).message(), "SSL connection is required for API");
    let https = ("x-forwarded-proto", "https");
    assert_eq!(get(&[("token", "secret"), https]).status, 200);
    assert_eq!(get(&[("token", "other"), https]).status, 401);
    let post = exchange(server.address(), "POST", "/api/code/sections/", &[("token", "secret"), https], None).unwrap();
    assert_eq!((post.status, post.message().as_str()), (401, "invalid permissions"));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_not_in_the_log() {
    let server = Server::start().await.unwrap();
    let caller = Caller::of(&server);
    caller.get("sections/");
    let log = server.requests();
    let text = format!("{log:?}{:?}", log.iter().map(|r| &r.headers).collect::<Vec<_>>());
    assert!(!text.contains(&caller.token) && !text.contains("Y29ycmVjdCBob3JzZQ"), "{text}");
    assert_eq!(log[0].header("authorization"), Some("REDACTED"));
    assert_eq!(log[1].header("token"), Some("REDACTED"));
}
