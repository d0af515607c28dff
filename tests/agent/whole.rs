//! Whole runs of the agent in the network: real hosts, nmap and a name server, and a simulated phpIPAM.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ipam_tests::lab::{self, Host, Lab, block_on};
use phpipam_client::scan::{Agent, AgentBuilder, DnsLookup, Event, NmapProbe, Policy, Probe, Probes, Report, Status};
use phpipam_client::testing::{Object, Server};
use phpipam_client::{Auth, Client, HttpOptions};
use serde_json::{Map, Value};

const NET: &str = "10.77.0.0/24";
const SIX: &str = "fd77::/64";
const CODE: &str = "building7";
/// The server's zone, which no other part of the test is in.
const OFFSET: i32 = 345;
const OLD: &str = "2020-01-01 00:00:00";

/// Network with its records: hosts that reply, one that stops, one that is not recorded, one that blocks echo requests, one
/// of IPv6 only, and a name server.
struct Site {
    server: Server,
    subnet: u64,
    six: u64,
    web: Host,
    shy: Host,
    dark: Host,
    fresh: Host,
    gone: Host,
}

impl Site {
    fn new(lab: &mut Lab) -> Self {
        lab.scanner_address("10.77.0.1/24");
        lab.scanner_address("fd77::1/64");
        let dns = lab.add_host("dns", &["10.77.0.53/24"]);
        let web = lab.add_host("web", &["10.77.0.5/24", "fd77::5/64"]);
        let shy = lab.add_host("shy", &["10.77.0.6/24"]);
        let dark = lab.add_host("dark", &["10.77.0.7/24"]);
        let fresh = lab.add_host("fresh", &["10.77.0.20/24", "fd77::20/64"]);
        let gone = lab.add_host("gone", &["10.77.0.8/24"]);
        lab.block_icmp(&shy);
        lab.block_all(&dark);
        lab.serve_dns(
            &dns,
            &[
                ("10.77.0.5", "web.example.test"),
                ("10.77.0.20", "fresh.example.test"),
                ("10.77.0.6", "10-77-0-6.example.test"),
                ("fd77::20", "fresh6.example.test"),
            ],
        );
        let server = block_on(Server::builder().utc_offset_minutes(OFFSET).start()).unwrap();
        let (subnet, six) = records(&server);
        Self { server, subnet, six, web, shy, dark, fresh, gone }
    }

    /// The same network with its first records.
    fn anew(self) -> Self {
        let server = block_on(Server::builder().utc_offset_minutes(OFFSET).start()).unwrap();
        let (subnet, six) = records(&server);
        Self { server, subnet, six, ..self }
    }

