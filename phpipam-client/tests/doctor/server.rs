//! Clock, time zone, form of numbers, version, and size.

use std::time::{Duration, SystemTime};

use phpipam_client::Auth;
use phpipam_client::doctor::{Check, NumberForm, Report, Severity, Subject};
use phpipam_client::testing::{App, Clock, Fault, Numbers, Object, Server, When};

use crate::raw::{Raw, Said, data, refusal};
use crate::stage::{CODE, examined, lacks, options, subject, user, wants, with_app};

#[tokio::test]
async fn clock_and_time_zone_are_measured() {
    let clock = Clock::fixed(SystemTime::now() + Duration::from_secs(3_600));
    let server = Server::builder().clock(clock).utc_offset_minutes(-210).start().await.unwrap();
    let report = examined(&subject(&server)).await;
    wants(&report, Check::ClockDiffers, Severity::Warning, &["ahead of", "NTP"]);
    wants(&report, Check::TimeZone, Severity::Note, &["UTC-03:30", "utc_offset"]);
    assert_eq!(report.facts.utc_offset_minutes, Some(-210));
    assert!(report.facts.clock_ahead_seconds.unwrap().abs_diff(3_600) < 10);
    let server = Server::start().await.unwrap();
    let report = examined(&subject(&server)).await;
    assert_eq!(report.facts.utc_offset_minutes, Some(0));
    lacks(&report, Check::ClockDiffers);
    lacks(&report, Check::TimeZone);
}

#[tokio::test]
async fn forms_of_numbers_and_custom_fields_are_told() {
    let server =
        Server::builder().app(App::new("app").with_nested_custom_fields(true)).numbers(Numbers::Strings).example_data();
    let server = server.start().await.unwrap();
    let report = examined(&Subject::new(server.url(), "app", user()).with_http_options(options())).await;
    wants(&report, Check::NumbersAsStrings, Severity::Note, &["PHP"]);
    wants(&report, Check::NestedCustomFields, Severity::Note, &["lists"]);
    assert_eq!((report.facts.numbers, report.facts.nested_custom_fields), (Some(NumberForm::Strings), Some(true)));
    let server = Server::builder().example_data().start().await.unwrap();
    let report = examined(&subject(&server)).await;
    assert_eq!((report.facts.numbers, report.facts.nested_custom_fields), (Some(NumberForm::Numbers), Some(false)));
    lacks(&report, Check::NumbersAsStrings);
    lacks(&report, Check::NestedCustomFields);
}

#[tokio::test]
async fn what_the_api_does_not_show_is_a_note() {
    let server = Server::start().await.unwrap();
    let report = examined(&subject(&server)).await;
    wants(&report, Check::LockUnknown, Severity::Note, &["lock type"]);
    wants(&report, Check::VersionUnclear, Severity::Note, &["1.8.2"]);
    assert_eq!(report.facts.version, Some("1.8 or later"));
    lacks(&report, Check::VersionVulnerable);
}

/// Version to play: what differs between them.
#[derive(Clone, Copy)]
struct Played {
    search: bool,
    missing: u16,
    filter: &'static str,
    colours: bool,
    /// Form of numbers with and without the header.
    ids: (&'static str, &'static str),
    changelog: &'static str,
}

