//! Web server, API and app, before any credentials.

use phpipam_client::Auth;
use phpipam_client::doctor::{Check, Report, Severity, Subject};
use phpipam_client::testing::{App, Fault, Permission, Security, Server, When};

use crate::raw::{Raw, Said, data, page, refusal, said};
use crate::stage::{CODE, examined, lacks, options, subject, user, wants, with_app};

/// Examines a server that responds so, and wants that it got no credentials.
async fn of(respond: impl Fn(&str) -> Said + Send + Sync + 'static) -> Report {
    let server = Raw::start(respond).await;
    let url = format!("http://{}/base", server.address);
    let report = examined(&Subject::new(url, "app", user()).with_http_options(options())).await;
    for head in server.heads() {
        let head = head.to_ascii_lowercase();
        assert!(!head.contains("authorization:") && !head.contains("\ntoken:"), "{head}");
        assert!(head.starts_with("get "), "{head}");
    }
    report
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_right_url_named() {
    let to = |location: &'static str| {
        move |_: &str| Said { headers: format!("location: {location}\r\n"), ..page(301, "Moved") }
    };
    let report = of(to("https://ipam.example/phpipam/api/app/sections/?secret=1")).await;
    wants(&report, Check::Redirect, Severity::Error, &["give the URL https://ipam.example/phpipam:", "HTTP 301"]);
    assert!(!format!("{report:?}").contains("secret=1"));
    let report = of(to("/login/")).await;
    wants(&report, Check::Redirect, Severity::Error, &["/login", "rewrite rules"]);
}

#[tokio::test]
async fn missing_rewrite_rules_another_base_path_and_no_api_are_told_apart() {
    let report = of(|head| match head.starts_with("get /base/api/?app_id=app&") {
        true => refusal(401, "Unauthorized"),
        false => page(404, "Not Found"),
    })
    .await;
    wants(&report, Check::RewriteMissing, Severity::Error, &["mod_rewrite", "nginx"]);
    for (path, status) in [("get /phpipam/api/app/", 404), ("get /api/app/", 302)] {
        // phpIPAM redirects paths that it does not know to its login page.
        let elsewhere = move || Said { headers: "location: /login/\r\n".to_owned(), ..page(status, "Not here") };
        let report = of(move |head| match head.starts_with(path) {
            true => refusal(401, "Unauthorized"),
            false => elsewhere(),
        })
        .await;
        wants(&report, Check::BasePath, Severity::Error, &["/base", "give the URL http://127.0.0.1"]);
    }
    let report = of(|_| page(404, "Not Found")).await;
    wants(&report, Check::NoApi, Severity::Error, &["HTTP 404", "without /api"]);
    let report = of(|_| page(200, "Welcome")).await;
    wants(&report, Check::NoApi, Severity::Error, &["web interface"]);
}

#[tokio::test]
async fn what_the_server_says_of_api_and_app_is_explained() {
    for (status, message, check, words) in [
        (503, "API server disabled", Check::ApiDisabled, "phpIPAM settings"),
        (400, "Invalid application id", Check::AppUnknown, "App id"),
        (503, "Application disabled", Check::AppDisabled, "permission"),
        (503, "SSL connection is required for API", Check::HttpsRequired, "https://"),
        (503, "App requires SSL connection", Check::HttpsRequired, "https://"),
        (503, "Invalid app security", Check::AppSecurityInvalid, "SSL with App code token"),
        (503, "Invalid enc_request", Check::AppCrypt, "crypt"),
        (
            500,
            "Your IP has been blocked for 5 minutes because of excessive login failures",
            Check::LockedOut,
            "wait 5 minutes",
        ),
        (418, "I am a teapot", Check::ApiUnexpected, "teapot"),
    ] {
        let report = of(move |_| refusal(status, message)).await;
        wants(&report, check, Severity::Error, &[words]);
        assert_eq!(report.findings.iter().filter(|found| found.severity == Severity::Error).count(), 1);
    }
}

