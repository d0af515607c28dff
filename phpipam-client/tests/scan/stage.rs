//! Server with an agent and a subnet, and a probe that finds what the test says.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use ipam_core::MacAddr;
use ipnet::IpNet;
use phpipam_client::scan::{
    Agent, AgentBuilder, Coverage, Event, Evidence, Host, Observation, Policy, Probe, ProbeTarget, Report,
    ReverseLookup,
};
use phpipam_client::testing::{Clock, Object, Server, ServerBuilder, Store};
use phpipam_client::{Auth, Client, HttpOptions, RetryConfig};
use serde_json::{Map, Value};

pub(crate) const CODE: &str = "building7";
/// 2027-01-15 08:00:00 UTC by the server's clock. The clock of the machine that runs the tests shows another time.
pub(crate) const NOW: u64 = 1_800_000_000;

/// Probe that finds these hosts, and asks the addresses of the target.
#[derive(Debug, Default)]
pub(crate) struct Script(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    up: BTreeMap<IpAddr, Option<MacAddr>>,
    broken: Option<String>,
    hangs: bool,
    targets: Vec<ProbeTarget>,
}

impl Script {
    pub(crate) fn set(&self, addresses: &[&str]) {
        self.0.lock().unwrap().up = addresses.iter().map(|address| (ip(address), None)).collect();
    }

    pub(crate) fn set_mac(&self, address: &str, mac: &str) {
        self.0.lock().unwrap().up.insert(ip(address), Some(mac.parse().unwrap()));
    }

    /// Ends every probe early, with this reason.
    pub(crate) fn break_with(&self, reason: Option<&str>) {
        self.0.lock().unwrap().broken = reason.map(str::to_owned);
    }

    pub(crate) fn hang(&self) {
        self.0.lock().unwrap().hangs = true;
    }

    pub(crate) fn targets(&self) -> Vec<ProbeTarget> {
        self.0.lock().unwrap().targets.clone()
    }
}

#[async_trait]
impl Probe for Script {
    fn name(&self) -> &str {
        "script"
    }

    async fn probe(&self, target: &ProbeTarget) -> Observation {
        let hangs = {
            let mut state = self.0.lock().unwrap();
            state.targets.push(target.clone());
            state.hangs
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        let state = self.0.lock().unwrap();
        let asked = |address: &IpAddr| {
            target.net.contains(address) && target.only.as_ref().is_none_or(|only| only.contains(address))
        };
        let hosts = state.up.iter().filter(|(address, _)| asked(address)).map(|(address, mac)| {
            let host = Host::new(*address, Evidence::Echo, SystemTime::now());
            mac.iter().fold(host, |host, mac| host.with_mac(*mac))
        });
        let coverage = match (&state.broken, &target.only) {
            (Some(reason), _) => Coverage::Incomplete(reason.clone()),
            (None, Some(only)) => Coverage::Addresses(only.clone()),
            (None, None) => Coverage::Whole,
        };
        Observation::new(target.net, coverage, hosts)
    }
}

/// Look-up that knows the names of these addresses.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) names: BTreeMap<IpAddr, &'static str>,
    pub(crate) asked: Mutex<Vec<(IpAddr, Vec<IpAddr>)>>,
}

#[async_trait]
impl ReverseLookup for Names {
    async fn name(&self, address: IpAddr, servers: &[IpAddr]) -> Option<String> {
        self.asked.lock().unwrap().push((address, servers.to_vec()));
        self.names.get(&address).map(|name| (*name).to_owned())
    }
}

/// Server with an agent, a section and the subnet 10.0.0.0/24 that is assigned to the agent.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) probe: Arc<Script>,
    pub(crate) agent: u64,
    pub(crate) section: u64,
    pub(crate) subnet: u64,
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Retries that end at once.
pub(crate) fn client_of(server: &Server) -> Client {
    Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .with_retry(RetryConfig::new(0, Duration::from_secs(5)))
        .build()
        .unwrap()
}

