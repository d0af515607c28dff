//! The doctor on real servers.

use phpipam_client::doctor::{Check, Report, Severity, Subject, examine, examine_url};

use ipam_tests::live::{app, auth, base, base_for, request_at, runtime};

async fn examined(base: &str) -> Report {
    let report = examine_url(request_at(base, "").unwrap()).await.unwrap();
    println!("{base}: {:?}", report.facts);
    for finding in &report.findings {
        println!("  {finding}");
    }
    report
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn a_server_that_works_has_no_errors() {
    runtime().block_on(async {
        let report = examined(&base()).await;
        assert!(report.worst() < Some(Severity::Error));
        assert_eq!(report.not_done(), []);
        assert!(report.facts.version.is_some() && report.facts.numbers.is_some() && report.facts.permission.is_some());
        // Each release has one of the two.
        assert_eq!(report.of(Check::VersionUnclear).chain(report.of(Check::VersionVulnerable)).count(), 1);
        assert_eq!(report.of(Check::PhpWarnings).chain(report.of(Check::RequiredField)).count(), 0);
    });
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn a_server_whose_certificate_is_unknown_gets_no_credentials() {
    runtime().block_on(async {
        // Without the authority of the live servers.
        let report = examine(&Subject::new(base(), app(), auth())).await;
        if base().starts_with("https://") {
            assert_eq!(report.worst(), Some(Severity::Error));
            assert!(report.facts.certificate.unwrap().untrusted_pem.is_some());
            assert_eq!(report.facts.permission, None);
        }
    });
}

#[test]
#[ignore = "needs phpIPAMs with required fields and with warnings: IPAM_LIVE_PHPIPAM_REQUIRED_URL and _WARNINGS_URL"]
fn required_fields_and_warnings_of_php_are_found() {
    runtime().block_on(async {
        let report = examined(&base_for("REQUIRED_URL")).await;
        assert!(report.of(Check::RequiredField).next().is_some());
        let report = examined(&base_for("WARNINGS_URL")).await;
        assert_eq!(report.of(Check::PhpWarnings).count(), 1);
        assert_eq!(report.not_done(), []);
    });
}
