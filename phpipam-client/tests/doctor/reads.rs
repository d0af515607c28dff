//! The doctor only reads, and logs in once.

use phpipam_client::doctor::{Check, Severity};
use phpipam_client::testing::{Numbers, Server};

use crate::stage::{examined, subject};

#[tokio::test]
async fn an_examination_reads_and_logs_in_once() {
    for numbers in [Numbers::Native, Numbers::Strings] {
        let server = Server::builder().example_data().numbers(numbers).start().await.unwrap();
        let report = examined(&subject(&server)).await;
        assert_eq!(report.not_done(), [], "{report:#?}");
        let written: Vec<_> = server
            .requests()
            .into_iter()
            .filter(|request| !matches!(request.method.as_str(), "GET" | "OPTIONS"))
            .map(|request| format!("{} {}", request.method, request.path))
            .collect();
        assert_eq!(written, ["POST /api/test/user/"]);
        let first = server.requests().into_iter().position(|request| request.method == "POST").unwrap();
        let secret = |name: &str| server.requests()[..first].iter().any(|request| request.header(name).is_some());
        assert!(first >= 3 && !secret("authorization") && !secret("token"));
    }
}

#[tokio::test]
async fn an_expired_token_is_not_replaced() {
    use phpipam_client::testing::{Fault, When};
    let server = Server::builder().example_data().start().await.unwrap();
    server.fault(Fault::ExpireToken, When::any().path("/subnets/all/").times(1));
    let report = examined(&subject(&server)).await;
    assert_eq!(server.count("POST", "/user/"), 1);
    assert!(report.of(Check::ListFailed).next().is_some(), "{:#?}", report.findings);
}

#[tokio::test]
async fn a_report_is_json_with_code_names() {
    let server = Server::builder().example_data().start().await.unwrap();
    let report = examined(&subject(&server)).await;
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["worst"], "note");
    assert_eq!(report.worst(), Some(Severity::Note));
    let codes: Vec<_> = json["findings"].as_array().unwrap().iter().map(|finding| finding["check"].clone()).collect();
    assert!(codes.contains(&"version_unclear".into()), "{json:#}");
    assert_eq!(json["facts"]["version"], "1.8 or later");
    assert_eq!(json["facts"]["lists"][1]["list"], "addresses/all/");
    assert_eq!(json["steps"].as_array().unwrap().len(), 12);
}
