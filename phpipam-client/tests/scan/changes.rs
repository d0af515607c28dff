//! Single changes: whose rows they touch, and what stays as it is.

use std::sync::Arc;
use std::time::Duration;

use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::scan::{Event, HostnameRule, Policy, Status};
use phpipam_client::testing::{CustomColumn, Fault, Object, When};

use crate::stage::{Names, Stage, assign, ip, text};

/// Marks of a claim that is pending, and of one that is committed.
const PENDING: &str = "[ipam1;p;1/3;a0;k7c3d47054832e9f6918bc21b;n0000000000000abc;f0000000000000007;s6553f100;key=vm-1/nic%200;owner=vm-1;life=180;x57bca29b]";
const COMMITTED: &str = "[ipam1;c;1/3;a0;k7c3d47054832e9f6918bc21b;n0000000000000abc;f0000000000000007;s6553f100;key=vm-1/nic%200;owner=vm-1;at=10.0.0.1-10.0.0.3,2001:db8::1;x489c67d3]";
const LONG_AGO: &str = "2027-01-10 08:00:00";

fn removing() -> Policy {
    Policy::default().with_last_seen_interval(Duration::ZERO).with_remove_after(Some(Duration::from_secs(86_400)))
}

#[tokio::test]
async fn a_claim_in_progress_is_left_alone() {
    let stage = Stage::new().await;
    stage.server.seed(|store| store.add_custom_field(Object::Address, CustomColumn::text("custom_mark", 512)));
    let unreadable = PENDING.replace("vm-1", "vm-2");
    stage.add("10.0.0.10", &[("note", PENDING), ("lastSeen", LONG_AGO)]);
    stage.add("10.0.0.11", &[("custom_mark", PENDING), ("lastSeen", LONG_AGO)]);
    stage.add("10.0.0.12", &[("note", &unreadable), ("lastSeen", LONG_AGO)]);
    stage.add("10.0.0.13", &[("note", PENDING), ("tag", "1"), ("description", "-- autodiscovered --")]);
    let before = stage.rows();
    // Silent, and then all of them up.
    for up in [&["10.0.0.20"][..], &["10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.0.13", "10.0.0.20"]] {
        stage.probe.set(up);
        let report = stage.run_with(removing()).await;
        assert_eq!(report.totals.failed, 0);
        assert_eq!(stage.rows()[..4], before, "{up:?}");
    }
}

#[tokio::test]
async fn an_allocation_of_the_provider_keeps_its_mark_and_its_key() {
    let stage = Stage::new().await;
    stage.add("10.0.0.10", &[("note", COMMITTED), ("lastSeen", LONG_AGO), ("tag", "4")]);
    stage.add("10.0.0.11", &[("note", COMMITTED), ("lastSeen", LONG_AGO)]);
    stage.probe.set(&["10.0.0.10"]);
    stage.run_with(removing()).await;
    assert_eq!(stage.field("10.0.0.10", "note"), COMMITTED);
    assert_eq!((stage.field("10.0.0.10", "state"), stage.field("10.0.0.11", "state")), ("4".into(), "1".into()));
    assert_eq!(stage.field("10.0.0.11", "note"), COMMITTED);

    // A real one, found by its key after the scan.
    use ipam_core::{Allocate, AllocateLine, IpamProvider as _, IpamProviderExt as _};
    let provider = PhpIpamProvider::connect(stage.client(), PhpIpamConfig::new()).await.unwrap();
    let range = stage.subnet.to_string();
    let request = Allocate::new("vm-7").with_key("vm-7/nic-0").with_line(AllocateLine::next(range, 2));
    let allocated = provider.allocate(&request).await.unwrap();
    let addresses: Vec<String> = allocated.lines[0].iter().map(|row| row.address.to_string()).collect();
    stage.probe.set(&addresses.iter().map(String::as_str).collect::<Vec<_>>());
    stage.run_with(removing()).await;
    assert_eq!(stage.field(&addresses[0], "lastSeen"), "2027-01-15 08:00:00");
    let found = provider.find_key("vm-7/nic-0").await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(provider.allocate(&request).await.unwrap().repeated, "the same allocation");
}

