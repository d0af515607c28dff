//! The scan agent, with a probe that finds what the test says.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use phpipam_client::Client;
use phpipam_client::models::{
    Address, AddressFields, ScanAgentFields, ScanAgentType, ServerTime, SubnetFields, SubnetId, Tag,
};
use phpipam_client::scan::{
    Agent, AgentBuilder, Coverage, Event, Evidence, Host, Observation, Policy, Probe, ProbeTarget, Relay, RelayReport,
    Report, ScanError, Status,
};

use ipam_tests::live::{Made, client, runtime};

/// Probe that finds these hosts.
#[derive(Debug, Default)]
struct Script(Mutex<Vec<IpAddr>>);

impl Script {
    fn set(&self, addresses: &[&str]) {
        *self.0.lock().unwrap() = addresses.iter().map(|address| address.parse().unwrap()).collect();
    }
}

#[async_trait]
impl Probe for Script {
    fn name(&self) -> &str {
        "script"
    }

    async fn probe(&self, target: &ProbeTarget) -> Observation {
        let up = self.0.lock().unwrap().clone();
        let host = |address| Host::new(address, Evidence::Neighbour, SystemTime::now());
        let hosts = up.into_iter().map(|address| host(address).with_mac("02:00:00:00:00:05".parse().unwrap()));
        Observation::new(target.net, Coverage::Whole, hosts)
    }
}

/// Returns the builder of an agent for the server of the environment.
pub(crate) fn builder(client: &Client, code: &str) -> AgentBuilder {
    let policy =
        Policy::default().with_last_seen_interval(Duration::ZERO).with_remove_after(Some(Duration::from_secs(86_400)));
    let builder = Agent::builder(client.clone(), code).with_policy(policy);
    match std::env::var("IPAM_LIVE_PHPIPAM_ZONE") {
        Ok(zone) => builder.with_zone(zone.parse().unwrap()),
        Err(_) => builder,
    }
}

fn agent(client: &Client, code: &str, probe: &Arc<Script>) -> Agent {
    builder(client, code).with_probe(probe.clone()).build().unwrap()
}

pub(crate) async fn run(agent: &Agent) -> Report {
    match agent.run_once(&|_: &Event<'_>| {}).await {
        Err(error @ ScanError::Zone { .. }) => panic!("set IPAM_LIVE_PHPIPAM_ZONE: {error}"),
        report => report.unwrap(),
    }
}

pub(crate) async fn row(client: &Client, subnet: SubnetId, address: &str) -> Option<Address> {
    client.addresses().find_in_subnet(subnet, address.parse().unwrap()).await.unwrap()
}

