//! API and app, by requests without credentials: redirects, rewrite rules, base path, app id, security of the app.

use http::{HeaderValue, Method, StatusCode, header};
use ipam_core::Operation;
use ipam_core::http::{HttpClient, HttpRequest};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::check::Check;
use super::report::{Finding, Report};
use super::subject::Subject;
use super::url::{Place, before_api, shown};
use crate::auth::Mode;
use crate::envelope::{Received, Reply, classify};
use crate::error::{Error, Refusal, RefusalKind};
use crate::request::{ApiRequest, Call, Path};

/// Credentials that the app wants, as far as its refusals tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// A user's login; before 1.8 maybe its code.
    UserOrOldCode,
    /// Its code.
    Code,
    /// Encrypted requests.
    Crypt,
}

/// Response to a request without credentials, classified.
struct Heard {
    status: StatusCode,
    url: Url,
    location: Option<String>,
    reply: Result<Reply, Error>,
    warnings: bool,
}

impl Heard {
    /// Returns true if phpIPAM's API sent it.
    fn is_of_the_api(&self) -> bool {
        match &self.reply {
            Ok(_) => true,
            Err(Error::Refused(refusal)) => refusal.code.is_some(),
            Err(_) => false,
        }
    }
}

async fn ask(http: &HttpClient, url: Url) -> ipam_core::Result<Heard> {
    let request = HttpRequest::new(Method::GET, url.clone())
        .with_header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let response = http.send(request).await?;
    let location = response.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let received = Received { status: response.status, headers: &response.headers, body: &response.body };
    // Only the name of the call in messages comes from this request.
    let call = ApiRequest::get(Call::Raw, Path::new("sections")).map_err(|error| error.into_core(Operation::Check))?;
    let warnings = matches!(classify(&call, &received, false), Err(Error::PhpWarnings(_)));
    let reply = classify(&call, &received, true);
    Ok(Heard { status: response.status, url, location, reply, warnings })
}

/// Checks the API and the app. Returns `None` if the app cannot be used with these credentials.
pub(super) async fn check(subject: &Subject, place: &Place, report: &mut Report) -> Option<Wants> {
    let http = place.client.transport().http();
    let app = utf8_percent_encode(&subject.app, NON_ALPHANUMERIC).to_string();
    // Before the URL itself: below /api/ the server takes any path for a call, and would refuse it with misleading words.
    if let Some(shorter) = before_api(place.origin().base())
        && let Ok(url) = shorter.join(&format!("{}/api/{app}/sections/", shorter.path().trim_end_matches('/')))
        && is_api(http, url).await
    {
        let message = "the URL has /api in its path, and the client adds /api and the app id itself";
        let remedy = format!("give the URL {}, and the app id apart", shown(&shorter));
        report.add(Finding::new(Check::UrlApiPath, shown(place.origin().base()), message, remedy));
        return None;
    }
    let first = match pretty(http, &app, "sections").await {
        Ok(heard) => heard,
        Err(error) => {
            broke(&error, report);
            return None;
        }
    };
    if first.warnings {
        report.add(php_warnings(&first.url));
    }
    if first.status.is_redirection() && leads_to_an_api(&first) {
        report.add(redirect(&first));
        return None;
    }
    if let Err(error @ Error::NotAnApi(_)) = &first.reply {
        let finding = match elsewhere(http, place, &app, &first).await {
            Some(finding) => finding,
            None if first.status.is_redirection() => redirect(&first),
            None => no_api(place, &first, error),
        };
        report.add(finding);
        return None;
    }
    let wants = match &first.reply {
        Ok(_) => {
            let message = "the server sent data without credentials: versions before 1.8.2 can be made to";
            let remedy = "upgrade phpIPAM, and let only trusted hosts reach it until then";
            report.add(Finding::new(Check::NoAuthentication, shown(&first.url), message, remedy));
            Wants::UserOrOldCode
        }
        Err(Error::Refused(refusal)) if refusal.kind == RefusalKind::Unauthorized => {
            kind_of_app(http, &app).await.unwrap_or(Wants::UserOrOldCode)
        }
        Err(Error::Refused(refusal)) if refusal.message.contains("Invalid enc_request") => Wants::Crypt,
        Err(error) => {
            report.add(refused(subject, place, &first, error));
            return None;
        }
    };
    fits(subject, wants, report).then_some(wants)
}

async fn pretty(http: &HttpClient, app: &str, controller: &str) -> ipam_core::Result<Heard> {
    ask(http, http.origin().url(&format!("api/{app}/{controller}/"))?).await
}

