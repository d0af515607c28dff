//! Tokens: issued, renewed, refused, and never sent to another host.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use ipam_core::http::HttpOptions;
use ipam_core::{ErrorKind, RetryConfig};
use vra_client::Error;
use vra_client::error::{ErrorBody, WaitReason};
use vra_client::poll::Wait;
use vra_client::testing::v7::{Server, User};
use vra_client::testing::{Clock, Fault, When};
use vra_client::v7::Client;

use crate::{client_of, example, started};

#[tokio::test]
async fn one_login_serves_many_callers() {
    let (server, client) = example().await;
    let results = join_all((0..8).map(|_| client.identity().tenant(Server::TENANT).send())).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(server.count("POST", "/identity/api/tokens"), 1);
}

#[tokio::test]
async fn a_rejected_token_is_renewed_once_and_the_call_succeeds() {
    let (server, client) = example().await;
    client.login().await.unwrap();
    // The server expires the token early; the client does not know.
    server.expire_tokens();
    client.identity().tenant(Server::TENANT).await.unwrap();
    assert_eq!(server.count("POST", "/identity/api/tokens"), 2);
    server.fault(Fault::ExpireToken, When::any().path("/tenants/"));
    client.identity().tenant(Server::TENANT).await.unwrap();
    assert_eq!(server.count("POST", "/identity/api/tokens"), 3);
    // One 401 for no reason.
    server.fault(Fault::Html(401), When::any().path("/tenants/"));
    client.identity().tenant(Server::TENANT).await.unwrap();
    assert_eq!(server.count("POST", "/identity/api/tokens"), 4);
}

#[tokio::test]
async fn an_expired_token_is_renewed_before_it_is_sent() {
    let clock = Clock::fixed(SystemTime::now());
    let builder = Server::builder().clock(clock).token_lifetime(Duration::from_secs(1));
    let (server, client) = started(builder).await;
    client.login().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    client.identity().tenant(Server::TENANT).await.unwrap();
    let rejected = server.requests().iter().filter(|request| request.status == Some(401)).count();
    assert_eq!((rejected, server.count("POST", "/identity/api/tokens")), (0, 2));
}

#[tokio::test]
async fn a_server_that_rejects_every_token_is_asked_twice() {
    let (server, client) = example().await;
    server.fault(Fault::Html(401), When::any().path("/tenants/").always());
    let error = client.identity().tenant(Server::TENANT).await.unwrap_err();
    assert!(error.is_unauthenticated() && !matches!(error, Error::Login(_)), "{error:?}");
    assert_eq!(error.as_server().unwrap().body, ErrorBody::Html);
    assert!(error.to_string().contains("HTTP Status 401 - Authentication required"), "{error}");
    assert_eq!(server.count("GET", "/tenants/"), 2);
    // An empty body is a refusal as well.
    server.clear_faults();
    server.fault(Fault::EmptyError(401), When::any().path("/tenants/").always());
    let error = client.identity().tenant(Server::TENANT).await.unwrap_err();
    assert_eq!((error.status(), error.as_server().unwrap().body), (Some(401), ErrorBody::Empty));
}

#[tokio::test]
async fn a_wrong_password_is_told_with_the_page_and_not_repeated() {
    let (server, _) = example().await;
    let client = Client::builder(server.url())
        .with_password(Server::USER, "wrong", Server::TENANT)
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .build()
        .unwrap();
    for _ in 0..3 {
        let error = client.identity().tenant(Server::TENANT).await.unwrap_err();
        assert!(matches!(error, Error::Login(_)) && error.is_unauthenticated(), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("wrong\""), "{error:?}");
    }
    assert_eq!(server.count("POST", "/identity/api/tokens"), 1);
    // The right password for another tenant is none.
    let other = Client::builder(server.url())
        .with_password(Server::USER, Server::PASSWORD, "vsphere.local")
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .build()
        .unwrap();
    assert!(other.login().await.unwrap_err().is_unauthenticated());
}

#[tokio::test]
async fn a_token_is_checked_handed_on_and_ended() {
    let (server, client) = example().await;
    let issued = client.identity().issue_token(Server::USER, Server::PASSWORD, Server::TENANT).await.unwrap();
    let token: secrecy::SecretString = issued.id.unwrap();
    assert!(client.identity().token_is_valid(&token).await.unwrap());
    assert!(client.identity().security_context(&token).await.is_ok());
    let other = Client::builder(server.url())
        .with_token(token.clone())
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .build()
        .unwrap();
    other.identity().tenant(Server::TENANT).await.unwrap();
    client.identity().delete_token(&token).await.unwrap();
    assert!(!client.identity().token_is_valid(&token).await.unwrap());
    assert!(other.identity().tenant(Server::TENANT).await.unwrap_err().is_unauthenticated());
    client.identity().delete_token(&token).await.unwrap();
    client.logout().await.unwrap();
    assert!(client.identity().tenant(Server::TENANT).await.is_ok(), "it logs in again");
}

