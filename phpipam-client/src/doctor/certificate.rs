//! TLS: a request without credentials, and the certificate that the server sends.

use std::time::{Duration, SystemTime};

use http::Method;
use ipam_core::http::{CertificateDetails, HttpClient, HttpOptions, HttpRequest, TlsOptions};
use ipam_core::{CertificateChain, Error as CoreError, ErrorKind};
use jiff::Timestamp;

use super::check::{Check, Severity};
use super::report::{CertificateFacts, Finding, Report};
use super::subject::Subject;
use super::url::Place;

/// Time before the end of a certificate from which on it is a warning.
const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// Result of the checks of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The server may have the credentials.
    Trusted,
    /// It may not; a finding says why.
    Untrusted,
    /// It was not reached.
    NotReached,
}

/// Checks TLS. No request here has credentials.
pub(super) async fn check(subject: &Subject, place: &Place, report: &mut Report) -> Trust {
    let leaf = if place.is_https() { sent(subject, report).await } else { None };
    if place.is_https() && subject.http.tls().is_insecure() {
        insecure(subject, leaf.as_ref(), report).await;
        return Trust::Untrusted;
    }
    match request(place.client.transport().http()).await {
        Ok(()) => {
            if let Some(leaf) = &leaf {
                dates(leaf, subject.http.tls().is_pinned(), report);
            }
            Trust::Trusted
        }
        Err(error) => failed(&error, place, leaf.as_ref(), report),
    }
}

/// Sends a request without credentials and drops the response.
async fn request(http: &HttpClient) -> ipam_core::Result<()> {
    let url = http.origin().url("api/")?;
    http.open(HttpRequest::new(Method::GET, url)).await.map(drop)
}

/// Returns the certificate that the server sends, trusted or not.
async fn sent(subject: &Subject, report: &mut Report) -> Option<CertificateDetails> {
    // A client that trusts no server: its connection ends with the certificate, before any request.
    let no_trust = TlsOptions::new().with_system_roots(false);
    let error = plain(subject.http.clone().with_tls(no_trust), &subject.url).await.err()?;
    let chain = error.certificates()?;
    let leaf = CertificateDetails::of(chain).into_iter().next()?;
    report.facts.certificate = Some(facts(&leaf, None));
    Some(leaf)
}

async fn plain(options: HttpOptions, url: &str) -> ipam_core::Result<()> {
    request(&HttpClient::new(url, options)?).await
}

fn facts(leaf: &CertificateDetails, untrusted: Option<&CertificateChain>) -> CertificateFacts {
    CertificateFacts {
        names: leaf.names.clone(),
        not_before: stamp(leaf.not_before),
        not_after: stamp(leaf.not_after),
        self_signed: leaf.self_signed,
        sha256: leaf.sha256.clone(),
        untrusted_pem: untrusted.map(|chain| chain.as_pem().to_owned()),
    }
}

fn stamp(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| "unknown".to_owned(), |time| time.to_string())
}

/// Adds the finding that every certificate is accepted.
async fn insecure(subject: &Subject, leaf: Option<&CertificateDetails>, report: &mut Report) {
    let system = subject.http.clone().with_tls(TlsOptions::new());
    let remedy = match plain(system, &subject.url).await {
        Ok(()) => "leave it out: the system trusts this server".to_owned(),
        Err(_) => format!("leave it out, and {}", PIN),
    };
    let fingerprint = leaf.map(|leaf| format!("; its fingerprint is {}", leaf.sha256)).unwrap_or_default();
    let message = format!(
        "every certificate is accepted (insecure), so another host can read the credentials; they were not sent{fingerprint}"
    );
    report.add(Finding::new(Check::TlsInsecure, &subject.url, message, remedy));
}

const PIN: &str = "pin the certificate once its fingerprint was compared with that on the server: pin=FILE in a provider's URL, \
    or TlsOptions::with_pinned_pem in a program";