#[tokio::test]
async fn only_what_the_agent_created_and_no_person_changed_is_removed() {
    let stage = Stage::new().await;
    stage.server.seed(|store| store.add_custom_field(Object::Address, CustomColumn::text("custom_rack", 16)));
    let hosts: Vec<String> = (10..21).map(|host| format!("10.0.0.{host}")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    stage.probe.set(&hosts);
    stage.run_with(removing()).await;
    let ids: Vec<u64> = stage.server.seed(|store| store.used(stage.subnet).into_iter().map(|(_, id)| id).collect());
    stage.server.seed(|store| {
        let mut set = |host: usize, field: &str, value: &str| store.set_field(Object::Address, ids[host], field, value);
        set(0, "description", "web server");
        set(1, "note", "Found by scan agent building8 at 2027-01-15 08:00:00");
        set(2, "owner", "ops");
        set(3, "custom_rack", "r7");
        set(4, "tag", "3");
        set(5, "excludePing", "1");
        set(6, "is_gateway", "1");
        // A name that the agent did not give.
        set(7, "hostname", "web1");
        // One that it filled in later, and so noted.
        set(8, "hostname", "web2");
        set(8, "note", "Found by scan agent building7 at 2027-01-15 08:00:00 as web2");
    });
    stage.probe.set(&["10.0.0.20"]);
    stage.server.advance(Duration::from_secs(86_300));
    let report = stage.run_with(removing()).await;
    assert_eq!((report.totals.removed, report.totals.offline), (0, 8), "{report:?}");
    stage.server.advance(Duration::from_secs(200));
    stage.server.clear_log();
    let report = stage.run_with(removing()).await;
    assert_eq!((report.totals.removed, report.totals.offline), (2, 0), "{report:?}");
    let left: Vec<String> =
        stage.server.seed(|store| store.used(stage.subnet).iter().map(|(ip, _)| ip.to_string()).collect());
    let expected: Vec<&str> = hosts.iter().copied().filter(|host| !["10.0.0.18", "10.0.0.19"].contains(host)).collect();
    assert_eq!(left, expected);
    assert_eq!(stage.server.count("DELETE", "/addresses/"), 2);
    // Without the setting none is ever removed.
    stage.server.advance(Duration::from_secs(86_400 * 400));
    assert_eq!(stage.run().await.totals.removed, 0);
}

/// The server becomes slow between the reading of the rows and their change. Meanwhile a person sets a tag, and another
/// agent sees a host.
#[tokio::test(start_paused = true)]
async fn a_row_that_was_changed_meanwhile_is_skipped() {
    let stage = Stage::new().await;
    for host in 10..14 {
        stage.add(&format!("10.0.0.{host}"), &[("lastSeen", LONG_AGO)]);
    }
    let gone = stage.add("10.0.0.14", &[("lastSeen", LONG_AGO)]);
    stage.probe.set(&["10.0.0.13"]);
    let slow = When::any().method("PATCH").path("/addresses/");
    stage.server.fault(Fault::Latency(Duration::from_secs(11)), slow);
    let ids: Vec<u64> = stage.server.seed(|store| store.used(stage.subnet).into_iter().map(|(_, id)| id).collect());
    let meddle = |event: &Event<'_>| {
        if matches!(event, Event::Changed { done: 1, .. }) {
            stage.server.seed(|store| {
                store.set_field(Object::Address, ids[1], "tag", "3");
                store.set_field(Object::Address, ids[2], "lastSeen", "2027-01-15 07:59:00");
                store.set_field(Object::Address, ids[3], "tag", "4");
                store.delete(Object::Address, gone);
            });
        }
    };
    let agent = stage.builder().with_changes_at_once(1).build().unwrap();
    let report = agent.run_once(&meddle).await.unwrap();
    assert_eq!(report.status, Status::Ok, "{report:?}");
    assert_eq!((report.totals.offline, report.totals.skipped, report.totals.updated), (1, 3, 1), "{report:?}");
    let tags = [10, 11, 12, 13].map(|host| stage.field(&format!("10.0.0.{host}"), "state"));
    assert_eq!(tags, ["1", "3", "2", "4"], "the host that replied keeps the tag that was set meanwhile");
    assert_eq!(stage.field("10.0.0.13", "lastSeen"), "2027-01-15 08:00:00");
}