#[tokio::test]
async fn the_simulator_says_the_same() {
    let server = Server::start().await.unwrap();
    server.seed(|store| store.set_api_enabled(false));
    wants(&examined(&subject(&server)).await, Check::ApiDisabled, Severity::Error, &[]);
    let server = Server::start().await.unwrap();
    let unknown = Subject::new(server.url(), "other", user()).with_http_options(options());
    wants(&examined(&unknown).await, Check::AppUnknown, Severity::Error, &["app other"]);
    for (app, check) in [
        (App::new("app").with_permission(Permission::Disabled), Check::AppDisabled),
        (App::new("app").with_security(Security::User), Check::AppSecurityInvalid),
        (App::new("app").with_security(Security::SslToken), Check::HttpsRequired),
    ] {
        let (server, subject) = with_app(app, user()).await;
        wants(&examined(&subject).await, check, Severity::Error, &["app app"]);
        assert_eq!(server.count("POST", ""), 0);
    }
}

#[tokio::test]
async fn a_lock_out_is_noticed_without_another_login() {
    let server = Server::start().await.unwrap();
    let wrong = Subject::new(server.url(), Server::APP, Auth::user(Server::USER, "wrong")).with_http_options(options());
    for _ in 0..11 {
        wants(&examined(&wrong).await, Check::BadCredentials, Severity::Error, &[]);
    }
    assert_eq!(server.count("POST", "/user/"), 11, "one each");
    wants(&examined(&subject(&server)).await, Check::LockedOut, Severity::Error, &["wait 5 minutes"]);
    assert_eq!(server.count("POST", "/user/"), 11);
}

#[tokio::test]
async fn encrypted_requests_to_an_app_with_logins_are_told() {
    #[cfg(feature = "crypt")]
    {
        let (server, subject) = with_app(App::new("app"), Auth::crypt(CODE)).await;
        wants(&examined(&subject).await, Check::AppCrypt, Severity::Error, &["does not take encrypted requests"]);
        assert_eq!(server.requests().iter().filter(|request| request.query.contains("enc_request")).count(), 0);
    }
    let _ = CODE;
}

#[tokio::test]
async fn data_without_credentials_is_an_error() {
    // Every call succeeds, as on a server that a caller can get past.
    let server = Raw::start(|_| data("[]")).await;
    let url = format!("http://{}", server.address);
    let report = examined(&Subject::new(url, "app", Auth::app_code(CODE)).with_http_options(options())).await;
    wants(&report, Check::NoAuthentication, Severity::Error, &["without credentials", "upgrade"]);
}

#[tokio::test]
async fn a_proxy_and_php_that_fail_are_told_apart() {
    for (fault, check) in [
        (Fault::Html(502), Check::Unavailable),
        (Fault::EmptyError500, Check::PhpFailed),
        (Fault::DropBefore, Check::Unreachable),
    ] {
        let server = Server::start().await.unwrap();
        server.fault(fault, When::any().path("/sections/").always());
        wants(&examined(&subject(&server)).await, check, Severity::Error, &["look at"]);
        assert_eq!(server.count("POST", ""), 0);
    }
}

#[tokio::test]
async fn warnings_of_php_are_a_finding_and_the_examination_goes_on() {
    let warned = |body: Said| Said {
        body: format!("<br />\n<b>Warning</b>:  Undefined key in <b>x.php</b>\n{}", body.body),
        ..body
    };
    let report = of(move |_| warned(refusal(503, "API server disabled"))).await;
    wants(&report, Check::PhpWarnings, Severity::Warning, &["display_errors", "php_warnings=skip"]);
    wants(&report, Check::ApiDisabled, Severity::Error, &[]);
    // Warnings that only a call with credentials meets.
    let server = Raw::start(move |head| match head.contains("\ntoken:") {
        true => warned(data(r#"{"permissions":"Write"}"#)),
        false => refusal(401, "Unauthorized"),
    })
    .await;
    let url = format!("http://{}", server.address);
    let report = examined(&Subject::new(url, "app", Auth::app_code(CODE)).with_http_options(options())).await;
    wants(&report, Check::PhpWarnings, Severity::Warning, &["display_errors"]);
    lacks(&of(|_| said(503, "application/json", &refusal(503, "API server disabled").body)).await, Check::PhpWarnings);
}
