//! Credentials and rights: one call that logs in at most once.

use http::Method;

use super::api::{ENABLE_APP, Wants, locked_out, php_warnings};
use super::check::Check;
use super::report::{Finding, Report};
use super::subject::Subject;
use super::url::Place;
use crate::auth::Mode;
use crate::error::{Error, RefusalKind};

/// Uses the credentials for the first time, and reads the app's permission. Returns false if no call is possible.
///
/// Called only after TLS was checked.
pub(super) async fn check(subject: &Subject, place: &Place, wants: Wants, report: &mut Report) -> bool {
    let app = format!("app {}", subject.app);
    let level = match place.client.raw(Method::OPTIONS, "", None).await {
        Ok(response) => {
            if response.warning.is_some() && report.of(Check::PhpWarnings).next().is_none() {
                report.add(php_warnings("OPTIONS"));
            }
            response.data.get("permissions").and_then(|level| level.as_str()).map(str::to_owned)
        }
        Err(error) if is_about_credentials(&error) => {
            report.add(rejected(subject, wants, &error));
            return false;
        }
        // A version or a proxy that does not know the method says nothing about rights.
        Err(Error::Refused(_) | Error::NotAnApi(_)) => None,
        Err(error) => {
            let remedy = "look at the error log of the web server and of PHP";
            report.add(Finding::new(Check::LoginFailed, app, error, remedy));
            return false;
        }
    };
    match level.as_deref() {
        // 1.5 to 1.7 on PHP 8 let reads of a disabled app pass.
        Some("Disabled") => report.add(Finding::new(Check::AppDisabled, app, "the app is disabled", ENABLE_APP)),
        Some("Read") => {
            let remedy = "give it read/write permission under Administration, API, unless this is intended";
            report.add(Finding::new(
                Check::AppReadOnly,
                app,
                "the app may only read: nothing can be allocated",
                remedy,
            ));
        }
        Some("Admin") => {
            let message = "the app has the permission read/write/admin, with which it lists users with the hashes of their passwords";
            report.add(Finding::new(
                Check::AppAdmin,
                app,
                message,
                "read/write is enough for all that this library does",
            ));
        }
        Some(_) => {}
        None => {
            let message = "the server does not say what the app may do";
            let remedy = "look it up under Administration, API; let OPTIONS pass if a proxy refuses it";
            report.add(Finding::new(Check::RightsUnknown, app, message, remedy));
        }
    }
    report.facts.permission = level;
    true
}

fn is_about_credentials(error: &Error) -> bool {
    error.is_about_session()
        || matches!(
            error.refusal_kind(),
            Some(
                RefusalKind::Unauthorized
                    | RefusalKind::BadCredentials
                    | RefusalKind::LockedOut
                    | RefusalKind::Config
                    | RefusalKind::Unavailable
                    | RefusalKind::RateLimited
            )
        )
}

/// Returns the finding for credentials that do not work.
fn rejected(subject: &Subject, wants: Wants, error: &Error) -> Finding {
    let cause = match error {
        Error::LoginFailed(cause) | Error::LoginPaused { cause, .. } => cause.as_ref(),
        // The token was given out by the one login that is allowed, and then rejected.
        Error::TooManyLogins { .. } => return wants_code(subject),
        other => other,
    };
    let app = format!("app {}", subject.app);
    let by_user = matches!(subject.auth.0, Mode::User { .. });
    let who = match &subject.auth.0 {
        Mode::User { name, .. } => format!("user {name}"),
        _ => app.clone(),
    };
    let Some(refusal) = cause.refusal() else {
        let remedy = "look at the error log of the web server and of PHP, and at the network";
        return Finding::new(Check::LoginFailed, who, cause, remedy);
    };
    let says = |text: &str| refusal.message.contains(text);
    match refusal.kind {
        RefusalKind::LockedOut => locked_out(refusal),
        RefusalKind::BadCredentials if says("disabled") => {
            let remedy = "enable the user in phpIPAM, or use another one; no further login was tried";
            Finding::new(Check::UserDisabled, who, "the user is disabled", remedy)
        }
        RefusalKind::BadCredentials => {
            let message = "user name or password is wrong";
            let remedy =
                "correct them; each further failure counts, and 11 in a row block this host's address for 5 minutes";
            Finding::new(Check::BadCredentials, who, message, remedy)
        }
        RefusalKind::Busy => {
            let message = format!(
                "the server's write lock was not free in time, and a login waits for it: {:?}",
                refusal.message
            );
            let remedy = "try again; if it stays so, look at the app's lock settings and for a process that hangs";
            Finding::new(Check::LoginBusy, who, message, remedy)
        }
        // Up to 1.7 a code app refuses logins with 401, or 409 beside a code.
        RefusalKind::Unauthorized | RefusalKind::Config if by_user && !says("SSL") => wants_code(subject),
        RefusalKind::Unauthorized if wants == Wants::Code => {
            let remedy = "give the code as it is shown under Administration, API, for this app; make a new one there if in doubt";
            Finding::new(Check::CodeRejected, app, "the app code is wrong", remedy)
        }
        RefusalKind::Unauthorized => {
            let message = "the server does not accept the app code: the app wants a user's login, or, before 1.8, the code is wrong";
            let remedy = "compare with Administration, API: for \"SSL with User token\" and \"none\" give user and password \
                (USER@ in a provider's URL), for \"SSL with App code token\" the code";
            Finding::new(Check::AppWantsUser, app, message, remedy)
        }
        _ => {
            let remedy = "look at the error log of the web server and of PHP";
            Finding::new(Check::LoginFailed, who, refusal, remedy)
        }
    }
}

fn wants_code(subject: &Subject) -> Finding {
    let remedy = "give its app code: auth=code and IPAM_APP_CODE for a provider's URL, Auth::app_code in a program; or set its \
        security to \"SSL with User token\"";
    let message = "the app does not take the login of a user: it wants its app code";
    Finding::new(Check::AppWantsCode, format!("app {}", subject.app), message, remedy)
}