#[tokio::test]
async fn host_names_follow_the_rule() {
    use crate::stage::Names;
    for (rule, expected) in [
        (HostnameRule::FillIn, ["old", "new"]),
        (HostnameRule::Replace, ["new", "new"]),
        (HostnameRule::Keep, ["old", ""]),
    ] {
        let stage = Stage::new().await;
        stage.server.seed(|store| store.set_field(Object::Subnet, stage.subnet, "resolveDNS", "1"));
        stage.add("10.0.0.10", &[("hostname", "old")]);
        stage.add("10.0.0.11", &[]);
        stage.probe.set(&["10.0.0.10", "10.0.0.11"]);
        let mut names = Names::default();
        names.names.extend([(ip("10.0.0.10"), "new.example.test."), (ip("10.0.0.11"), "new.example.test.")]);
        let policy = Policy::default().with_hostnames(rule);
        let agent = stage.builder().with_policy(policy).with_names(Arc::new(names)).build().unwrap();
        agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
        assert_eq!(["10.0.0.10", "10.0.0.11"].map(|host| stage.field(host, "hostname")), expected, "{rule:?}");
    }
}

#[tokio::test]
async fn hosts_of_a_child_subnet_are_not_recorded_in_its_parent() {
    let stage = Stage::new().await;
    let child = stage.server.seed(|store| {
        let child = store.add_subnet(stage.section, "10.0.0.128/25".parse().unwrap());
        store.set_field(Object::Subnet, child, "scanAgent", "1");
        child
    });
    stage.add("10.0.0.200", &[]);
    stage.probe.set(&["10.0.0.20", "10.0.0.130", "10.0.0.200"]);
    let report = stage.run().await;
    assert_eq!((report.totals.created, report.totals.updated), (1, 1), "{report:?}");
    assert!(stage.server.seed(|store| store.used(child)).is_empty(), "it is another agent's");
    assert!(stage.row("10.0.0.130").is_none());
}

#[tokio::test]
async fn switches_of_the_subnet_limit_the_policy() {
    let stage = Stage::new().await;
    stage.add("10.0.0.10", &[("lastSeen", LONG_AGO)]);
    stage.add("10.0.0.11", &[("lastSeen", LONG_AGO), ("tag", "1")]);
    stage.probe.set(&["10.0.0.11", "10.0.0.20"]);
    stage.server.seed(|store| store.set_field(Object::Subnet, stage.subnet, "pingSubnet", "0"));
    let report = stage.run().await;
    assert_eq!((report.totals.offline, report.totals.online, report.totals.created), (0, 0, 1));
    assert_eq!(stage.field("10.0.0.11", "lastSeen"), "2027-01-15 08:00:00", "the time is a discovery's business, too");
    let subnet = stage.server.seed(|store| store.row(Object::Subnet, stage.subnet).unwrap());
    assert_eq!((text(&subnet["lastScan"]), text(&subnet["lastDiscovery"])), ("".into(), "2027-01-15 08:00:00".into()));
}

