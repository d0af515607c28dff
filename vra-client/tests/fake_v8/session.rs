//! Logins of both generations, with wrong passwords, expired tokens and a login page in place of JSON.

use std::time::{Duration, SystemTime};

use vra_client::Error;
use vra_client::testing::v8::{Release, Server, User};
use vra_client::testing::{Clock, Fault, When};
use vra_client::v8::Product;

use crate::{client_of, example, get, started};

#[tokio::test]
async fn every_login_form_works() {
    let ann = User::new("ann", "secret").of_domain("corp.example");
    let server = Server::builder().user(ann).start().await.unwrap();
    let token = server.seed(|store| store.refresh_token("ann"));
    let by_password = |name: &str| client_of(&server).with_password(name, "secret");
    for builder in [
        by_password("ann").with_domain("corp.example"),
        by_password("ann@corp.example"),
        by_password("ann@corp.example").with_direct_login(),
        client_of(&server).with_refresh_token(token),
    ] {
        let client = builder.build().unwrap();
        client.about().await.unwrap();
        assert_eq!(client.product().await.unwrap(), Product::Automation8);
        client.logout().await.unwrap();
    }
    // The domain is missing, or another one.
    for builder in [by_password("ann"), by_password("ann@corp.example").with_domain("other.example")] {
        let client = builder.build().unwrap();
        for _ in 0..3 {
            assert!(matches!(client.about().await, Err(Error::Login(_))));
        }
    }
    assert_eq!(server.seed(|store| (store.failed_logins("ann"), store.failed_logins("ann@corp.example"))), (1, 1));
}

#[tokio::test]
async fn vcf_automation_9_takes_a_token_of_an_organization_only() {
    let server = Server::builder().release(Release::Vcf9).start().await.unwrap();
    let token = server.seed(|store| store.refresh_token(Server::USER));
    let client = client_of(&server).with_organization(Server::ORGANIZATION, token.clone()).build().unwrap();
    assert_eq!(client.product().await.unwrap(), Product::VcfAutomation { version: "9.0.1.0".to_owned() });
    client.about().await.unwrap();
    let other = client_of(&server).with_organization("other", token.clone()).build().unwrap();
    assert!(matches!(other.about().await, Err(Error::Login(_))));
    let wrong = client_of(&server).with_organization(Server::ORGANIZATION, "refresh-wrong").build().unwrap();
    let error = wrong.about().await.unwrap_err();
    assert!(matches!(error, Error::Login(_)) && !format!("{error:?} {error}").contains("refresh-wrong"), "{error:?}");
    let eight = client_of(&server).with_refresh_token(token).build().unwrap();
    assert!(eight.about().await.is_err());
}

#[tokio::test]
async fn tokens_expire_on_the_clock_and_are_renewed_once() {
    let clock = Clock::fixed(SystemTime::now());
    let builder = Server::builder().clock(clock).refresh_token_lifetime(Duration::from_secs(3600 * 24));
    let (server, client) = started(builder).await;
    client.about().await.unwrap();
    // Early, so that the client cannot know.
    server.expire_tokens();
    client.about().await.unwrap();
    server.fault(Fault::ExpireToken, When::any().path("/about"));
    client.about().await.unwrap();
    assert_eq!((server.count("POST", "/am/api/login"), server.count("POST", "/iaas/api/login")), (1, 3));
    // Both tokens are over; the password gives new ones.
    server.advance(Duration::from_secs(3600 * 25));
    client.about().await.unwrap();
    assert_eq!(server.count("POST", "/am/api/login"), 2);
    let over = server.seed(|store| store.refresh_token(Server::USER));
    server.advance(Duration::from_secs(3600 * 48));
    let other = client_of(&server).with_refresh_token(over.clone()).build().unwrap();
    let error = other.about().await.unwrap_err();
    assert!(matches!(error, Error::Login(_)) && !format!("{error:?} {error}").contains(&over), "{error:?}");
}

#[tokio::test]
async fn a_login_page_and_a_missing_role_are_errors_and_no_secret_is_logged() {
    let (server, client) = example().await;
    server.fault(Fault::Html(200), When::any().path("/iaas/api/projects"));
    assert!(client.projects().list().all().await.is_err());
    client.logout().await.unwrap();
    let log: String = server.requests().iter().map(|r| format!("{r:?} {:?} {}", r.headers, r.body)).collect();
    for secret in [Server::PASSWORD, "refresh-", "Bearer ", "eyJ"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    let server =
        Server::builder().user(User::new(Server::USER, Server::PASSWORD).without_iaas()).start().await.unwrap();
    let client = client_of(&server).with_password(Server::USER, Server::PASSWORD).build().unwrap();
    assert!(client.projects().list().all().await.unwrap_err().is_permission_denied());
    get(&client, "/catalog/api/items").await.unwrap();
}
