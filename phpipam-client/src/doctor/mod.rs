//! Examination of a server before it is used, and when it does not work: what is wrong, and what to do.
//!
//! [`examine`] goes from the URL to the content of the site, each step only if the earlier ones let it. It **only
//! reads**: the one request that is not a read is the login of a user, at most one, because phpIPAM blocks the address of
//! a host after repeated failures. Credentials are sent only after TLS was checked by a request without them, and never
//! to a server that is not trusted. Every step has a time limit, and one that fails is a finding.
//!
//! | step | finds |
//! | --- | --- |
//! | URL | wrong forms, `/api` in it, plain HTTP |
//! | DNS, TCP | names that do not resolve, addresses that do not respond |
//! | TLS | untrusted, self-signed, expired and soon expiring certificates, other names |
//! | API | redirects, missing rewrite rules, another base path, a disabled API, app id and security of the app |
//! | credentials | the wrong kind of credentials, wrong ones, a locked out host, a read-only app |
//! | server | differing clocks, time zone, form of numbers, version and known vulnerabilities |
//! | size | lists that die of PHP's memory limit |
//! | site | required fields, overlapping ranges, addresses in enclosing subnets, abandoned claims |
//!
#![cfg_attr(feature = "testing", doc = "```")]
#![cfg_attr(not(feature = "testing"), doc = "```text")]
//! use phpipam_client::doctor::{Check, Severity, Subject, examine};
//! use phpipam_client::testing::{App, Permission, Server};
//! use phpipam_client::{Auth, HttpOptions};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let server = Server::builder().app(App::new("vra").with_permission(Permission::Read)).start().await?;
//! let auth = Auth::user(Server::USER, Server::PASSWORD);
//! let subject = Subject::new(server.url(), "vra", auth)
//!     .with_http_options(HttpOptions::new().with_allow_http(true)); // no TLS in this process
//!
//! let report = examine(&subject).await;
//! assert_eq!(report.worst(), Some(Severity::Warning));
//! let finding = report.of(Check::AppReadOnly).next().unwrap();
//! assert!(finding.remedy.contains("read/write permission"));
//! assert_eq!(server.count("POST", ""), 1); // the login
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//! - The API shows neither its version, nor PHP's memory limit, nor the lock type of an app. Versions are told by
//!   features, the memory by lists that fail.
//! - With [`TlsOptions::with_insecure`](crate::TlsOptions::with_insecure) the examination ends before the credentials.
//! - Through a proxy, names and addresses are still tried from this host; that they fail is a finding only if the
//!   requests fail too.

mod api;
mod certificate;
mod check;
mod credentials;
mod network;
mod report;
mod server;
mod site;
mod size;
mod subject;
mod url;
mod version;

use std::time::Instant;

use ipam_core::registry::OpenRequest;
use tokio::time::timeout;

pub use check::{Check, Group, Severity};
pub use report::{CertificateFacts, Done, Facts, Finding, ListFacts, NumberForm, Report, Step};
pub use subject::Subject;

use certificate::Trust;

use crate::provider::{Settings, settings};

/// Examines a server, and returns what it found. It reads only; see the [module](self).
pub async fn examine(subject: &Subject) -> Report {
    let mut report = Report::new();
    run(subject, &mut report).await;
    report
}

/// Examines the server of a provider's URL, such as `phpipam+https://svc@ipam.example/vra?section=Customers`, with its
/// options and the secrets of the request. [`register`](crate::register()) describes both.
///
/// ```no_run
/// # async fn example() -> ipam_core::Result<()> {
/// use ipam_core::registry::{OpenRequest, Secrets};
/// use phpipam_client::doctor::examine_url;
///
/// let request = OpenRequest::parse("phpipam+https://svc@ipam.example/vra")?.or_secrets(Secrets::env("IPAM"));
/// for finding in examine_url(request).await?.findings {
///     println!("{finding}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `Config` for a scheme that is not phpIPAM's, an unknown option, an unreadable value or file, or a missing secret.
/// Nothing is sent then.
pub async fn examine_url(request: OpenRequest) -> ipam_core::Result<Report> {
    let Settings { target, auth, http, config, .. } = settings(&request).await?;
    let subject = Subject::new(target.base, target.app, auth).with_http_options(http).with_config(config);
    Ok(examine(&subject).await)
}

/// Awaits a step within its limit, notes its time, and returns its result; `None` if it did not end in time. What the step
/// found before is kept.
macro_rules! step {
    ($report:ident, $step:ident, $limit:ident, $work:expr) => {{
        let started = Instant::now();
        let result = timeout($limit, $work).await;
        $report.ended(Step::$step, started.elapsed(), result.is_err());
        result.ok()
    }};
}

async fn run(subject: &Subject, report: &mut Report) {
    let limit = subject.step_timeout;
    let started = Instant::now();
    let place = url::check(subject, report);
    report.ended(Step::Url, started.elapsed(), false);
    let Some(place) = place else { return };
    let place = &place;

    let mut problems = step!(report, Dns, limit, network::resolve(place, report)).unwrap_or_default();
    if !report.facts.addresses.is_empty() {
        problems.extend(step!(report, Tcp, limit, network::connect(report)).unwrap_or_default());
    }
    match step!(report, Tls, limit, certificate::check(subject, place, report)) {
        Some(Trust::Trusted) => {}
        Some(Trust::Untrusted) => return,
        Some(Trust::NotReached) | None => {
            // The reason is one of the network, if there is one.
            if !problems.is_empty() {
                report.findings.retain(|finding| finding.check != Check::Unreachable);
            }
            problems.into_iter().for_each(|problem| report.add(problem));
            return;
        }
    }
    for problem in problems {
        let message = format!("{}; requests arrive nevertheless, most likely through a proxy", problem.message);
        report.add(Finding { severity: Severity::Note, message, ..problem });
    }
    let Some(wants) = step!(report, Api, limit, api::check(subject, place, report)).flatten() else { return };
    if step!(report, Credentials, limit, credentials::check(subject, place, wants, report)) != Some(true) {
        return;
    }
    step!(report, Server, limit, server::check(subject, place, report));
    step!(report, Size, limit, size::check(place, report));
    let provider = step!(report, Provider, limit, site::connect(subject, place, report)).flatten();
    let Some(provider) = &provider else { return };
    step!(report, RequiredFields, limit, site::required_fields(provider, report));
    step!(report, Claims, limit, site::claims(provider, report));
    step!(report, Ranges, limit, site::ranges(provider, report));
}