/// Asks for the token's expiry without a token. A code app of 1.8 refuses that in other words than one with logins.
async fn kind_of_app(http: &HttpClient, app: &str) -> Option<Wants> {
    match pretty(http, app, "user").await.ok()?.reply {
        // 401 on a real 1.8.2; 409 once there is a code.
        Err(Error::Refused(refusal)) if refusal.status == 401 || refusal.status == 409 => Some(Wants::Code),
        _ => Some(Wants::UserOrOldCode),
    }
}

/// Adds a finding if the credentials are of another kind than the app wants.
fn fits(subject: &Subject, wants: Wants, report: &mut Report) -> bool {
    let app = format!("app {}", subject.app);
    let finding = match (&subject.auth.0, wants) {
        #[cfg(feature = "crypt")]
        (Mode::Crypt(_), Wants::Crypt) => return true,
        (_, Wants::Crypt) => {
            let remedy = "set its security to \"SSL with App code token\" or \"SSL with User token\", or use Auth::crypt \
                (feature crypt) in a program";
            Finding::new(Check::AppCrypt, app, "the app wants encrypted requests (security crypt)", remedy)
        }
        #[cfg(feature = "crypt")]
        (Mode::Crypt(_), _) => {
            let remedy = "use the credentials of its security: a user's login or the app code";
            Finding::new(Check::AppCrypt, app, "the app does not take encrypted requests", remedy)
        }
        (Mode::User { .. }, Wants::Code) => {
            let remedy = "give its app code: auth=code and IPAM_APP_CODE for a provider's URL, Auth::app_code in a program; \
                or set its security to \"SSL with User token\"";
            let message = "the app wants its app code, and these are the credentials of a user; no login was tried";
            Finding::new(Check::AppWantsCode, app, message, remedy)
        }
        (Mode::None, _) => {
            let remedy =
                "give the app code, or user and password, as the app's security under Administration, API, says";
            Finding::new(Check::NoCredentials, app, "the app wants credentials, and there are none", remedy)
        }
        _ => return true,
    };
    report.add(finding);
    false
}

fn broke(error: &ipam_core::Error, report: &mut Report) {
    let remedy = "look at the web server's error log and at what stands between here and the server";
    report.add(Finding::new(Check::Unreachable, "API", error.message(), remedy));
}

pub(super) fn php_warnings(what: impl std::fmt::Display) -> Finding {
    let remedy = "turn display_errors off in the server's php.ini, or read past them with php_warnings=skip in a provider's URL \
        (ClientBuilder::with_lenient_bodies in a program)";
    let message = "PHP prints warnings into responses; the client refuses such responses, because a write may have failed half-way";
    Finding::new(Check::PhpWarnings, what, message, remedy)
}

/// Returns true if the target of a redirect is the API under another URL.
///
/// phpIPAM itself redirects a path that it does not know to its login page.
fn leads_to_an_api(heard: &Heard) -> bool {
    heard.location.as_deref().is_some_and(|location| location.contains("/api/"))
}

fn redirect(heard: &Heard) -> Finding {
    let location = heard.location.as_deref().unwrap_or_default();
    let target = heard.url.join(location).ok();
    let message = match &target {
        Some(target) => format!("the server redirects to {} (HTTP {})", shown(target), heard.status.as_u16()),
        None => format!("the server redirects (HTTP {}) without a usable target", heard.status.as_u16()),
    };
    let remedy = match target.as_ref().and_then(|target| Some((target, target.path().split_once("/api/")?.0))) {
        Some((target, base)) => {
            let mut url = target.clone();
            url.set_path(base);
            format!(
                "give the URL {}: redirects are not followed, because they would take the credentials along",
                shown(&url)
            )
        }
        None => {
            "the target is no API: look at the rewrite rules of the web server, or at the proxy before it".to_owned()
        }
    };
    Finding::new(Check::Redirect, shown(&heard.url), message, remedy)
}