/// Adds the finding for a request that failed.
fn failed(error: &CoreError, place: &Place, leaf: Option<&CertificateDetails>, report: &mut Report) -> Trust {
    let what = super::url::shown(place.origin().base());
    match error.kind() {
        ErrorKind::Untrusted => {
            if let (Some(leaf), Some(chain)) = (leaf, error.certificates()) {
                report.facts.certificate = Some(facts(leaf, Some(chain)));
            }
            report.add(untrusted(error, place, leaf));
            Trust::Untrusted
        }
        ErrorKind::Unauthenticated => {
            let remedy =
                "set the client certificate with TlsOptions::with_client_identity, or do not demand one for /api";
            report.add(Finding::new(Check::TlsClientCertificate, what, error.message(), remedy));
            Trust::Untrusted
        }
        ErrorKind::Protocol | ErrorKind::Config | ErrorKind::InvalidInput => {
            let remedy = "compare scheme and port of the URL with those of the web server";
            report.add(Finding::new(Check::TlsFailed, what, error.message(), remedy));
            Trust::NotReached
        }
        _ => {
            let remedy = "see that the web server runs and listens on this port, and that no firewall is in between";
            report.add(Finding::new(Check::Unreachable, what, error.message(), remedy));
            Trust::NotReached
        }
    }
}

fn untrusted(error: &CoreError, place: &Place, leaf: Option<&CertificateDetails>) -> Finding {
    let Some(leaf) = leaf else {
        return Finding::new(Check::TlsUntrusted, &place.host, error.message(), PIN);
    };
    let now = SystemTime::now();
    let fingerprint = &leaf.sha256;
    let names = if leaf.names.is_empty() { "no name".to_owned() } else { leaf.names.join(", ") };
    let (check, message, remedy) = if error.message().contains("not the pinned certificate") {
        let message = format!("the server sends another certificate than the pinned one: {fingerprint}");
        let remedy = "if it was renewed on the server, pin the new one; otherwise another host responds";
        (Check::TlsUntrusted, message, remedy.to_owned())
    } else if leaf.not_after < now {
        let message = format!("the certificate expired on {}", stamp(leaf.not_after));
        (Check::TlsExpired, message, "renew it on the server".to_owned())
    } else if leaf.not_before > now {
        let message = format!("the certificate is valid from {} only", stamp(leaf.not_before));
        (Check::TlsNotYetValid, message, "compare the clocks of both hosts".to_owned())
    } else if leaf.self_signed {
        let message = format!("the certificate is self-signed; it is for {names}, fingerprint {fingerprint}");
        (Check::TlsSelfSigned, message, PIN.to_owned())
    } else if error.message().contains("not for the name") {
        let message = format!("the certificate is not for {}, but for {names}", place.host);
        (Check::TlsWrongName, message, "use one of its names in the URL, or pin it".to_owned())
    } else {
        let remedy =
            format!("add its issuer: ca=FILE in a provider's URL, or TlsOptions::with_ca_pem in a program; or {PIN}");
        (Check::TlsUntrusted, format!("{}; fingerprint {fingerprint}", error.message()), remedy)
    };
    Finding::new(check, &place.host, message, remedy)
}

/// Adds findings about the validity of a certificate that is trusted.
fn dates(leaf: &CertificateDetails, pinned: bool, report: &mut Report) {
    let now = SystemTime::now();
    let (from, until) = (stamp(leaf.not_before), stamp(leaf.not_after));
    let (check, message) = if leaf.not_after < now {
        (Check::TlsExpired, format!("the certificate expired on {until}"))
    } else if leaf.not_before > now {
        (Check::TlsNotYetValid, format!("the certificate is valid from {from} only"))
    } else if leaf.not_after < now + SOON {
        (Check::TlsExpiresSoon, format!("the certificate expires on {until}"))
    } else {
        return;
    };
    let finding = if pinned {
        let message = format!("{message}; it is pinned, so its dates do not matter");
        let remedy = "when it is renewed, pin the new one";
        Finding::new(check, "certificate", message, remedy).with_severity(Severity::Note)
    } else {
        Finding::new(check, "certificate", message, "renew it on the server")
    };
    report.add(finding);
}
