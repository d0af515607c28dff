//! Plans: which subnets are scanned, and how often the server is asked for them.

use std::sync::Mutex;

use phpipam_client::scan::{Agent, Event, PlanCache, Status};
use phpipam_client::testing::{Object, Profile, Server};

use crate::stage::{CODE, Stage, assign, ip};

#[tokio::test]
async fn only_assigned_subnets_with_a_network_are_planned() {
    let stage = Stage::new().await;
    let (wide, folder) = stage.server.seed(|store| {
        let section = stage.section;
        let other = store.add(Object::ScanAgent, &[("name", "Other"), ("type", "api"), ("code", "other")]).unwrap();
        assign(store, section, "10.1.0.0/24", other);
        let off = assign(store, section, "10.2.0.0/24", stage.agent);
        store.set_field(Object::Subnet, off, "discoverSubnet", "0");
        let check = off;
        store.set_field(Object::Subnet, check, "pingSubnet", "1");
        let neither = assign(store, section, "10.3.0.0/24", stage.agent);
        store.set_field(Object::Subnet, neither, "discoverSubnet", "0");
        store.set_field(Object::Subnet, neither, "pingSubnet", "0");
        assign(store, section, "10.4.0.0/16", stage.agent);
        store.add_subnet(section, "10.4.8.0/24".parse().unwrap());
        let wide = assign(store, section, "10.8.0.0/15", stage.agent);
        assign(store, section, "2001:db8::/64", stage.agent);
        let folder = store.add_folder(section, "racks");
        store.set_field(Object::Subnet, folder, "scanAgent", &stage.agent.to_string());
        store.set_field(Object::Subnet, folder, "discoverSubnet", "1");
        (wide, folder)
    });
    let plan = stage.builder().build().unwrap().plan().await.unwrap();
    let nets: Vec<String> = plan.subnets.iter().map(|subnet| subnet.net.to_string()).collect();
    assert_eq!(nets, ["10.0.0.0/24", "10.2.0.0/24", "10.4.0.0/16", "2001:db8::/64"]);
    assert!(!plan.subnets[1].discover && plan.subnets[1].check);
    assert_eq!(plan.subnets[2].children, ["10.4.8.0/24".parse().unwrap()]);
    let notes: Vec<_> = plan.notes.iter().map(|note| note.subnet).collect();
    // `subnets/` does not list folders at all.
    assert_eq!(notes, [Some(wide)], "{folder}: {:?}", plan.notes);
    assert!(plan.notes[0].reason.contains("10.8.0.0/15") && plan.notes[0].reason.contains("65536"), "{:?}", plan.notes);
    assert_eq!((plan.agent.get(), plan.name.as_deref()), (stage.agent, Some("Building 7")));

    let report = stage.run().await;
    assert_eq!((report.status, report.notes.len()), (Status::Incomplete, 1), "the refused subnet is not forgotten");
    assert!(stage.probe.targets().iter().all(|target| target.net.to_string() != "10.8.0.0/15"));
}

/// Three requests, whatever the number of subnets.
#[tokio::test]
async fn a_plan_of_2000_subnets_takes_a_fixed_number_of_requests() {
    for profile in [Profile::V1_8_2, old()] {
        let stage = Stage::with(Server::builder().profile(profile)).await;
        stage.server.seed(|store| {
            for number in 1..2000_u32 {
                assign(store, stage.section, &format!("10.{}.{}.0/24", 1 + number / 256, number % 256), stage.agent);
            }
        });
        let agent = stage.builder().build().unwrap();
        assert_eq!(agent.plan().await.unwrap().subnets.len(), 2000);
        assert_eq!(stage.reads(), 2, "{:?}", stage.server.requests().last());
    }
}

/// Behaviours of 1.3: filters are ignored, empty lists are HTTP 200.
fn old() -> Profile {
    let mut profile = Profile::V1_8_2;
    (profile.filters, profile.nothing_found, profile.failure_is_zero) = (false, 200, true);
    profile
}

