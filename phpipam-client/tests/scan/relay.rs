//! Reports of scanners that cannot reach phpIPAM.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phpipam_client::scan::{Delivery, Event, PlanCache, Policy, Relay, RelayError, RelayReport, Status, SubnetReport};
use phpipam_client::testing::{Object, Server};

use crate::stage::{Stage, assign, text};

fn relay(stage: &Stage) -> Relay {
    let policy = Policy::default().with_last_seen_interval(std::time::Duration::ZERO);
    Relay::builder(stage.client()).with_policy(policy).build()
}

/// Report as the community agent sends it.
fn community(code: &str, net: &str, results: &str) -> RelayReport {
    let body = format!(r#"{{"code":"{code}","scan":{{"subnet":"{net}","results":{results},"tz":"+0100"}}}}"#);
    RelayReport::parse(body.as_bytes()).unwrap()
}

const RESULTS: &str = r#"[
    {"id": 12, "subnetId": "1", "ip": "10.0.0.10", "lastSeen": "2027-01-15 08:30:00", "mac": "AA:BB:CC:00:11:22"},
    {"subnetId": "1", "ip": "10.0.0.20", "lastSeen": "2027-01-15 08:31:00", "hostname": "web1"},
    {"ip": "10.0.0.21", "lastSeen": "2027-01-15 23:00:00"}]"#;

#[tokio::test]
async fn a_report_of_the_community_agent_is_applied() {
    let stage = Stage::with(Server::builder().utc_offset_minutes(345)).await;
    stage.add("10.0.0.10", &[("tag", "4")]);
    stage.add("10.0.0.11", &[("lastSeen", "2027-01-01 08:00:00")]);
    let relay = relay(&stage);
    let report = relay.receive(&community("building7", "10.0.0.0/24", RESULTS)).await.unwrap();
    assert_eq!((report.status, report.counts.created, report.counts.updated), (Status::Ok, 2, 1), "{report:?}");
    // 07:30 UTC is 13:15 in Kathmandu.
    assert_eq!(stage.field("10.0.0.10", "lastSeen"), "2027-01-15 13:15:00");
    assert_eq!(
        (stage.field("10.0.0.10", "mac"), stage.field("10.0.0.10", "state")),
        ("aa:bb:cc:00:11:22".into(), "4".into())
    );
    assert_eq!(stage.field("10.0.0.20", "hostname"), "web1");
    assert_eq!(stage.field("10.0.0.21", "lastSeen"), "2027-01-15 13:45:00", "a time in the future is now");
    assert_eq!(stage.field("10.0.0.11", "state"), "2", "the report does not say that it was asked");
    let agent = stage.server.seed(|store| store.row(Object::ScanAgent, stage.agent).unwrap());
    assert_eq!(text(&agent["last_access"]), "2027-01-15 13:45:00");

    let before = stage.rows();
    // Not with `relay`, which writes a time that is a moment later, too.
    let again =
        Relay::builder(stage.client()).build().receive(&community("building7", "10.0.0.0/24", RESULTS)).await.unwrap();
    assert_eq!((again.counts.created, again.counts.updated, again.counts.unchanged), (0, 0, 3), "{again:?}");
    assert_eq!(stage.rows(), before);
}