    fn builder(&self) -> AgentBuilder {
        let client = Client::builder(self.server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
            .with_http_options(HttpOptions::new().with_allow_http(true))
            .build()
            .unwrap();
        Agent::builder(client, CODE)
            .with_names(Arc::new(DnsLookup::new()))
            .with_policy(Policy::default().with_last_seen_interval(Duration::ZERO))
    }

    fn run(&self) -> Report {
        self.run_with(Arc::new(Probes::new()))
    }

    fn run_with(&self, probe: Arc<dyn Probe>) -> Report {
        let agent = self.builder().with_probe(probe).build().unwrap();
        block_on(agent.run_once(&|_: &Event<'_>| {})).unwrap()
    }

    /// Rows of all addresses, in order of address, without the times of the last change and of the last reply.
    fn rows(&self) -> Vec<Map<String, Value>> {
        let rows = self.server.seed(|store| {
            let ids = store.ids(Object::Address);
            ids.into_iter().filter_map(|id| store.row(Object::Address, id)).collect::<Vec<_>>()
        });
        let stable = rows.into_iter().map(|mut row| {
            // The number of a row depends on the order of creation, and its note on the time.
            for field in ["id", "editDate", "lastSeen", "note"] {
                row.remove(field);
            }
            row
        });
        let mut rows: Vec<_> = stable.collect();
        rows.sort_by_key(|row| text(row, "ip_addr"));
        rows
    }

    fn row(&self, address: &str) -> Map<String, Value> {
        let wanted: IpAddr = address.parse().unwrap();
        let subnet = if wanted.is_ipv4() { self.subnet } else { self.six };
        self.server.seed(|store| {
            let found = store.used(subnet).into_iter().find(|(address, _)| *address == wanted);
            let (_, id) = found.unwrap_or_else(|| panic!("{address} is not recorded"));
            store.row(Object::Address, id).unwrap()
        })
    }

    fn field(&self, address: &str, field: &str) -> String {
        text(&self.row(address), field)
    }
}

/// Adds the agent, its two subnets and the addresses that are known of them. Returns the ids of the subnets.
fn records(server: &Server) -> (u64, u64) {
    server.seed(|store| {
        let agent = store.add(Object::ScanAgent, &[("name", "Lab"), ("type", "api"), ("code", CODE)]).unwrap();
        let section = store.add_section("Lab");
        let set = store.add_nameservers("lab", &["10.77.0.53".parse().unwrap()]);
        let mut assigned = |net: &str| {
            let subnet = store.add_subnet(section, net.parse().unwrap());
            for (field, value) in [
                ("scanAgent", agent.to_string().as_str()),
                ("discoverSubnet", "1"),
                ("pingSubnet", "1"),
                ("resolveDNS", "1"),
                ("nameserverId", set.to_string().as_str()),
            ] {
                store.set_field(Object::Subnet, subnet, field, value);
            }
            subnet
        };
        let (subnet, six) = (assigned(NET), assigned(SIX));
        let mut add = |subnet: u64, address: &str, fields: &[(&str, &str)]| {
            let id = store.add_address(subnet, address.parse().unwrap(), "");
            for (field, value) in fields {
                store.set_field(Object::Address, id, field, value);
            }
        };
        add(subnet, "10.77.0.5", &[("tag", "3"), ("lastSeen", OLD)]);
        add(subnet, "10.77.0.6", &[("tag", "4")]);
        add(subnet, "10.77.0.7", &[("lastSeen", OLD)]);
        add(subnet, "10.77.0.8", &[("lastSeen", OLD)]);
        add(subnet, "10.77.0.9", &[("tag", "3"), ("lastSeen", OLD)]);
        add(six, "fd77::5", &[]);
        (subnet, six)
    })
}

fn text(row: &Map<String, Value>, field: &str) -> String {
    match &row[field] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Seconds by which a time of the server is away from now.
fn age(time: &str) -> i64 {
    let time: jiff::civil::DateTime = time.parse().unwrap_or_else(|error| panic!("{time:?}: {error}"));
    let local = time.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + i64::from(OFFSET) * 60 - local
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn hosts_are_discovered_updated_and_marked_and_a_second_run_changes_only_times() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        lab.stop_host(&site.gone);
        let report = site.run();
        assert_eq!(report.status, Status::Ok, "{report:?}");
        // The scanner itself and the name server are new, too.
        for created in ["10.77.0.1", "10.77.0.20", "10.77.0.53"] {
            assert_eq!(site.field(created, "description"), "-- autodiscovered --", "{created}");
        }
        for (address, host) in
            [("10.77.0.5", &site.web), ("10.77.0.6", &site.shy), ("10.77.0.7", &site.dark), ("10.77.0.20", &site.fresh)]
        {
            assert_eq!(site.field(address, "mac"), host.mac().to_string(), "{address}");
            assert!((0..300).contains(&age(&site.field(address, "lastSeen"))), "{address}: {:?}", site.row(address));
        }
        for (address, state) in
            [("10.77.0.5", "3"), ("10.77.0.6", "4"), ("10.77.0.7", "2"), ("10.77.0.8", "1"), ("10.77.0.9", "3")]
        {
            assert_eq!(site.field(address, "state"), state, "{address}");
        }
        for (address, name) in [("10.77.0.5", "web"), ("10.77.0.20", "fresh"), ("10.77.0.6", "")] {
            assert_eq!(site.field(address, "hostname"), name, "{address}");
        }
        assert_eq!(site.field("10.77.0.8", "lastSeen"), OLD, "the last reply, not the last attempt");
        assert_eq!(site.field("fd77::5", "mac"), site.web.mac().to_string());

        let first = site.rows();
        let report = site.run();
        assert_eq!((report.status, report.totals.created, report.totals.offline), (Status::Ok, 0, 0), "{report:?}");
        assert_eq!(site.rows(), first);

        // It comes back, and its tag with it.
        lab.start_host(&site.gone);
        site.run();
        assert_eq!(site.field("10.77.0.8", "state"), "2");
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn an_ipv6_neighbour_is_recorded_without_a_sweep() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        // The scanner has sent something to it, so the kernel has it in its neighbour table.
        let socket = std::net::UdpSocket::bind("[::]:0").unwrap();
        socket.send_to(b"hello", "[fd77::20]:9").unwrap();
        let report = site.run();
        let subnet = report.subnets.iter().find(|subnet| subnet.net == SIX).unwrap();
        assert_eq!((subnet.status, subnet.counts.found), (Status::Ok, 2), "{report:?}");
        assert_eq!(site.field("fd77::20", "mac"), site.fresh.mac().to_string());
        assert_eq!(site.field("fd77::20", "hostname"), "fresh6");
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn a_run_that_is_dropped_anywhere_and_repeated_ends_the_same() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        lab.stop_host(&site.gone);
        let mut dropped = 0;
        // After another number of changes each time.
        for limit in 1..=4 {
            let agent = site.builder().with_probe(Arc::new(Probes::new())).with_changes_at_once(1).build().unwrap();
            let enough = Arc::new(tokio::sync::Notify::new());
            let notify = Arc::clone(&enough);
            let progress = move |event: &Event<'_>| {
                if matches!(event, Event::Changed { done, .. } if *done >= limit) {
                    notify.notify_one();
                }
            };
            block_on(async {
                tokio::select! {
                    report = agent.run_once(&progress) => drop(report.unwrap()),
                    () = enough.notified() => dropped += 1,
                }
            });
        }
        assert!(dropped > 0, "no run was dropped");
        let repeated = site.run();
        assert_eq!(repeated.status, Status::Ok, "{repeated:?}");
        let ended = site.rows();

        let again = site.anew();
        again.run();
        assert_eq!(again.rows(), ended);
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn a_scan_that_fails_or_finds_nothing_marks_nothing_offline() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        lab.stop_host(&site.gone);
        // nmap is there, and fails.
        let broken = lab.dir().join("broken");
        let version = "if [ \"$1\" = --version ]; then echo 'Nmap version 7.93'; exit 0; fi";
        crate::probes::script(&broken, &format!("{version}\nexit 1"));
        let probe = Probes::new().with_nmap(Some(NmapProbe::new().with_program(&broken)));
        let report = site.run_with(Arc::new(probe));
        assert_eq!((report.status, report.totals.offline), (Status::Incomplete, 0), "{report:?}");
        assert!(
            report.subnets[0].withheld.as_deref().is_some_and(|reason| reason.contains("incomplete")),
            "{report:?}"
        );
        assert_eq!(site.field("10.77.0.8", "state"), "2");

        // The cable of the scanner is out: all hosts are silent at once.
        for host in [&site.web, &site.shy, &site.dark, &site.fresh] {
            lab.stop_host(host);
        }
        site.server.seed(|store| {
            for id in store.ids(Object::Address) {
                store.set_field(Object::Address, id, "lastSeen", OLD);
            }
        });
        assert!(lab.command("ip").args(["addr", "flush", "dev", "br0"]).status().unwrap().success());
        let report = site.run();
        assert_eq!((report.totals.offline, report.totals.removed), (0, 0), "{report:?}");
        assert!(report.status != Status::Ok, "{report:?}");
        assert_eq!(site.field("10.77.0.5", "state"), "3");
    });
}