#[tokio::test]
async fn an_ipv6_subnet_is_never_swept() {
    let stage = Stage::new().await;
    let subnet = stage.server.seed(|store| {
        store.delete(Object::Subnet, stage.subnet);
        let subnet = assign(store, stage.section, "2001:db8::/64", stage.agent);
        store.add_address(subnet, ip("2001:db8::5"), "");
        subnet
    });
    stage.probe.set(&["2001:db8::5", "2001:db8::7"]);
    let report = stage.run().await;
    assert_eq!(report.status, Status::Ok, "{report:?}");
    let targets = stage.probe.targets();
    assert_eq!(targets[0].only.as_ref().unwrap().iter().copied().collect::<Vec<_>>(), [ip("2001:db8::5")]);
    assert_eq!(stage.server.seed(|store| store.used(subnet).len()), 1);
}

#[tokio::test]
async fn without_discovery_only_known_addresses_are_asked() {
    let stage = Stage::new().await;
    stage.server.seed(|store| store.set_field(Object::Subnet, stage.subnet, "discoverSubnet", "0"));
    stage.add("10.0.0.10", &[]);
    stage.probe.set(&["10.0.0.10", "10.0.0.20"]);
    let report = stage.run().await;
    assert_eq!((report.totals.found, report.totals.created, report.totals.updated), (1, 0, 1));
    assert_eq!(stage.probe.targets()[0].only.as_ref().unwrap().len(), 1);
}

#[tokio::test]
async fn a_cached_plan_saves_the_reads_and_decides_nothing() {
    let stage = Stage::new().await;
    let directory = tempfile::tempdir().unwrap();
    let cache = PlanCache::new(directory.path().join("plan.json"));
    let misses = Mutex::new(Vec::new());
    let note = |event: &Event<'_>| {
        if let Event::Planned { cache_miss, .. } = event {
            misses.lock().unwrap().push(cache_miss.map(str::to_owned));
        }
    };
    let run = || async {
        let agent = stage.builder().with_cache(cache.clone()).build().unwrap();
        agent.run_once(&note).await.unwrap()
    };
    stage.probe.set(&["10.0.0.20"]);
    run().await;
    stage.server.clear_log();
    run().await;
    assert_eq!(stage.server.count("GET", "/scanagents/") + stage.server.count("GET", "/subnets/all/"), 0);

    // The assignment is withdrawn. The cached plan still scans it, and nothing is written.
    stage.server.seed(|store| store.set_field(Object::Subnet, stage.subnet, "scanAgent", "1"));
    stage.probe.set(&["10.0.0.20", "10.0.0.21"]);
    stage.server.clear_log();
    let report = run().await;
    assert_eq!((report.totals.created, report.totals.updated, report.status), (0, 0, Status::Incomplete));
    assert!(report.subnets[0].withheld.as_ref().unwrap().contains("not assigned"), "{report:?}");
    assert_eq!(stage.writes(), [format!("PATCH tools/scanagents/{}/", stage.agent)]);

    std::fs::write(cache.path(), "{").unwrap();
    let report = run().await;
    assert!(report.subnets.is_empty(), "read anew: nothing is assigned");
    let misses = misses.into_inner().unwrap();
    assert_eq!(misses.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false, true], "{misses:?}");
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_is_a_warning() {
    let stage = Stage::new().await;
    let warnings = Mutex::new(Vec::new());
    let note = |event: &Event<'_>| {
        if let Event::Warning { text } = event {
            warnings.lock().unwrap().push((*text).to_owned());
        }
    };
    let cache = PlanCache::new("/nowhere/plan.json");
    let agent = Agent::builder(stage.client(), CODE).with_probe(stage.probe.clone()).with_cache(cache).build().unwrap();
    let report = agent.run_once(&note).await.unwrap();
    assert_eq!(report.status, Status::Ok);
    assert!(warnings.into_inner().unwrap()[0].contains("/nowhere/plan.json"));
}