#[tokio::test]
async fn the_log_has_no_secret() {
    let (server, client) = example().await;
    client.login().await.unwrap();
    client.logout().await.unwrap();
    let log: String = server.requests().iter().map(|r| format!("{r:?} {:?} {}", r.headers, r.body)).collect();
    assert!(log.contains(Server::USER) && !log.contains(Server::PASSWORD), "{log}");
    assert!(log.contains("DELETE /identity/api/tokens/REDACTED -> 204"), "{log}");
    assert!(!log.contains("Bearer"), "{log}");
}

#[tokio::test]
async fn another_host_never_sees_the_token() {
    let elsewhere = Server::start().await.unwrap();
    let (server, client) = example().await;
    // Links with another host are asked of the configured server.
    server.fault(Fault::LinkOrigin(elsewhere.url()), When::any().path("entitledCatalogItemViews"));
    server.fault(Fault::LinkOrigin(elsewhere.url()), When::any().method("POST").path("/requests"));
    let catalog = client.catalog();
    let item = catalog.item_named("CentOS").await.unwrap();
    let link = item.template_link().unwrap();
    assert!(link.href.as_deref().unwrap().starts_with(&elsewhere.url()), "{link:?}");
    let template = catalog.template_of(&item).unwrap().await.unwrap();
    let submitted = catalog.submit_to(&item, template).unwrap().await.unwrap();
    assert_eq!(submitted.location, Some(format!("/catalog-service/api/consumer/requests/{}", submitted.id)));
    catalog.request(&submitted.id).await.unwrap();
    // A redirect to another host is refused.
    server
        .fault(Fault::Redirect(format!("{}/identity/api/tenants/qe", elsewhere.url())), When::any().path("/tenants/"));
    let error = client.identity().tenant(Server::TENANT).await.unwrap_err();
    assert!(matches!(error, Error::UnexpectedLink { .. }), "{error:?}");
    assert_eq!(elsewhere.requests(), [], "nothing was sent there");
    assert_eq!(server.pending_faults(), 0);
}

#[tokio::test]
async fn rights_are_missed_by_name() {
    let builder = Server::builder().user(User::new(Server::USER, Server::PASSWORD).without_fabric_admin());
    let (_server, client) = started(builder).await;
    let error = client.network_profiles().list().all().await.unwrap_err();
    assert!(error.is_permission_denied(), "{error:?}");
}

#[tokio::test]
async fn what_was_not_carried_out_is_repeated_and_what_may_have_been_is_not() {
    let (server, _) = example().await;
    let client = client_of(&server).with_retry(RetryConfig::default()).build().unwrap();
    client.login().await.unwrap();
    // A read is repeated after a busy gateway, a cut connection and a lost response.
    for fault in [Fault::Html(503), Fault::DropBefore, Fault::DropAfter] {
        server.fault(fault, When::any().path("/tenants/"));
        client.identity().tenant(Server::TENANT).await.unwrap();
    }
    assert_eq!(server.count("GET", "/tenants/"), 6);
    // The submission of a request is not repeated: the lost response may have been a success.
    let item = client.catalog().item_named("CentOS").await.unwrap();
    let template = || async { client.catalog().template_of(&item).unwrap().await.unwrap() };
    for fault in [Fault::DropAfter, Fault::Html(502), Fault::Status(500, "no luck".into())] {
        let template = template().await;
        server.fault(fault, When::any().method("POST").path("/requests"));
        assert!(client.catalog().submit_to(&item, template).unwrap().await.is_err());
    }
    assert_eq!(server.count("POST", "/requests"), 3);
    assert_eq!(server.seed(|store| store.request_count()), 1, "the one whose response was lost");
}

#[tokio::test]
async fn a_slow_server_is_given_up() {
    let (server, client) = example().await;
    client.login().await.unwrap();
    let slow = || When::any().path("/consumer/requests").always();
    server.fault(Fault::Latency(Duration::from_secs(30)), slow());
    let limits = Wait::up_to(Duration::from_millis(100));
    let Err(Error::Wait(error)) = client.catalog().wait_for("any", &limits).await else { panic!("it waited") };
    assert!(matches!(error.reason, WaitReason::Deadline) && error.polls == 0, "{error:?}");
    let options = HttpOptions::new().with_allow_http(true).with_attempt_timeout(Duration::from_millis(100));
    let client = client_of(&server).with_http_options(options).build().unwrap();
    let error = client.catalog().request("any").await.unwrap_err();
    assert!(matches!(&error, Error::Transport { source, .. } if source.kind() == ErrorKind::Timeout), "{error:?}");
}
