//! Whole runs: what is written, what is not, and how often the server is asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use phpipam_client::scan::{Action, Agent, Event, Policy, ScanError, Status};
use phpipam_client::testing::{Fault, Object, When};

use crate::stage::{CODE, Names, Stage, assign, ip, text};

#[tokio::test]
async fn hosts_are_created_updated_and_marked() {
    let stage = Stage::new().await;
    stage.add("10.0.0.10", &[("lastSeen", "2027-01-15 07:00:00"), ("tag", "2")]);
    stage.add("10.0.0.11", &[("lastSeen", "2027-01-14 08:00:00"), ("tag", "2")]);
    stage.add("10.0.0.12", &[("lastSeen", "2027-01-14 08:00:00"), ("tag", "1")]);
    stage.add("10.0.0.13", &[("lastSeen", "2027-01-14 08:00:00"), ("tag", "3")]);
    stage.add("10.0.0.14", &[]);
    stage.probe.set(&["10.0.0.10", "10.0.0.12", "10.0.0.20"]);
    stage.probe.set_mac("10.0.0.10", "AA:BB:CC:00:11:22");

    let report = stage.run().await;
    assert_eq!(report.status, Status::Ok, "{report:?}");
    let counts = report.totals;
    assert_eq!((counts.found, counts.created, counts.seen, counts.updated), (3, 1, 2, 2), "{counts:?}");
    assert_eq!((counts.online, counts.offline, counts.failed), (1, 1, 0), "{counts:?}");

    assert_eq!(stage.field("10.0.0.10", "lastSeen"), "2027-01-15 08:00:00");
    assert_eq!(stage.field("10.0.0.10", "mac"), "aa:bb:cc:00:11:22");
    assert_eq!(stage.field("10.0.0.11", "state"), "1", "silent for a day");
    assert_eq!(stage.field("10.0.0.11", "lastSeen"), "2027-01-14 08:00:00", "the last reply, not the last attempt");
    assert_eq!(stage.field("10.0.0.12", "state"), "2", "it replied again");
    assert_eq!(stage.field("10.0.0.13", "state"), "3", "reserved stays");
    assert_eq!(stage.field("10.0.0.14", "state"), "2", "never found by a scan");
    assert_eq!(stage.field("10.0.0.20", "description"), "-- autodiscovered --");
    assert_eq!(stage.field("10.0.0.20", "note"), "Found by scan agent building7 at 2027-01-15 08:00:00");
    assert_eq!(stage.field("10.0.0.20", "lastSeen"), "2027-01-15 08:00:00");
    let (subnet, agent) = stage.server.seed(|store| {
        (store.row(Object::Subnet, stage.subnet).unwrap(), store.row(Object::ScanAgent, stage.agent).unwrap())
    });
    assert_eq!(text(&subnet["lastDiscovery"]), "2027-01-15 08:00:00");
    assert_eq!(text(&subnet["lastScan"]), "2027-01-15 08:00:00");
    assert_eq!(text(&agent["last_access"]), "2027-01-15 08:00:00");
}

