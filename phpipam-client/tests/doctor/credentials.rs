//! Credentials against the security of the app, and rights.

use phpipam_client::Auth;
use phpipam_client::doctor::{Check, Severity, Step};
use phpipam_client::testing::{App, Fault, Permission, Security, Server, UserAccount, When};

use crate::stage::{CODE, examined, lacks, only, options, subject, user, wants, with_app};

/// A code app behind a proxy that ends TLS.
async fn code_app(auth: Auth) -> (Server, phpipam_client::doctor::Subject) {
    let app = App::new("app").with_security(Security::SslCode).with_code(CODE);
    let server = Server::builder().app(app).https(true).start().await.unwrap();
    let subject = phpipam_client::doctor::Subject::new(server.url(), "app", auth).with_http_options(options());
    (server, subject)
}

#[tokio::test]
async fn a_user_for_a_code_app_is_told_without_a_login() {
    let (server, subject) = code_app(user()).await;
    wants(&examined(&subject).await, Check::AppWantsCode, Severity::Error, &["IPAM_APP_CODE", "no login was tried"]);
    assert_eq!(server.count("POST", ""), 0);
}

#[tokio::test]
async fn missing_credentials_are_told() {
    let (server, subject) = with_app(App::new("app"), Auth::none()).await;
    wants(&examined(&subject).await, Check::NoCredentials, Severity::Error, &["Administration, API"]);
    assert_eq!(server.count("OPTIONS", ""), 0);
}

#[tokio::test]
async fn a_code_for_an_app_with_logins_and_a_wrong_code_are_told_apart() {
    let (_server, subject) = with_app(App::new("app"), Auth::app_code(CODE)).await;
    wants(&examined(&subject).await, Check::AppWantsUser, Severity::Error, &["USER@", "user's login"]);
    let (_server, subject) = code_app(Auth::app_code("another code")).await;
    wants(&examined(&subject).await, Check::CodeRejected, Severity::Error, &["the app code is wrong"]);
    let (server, subject) = code_app(Auth::app_code(CODE)).await;
    let report = examined(&subject).await;
    assert_eq!(report.not_done(), [], "{report:#?}");
    assert_eq!(server.count("POST", ""), 0, "a code needs no login");
}

#[tokio::test]
async fn a_wrong_password_costs_one_login_and_ends_the_examination() {
    let server = Server::start().await.unwrap();
    let subject = phpipam_client::doctor::Subject::new(server.url(), Server::APP, Auth::user("admin", "wrong"))
        .with_http_options(options());
    let report = examined(&subject).await;
    wants(&report, Check::BadCredentials, Severity::Error, &["user admin", "11 in a row"]);
    assert_eq!(server.count("POST", "/user/"), 1);
    assert!(report.not_done().contains(&Step::Server));
}

#[tokio::test]
async fn a_disabled_user_is_told() {
    let account = UserAccount::new(Server::USER, Server::PASSWORD).with_disabled(true);
    let server = Server::builder().user(account).start().await.unwrap();
    wants(&examined(&subject(&server)).await, Check::UserDisabled, Severity::Error, &["enable the user"]);
    assert_eq!(server.count("POST", "/user/"), 1);
}

#[tokio::test]
async fn a_busy_lock_and_a_failing_login_are_told_apart() {
    for (fault, check, word) in
        [(Fault::LockTimeout, Check::LoginBusy, "lock"), (Fault::EmptyError500, Check::LoginFailed, "error log")]
    {
        let server = Server::start().await.unwrap();
        server.fault(fault, When::any().method("POST").path("/user/").always());
        wants(&examined(&subject(&server)).await, check, Severity::Error, &[word]);
        assert_eq!(server.count("POST", "/user/"), 1);
    }
}

#[tokio::test]
async fn a_token_that_is_rejected_at_once_is_not_followed_by_another_login() {
    let server = Server::start().await.unwrap();
    server.fault(Fault::Status(401, "Unauthorized".to_owned()), When::any().method("OPTIONS").always());
    assert_eq!(only(&examined(&subject(&server)).await, Check::AppWantsCode).severity, Severity::Error);
    assert_eq!(server.count("POST", "/user/"), 1);
}

#[tokio::test]
async fn rights_of_the_app_are_told() {
    for (permission, check, severity) in [
        (Permission::Read, Check::AppReadOnly, Severity::Warning),
        (Permission::Admin, Check::AppAdmin, Severity::Note),
    ] {
        let (_server, subject) = with_app(App::new("app").with_permission(permission), user()).await;
        let report = examined(&subject).await;
        wants(&report, check, severity, &["read/write"]);
        assert!(report.facts.permission.is_some());
    }
    let (server, subject) = with_app(App::new("app"), user()).await;
    let report = examined(&subject).await;
    for check in [Check::AppReadOnly, Check::AppAdmin, Check::RightsUnknown] {
        lacks(&report, check);
    }
    server.fault(Fault::Status(501, "Not Implemented".to_owned()), When::any().method("OPTIONS").always());
    wants(&examined(&subject).await, Check::RightsUnknown, Severity::Note, &["OPTIONS"]);
}
