//! Certificates, and that no secret leaves before they were checked.

use std::net::SocketAddr;

use phpipam_client::doctor::{Check, Report, Severity, Subject};
use phpipam_client::testing::Server;
use phpipam_client::{HttpOptions, TlsOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::raw::{Party, Raw, page, refusal, tls_before};
use crate::stage::{examined, lacks, options, user, wants};

type Issuer = CertifiedIssuer<'static, KeyPair>;
/// Year, month and day.
type Day = (i32, u8, u8);

const ALWAYS: (Day, Day) = ((2020, 1, 1), (2120, 1, 1));

fn authority() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "authority");
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn params(name: &str, (from, until): (Day, Day)) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
    params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
    params
}

fn issued(issuer: &Issuer, name: &str, valid: (Day, Day)) -> Party {
    let key = KeyPair::generate().unwrap();
    let chain = params(name, valid).signed_by(&key, issuer).unwrap().pem();
    Party { chain, key: key.serialize_pem(), clients: None }
}

fn self_signed(valid: (Day, Day)) -> Party {
    let key = KeyPair::generate().unwrap();
    let chain = params("localhost", valid).self_signed(&key).unwrap().pem();
    Party { chain, key: key.serialize_pem(), clients: None }
}

fn no_roots() -> TlsOptions {
    TlsOptions::new().with_system_roots(false)
}

fn by(issuer: &Issuer) -> TlsOptions {
    no_roots().with_ca_pem(&issuer.pem()).unwrap()
}

fn with_tls(tls: TlsOptions) -> HttpOptions {
    options().with_tls(tls)
}

fn at(address: SocketAddr, tls: TlsOptions) -> Subject {
    Subject::new(format!("https://localhost:{}", address.port()), "app", user()).with_http_options(with_tls(tls))
}

/// Examines a server with this certificate that must not get a request at all.
async fn untrusted(party: &Party, tls: TlsOptions) -> Report {
    let server = Raw::start_tls(party, |_| page(404, "never")).await;
    let report = examined(&at(server.address, tls)).await;
    assert_eq!(server.heads(), Vec::<String>::new(), "a request was sent to a server that is not trusted");
    assert_eq!(report.worst(), Some(Severity::Error));
    report
}

#[tokio::test]
async fn a_self_signed_certificate_is_shown_with_fingerprint_and_how_to_pin_it() {
    let party = self_signed(ALWAYS);
    let report = untrusted(&party, no_roots()).await;
    let certificate = report.facts.certificate.clone().unwrap();
    wants(&report, Check::TlsSelfSigned, Severity::Error, &["localhost", &certificate.sha256, "pin=FILE"]);
    assert_eq!(certificate.untrusted_pem.as_deref(), Some(party.chain.replace("\r\n", "\n").as_str()));
    assert_eq!(certificate.not_after, "2120-01-01T00:00:00Z");
}

