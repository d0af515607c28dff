//! G. Authentication.

use std::time::Duration;

use ipam_core::ErrorKind;
use phpipam_client::models::SectionFields;
use phpipam_client::testing::{Fault, Server, When};
use phpipam_client::{Auth, Client, Error, RefusalKind};
use serde_json::json;

use super::{Canned, no, ok};
use crate::support::{client, options};

#[tokio::test]
async fn q51_an_expired_token_is_401_for_every_controller_but_user() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    client.sections().list().await.unwrap();
    server.expire_tokens();
    client.sections().create("abc", &SectionFields::new()).await.unwrap();
    assert_eq!(
        (server.count("POST", "/user/"), server.count("POST", "/sections/")),
        (2, 2),
        "one new login, one repetition"
    );
    for (status, message) in
        [(401, "Unauthorized"), (403, "Token expired"), (403, "Invalid token"), (403, "Please provide token")]
    {
        let canned = Canned::always(status, no(status, message)).await;
        let error = canned.client.user().token().await.unwrap_err();
        assert_eq!(error.refusal_kind(), Some(RefusalKind::Unauthorized), "{message}");
    }
}

#[tokio::test]
async fn q52_401_also_means_a_read_only_app_and_no_new_login() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    server.fault(Fault::Status(401, "invalid permissions".into()), When::any().method("DELETE").always());
    let error = client.sections().delete(1.into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!((server.count("POST", "/user/"), server.count("DELETE", "/sections/")), (1, 1));
}

#[tokio::test]
async fn q53_one_token_per_user_is_shared_and_never_deleted_unasked() {
    let server = Server::start().await.unwrap();
    let (one, two) = (client(&server), client(&server));
    one.sections().list().await.unwrap();
    two.sections().list().await.unwrap();
    drop(one);
    two.sections().list().await.unwrap();
    assert_eq!((server.count("DELETE", "/user/"), server.count("POST", "/user/")), (0, 2));
    two.user().logout_everywhere().await.unwrap();
    assert_eq!(server.count("DELETE", "/user/"), 1);
}

#[tokio::test]
async fn q54_no_timer_renews_tokens() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    client.sections().list().await.unwrap();
    server.advance(Duration::from_secs(5 * 3600));
    client.sections().list().await.unwrap();
    server.advance(Duration::from_secs(5 * 3600));
    client.sections().list().await.unwrap();
    assert_eq!((server.count("POST", "/user/"), server.count("PATCH", "/user/")), (1, 0), "each call extends it");
    assert!(client.user().refresh().await.unwrap().expires.is_some());
}

#[tokio::test]
async fn q55_a_lockout_is_waited_for_and_bad_credentials_are_not_repeated() {
    for message in [
        "Your IP has been blocked for 5 minutes because of excessive login failures",
        "Your IP has been blocked for 5 minutes because of excesive login failures",
    ] {
        let canned = Canned::always(500, no(500, message)).await;
        let error = canned.client.sections().list().await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(300))));
        assert_eq!(canned.asked().await.len(), 1);
        let locked = canned.with_auth(Auth::user("joe", "x"));
        for _ in 0..5 {
            assert_eq!(locked.sections().list().await.unwrap_err().kind(), ErrorKind::RateLimited);
        }
        assert_eq!(canned.asked().await.len(), 2, "one login in five minutes");
    }
    for message in ["Invalid username or password", "User account is disabled", "Your account has been disabled."] {
        let canned = Canned::always(500, no(500, message)).await;
        let wrong = canned.with_auth(Auth::user("joe", "x"));
        for _ in 0..20 {
            assert_eq!(wrong.sections().list().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
        }
        assert_eq!(canned.asked().await.len(), 1, "{message}");
    }
}

#[tokio::test]
async fn q56_an_app_code_is_checked_by_reading_sections() {
    let canned = Canned::new().await.on("GET", "/user/$", 409, no(409, "Authentication not needed")).await;
    let canned = canned.on("GET", "/sections/$", 200, ok(json!([]))).await;
    canned.client.user().check().await.unwrap();
    assert_eq!(canned.client.user().token().await.unwrap_err().kind(), ErrorKind::Config);
    let old = Canned::always(200, ok(json!({"expires": null}))).await;
    assert_eq!(old.client.user().token().await.unwrap().expires, None);
}

#[tokio::test]
async fn q57_the_header_of_the_token_has_two_names() {
    let canned = Canned::always(200, ok(json!([]))).await;
    canned.client.sections().list().await.unwrap();
    let other = Client::builder(canned.url(), "app", Auth::app_code("c0de"))
        .with_http_options(options())
        .with_token_header(http::HeaderName::from_static("phpipam-token"))
        .build()
        .unwrap();
    other.sections().list().await.unwrap();
    let requests = canned.requests().await;
    assert_eq!(requests[0].headers["token"], "code");
    assert!(requests[1].headers.get("token").is_none());
    assert_eq!(requests[1].headers["phpipam-token"], "c0de");
}

#[tokio::test]
async fn q58_https_is_judged_by_the_server() {
    let canned = Canned::always(503, no(503, "SSL connection is required for API")).await;
    let error = canned.client.sections().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let plain = Client::builder("http://ipam.example", "app", Auth::app_code("x")).build().unwrap_err();
    assert!(
        matches!(plain, Error::Http(_)) && plain.kind() == ErrorKind::Config,
        "plain HTTP must be allowed: {plain}"
    );
}

#[tokio::test]
async fn q59_fields_that_the_server_drops_silently_are_noticed() {
    use phpipam_client::models::SubnetFields;
    let canned = Canned::always(200, ok(json!({"id":7,"vlanId":null,"description":"new","tag":3}))).await;
    let fields = SubnetFields::new().with_vlan(5).with_description("new").with_tag(3).with_is_full(false);
    let error = canned.client.subnets().update_verified(7.into(), &fields).await.unwrap_err();
    assert!(matches!(&error, Error::PartlyApplied { fields, .. } if fields == &["vlanId"]), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Conflict);
}