#[tokio::test]
async fn a_required_custom_field_is_named_and_can_be_set() {
    let stage = Stage::new().await;
    stage.server.seed(|store| {
        store.add_custom_field(Object::Address, CustomColumn::text("custom_ticket", 16).required(None));
    });
    stage.probe.set(&["10.0.0.20"]);
    let report = stage.run().await;
    assert_eq!((report.totals.created, report.totals.failed), (0, 1));
    assert!(report.subnets[0].failures[0].contains("custom_ticket"), "{report:?}");
    let agent = stage.builder().with_custom_field("custom_ticket", "scan").with_policy(removing()).build().unwrap();
    let report = agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!((report.totals.created, report.totals.failed), (1, 0));
    assert_eq!(stage.field("10.0.0.20", "custom_ticket"), "scan");
    // A value that the agent wrote itself does not protect from removal.
    stage.server.advance(Duration::from_secs(86_400 * 2));
    stage.add("10.0.0.30", &[("custom_ticket", "INC-1")]);
    stage.probe.set(&["10.0.0.30"]);
    // A removal takes two silent scans.
    let mut removed = Vec::new();
    for _ in 0..2 {
        removed.push(agent.run_once(&|_: &Event<'_>| {}).await.unwrap().totals.removed);
    }
    assert_eq!(removed, [0, 1]);
}

/// The server makes an empty text null when it changes a row, and then refuses it.
#[tokio::test]
async fn a_row_whose_required_text_is_empty_is_named_with_the_remedy() {
    let stage = Stage::new().await;
    stage.server.seed(|store| {
        store.add_custom_field(Object::Address, CustomColumn::text("custom_stage", 16).required(Some("")));
    });
    stage.add("10.0.0.20", &[("lastSeen", LONG_AGO)]);
    stage.probe.set(&["10.0.0.20"]);
    let report = stage.run().await;
    assert_eq!((report.totals.updated, report.totals.failed), (0, 1), "{report:?}");
    let failure = &report.subnets[0].failures[0];
    assert!(failure.contains("custom_stage") && failure.contains("fill in the field"), "{failure}");
}

#[tokio::test]
async fn a_host_name_that_is_filled_in_later_is_noted_as_the_agents() {
    let stage = Stage::new().await;
    stage.server.seed(|store| store.set_field(Object::Subnet, stage.subnet, "resolveDNS", "1"));
    stage.probe.set(&["10.0.0.20", "10.0.0.21"]);
    stage.run_with(removing()).await;
    let names = Names { names: [(ip("10.0.0.20"), "web1.example")].into(), ..Names::default() };
    let agent = stage.builder().with_policy(removing()).with_names(Arc::new(names)).build().unwrap();
    stage.server.advance(Duration::from_secs(3600));
    agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(stage.field("10.0.0.20", "hostname"), "web1");
    assert!(stage.field("10.0.0.20", "note").ends_with(" as web1"), "{:?}", stage.row("10.0.0.20"));
    // Both are still the agent's own.
    stage.add("10.0.0.30", &[]);
    stage.probe.set(&["10.0.0.30"]);
    stage.server.advance(Duration::from_secs(86_400 * 2));
    agent.run_once(&|_: &Event<'_>| {}).await.unwrap();
    assert_eq!(agent.run_once(&|_: &Event<'_>| {}).await.unwrap().totals.removed, 2);
}

#[tokio::test]
async fn the_same_address_in_another_subnet_is_not_touched() {
    let stage = Stage::new().await;
    let other = stage.server.seed(|store| {
        let section = store.add_section("Other");
        let other = store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
        store.add_address(other, ip("10.0.0.10"), "other");
        let row = store.used(other)[0].1;
        store.set_field(Object::Address, row, "lastSeen", LONG_AGO);
        let broken = assign(store, section, "10.9.0.0/24", 99);
        store.set_field(Object::Subnet, broken, "discoverSubnet", "1");
        other
    });
    stage.add("10.0.0.10", &[("lastSeen", LONG_AGO)]);
    let before = stage.server.seed(|store| store.row(Object::Address, store.used(other)[0].1));
    for up in [&["10.0.0.10", "10.9.0.1"][..], &["10.0.0.20"]] {
        stage.probe.set(up);
        stage.run().await;
        stage.server.advance(Duration::from_secs(7200));
    }
    assert_eq!(stage.field("10.0.0.10", "state"), "1");
    assert_eq!(stage.server.seed(|store| store.row(Object::Address, store.used(other)[0].1)), before);
}