#[tokio::test]
async fn an_unknown_issuer_another_name_and_wrong_dates_are_told_apart() {
    let (ours, theirs) = (authority(), authority());
    let report = untrusted(&issued(&theirs, "localhost", ALWAYS), by(&ours)).await;
    wants(&report, Check::TlsUntrusted, Severity::Error, &["issuer", "ca=FILE"]);
    let report = untrusted(&issued(&ours, "ipam.example", ALWAYS), by(&ours)).await;
    wants(&report, Check::TlsWrongName, Severity::Error, &["not for localhost, but for ipam.example"]);
    let report = untrusted(&issued(&ours, "localhost", ((2020, 1, 1), (2021, 1, 1))), by(&ours)).await;
    wants(&report, Check::TlsExpired, Severity::Error, &["2021-01-01", "renew"]);
    let report = untrusted(&issued(&ours, "localhost", ((2119, 1, 1), (2120, 1, 1))), by(&ours)).await;
    wants(&report, Check::TlsNotYetValid, Severity::Error, &["2119-01-01", "clocks"]);
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_told() {
    let pinned = no_roots().with_pinned_pem(&self_signed(ALWAYS).chain).unwrap();
    let report = untrusted(&self_signed(ALWAYS), pinned).await;
    wants(&report, Check::TlsUntrusted, Severity::Error, &["another certificate than the pinned one", "renewed"]);
}

#[tokio::test]
async fn no_secret_is_sent_while_every_certificate_is_accepted() {
    let report = untrusted_but_insecure().await;
    wants(&report, Check::TlsInsecure, Severity::Error, &["insecure", "not sent", "pin"]);
}

async fn untrusted_but_insecure() -> Report {
    let server = Raw::start_tls(&self_signed(ALWAYS), |_| page(404, "never")).await;
    let report = examined(&at(server.address, no_roots().with_insecure(true))).await;
    assert_eq!(server.heads(), Vec::<String>::new());
    report
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_a_warning_and_a_pinned_one_a_note() {
    let soon =
        jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(jiff::Span::new().days(10));
    let valid = (
        (2020, 1, 1),
        (i32::from(soon.year()), u8::try_from(soon.month()).unwrap(), u8::try_from(soon.day()).unwrap()),
    );
    let ours = authority();
    for (party, tls, severity) in [
        (issued(&ours, "localhost", valid), by(&ours), Severity::Warning),
        (issued(&ours, "localhost", ALWAYS), by(&ours), Severity::Error),
    ] {
        let server = Raw::start_tls(&party, |_| refusal(503, "API server disabled")).await;
        let report = examined(&at(server.address, tls)).await;
        // The examination goes on.
        wants(&report, Check::ApiDisabled, Severity::Error, &["Administration"]);
        match severity {
            Severity::Warning => {
                wants(&report, Check::TlsExpiresSoon, Severity::Warning, &[&soon.to_string(), "renew"])
            }
            _ => lacks(&report, Check::TlsExpiresSoon),
        }
    }
    let party = self_signed(((2020, 1, 1), (2021, 1, 1)));
    let tls = no_roots().with_pinned_pem(&party.chain).unwrap();
    let server = Raw::start_tls(&party, |_| refusal(503, "API server disabled")).await;
    let report = examined(&at(server.address, tls)).await;
    wants(&report, Check::TlsExpired, Severity::Note, &["pinned"]);
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_and_one_without_tls_are_told() {
    let ours = authority();
    let party = Party { clients: Some(ours.pem()), ..issued(&ours, "localhost", ALWAYS) };
    let server = Raw::start_tls(&party, |_| page(404, "never")).await;
    let report = examined(&at(server.address, by(&ours))).await;
    wants(&report, Check::TlsClientCertificate, Severity::Error, &["client certificate"]);
    let plain = Server::start().await.unwrap();
    let report = examined(&at(plain.address(), no_roots())).await;
    wants(&report, Check::TlsFailed, Severity::Error, &["does not speak TLS", "scheme and port"]);
    assert!(plain.requests().is_empty());
}

#[tokio::test]
async fn a_trusted_server_gets_the_secret_last() {
    let ours = authority();
    let party = issued(&ours, "localhost", ALWAYS);
    let server = Raw::start_tls(&party, |head| {
        let known = head.contains("authorization:") || head.contains("token:");
        if head.starts_with("get /api/app/user/") && !known {
            refusal(403, "Please provide token")
        } else if known {
            refusal(500, "Invalid username or password")
        } else {
            refusal(401, "Unauthorized")
        }
    })
    .await;
    let report = examined(&at(server.address, by(&ours))).await;
    wants(&report, Check::BadCredentials, Severity::Error, &["admin", "11 in a row"]);
    let heads = server.heads();
    let secret: Vec<bool> = heads.iter().map(|head| head.to_ascii_lowercase().contains("authorization:")).collect();
    assert_eq!(secret, [false, false, false, true], "{heads:#?}");
}

#[tokio::test]
async fn a_whole_site_is_examined_over_tls() {
    let ours = authority();
    let backend = Server::builder().https(true).example_data().start().await.unwrap();
    let address = tls_before(&issued(&ours, "localhost", ALWAYS), backend.address()).await;
    let url = format!("https://localhost:{}", address.port());
    let subject = Subject::new(url, Server::APP, user()).with_http_options(with_tls(by(&ours)));
    let report = examined(&subject).await;
    assert_eq!(report.worst(), Some(Severity::Note), "{:#?}", report.findings);
    assert_eq!(report.not_done(), []);
    assert_eq!(report.facts.certificate.unwrap().names, ["localhost"]);
}