#[tokio::test]
async fn a_second_run_changes_nothing_but_the_time() {
    let stage = Stage::new().await;
    stage.add("10.0.0.10", &[("tag", "3"), ("hostname", "db1"), ("note", "rack 7")]);
    stage.probe.set(&["10.0.0.10", "10.0.0.20"]);
    stage.run().await;
    let first = stage.rows();
    stage.server.advance(Duration::from_secs(600));
    let report = stage.run().await;
    assert_eq!(report.totals.updated, 2);
    let mut second = stage.rows();
    for (before, after) in first.iter().zip(&mut second) {
        assert_eq!(text(&after["lastSeen"]), "2027-01-15 08:10:00");
        after.insert("lastSeen".to_owned(), before["lastSeen"].clone());
    }
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_time_that_is_not_due_is_not_written() {
    let stage = Stage::new().await;
    stage.probe.set(&["10.0.0.20", "10.0.0.21"]);
    stage.run_with(Policy::default()).await;
    stage.server.advance(Duration::from_secs(900));
    stage.server.clear_log();
    let report = stage.run_with(Policy::default()).await;
    assert_eq!((report.totals.unchanged, report.totals.updated), (2, 0));
    assert_eq!(stage.writes(), [format!("PATCH tools/scanagents/{}/", stage.agent)]);
    stage.server.advance(Duration::from_secs(960));
    let report = stage.run_with(Policy::default()).await;
    assert_eq!((report.totals.unchanged, report.totals.updated), (0, 2), "half an hour after it was written");
}

/// Reads per subnet do not depend on its hosts, and there is one write for each host that is new or due.
#[tokio::test]
async fn requests_are_counted() {
    let stage = Stage::new().await;
    let hosts: Vec<String> = (1..=254).map(|host| format!("10.0.0.{host}")).collect();
    stage.probe.set(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    for (run, method) in [(0, "POST"), (1, "PATCH")] {
        stage.server.clear_log();
        stage.server.advance(Duration::from_secs(3600));
        stage.run().await;
        // Agents, subnets; the subnet and its addresses before and after the probe. An empty list is asked for its parent.
        assert!(stage.reads() <= 8, "run {run}: {} reads", stage.reads());
        let writes = stage.writes();
        let of_hosts = writes.iter().filter(|write| write.starts_with(&format!("{method} addresses/"))).count();
        assert_eq!(of_hosts, 254, "run {run}");
        // The agent's last access, and the times of the subnet.
        assert_eq!(writes.len(), 254 + 2, "run {run}");
        assert_eq!(stage.server.count("POST", "/user/"), 2, "one login, and one for the zone");
    }
    stage.server.clear_log();
    let report = stage.run_with(Policy::default()).await;
    assert_eq!(report.totals.unchanged, 254);
    assert_eq!(stage.writes().len(), 1, "nothing is due: {:?}", stage.writes());
}

#[tokio::test]
async fn a_dry_run_lists_the_changes_and_writes_nothing() {
    let stage = Stage::new().await;
    stage.add("10.0.0.10", &[("lastSeen", "2027-01-14 08:00:00")]);
    stage.add("10.0.0.11", &[("lastSeen", "2027-01-14 08:00:00"), ("tag", "1")]);
    stage.probe.set(&["10.0.0.11", "10.0.0.20"]);
    let before = stage.rows();
    let report = stage.builder().build().unwrap().dry_run(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(stage.writes(), Vec::<String>::new());
    assert_eq!(stage.rows(), before);
    assert!(report.dry_run);
    let changes: Vec<_> =
        report.subnets[0].changes.iter().map(|change| (change.action, change.address.to_string())).collect();
    assert_eq!(
        changes,
        [
            (Action::Offline, "10.0.0.10".to_owned()),
            (Action::Online, "10.0.0.11".to_owned()),
            (Action::Create, "10.0.0.20".to_owned())
        ]
    );
    let done = stage.run().await;
    assert_eq!((done.totals.offline, done.totals.online, done.totals.created), (1, 1, 1), "the run does the same");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["subnets"][0]["changes"][0]["action"], "offline");
    assert_eq!(json["status"], "ok");
}

#[tokio::test]
async fn a_scan_that_failed_or_was_cut_short_marks_none_offline() {
    let stage = Stage::new().await;
    for host in 10..14 {
        stage.add(&format!("10.0.0.{host}"), &[("lastSeen", "2027-01-14 08:00:00")]);
    }
    stage.probe.set(&["10.0.0.10", "10.0.0.20"]);
    stage.probe.break_with(Some("nmap was ended by a signal"));
    let report = stage.run().await;
    assert_eq!(
        (report.totals.offline, report.totals.updated, report.totals.created),
        (0, 1, 1),
        "what was found counts"
    );
    assert_eq!(report.status, Status::Incomplete);
    assert!(report.subnets[0].withheld.as_ref().unwrap().contains("ended by a signal"), "{report:?}");

    stage.probe.break_with(None);
    stage.probe.set(&[]);
    let report = stage.run().await;
    assert_eq!((report.totals.offline, report.status), (0, Status::Incomplete));
    assert!(report.subnets[0].withheld.as_ref().unwrap().contains("none of the"), "{report:?}");

    let report = stage.run_with(Policy::default().with_accept_all_silent(true)).await;
    assert_eq!(report.totals.offline, 3, "the fourth was seen a moment ago");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_ends_at_the_time_limit() {
    let stage = Stage::new().await;
    stage.add("10.0.0.10", &[("lastSeen", "2027-01-14 08:00:00")]);
    stage.probe.hang();
    let agent = stage.builder().with_time_limit(Duration::from_secs(90)).build().unwrap();
    let report = agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(report.status, Status::Incomplete);
    assert_eq!(report.subnets[0].incomplete.as_deref(), Some("the time limit of 90 s was reached"));
    assert_eq!(stage.field("10.0.0.10", "state"), "2");
}

#[tokio::test]
async fn a_subnet_that_fails_does_not_stop_the_others() {
    let stage = Stage::new().await;
    let other = stage.server.seed(|store| assign(store, stage.section, "10.0.1.0/24", stage.agent));
    stage.probe.set(&["10.0.0.20", "10.0.1.20"]);
    let path = format!("/subnets/{}/addresses/", stage.subnet);
    stage.server.fault(Fault::Status(500, "broken".to_owned()), When::any().path(&path));
    let report = stage.run().await;
    assert_eq!(report.status, Status::Failed);
    assert!(report.subnets[0].error.as_ref().unwrap().contains("broken"), "{report:?}");
    assert_eq!((report.subnets[1].status, report.subnets[1].subnet), (Status::Ok, other));
    assert_eq!(report.totals.created, 1);
}

#[tokio::test]
async fn an_app_that_may_not_write_is_noticed_before_a_network_is_probed() {
    use phpipam_client::testing::{App, Permission, Server};
    let app = App::new(Server::APP).with_permission(Permission::Read);
    let stage = Stage::with(Server::builder().app(app)).await;
    let error = stage.builder().build().unwrap().run_once(&|_: &Event<'_>| {}).await.unwrap_err();
    assert!(error.to_string().contains("invalid permissions"), "{error}");
    assert!(stage.probe.targets().is_empty());
    // A dry run needs no more than reading.
    stage.builder().build().unwrap().dry_run(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(stage.probe.targets().len(), 1);
}

#[tokio::test]
async fn requests_that_keep_failing_end_the_subnet() {
    let stage = Stage::new().await;
    let hosts: Vec<String> = (1..=200).map(|host| format!("10.0.0.{host}")).collect();
    stage.probe.set(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let broken = When::any().method("POST").path("/addresses/").always();
    stage.server.fault(Fault::Status(500, "Error: disk full".to_owned()), broken);
    let report = stage.run().await;
    let subnet = &report.subnets[0];
    assert_eq!(subnet.status, Status::Failed);
    assert_eq!((subnet.counts.failed, subnet.failures.len()), (20, 20));
    assert!(subnet.error.as_ref().unwrap().contains("180 of 200 changes left"), "{:?}", subnet.error);
}

#[tokio::test]
async fn names_come_from_the_subnets_own_servers() {
    let stage = Stage::new().await;
    stage.server.seed(|store| {
        let set = [("name", "Lab"), ("namesrv1", "192.0.2.53;192.0.2.54")];
        let set = store.add(Object::Nameservers, &set).unwrap();
        store.set_field(Object::Subnet, stage.subnet, "nameserverId", &set.to_string());
        store.set_field(Object::Subnet, stage.subnet, "resolveDNS", "1");
    });
    stage.add("10.0.0.10", &[("hostname", "kept")]);
    stage.add("10.0.0.11", &[]);
    stage.probe.set(&["10.0.0.10", "10.0.0.11", "10.0.0.20", "10.0.0.21"]);
    let mut names = Names::default();
    for (address, name) in [
        ("10.0.0.10", "other.example.test."),
        ("10.0.0.11", "Mail.example.test."),
        ("10.0.0.20", "web1.example.test."),
        ("10.0.0.21", "10-0-0-21.dyn.example.test."),
    ] {
        names.names.insert(ip(address), name);
    }
    let names = Arc::new(names);
    let agent = stage.builder().with_names(names.clone()).build().unwrap();
    agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    let hostnames = ["10", "11", "20", "21"].map(|host| stage.field(&format!("10.0.0.{host}"), "hostname"));
    assert_eq!(hostnames, ["kept", "mail", "web1", ""]);
    let asked = names.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 3, "a host that has a name is not looked up");
    assert!(asked.iter().all(|(_, servers)| *servers == [ip("192.0.2.53"), ip("192.0.2.54")]));

    // Without resolveDNS no name is looked up.
    stage.server.seed(|store| store.set_field(Object::Subnet, stage.subnet, "resolveDNS", "0"));
    agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(names.asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn events_tell_the_steps_of_each_subnet() {
    let stage = Stage::new().await;
    stage.probe.set(&["10.0.0.20"]);
    let steps = Mutex::new(Vec::new());
    let note = |event: &Event<'_>| {
        let step = match event {
            Event::Planned { plan, .. } => format!("planned {}", plan.subnets.len()),
            Event::Probing { subnet } => format!("probing {}", subnet.net),
            Event::Probed { hosts, .. } => format!("probed {hosts}"),
            Event::Changed { done, of, .. } => format!("changed {done}/{of}"),
            Event::Finished { report, .. } => format!("finished {:?}", report.status),
            other => format!("{other:?}"),
        };
        steps.lock().unwrap().push(step);
    };
    stage.builder().build().unwrap().run_once(&note).await.unwrap();
    let steps = steps.into_inner().unwrap();
    assert_eq!(steps, ["planned 1", "probing 10.0.0.0/24", "probed 1", "changed 1/1", "finished Ok"]);
}

#[tokio::test]
async fn a_code_that_no_agent_has_stops_everything() {
    let stage = Stage::new().await;
    for code in ["building8", "Building7", "building"] {
        let agent = Agent::builder(stage.client(), code).with_probe(stage.probe.clone()).build().unwrap();
        let error = agent.run_once(&|_: &Event<'_>| {}).await.unwrap_err();
        assert!(matches!(&error, ScanError::UnknownAgent { code: named } if named == code), "{error}");
    }
    assert!(stage.writes().is_empty() && stage.probe.targets().is_empty());
    for code in ["", " ", "<b>", &"x".repeat(33)] {
        let error = Agent::builder(stage.client(), code).build().unwrap_err();
        assert!(error.to_string().contains("scanagent_code"), "{error}");
    }
    let error = Agent::builder(stage.client(), CODE).build().unwrap().run_once(&|_: &Event<'_>| {}).await.unwrap_err();
    assert!(error.to_string().starts_with("probe is"), "{error}");
}

/// The future can be spawned, and two agents do not disturb each other.
#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_end_as_one() {
    let stage = Stage::new().await;
    let hosts: Vec<String> = (1..=60).map(|host| format!("10.0.0.{host}")).collect();
    stage.probe.set(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let runs = [(); 2].map(|()| {
        let agent = stage.builder().build().unwrap();
        tokio::spawn(async move { agent.run_once(&|_: &Event<'_>| {}).await })
    });
    let (mut created, mut skipped) = (0, 0);
    for run in runs {
        let report = run.await.unwrap().unwrap();
        assert_eq!(report.totals.failed, 0, "{report:?}");
        created += report.totals.created;
        skipped += report.totals.skipped + report.totals.updated + report.totals.unchanged;
    }
    assert_eq!((created, skipped), (60, 60));
    assert_eq!(stage.rows().len(), 60);
}
