//! Subjects and reports of the tests.

use std::time::Duration;

use phpipam_client::doctor::{Check, Finding, Report, Severity, Subject, examine};
use phpipam_client::testing::{App, Server};
use phpipam_client::{Auth, HttpOptions, ProxyOptions};

/// Code of apps; in no report.
pub(crate) const CODE: &str = "c0de-that-is-a-secret";

pub(crate) fn options() -> HttpOptions {
    HttpOptions::new()
        .with_allow_http(true)
        .with_proxy(ProxyOptions::none())
        .with_attempt_timeout(Duration::from_secs(20))
}

pub(crate) fn user() -> Auth {
    Auth::user(Server::USER, Server::PASSWORD)
}

/// The default app of a server, with its user.
pub(crate) fn subject(server: &Server) -> Subject {
    Subject::new(server.url(), Server::APP, user()).with_http_options(options())
}

/// A server with one app, and a subject for it.
pub(crate) async fn with_app(app: App, auth: Auth) -> (Server, Subject) {
    let server = Server::builder().app(app).start().await.unwrap();
    let subject = Subject::new(server.url(), "app", auth).with_http_options(options());
    (server, subject)
}

/// Examines, and wants that no secret is in the report.
pub(crate) async fn examined(subject: &Subject) -> Report {
    let report = examine(subject).await;
    let shown = format!("{report:?} {}", serde_json::to_string(&report).unwrap());
    for secret in [Server::PASSWORD, CODE] {
        assert!(!shown.contains(secret), "{shown}");
    }
    report
}

/// Returns the only finding of a check.
pub(crate) fn only(report: &Report, check: Check) -> Finding {
    let found: Vec<_> = report.of(check).collect();
    let [one] = found.as_slice() else { panic!("{check}: {:#?}", report.findings) };
    (*one).clone()
}

/// Wants a finding of this severity whose texts contain these words.
pub(crate) fn wants(report: &Report, check: Check, severity: Severity, words: &[&str]) {
    let finding = only(report, check);
    assert_eq!(finding.severity, severity, "{finding}");
    let text = finding.to_string();
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
}

pub(crate) fn lacks(report: &Report, check: Check) {
    assert_eq!(report.of(check).count(), 0, "{:#?}", report.findings);
}