#[tokio::test]
async fn what_is_not_the_agents_is_refused_and_nothing_is_written() {
    let stage = Stage::new().await;
    stage.server.seed(|store| {
        let other = store.add(Object::ScanAgent, &[("name", "Other"), ("type", "api"), ("code", "other")]).unwrap();
        assign(store, stage.section, "10.1.0.0/24", other);
        let off = assign(store, stage.section, "10.2.0.0/24", stage.agent);
        store.set_field(Object::Subnet, off, "discoverSubnet", "0");
        store.set_field(Object::Subnet, off, "pingSubnet", "0");
    });
    let relay = relay(&stage);
    let host = |address: &str| format!(r#"[{{"ip":"{address}","lastSeen":"2027-01-15 08:30:00"}}]"#);
    for (code, net, address, status) in [
        ("building9", "10.0.0.0/24", "10.0.0.10", 403),
        ("building7", "10.1.0.0/24", "10.1.0.10", 403),
        ("building7", "10.2.0.0/24", "10.2.0.10", 403),
        ("building7", "10.3.0.0/24", "10.3.0.10", 403),
        ("building7", "10.0.0.0/25", "10.0.0.10", 403),
        ("building7", "10.0.0.0/24", "10.0.1.10", 400),
    ] {
        let error = relay.receive(&community(code, net, &host(address))).await.unwrap_err();
        assert_eq!(error.status(), status, "{code} {net} {address}: {error}");
        if status == 403 {
            assert!(matches!(error, RelayError::UnknownAgent | RelayError::NotAssigned(_)), "{error}");
        }
    }
    let foreign = host("10.0.0.10").replace("{\"ip\"", "{\"subnetId\":\"99\",\"ip\"");
    assert_eq!(relay.receive(&community("building7", "10.0.0.0/24", &foreign)).await.unwrap_err().status(), 403);
    assert_eq!(stage.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_network_twice_needs_the_id() {
    let stage = Stage::new().await;
    let second = stage.server.seed(|store| {
        let section = store.add_section("Other");
        assign(store, section, "10.0.0.0/24", stage.agent)
    });
    let relay = relay(&stage);
    let host = r#"[{"ip":"10.0.0.10","lastSeen":"2027-01-15 08:30:00"}]"#;
    let error = relay.receive(&community("building7", "10.0.0.0/24", host)).await.unwrap_err();
    assert!(error.to_string().contains("subnetId"), "{error}");
    let named = host.replace("{\"ip\"", &format!("{{\"subnetId\":{second},\"ip\""));
    relay.receive(&community("building7", "10.0.0.0/24", &named)).await.unwrap();
    assert_eq!(stage.server.seed(|store| (store.used(stage.subnet).len(), store.used(second).len())), (0, 1));
}

/// Way to a relay in the same process, through the JSON of the wire.
#[derive(Debug)]
struct Direct {
    relay: Relay,
    bodies: Mutex<Vec<String>>,
}

#[async_trait]
impl Delivery for Direct {
    async fn deliver(&self, report: &RelayReport) -> Result<Option<SubnetReport>, String> {
        let body = serde_json::to_string(report).map_err(|error| error.to_string())?;
        let read = RelayReport::parse(body.as_bytes()).map_err(|error| error.to_string())?;
        self.bodies.lock().unwrap().push(body);
        self.relay.receive(&read).await.map(Some).map_err(|error| error.to_string())
    }
}

#[tokio::test]
async fn an_agent_that_delivers_reports_has_the_same_effect() {
    let fill = |stage: &Stage| {
        stage.add("10.0.0.10", &[("lastSeen", "2027-01-15 06:00:00")]);
        stage.add("10.0.0.11", &[("lastSeen", "2027-01-15 06:00:00")]);
        stage.probe.set(&["10.0.0.10", "10.0.0.20"]);
        stage.probe.set_mac("10.0.0.20", "aa:bb:cc:00:11:22");
    };
    let (direct, relayed) = (Stage::new().await, Stage::new().await);
    fill(&direct);
    fill(&relayed);
    direct.run().await;
    let delivery = Arc::new(Direct { relay: relay(&relayed), bodies: Mutex::default() });
    let agent = relayed.builder().with_delivery(delivery.clone()).build().unwrap();
    let report = agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(report.status, Status::Ok, "{report:?}");
    let done = report.subnets[0].counts;
    assert_eq!((done.found, done.created, done.offline), (2, 1, 1), "as the relay reports: {report:?}");
    assert!(report.delivered && report.totals == done, "{report:?}");
    assert_eq!(relayed.rows(), direct.rows());
    assert_eq!(relayed.field("10.0.0.11", "state"), "1", "the whole subnet was asked");
    let bodies = delivery.bodies.lock().unwrap().clone();
    assert!(
        bodies[0].contains("\"mac\":\"AA:BB:CC:00:11:22\"")
            && bodies[0].contains("\"tz\":\"+0000\"")
            && bodies[0].contains("\"ended\":\"20"),
        "{bodies:?}"
    );

    // A dry run delivers nothing.
    agent.dry_run(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(delivery.bodies.lock().unwrap().len(), 1);

    // The plan is cached, and the code is changed: the relay refuses, which is the subnet's error.
    let directory = tempfile::tempdir().unwrap();
    let cache = PlanCache::new(directory.path().join("plan.json"));
    let agent = relayed.builder().with_cache(cache).with_delivery(delivery.clone()).build().unwrap();
    agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    relayed.server.seed(|store| store.set_field(Object::ScanAgent, relayed.agent, "code", "renamed"));
    let report = agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(report.status, Status::Failed);
    assert!(report.subnets[0].error.as_ref().unwrap().contains("no scan agent"), "{report:?}");
}