/// Looks for the API elsewhere on the server, and returns the finding if it is there.
async fn elsewhere(http: &HttpClient, place: &Place, app: &str, first: &Heard) -> Option<Finding> {
    let base = place.origin().base();
    let query = format!("api/?app_id={app}&controller=sections");
    if let Ok(url) = http.origin().url(&query)
        && is_api(http, url).await
    {
        let message = "the API responds at api/?app_id=…, and not at api/APP/: the web server does not rewrite URLs";
        let remedy = "turn URL rewriting on: mod_rewrite and AllowOverride All for Apache, and RewriteBase in api/.htaccess or \
            try_files for nginx as phpIPAM's documentation has them";
        return Some(Finding::new(Check::RewriteMissing, shown(&first.url), message, remedy));
    }
    let mut paths: Vec<String> = vec![String::new(), "/phpipam".to_owned(), "/ipam".to_owned()];
    // The parents of the path in the URL, the longest first.
    let mut path = base.path().trim_end_matches('/').to_owned();
    while let Some((parent, _)) = path.clone().rsplit_once('/') {
        path = parent.to_owned();
        if !paths.contains(&path) {
            paths.push(path.clone());
        }
    }
    for path in paths.iter().filter(|path| base.path().trim_end_matches('/') != path.as_str()).take(6) {
        for tail in [format!("{path}/api/{app}/sections/"), format!("{path}/{query}")] {
            let Ok(url) = base.join(&tail) else { continue };
            if is_api(http, url).await {
                let mut right = base.clone();
                right.set_path(path);
                let message = format!("there is no API at this path (HTTP {})", first.status.as_u16());
                let remedy = format!("give the URL {}", shown(&right));
                return Some(Finding::new(Check::BasePath, shown(base), message, remedy));
            }
        }
    }
    None
}

fn no_api(place: &Place, first: &Heard, error: &Error) -> Finding {
    let remedy = match error {
        Error::NotAnApi(response) if !place.is_https() && response.hint.contains("https://") => {
            "write https:// in the URL"
        }
        _ => {
            "give the URL of phpIPAM's web interface, without /api; see that the directory api/ of phpIPAM is reachable"
        }
    };
    Finding::new(Check::NoApi, shown(&first.url), error, remedy)
}

async fn is_api(http: &HttpClient, url: Url) -> bool {
    ask(http, url).await.is_ok_and(|heard| heard.is_of_the_api())
}

/// Returns the finding for a refusal before any credentials.
fn refused(subject: &Subject, place: &Place, heard: &Heard, error: &Error) -> Finding {
    let app = format!("app {}", subject.app);
    let Error::Refused(refusal) = error else {
        let check = match error {
            Error::EmptyBody(_) | Error::PhpFailed(_) | Error::ServerExhausted(_) => Check::PhpFailed,
            _ => Check::ApiUnexpected,
        };
        return Finding::new(check, shown(&heard.url), error, "look at the error log of the web server and of PHP");
    };
    let says = |text: &str| refusal.message.contains(text);
    let (check, what, message, remedy) = if says("API server disabled") {
        let remedy = "switch it on: Administration, phpIPAM settings, API";
        (Check::ApiDisabled, "API".to_owned(), "the API is switched off".to_owned(), remedy)
    } else if says("Invalid application id") {
        let remedy = "give the App id as it is listed under Administration, API";
        (Check::AppUnknown, app, "the server has no app with this id".to_owned(), remedy)
    } else if says("Application disabled") {
        (Check::AppDisabled, app, "the app is disabled".to_owned(), ENABLE_APP)
    } else if says("SSL connection") {
        let (message, remedy) = if place.is_https() {
            (
                "the app demands HTTPS, and the server does not see that this connection has it",
                "a proxy in front ends TLS: let it send X-Forwarded-Proto: https, and set $trust_x_forwarded_headers = true in phpIPAM's config.php",
            )
        } else {
            ("the app demands HTTPS", "write https:// in the URL, or set the app's security to none in a lab")
        };
        (Check::HttpsRequired, app, message.to_owned(), remedy)
    } else if says("Invalid app security") {
        let remedy = "set the security of the app to \"SSL with App code token\" or \"SSL with User token\"";
        (Check::AppSecurityInvalid, app, "phpIPAM does not implement the security of the app".to_owned(), remedy)
    } else if refusal.kind == RefusalKind::LockedOut {
        return locked_out(refusal);
    } else if matches!(refusal.kind, RefusalKind::Unavailable | RefusalKind::RateLimited) {
        let remedy = "look at the proxy in front of phpIPAM, and whether the web server behind it runs";
        (Check::Unavailable, shown(&heard.url), refusal.to_string(), remedy)
    } else {
        let remedy = "look at the error log of the web server and of PHP";
        (Check::ApiUnexpected, shown(&heard.url), refusal.to_string(), remedy)
    };
    Finding::new(check, what, message, remedy)
}

pub(super) const ENABLE_APP: &str = "give it a permission: Administration, API, App permissions";

/// Returns the finding for a server that blocks the address of this host.
pub(super) fn locked_out(refusal: &Refusal) -> Finding {
    let minutes = refusal.retry_after.map_or(5, |wait| wait.as_secs().div_ceil(60));
    let message = "the server blocks the address of this host after 11 failed logins, valid tokens and codes included";
    let remedy = format!(
        "wait {minutes} minutes without any login from this address, and find the program that logs in with wrong credentials"
    );
    Finding::new(Check::LockedOut, "this host", message, remedy)
}