/// Adds a subnet that is assigned to the agent, with discovery and status checks.
pub(crate) fn assign(store: &mut Store, section: u64, net: &str, agent: u64) -> u64 {
    let subnet = store.add_subnet(section, net.parse::<IpNet>().unwrap());
    for (field, value) in [("scanAgent", agent.to_string().as_str()), ("discoverSubnet", "1"), ("pingSubnet", "1")] {
        store.set_field(Object::Subnet, subnet, field, value);
    }
    subnet
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Server::builder()).await
    }

    pub(crate) async fn with(builder: ServerBuilder) -> Self {
        Self::started(builder.clock(Clock::fixed(at(NOW))).start().await.unwrap())
    }

    pub(crate) fn started(server: Server) -> Self {
        let (agent, section, subnet) = server.seed(|store| {
            let agent =
                store.add(Object::ScanAgent, &[("name", "Building 7"), ("type", "api"), ("code", CODE)]).unwrap();
            let section = store.add_section("Lab");
            (agent, section, assign(store, section, "10.0.0.0/24", agent))
        });
        Self { server, probe: Arc::default(), agent, section, subnet }
    }

    pub(crate) fn client(&self) -> Client {
        client_of(&self.server)
    }

    /// Agent that writes every time, checks after an hour, and never deletes.
    pub(crate) fn builder(&self) -> AgentBuilder {
        Agent::builder(self.client(), CODE)
            .with_probe(self.probe.clone())
            .with_policy(Policy::default().with_last_seen_interval(Duration::ZERO))
    }

    pub(crate) async fn run(&self) -> Report {
        self.builder().build().unwrap().run_once(&|_: &Event<'_>| {}).await.unwrap()
    }

    pub(crate) async fn run_with(&self, policy: Policy) -> Report {
        self.builder().with_policy(policy).build().unwrap().run_once(&|_: &Event<'_>| {}).await.unwrap()
    }

    pub(crate) fn add(&self, address: &str, fields: &[(&str, &str)]) -> u64 {
        self.server.seed(|store| {
            let id = store.add_address(self.subnet, ip(address), "");
            for (field, value) in fields {
                store.set_field(Object::Address, id, field, value);
            }
            id
        })
    }

    /// Returns the row of an address of the subnet; `None` if there is none.
    pub(crate) fn row(&self, address: &str) -> Option<Map<String, Value>> {
        self.server.seed(|store| {
            let id = store.used(self.subnet).into_iter().find(|(used, _)| *used == ip(address))?.1;
            store.row(Object::Address, id).map(to_the_minute)
        })
    }

    /// Returns a field of an address of the subnet as text; empty for null.
    pub(crate) fn field(&self, address: &str, field: &str) -> String {
        let row = self.row(address).unwrap_or_else(|| panic!("there is no {address}"));
        text(&row[field])
    }

    /// Returns all rows of addresses, without the time of the last change.
    pub(crate) fn rows(&self) -> Vec<Map<String, Value>> {
        self.server.seed(|store| {
            let rows = store.ids(Object::Address).into_iter().filter_map(|id| store.row(Object::Address, id));
            rows.map(|mut row| {
                row.remove("editDate");
                to_the_minute(row)
            })
            .collect()
        })
    }

    /// Returns the writes so far, without logins: method and path.
    pub(crate) fn writes(&self) -> Vec<String> {
        let log = self.server.requests();
        let writes = log.iter().filter(|entry| entry.method != "GET" && !entry.path.ends_with("/user/"));
        writes.map(|entry| format!("{} {}", entry.method, entry.path.trim_start_matches("/api/test/"))).collect()
    }

    pub(crate) fn reads(&self) -> usize {
        self.server.requests().iter().filter(|entry| entry.method == "GET").count()
    }
}

/// Rounds the times in a row to the minute. The server's clock stands still while that of this machine goes on: a time may be a
/// moment before it, and on a slow machine seconds after it.
pub(crate) fn to_the_minute(mut row: Map<String, Value>) -> Map<String, Value> {
    for value in row.values_mut() {
        if let Value::String(text) = value {
            *text = rounded(text);
        }
    }
    row
}

fn rounded(text: &str) -> String {
    const LENGTH: usize = "2027-01-15 08:00:00".len();
    let parsed = |at: usize| Some((at, text.get(at..at + LENGTH)?.parse::<jiff::civil::DateTime>().ok()?));
    let Some((at, time)) = (0..text.len()).find_map(parsed) else { return text.to_owned() };
    let time = time.round(jiff::Unit::Minute).unwrap().strftime("%Y-%m-%d %H:%M:%S");
    format!("{}{time}{}", &text[..at], &text[at + LENGTH..])
}

pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => rounded(text),
        other => other.to_string(),
    }
}