const V1_7: Played = Played {
    search: true,
    missing: 404,
    filter: "Invalid regular expression (err=1)",
    colours: false,
    ids: (r#""2""#, "2"),
    changelog: "[]",
};

async fn version_of(played: Played) -> Report {
    let server = Raw::start(move |head| respond(played, head)).await;
    let url = format!("http://{}", server.address);
    let report = examined(&Subject::new(url, "app", Auth::app_code(CODE)).with_http_options(options())).await;
    assert!(server.heads().iter().all(|head| head.starts_with("GET ") || head.starts_with("OPTIONS ")));
    report
}

fn respond(played: Played, head: &str) -> Said {
    let path = head.split(' ').nth(1).unwrap_or_default();
    if !head.contains("\ntoken:") {
        return refusal(if path.ends_with("/user/") { 403 } else { 401 }, "Unauthorized");
    }
    let id = if head.contains("api-stringify-results:") { played.ids.0 } else { played.ids.1 };
    match path.trim_start_matches("/api/app/") {
        "" => data(r#"{"permissions":"Write"}"#),
        "tools/tags/" => data(&format!(r#"[{{"id":{id},"type":"Used"}}]"#)),
        "tools/device_types/" if played.colours => data(r##"[{"tid":1,"bgcolor":"#fff"}]"##),
        "tools/device_types/" => data(r#"[{"tid":1}]"#),
        "sections/" => data(r#"[{"id":"3","name":"Lab"}]"#),
        "sections/3/changelog/" => data(played.changelog),
        path if path.starts_with("search/") && played.search => {
            data(r#"{"addresses":{"code":404,"data":"No addresses found"}}"#)
        }
        path if path.starts_with("search/") => refusal(400, "Invalid controller"),
        path if path.starts_with("vlans/?filter_by") => refusal(400, played.filter),
        _ if played.missing == 200 => Said { status: 200, ..refusal(200, "No objects found") },
        _ => refusal(played.missing, "No objects found"),
    }
}

#[tokio::test]
async fn versions_are_told_by_their_features_and_old_ones_are_vulnerable() {
    let native = ("2", "2");
    let strings = (r#""2""#, r#""2""#);
    let v1_6 = Played { ids: native, ..V1_7 };
    let v1_5 = Played { search: false, ..v1_6 };
    for (played, version) in [
        (V1_7, "1.7"),
        (Played { ids: strings, ..V1_7 }, "1.7"),
        (v1_6, "1.6"),
        (Played { ids: strings, changelog: r#"{"id":"3"}"#, ..V1_7 }, "1.6"),
        (v1_5, "1.5"),
        (Played { missing: 200, ..v1_5 }, "1.4"),
        (Played { missing: 200, filter: "Vlan not found", ..v1_5 }, "before 1.4"),
    ] {
        let report = version_of(played).await;
        assert_eq!(report.facts.version, Some(version), "{:#?}", report.findings);
        wants(&report, Check::VersionVulnerable, Severity::Warning, &[version, "1.8.2"]);
        // From 1.4 to 1.7 the server locks the subnet itself.
        assert_eq!(report.of(Check::LockUnknown).count(), usize::from(version == "before 1.4"), "{version}");
    }
    let report = version_of(Played { colours: true, ..V1_7 }).await;
    assert_eq!(report.facts.version, Some("1.8 or later"));
    lacks(&report, Check::VersionVulnerable);
}

#[tokio::test]
async fn lists_that_die_are_told_with_the_setting() {
    let server = Server::builder().example_data().start().await.unwrap();
    server.fault(Fault::EmptyError500, When::any().path("/addresses/all/").always());
    let report = examined(&subject(&server)).await;
    wants(&report, Check::PhpMemory, Severity::Warning, &["addresses", "memory_limit", "512 MB"]);
    let lists: Vec<_> = report.facts.lists.iter().map(|list| (list.list, list.complete)).collect();
    assert_eq!(lists, [("subnets/all/", true), ("addresses/all/", false)]);
    server.clear_faults();
    // As Apache does whose process ends with PHP.
    server.fault(Fault::DropBefore, When::any().path("/addresses/all/").always());
    wants(&examined(&subject(&server)).await, Check::PhpMemory, Severity::Warning, &["addresses"]);
    server.clear_faults();
    server.fault(Fault::Html(404), When::any().path("/subnets/all/").always());
    let report = examined(&subject(&server)).await;
    wants(&report, Check::ListFailed, Severity::Warning, &["subnets/all/", "error log"]);
    lacks(&report, Check::PhpMemory);
}

#[tokio::test]
async fn a_large_site_is_told_with_the_memory_that_it_needs() {
    let server = Server::start().await.unwrap();
    server.seed(|store| {
        let section = store.add_section("Lab");
        let subnet = store.add_subnet(section, "10.0.0.0/16".parse().unwrap());
        for number in 1..=15_300_u32 {
            let ip = std::net::Ipv4Addr::from(u32::from(std::net::Ipv4Addr::new(10, 0, 0, 0)) + number);
            store.add_address(subnet, ip.into(), "");
        }
        assert_eq!(store.ids(Object::Address).len(), 15_300);
    });
    let report = examined(&subject(&server)).await;
    wants(&report, Check::SiteLarge, Severity::Note, &["15300", "64 MB", "memory_limit"]);
    assert_eq!(report.facts.php_memory_bytes, Some(15_300 * 4_400));
    let list = report.facts.lists.last().unwrap();
    assert_eq!((list.rows, list.complete), (15_300, true));
}

#[tokio::test]
async fn a_step_that_fails_or_hangs_is_a_finding_and_the_next_ones_go_on() {
    let (server, subject) = with_app(App::new("app"), user()).await;
    server.fault(Fault::Status(500, "Error: odd".to_owned()), When::any().path("/tools/tags/").times(1));
    let report = examined(&subject).await;
    wants(&report, Check::StepFailed, Severity::Warning, &["form of numbers", "odd"]);
    assert_eq!(report.not_done(), []);
    server.fault(Fault::Latency(Duration::from_secs(30)), When::any().path("/addresses/all/").always());
    let report = examined(&subject.with_step_timeout(Duration::from_secs(2))).await;
    assert!(report.of(Check::StepTimedOut).any(|found| found.what == "size"), "{:#?}", report.findings);
    assert!(report.steps.iter().all(|done| done.seconds < 5.0));
    assert_eq!(report.not_done(), []);
}
