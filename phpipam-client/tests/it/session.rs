//! Logins: their cause, number and pauses.

use std::time::Duration;

use phpipam_client::models::AddressFields;
use phpipam_client::testing::{Fault, Server, When};
use phpipam_client::{Auth, Error, RefusalKind};

use crate::support::{admin, builder, client};

#[tokio::test]
async fn many_calls_share_one_login() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.sections().list().await.unwrap().len() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(server.count("POST", "/user/"), 1);
}

#[tokio::test]
async fn an_expired_token_is_replaced_once_and_the_call_repeated_also_for_writes() {
    let server = Server::start().await.unwrap();
    let subnet = server.seed(|store| {
        let section = store.add_section("Lab");
        store.add_subnet(section, "10.0.0.0/24".parse().unwrap())
    });
    let client = client(&server);
    client.sections().list().await.unwrap();
    server.expire_tokens();
    let taken = client.addresses().allocate_first_free(subnet.into(), &AddressFields::new()).await.unwrap();
    assert_eq!(taken.ip.to_string(), "10.0.0.1");
    assert_eq!(server.count("POST", "/user/"), 2);
    assert_eq!(server.count("POST", "/first_free/"), 2, "refused once, done once");
}

#[tokio::test]
async fn a_server_that_rejects_every_token_is_asked_twice() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    server.fault(Fault::Status(401, "Unauthorized".into()), When::any().path("/sections/").always());
    let error = client.sections().list().await.unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Unauthorized));
    assert_eq!((server.count("GET", "/sections/"), server.count("POST", "/user/")), (2, 2));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_whatever_is_called() {
    let server = Server::start().await.unwrap();
    let client = builder(&server.url(), Auth::user(Server::USER, "wrong")).build().unwrap();
    for _ in 0..20 {
        let error = client.sections().list().await.unwrap_err();
        assert_eq!(error.kind(), ipam_core::ErrorKind::Unauthenticated, "{error}");
        assert!(matches!(error, Error::LoginFailed(_) | Error::LoginPaused { wait: None, .. }));
    }
    assert_eq!(server.count("POST", "/user/"), 1);
}

#[tokio::test]
async fn no_loop_logs_in_more_than_twice_a_minute() {
    let server = Server::start().await.unwrap();
    let client =
        builder(&server.url(), admin()).with_token_policy(ipam_core::http::TokenPolicy::new()).build().unwrap();
    server.fault(Fault::Status(401, "Unauthorized".into()), When::any().path("/sections/").always());
    let mut last = None;
    for _ in 0..10 {
        last = client.sections().list().await.err();
    }
    assert_eq!(server.count("POST", "/user/"), 2);
    let last = last.unwrap();
    assert!(matches!(last, Error::TooManyLogins { wait } if wait <= Duration::from_secs(60)), "{last:?}");
}

#[tokio::test]
async fn no_user_is_logged_out() {
    let server = Server::start().await.unwrap();
    drop(client(&server).sections().list().await.unwrap());
    assert_eq!(server.count("DELETE", "/user/"), 0);
}

#[tokio::test]
async fn nothing_printed_has_a_secret() {
    let server = Server::start().await.unwrap();
    let wrong = builder(&server.url(), Auth::user("joe", "pa55")).build().unwrap();
    let error = wrong.sections().list().await.unwrap_err();
    let right = client(&server);
    let token = right.user().login(Server::USER, &Server::PASSWORD.to_owned().into()).await.unwrap();
    let users = right.user().list().await.unwrap();
    let core = ipam_core::Error::from(wrong.sections().list().await.unwrap_err());
    let code = builder(&server.url(), Auth::app_code("pa55")).build().unwrap();
    let json = serde_json::to_string(&users).unwrap();
    let shown = format!("{error} {error:?} {wrong:?} {right:?} {token:?} {users:?} {core:?} {code:?} {json}");
    use secrecy::ExposeSecret as _;
    let secret = token.token.unwrap().secret().expose_secret().to_owned();
    for hidden in ["pa55", Server::PASSWORD, &secret] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(secret.len() >= 20);
}

#[tokio::test]
async fn the_first_contact_says_what_is_wrong_and_not_that_something_was_before() {
    use crate::quirks::{Canned, no};
    use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
    let connect = async |canned: &Canned, auth: Auth| {
        let error = PhpIpamProvider::connect(canned.with_auth(auth), PhpIpamConfig::new()).await.unwrap_err();
        let text = error.to_string();
        assert!(!text.contains("earlier"), "{text}");
        text
    };
    let user = || Auth::user("joe", "x");
    let page = Canned::text(404, "text/html", "<html><h1>404 Not Found</h1></html>").await;
    assert!(connect(&page, user()).await.contains("path before /api/"));
    let wrong = Canned::text(401, "text/html", "Authentication failed").await;
    assert!(connect(&wrong, user()).await.contains("path before /api/"));
    let https = Canned::text(400, "text/html", "You're speaking plain HTTP to an SSL-enabled server port.").await;
    assert!(connect(&https, user()).await.contains("https://"));
    let app = Canned::always(400, no(400, "Invalid application id")).await;
    assert!(connect(&app, user()).await.contains("app id"));
    // A wrong app code, a login where the code is wanted: one at the login, one after it.
    let code = Canned::always(401, no(401, "Unauthorized")).await;
    assert!(connect(&code, Auth::app_code("wrong")).await.contains("app code is wrong"));
    assert!(connect(&code, user()).await.contains("may want its app code"));
    let later = Canned::new()
        .await
        .on(
            "POST",
            "/user/",
            200,
            serde_json::json!({"code":200,"success":true,
        "data":{"token":"t0ken"}}),
        )
        .await
        .on("GET", ".*", 401, no(401, "Unauthorized"))
        .await
        .on("OPTIONS", ".*", 401, no(401, "Unauthorized"))
        .await;
    let text = connect(&later, user()).await;
    assert!(text.contains("may want its app code") && !text.contains("t0ken"), "{text}");
}