/// Fails unless a time is that of the server's own clock and zone. An app code has no way to see those.
pub(crate) async fn assert_is_now(client: &Client, time: Option<ServerTime>) {
    let Some(expires) = client.user().refresh().await.ok().and_then(|token| token.expires) else { return };
    let [seen, expires] =
        [time.unwrap(), expires].map(|time| time.to_string().parse::<jiff::civil::DateTime>().unwrap());
    // The expiry of a token is six hours ahead, on the same clock.
    let ahead = (expires - seen).total(jiff::Unit::Minute).unwrap();
    assert!((358.0..=362.0).contains(&ahead), "lastSeen {seen}, token until {expires}");
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE and _ZONE, _CA"]
fn an_agent_keeps_a_subnet() {
    runtime().block_on(async {
        let client = client();
        let made = Made::new(client.clone());
        let section = made.section().await.unwrap();
        let code = format!("live-{section}-{}", std::process::id());
        let fields = ScanAgentFields::new().with_code(code.clone());
        let id = client.tools().scan_agents().create("ipam-live", ScanAgentType::Api, &fields).await.unwrap().id;
        made.note(format!("tools/scanagents/{id}/"));
        let fields = SubnetFields::new().with_scan_agent(id).with_discover_subnet(true).with_ping_subnet(true);
        let subnet = client.subnets().create(section, "10.77.0.0/24".parse().unwrap(), &fields).await.unwrap().id;
        let old: ServerTime = "2020-01-01 00:00:00".parse().unwrap();
        for (address, tag) in [("10.77.0.10", Tag::USED), ("10.77.0.11", Tag::USED), ("10.77.0.12", Tag::RESERVED), ("10.77.0.13", Tag::OFFLINE)] {
            let fields = AddressFields::new().with_tag(tag).with_last_seen(old).with_hostname("kept.example");
            client.addresses().create(subnet, address.parse().unwrap(), &fields).await.unwrap();
        }
        let probe = Arc::new(Script::default());
        let scanner = agent(&client, &code, &probe);

        let plan = scanner.plan().await.unwrap();
        assert_eq!((plan.agent, plan.subnets.len()), (id, 1));
        probe.set(&["10.77.0.10", "10.77.0.12", "10.77.0.13", "10.77.0.20", "10.77.0.0", "10.77.0.255"]);
        let report = run(&scanner).await;
        let counts = report.totals;
        assert_eq!(report.status, Status::Ok, "{report:?}");
        assert_eq!((counts.created, counts.updated, counts.online, counts.offline), (1, 3, 1, 1), "{counts:?}");
        let tags = ["10.77.0.10", "10.77.0.11", "10.77.0.12", "10.77.0.13", "10.77.0.20"];
        let mut found = Vec::new();
        for address in tags {
            let row = row(&client, subnet, address).await.unwrap();
            found.push(row.tag.unwrap());
            if address != "10.77.0.11" {
                assert_eq!(row.mac.as_deref(), Some("02:00:00:00:00:05"));
                assert_is_now(&client, row.last_seen).await;
            }
        }
        assert_eq!(found, [Tag::USED, Tag::OFFLINE, Tag::RESERVED, Tag::USED, Tag::USED]);
        let subnet_row = client.subnets().get(subnet).await.unwrap();
        assert!(subnet_row.last_scan.is_some() && subnet_row.last_discovery.is_some());
        assert!(client.tools().scan_agents().get(id).await.unwrap().last_access.is_some());

        // The second run writes the times only.
        let before = client.subnets().addresses(subnet).await.unwrap();
        let report = run(&scanner).await;
        assert_eq!((report.totals.created, report.totals.online, report.totals.offline), (0, 0, 0), "{report:?}");
        let after = client.subnets().addresses(subnet).await.unwrap();
        assert_eq!(before.len(), after.len());
        for (mut before, after) in before.into_iter().zip(after) {
            (before.last_seen, before.edit_date) = (after.last_seen, after.edit_date);
            assert_eq!(before, after);
        }

        // What the agent created is removed after two days of silence, and nothing else.
        let created = row(&client, subnet, "10.77.0.20").await.unwrap();
        assert_eq!(created.description.as_deref(), Some("-- autodiscovered --"));
        client.addresses().update(created.id, &AddressFields::new().with_last_seen(old)).await.unwrap();
        probe.set(&["10.77.0.10"]);
        // The first silent scan marks it.
        assert_eq!(run(&scanner).await.totals.removed, 0);
        let report = run(&scanner).await;
        assert_eq!((report.totals.removed, report.totals.failed), (1, 0), "{report:?}");
        assert!(row(&client, subnet, "10.77.0.20").await.is_none());

        // A report of the community agent, through a relay.
        let relay = Relay::builder(client.clone()).with_zone(std::env::var("IPAM_LIVE_PHPIPAM_ZONE").map_or_else(|_| Ok(Default::default()), |zone| zone.parse()).unwrap()).build();
        let body = format!(
            r#"{{"code":"{code}","scan":{{"subnet":"10.77.0.0/24","tz":"+0000",
            "results":[{{"ip":"10.77.0.30","lastSeen":"2026-01-01 10:00:00","hostname":"web1","mac":"AA:BB:CC:00:11:22"}}]}}}}"#
        );
        let done = relay.receive(&RelayReport::parse(body.as_bytes()).unwrap()).await.unwrap();
        assert_eq!((done.status, done.counts.created), (Status::Ok, 1), "{done:?}");
        assert_eq!(row(&client, subnet, "10.77.0.30").await.unwrap().mac.as_deref(), Some("aa:bb:cc:00:11:22"));

        // The assignment is withdrawn, and the plan follows.
        client.subnets().update(subnet, &SubnetFields::new().clear_scan_agent()).await.unwrap();
        assert!(run(&scanner).await.subnets.is_empty());
        assert_eq!(relay.receive(&RelayReport::parse(body.as_bytes()).unwrap()).await.unwrap_err().status(), 403);
    });
}

/// Prints how long the requests of a /24 and a /20 take whose hosts are all up: created, and then all written again.
#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE and _ZONE, _CA"]
fn figures_of_a_24_and_a_20() {
    runtime().block_on(async {
        let client = client();
        let made = Made::new(client.clone());
        let section = made.section().await.unwrap();
        for (net, prefix_len) in [("10.78.0.0/24", 24_u32), ("10.79.0.0/20", 20)] {
            let code = format!("live-{section}-{prefix_len}");
            let fields = ScanAgentFields::new().with_code(code.clone());
            let id = client.tools().scan_agents().create("ipam-live", ScanAgentType::Api, &fields).await.unwrap().id;
            made.note(format!("tools/scanagents/{id}/"));
            let fields = SubnetFields::new().with_scan_agent(id).with_discover_subnet(true);
            let net: ipnet::IpNet = net.parse().unwrap();
            client.subnets().create(section, net, &fields).await.unwrap();
            let probe = Arc::new(Script(Mutex::new(net.hosts().collect())));
            let scanner = agent(&client, &code, &probe);
            let hosts = (1_usize << (32 - prefix_len)) - 2;
            for (step, expected) in [("created", [hosts, 0]), ("written again", [0, hosts])] {
                tokio::time::sleep(Duration::from_millis(1100)).await;
                let report = run(&scanner).await;
                assert_eq!([report.totals.created, report.totals.updated], expected, "{report:?}");
                println!("{net}: {hosts} hosts {step} in {:.1} s", report.seconds);
            }
        }
    });
}
