//! Times: the server's zone, the clock of the scanning host, and daylight saving time.

use std::time::Duration;

use phpipam_client::scan::{Event, Policy, ScanError, ServerZone};
use phpipam_client::testing::{App, Clock, Object, Security, Server};
use phpipam_client::{Auth, Client, HttpOptions};

use crate::stage::{CODE, Stage, at, text};

/// The clock of the host that runs this test is months away from the server's.
#[tokio::test]
async fn times_are_in_the_servers_zone_and_on_its_clock() {
    let stage = Stage::with(Server::builder().utc_offset_minutes(345)).await;
    // 08:00 UTC is 13:45 in Kathmandu.
    stage.add("10.0.0.10", &[("lastSeen", "2027-01-15 12:50:00")]);
    stage.add("10.0.0.11", &[("lastSeen", "2027-01-15 12:44:00")]);
    stage.probe.set(&["10.0.0.20"]);
    let report = stage.run().await;
    assert_eq!(report.totals.offline, 1);
    assert_eq!(stage.field("10.0.0.10", "state"), "2", "silent for 55 minutes");
    assert_eq!(stage.field("10.0.0.11", "state"), "1", "silent for 61 minutes");
    assert_eq!(stage.field("10.0.0.20", "lastSeen"), "2027-01-15 13:45:00");
    assert_eq!(stage.field("10.0.0.20", "note"), "Found by scan agent building7 at 2027-01-15 13:45:00");
    let agent = stage.server.seed(|store| store.row(Object::ScanAgent, stage.agent).unwrap());
    assert_eq!(text(&agent["last_access"]), "2027-01-15 13:45:00");
    // The setting says the same, without a login of its own.
    stage.server.clear_log();
    stage.builder().with_zone("+05:45".parse().unwrap()).build().unwrap().run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(stage.server.count("POST", "/user/"), 1);
    assert_eq!(stage.field("10.0.0.20", "lastSeen"), "2027-01-15 13:45:00");
}

#[tokio::test]
async fn the_offset_is_found_out_in_every_run() {
    let stage = Stage::with(Server::builder().utc_offset_minutes(60)).await;
    stage.probe.set(&["10.0.0.20"]);
    let agent = stage.builder().build().unwrap();
    agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(stage.field("10.0.0.20", "lastSeen"), "2027-01-15 09:00:00");
    // Daylight saving time begins. The token of the client stays valid, and its expiry is in the old offset.
    stage.server.set_utc_offset_minutes(120);
    stage.server.advance(Duration::from_secs(60));
    agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(stage.field("10.0.0.20", "lastSeen"), "2027-01-15 10:01:00");
    // And ends: the written time is an hour ahead until the hour is over, and no host is marked offline meanwhile.
    stage.server.set_utc_offset_minutes(60);
    stage.probe.set(&["10.0.0.21"]);
    agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(stage.field("10.0.0.20", "state"), "2");
}

#[tokio::test]
async fn a_named_zone_is_right_across_daylight_saving_time() {
    let Ok(zone) = "Europe/Berlin".parse::<ServerZone>() else {
        assert!(!std::path::Path::new("/usr/share/zoneinfo/Europe/Berlin").exists());
        return;
    };
    // 2027-03-28 01:05 UTC: five minutes after 01:59 CET became 03:00 CEST.
    let server = Server::builder().clock(Clock::fixed(at(1_806_195_900))).utc_offset_minutes(120);
    let stage = Stage::started(server.start().await.unwrap());
    stage.add("10.0.0.10", &[("lastSeen", "2027-03-28 01:50:00")]);
    stage.add("10.0.0.11", &[("lastSeen", "2027-03-28 01:04:00")]);
    stage.probe.set(&["10.0.0.20"]);
    let agent = stage.builder().with_zone(zone).build().unwrap();
    agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(stage.field("10.0.0.10", "state"), "2", "silent for 15 minutes, not for 75");
    assert_eq!(stage.field("10.0.0.11", "state"), "1", "silent for 61 minutes");
    assert_eq!(stage.field("10.0.0.20", "lastSeen"), "2027-03-28 03:05:00");
}

#[tokio::test]
async fn with_an_app_code_the_zone_must_be_set() {
    let app = App::new("code").with_security(Security::SslCode).with_code("0123456789abcdef");
    let stage = Stage::with(Server::builder().app(app).https(true).utc_offset_minutes(-210)).await;
    let client = Client::builder(stage.server.url(), "code", Auth::app_code("0123456789abcdef"))
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .build()
        .unwrap();
    stage.probe.set(&["10.0.0.20"]);
    let builder = || phpipam_client::scan::Agent::builder(client.clone(), CODE).with_probe(stage.probe.clone());
    let error = builder().build().unwrap().run_once(&|_: &Event<'_>| {}).await.unwrap_err();
    assert!(matches!(error, ScanError::Zone { .. }), "{error}");
    assert!(error.to_string().contains("app code") && error.to_string().contains("utc_offset"), "{error}");
    assert!(stage.rows().is_empty() && stage.probe.targets().is_empty());

    let agent = builder().with_zone(ServerZone::from_minutes(-210).unwrap()).build().unwrap();
    agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(stage.field("10.0.0.20", "lastSeen"), "2027-01-15 04:30:00");
}

#[tokio::test]
async fn an_offset_that_no_zone_has_is_an_error_before_anything_is_written() {
    let stage = Stage::with(Server::builder().utc_offset_minutes(7)).await;
    let error = stage.builder().build().unwrap().run_once(&|_: &Event<'_>| {}).await.unwrap_err();
    assert!(error.to_string().contains("utc_offset"), "{error}");
    assert!(stage.writes().is_empty());
}

/// A recorded time that is a little older than the last reply does not shorten the silence to nothing.
#[tokio::test]
async fn the_write_interval_is_bounded_by_the_threshold() {
    let stage = Stage::new().await;
    stage.probe.set(&["10.0.0.20", "10.0.0.21"]);
    let policy = || Policy::default().with_offline_after(Duration::from_secs(600));
    stage.run_with(policy()).await;
    stage.server.advance(Duration::from_secs(360));
    let report = stage.run_with(policy()).await;
    assert_eq!(report.totals.updated, 2, "written after half of the threshold, not after half an hour");
    stage.probe.set(&["10.0.0.21"]);
    stage.server.advance(Duration::from_secs(540));
    assert_eq!(stage.run_with(policy()).await.totals.offline, 0);
    stage.server.advance(Duration::from_secs(120));
    assert_eq!(stage.run_with(policy()).await.totals.offline, 1);
}
