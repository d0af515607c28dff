//! URL, name and connections.

use phpipam_client::doctor::{Check, Severity, Step, Subject};
use phpipam_client::testing::Server;
use phpipam_client::{Auth, HttpOptions};
use tokio::net::TcpListener;

use crate::stage::{examined, lacks, options, subject, user, wants};

#[tokio::test]
async fn a_url_that_cannot_be_used_is_told_with_an_example() {
    for url in ["ipam.example", "ftp://ipam.example", "https://me:secret@ipam.example"] {
        let report = examined(&Subject::new(url, "app", user())).await;
        wants(&report, Check::UrlInvalid, Severity::Error, &["https://ipam.example/phpipam"]);
        assert_eq!(report.steps.len(), 1, "nothing was sent");
        assert!(report.not_done().contains(&Step::Dns));
    }
    let report =
        examined(&Subject::new("http://ipam.example", "app", user()).with_http_options(HttpOptions::new())).await;
    wants(&report, Check::UrlInvalid, Severity::Error, &["plain HTTP"]);
}

#[tokio::test]
async fn an_app_id_that_is_no_path_is_told() {
    let report = examined(&Subject::new("https://ipam.example", "a/b", user())).await;
    wants(&report, Check::AppIdInvalid, Severity::Error, &["a/b", "Administration, API"]);
}

#[tokio::test]
async fn the_path_of_the_api_in_the_url_is_told_with_the_right_url() {
    let server = Server::start().await.unwrap();
    for path in ["/api", "/api/test"] {
        let subject = Subject::new(format!("{}{path}", server.url()), "test", user()).with_http_options(options());
        let report = examined(&subject).await;
        let right = format!("give the URL {},", server.url());
        wants(&report, Check::UrlApiPath, Severity::Error, &["/api in its path", &right]);
        assert_eq!(server.count("POST", ""), 0);
    }
    // It may be the right path, though an odd one.
    let odd = Server::builder().base_path("/api/ipam").start().await.unwrap();
    let report = examined(&subject(&odd)).await;
    lacks(&report, Check::UrlApiPath);
    assert_eq!(report.not_done(), []);
}

#[tokio::test]
async fn plain_http_is_a_warning_but_on_this_machine() {
    let server = Server::start().await.unwrap();
    wants(&examined(&subject(&server)).await, Check::UrlPlainHttp, Severity::Note, &["https://"]);
    let far = Subject::new("http://phpipam.invalid", "app", Auth::none()).with_http_options(options());
    let report = examined(&far).await;
    wants(&report, Check::UrlPlainHttp, Severity::Warning, &["credentials"]);
    // The name does not exist, by RFC 2606.
    wants(&report, Check::DnsFailed, Severity::Error, &["phpipam.invalid", "name servers"]);
    lacks(&report, Check::Unreachable);
}

#[tokio::test]
async fn a_port_without_a_server_is_told_once_with_its_address() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let report = examined(&Subject::new(format!("http://{address}"), "app", user()).with_http_options(options())).await;
    wants(&report, Check::Unreachable, Severity::Error, &[&address.to_string(), "firewall"]);
    assert_eq!(report.facts.addresses, [address]);
}
