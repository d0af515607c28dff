//! F. Statuses and errors.

use ipam_core::{ErrorKind, Retry};
use phpipam_client::models::{AddressFields, SectionFields};
use phpipam_client::{Error, RefusalKind, Shortage};
use serde_json::json;

use super::{Canned, no};

async fn one(status: u16, message: &str) -> (Error, usize) {
    let canned = Canned::always(status, no(status, message)).await;
    let error = canned.client.subnets().get(999.into()).await.unwrap_err();
    (error, canned.asked().await.len())
}

async fn allocation(status: u16, message: &str) -> (Error, usize) {
    let canned = Canned::always(status, no(status, message)).await;
    let error = canned.client.addresses().allocate_first_free(8.into(), &AddressFields::new()).await.unwrap_err();
    let posts = canned.asked().await.iter().filter(|asked| asked.starts_with("POST")).count();
    (error, posts)
}

#[tokio::test]
async fn q46_what_is_missing_is_400_or_404() {
    for (status, message) in [(400, "Invalid subnet Id (999)"), (404, "Invalid subnet Id (999)"), (404, "Invalid Id")] {
        assert!(one(status, message).await.0.is_not_found(), "{status} {message}");
    }
    assert_eq!(one(400, "Invalid application id").await.0.kind(), ErrorKind::Config);
    assert_eq!(one(400, "Invalid controller").await.0.kind(), ErrorKind::Unsupported);
    assert_eq!(one(400, "Invalid netmask").await.0.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn q47_client_errors_come_as_500() {
    for message in [
        "Error: No values to update",
        "0.0.0.0 is not a valid address for subnet 192.168.0.0/24",
        "IP address not valid! (x)",
        "IP address not in selected subnet! (x)",
        "Cannot add broadcast as IP address!",
        "Error: SQLSTATE[22001]: String data, right truncated: 1406 Data too long for column 'description' at row 1",
        "Error: SQLSTATE[23000]: Integrity constraint violation: 1048 Column 'isPool' cannot be null",
    ] {
        let (error, requests) = one(500, message).await;
        assert_eq!((error.kind(), requests), (ErrorKind::InvalidInput, 1), "{message}");
        assert!(error.to_string().contains(message), "the server's words are kept: {error}");
    }
    let (error, requests) = one(500, "Something new").await;
    assert_eq!((error.refusal_kind(), requests), (Some(RefusalKind::Server), 1), "not repeated blindly");
}

#[tokio::test]
async fn q48_a_lost_race_is_409_or_500_and_repeated_for_allocations() {
    let duplicate = "Error: SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry '3232235787-28' for key 'sid_ip_unique'";
    for (status, message) in
        [(409, "IP address already exists"), (500, duplicate), (409, "IP-Adresse existiert bereits")]
    {
        let (error, posts) = allocation(status, message).await;
        assert_eq!((error.kind(), posts), (ErrorKind::Conflict, 2), "{message}");
        assert_eq!(error.retry(), Retry::Never, "after the last attempt");
    }
    let canned = Canned::always(409, no(409, "IP address already exists")).await;
    let ip = "10.0.0.1".parse().unwrap();
    let error = canned.client.addresses().create(8.into(), ip, &AddressFields::new()).await.unwrap_err();
    assert!(error.is_conflict());
    assert_eq!(canned.asked().await.len(), 1, "asking for the same address again cannot help");
}

#[tokio::test]
async fn q49_messages_are_translated_and_statuses_decide() {
    let (error, _) = one(404, "Kein Subnetz gefunden").await;
    assert!(error.is_not_found());
    let full = Canned::always(404, no(404, "Keine freien Adressen")).await;
    assert!(full.client.addresses().peek_first_free(8.into()).await.unwrap_err().is_exhausted());
    assert_eq!(one(401, "Nicht autorisiert").await.0.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn q50_503_means_five_things() {
    let write =
        async |canned: &Canned| canned.client.sections().create("abc", &SectionFields::new()).await.unwrap_err();
    for busy in [
        Canned::always(503, no(503, "Transaction timed out after 30 seconds because of transaction lock")).await,
        Canned::text(503, "text/html", "").await,
        Canned::always(200, no(500, "MySQL wait timeout exceeded after 1.0007 seconds")).await,
    ] {
        let error = write(&busy).await;
        assert_eq!((error.kind(), busy.asked().await.len()), (ErrorKind::Busy, 2), "{error}");
    }
    for message in [
        "API server disabled",
        "Application disabled",
        "SSL connection is required for API",
        "App requires SSL connection",
        "Invalid app security",
        "Invalid enc_request",
    ] {
        let canned = Canned::always(503, no(503, message)).await;
        assert_eq!((write(&canned).await.kind(), canned.asked().await.len()), (ErrorKind::Config, 1), "{message}");
    }
    let canned = Canned::always(503, no(503, "Invalid app permissions")).await;
    assert_eq!(canned.client.user().list().await.unwrap_err().kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn q66_get_and_post_of_first_free_disagree() {
    let (error, _) = allocation(404, "No free addresses found (subnet is full)").await;
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Exhausted(Shortage::MarkedFull)));
    let parent = Canned::always(409, no(409, "Subnet contains subnets")).await;
    let error = parent.client.subnets().peek_first_free(5.into()).await.unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Structural));
    let old = Canned::always(200, no(200, "No free addresses found")).await;
    assert!(old.client.addresses().peek_first_free(5.into()).await.unwrap_err().is_exhausted());
    let (error, _) = allocation(400, "Invalid subnet identifier").await;
    assert!(error.is_not_found());
}

#[tokio::test]
async fn a_known_path_without_that_method_is_501_with_success() {
    let canned = Canned::always(501, json!({"code":501,"success":true,"message":"Not Implemented"})).await;
    let error = canned.client.raw(http::Method::POST, "search/x/", None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn every_refusal_becomes_an_error_of_the_core_with_the_servers_words() {
    let (error, _) = one(404, "Invalid Id").await;
    let core = ipam_core::Error::from(error);
    assert_eq!((core.kind(), core.retry()), (ErrorKind::NotFound, Retry::Never));
    assert!(core.to_string().contains("GET subnets/999/") && core.to_string().contains("Invalid Id"), "{core}");
}
