//! Tests over a small NetBox in the same process: the conformance suite, the actions, and the size of the template.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use ipam_core::conformance::{self, BoxFuture, Fixture, Harness, NoFixture, Setup};
use ipam_core::http::HttpOptions;
use ipam_core::net::{HostPolicy, hosts};
use ipam_core::testing::When;
use ipam_core::testing::http::{Fault, Host, Request, Response, Site};
use ipam_core::{Allocate, DefineRange, ErrorKind, Find, IpamProvider, RangeId, RangePolicy, SpaceId};
use ipnet::IpNet;
use serde_json::{Value, json};
use vra_client::plugin::Action;
use vra_client::plugin::host::Invocation;

use super::open;

const TOKEN: &str = "0123456789abcdef";

/// The part of NetBox's API that the plug-in uses. One lock around each request, as NetBox has one for IP addresses.
#[derive(Default)]
struct NetBox(Mutex<State>);

#[derive(Default)]
struct State {
    prefixes: BTreeMap<u64, Value>,
    ranges: BTreeMap<u64, Value>,
    addresses: BTreeMap<u64, Value>,
    last: u64,
    without_fields: bool,
}

impl Site for NetBox {
    type Fault = Fault;

    async fn respond(&self, request: &Request, _: Option<&Fault>) -> Response {
        if request.header("authorization") != Some(&format!("Token {TOKEN}")) {
            return self.failure(403, "Invalid token");
        }
        let mut state = self.0.lock().unwrap();
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method(), segments.as_slice()) {
            ("GET", ["api", "status"]) => Response::json(200, json!({"netbox-version": "4.2.3"})),
            ("GET", ["api", "extras", "custom-fields"]) => {
                let names = if state.without_fields { &[][..] } else { &["ipam_key", "ipam_mark", "ipam_owner"] };
                let names: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
                Response::json(200, json!({"count": names.len(), "next": null, "results": names}))
            }
            ("GET", ["api", "ipam", "prefixes"]) => listed(&state.prefixes, &request.parameters()),
            ("GET", ["api", "ipam", "ip-ranges"]) => listed(&state.ranges, &request.parameters()),
            ("GET", ["api", "ipam", "ip-addresses"]) => listed(&state.addresses, &request.parameters()),
            ("POST", ["api", "ipam", "ip-addresses"]) => {
                let rows: Vec<Value> = serde_json::from_slice(request.body()).unwrap();
                let twice = |row: &&Value| state.addresses.values().any(|known| same_address(known, row));
                if let Some(row) = rows.iter().find(twice) {
                    let text = format!("Duplicate IP address found in global table: {}", row["address"]);
                    return Response::json(400, json!([{"address": [text]}]));
                }
                for row in rows {
                    state.add(row);
                }
                Response::json(201, "[]")
            }
            ("DELETE", ["api", "ipam", "ip-addresses", id]) => match state.addresses.remove(&id.parse().unwrap()) {
                Some(_) => Response::empty(204),
                None => self.failure(404, "No IPAddress matches the given query."),
            },
            _ => self.failure(404, "Not found."),
        }
    }

    fn failure(&self, status: u16, message: &str) -> Response {
        Response::json(status, json!({"detail": message}))
    }
}

impl State {
    fn add(&mut self, mut row: Value) {
        self.last += 1;
        row["id"] = json!(self.last);
        if let Some(id) = row["vrf"].as_u64() {
            row["vrf"] = json!({"id": id});
        }
        self.addresses.insert(self.last, row);
    }
}

fn host_of(row: &Value) -> IpAddr {
    row["address"].as_str().or(row["start_address"].as_str()).unwrap().parse::<IpNet>().unwrap().addr()
}

fn same_address(known: &Value, new: &Value) -> bool {
    let vrf = |row: &Value| row["vrf"]["id"].as_u64().or(row["vrf"].as_u64());
    host_of(known) == host_of(new) && vrf(known) == vrf(new)
}

/// Lists the rows that match the parameters, in the order of their ids.
fn listed(rows: &BTreeMap<u64, Value>, parameters: &[(String, String)]) -> Response {
    let matches = |row: &Value| {
        parameters.iter().all(|(name, value)| match name.as_str() {
            "limit" | "ordering" => true,
            "id" => row["id"].as_u64() == value.parse().ok(),
            "id__gt" => row["id"].as_u64() > value.parse().ok(),
            "status" => row["status"]["value"] == **value,
            "address" => host_of(row).to_string() == *value,
            "parent" => value.parse::<IpNet>().unwrap().contains(&host_of(row)),
            // A text field is compared loosely, as NetBox does unless told otherwise: a part, in any case.
            custom => {
                let known = row["custom_fields"][custom.strip_prefix("cf_").unwrap()].as_str().unwrap_or_default();
                known.to_lowercase().contains(&value.trim().to_lowercase())
            }
        })
    };
    let limit = parameters.iter().find(|(name, _)| name == "limit").unwrap().1.parse::<usize>().unwrap().min(1000);
    let found: Vec<&Value> = rows.values().filter(|row| matches(row)).collect();
    let next = (found.len() > limit).then_some("http://netbox.example/api/?next");
    let page = &found.iter().take(limit).collect::<Vec<_>>();
    Response::json(200, json!({"count": found.len(), "next": next, "previous": null, "results": page}))
}

fn invocation(url: &str, token: &str, inputs: Value) -> Invocation {
    let mut inputs = inputs;
    let form = json!({"hostName": url, "addressFields": "site=Prague"});
    inputs["endpoint"] = json!({"id": "e", "endpointProperties": form});
    inputs["endpointProperties"] = inputs["endpoint"]["endpointProperties"].clone();
    let credentials = json!({"privateKeyId": "vra", "privateKey": token});
    Invocation::parse(&json!({"inputs": inputs, "credentials": credentials}).to_string()).unwrap()
}

fn provider(host: &Host<NetBox>, token: &str) -> Arc<dyn IpamProvider> {
    let options = HttpOptions::new().with_allow_http(true);
    Arc::new(open(&invocation(&host.url(), token, json!({})), options).unwrap())
}

async fn host(prefixes: &[Value]) -> Host<NetBox> {
    let host = Host::start(|_| NetBox::default()).await.unwrap();
    let mut state = host.site().0.lock().unwrap();
    for (id, prefix) in (11..).zip(prefixes) {
        let mut prefix = prefix.clone();
        prefix["id"] = json!(id);
        prefix["status"] = json!({"value": "active", "label": "Active"});
        state.prefixes.insert(id, prefix);
    }
    drop(state);
    host
}

struct NetBoxes(tokio::runtime::Runtime);

impl NetBoxes {
    fn new() -> Self {
        Self(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
    }
}

fn server(fixture: &Fixture) -> &Host<NetBox> {
    fixture.guard.downcast_ref().unwrap()
}

#[async_trait::async_trait]
impl Harness for NetBoxes {
    fn block_on(&self, future: BoxFuture<'_, ()>) {
        self.0.block_on(future);
    }

    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        let unfit = |why: &str| Err(NoFixture::Unfit(format!("a prefix of NetBox has {why}")));
        if !setup.blocks.is_empty() {
            return unfit("no blocks");
        }
        let mut spaces: Vec<SpaceId> = Vec::new();
        let mut prefixes = Vec::new();
        for range in &setup.ranges {
            let plain = DefineRange::new(range.id.clone(), range.net);
            if range.policy != RangePolicy::default() || !range.tags.is_empty() {
                return unfit("no policy, and no tags with values");
            }
            if range.resolved_addresses() != plain.resolved_addresses() || range.name != plain.name {
                return unfit("no addresses and no name of its own");
            }
            let vrf = (range.space != SpaceId::default()).then(|| {
                let known = spaces.iter().position(|space| *space == range.space);
                let index = known.unwrap_or_else(|| {
                    spaces.push(range.space.clone());
                    spaces.len() - 1
                });
                json!({"id": index + 70})
            });
            prefixes.push(json!({
                "prefix": range.net, "vrf": vrf, "is_pool": range.hosts == HostPolicy::All,
                "description": range.description.clone().unwrap_or_default(), "tags": [],
                "custom_fields": {"gateway": range.network.gateway},
            }));
        }
        let host = host(&prefixes).await;
        for (id, (range, reserved)) in
            (1_u64..).zip(setup.ranges.iter().flat_map(|range| range.reserved.iter().map(move |part| (range, part))))
        {
            let ends = [reserved.first(), reserved.last()].map(|ip| IpNet::new(ip, range.net.prefix_len()).unwrap());
            let row = json!({"id": id, "start_address": ends[0], "end_address": ends[1], "vrf": null});
            host.site().0.lock().unwrap().ranges.insert(id, row);
        }
        let mut fixture = Fixture::new(provider(&host, TOKEN)).with_other(provider(&host, TOKEN));
        for (id, range) in (11_u64..).zip(&setup.ranges) {
            fixture = fixture.with_range(range.id.clone(), id.to_string());
        }
        for (index, space) in spaces.into_iter().enumerate() {
            fixture = fixture.with_space(space, (index + 70).to_string());
        }
        Ok(fixture.with_guard(host))
    }

    async fn plant(&self, fixture: &Fixture, range: &RangeId, address: IpAddr) -> bool {
        let mut state = server(fixture).site().0.lock().unwrap();
        let prefix = &state.prefixes[&range.as_str().parse().unwrap()];
        let net = IpNet::new(address, prefix["prefix"].as_str().unwrap().parse::<IpNet>().unwrap().prefix_len());
        let row = json!({"address": net.unwrap(), "vrf": prefix["vrf"]["id"], "custom_fields": {"ipam_mark": null}});
        state.add(row);
        true
    }

    async fn open_another(&self, fixture: &Fixture) -> Option<Arc<dyn IpamProvider>> {
        Some(provider(server(fixture), TOKEN))
    }

    async fn reopen(&self, mut fixture: Fixture) -> Option<Fixture> {
        fixture.provider = provider(server(&fixture), TOKEN);
        fixture.others.clear();
        Some(fixture)
    }
}

mod conforms {
    use super::{NetBoxes, conformance};

    conformance::tests!(NetBoxes::new());
}

fn lan() -> Value {
    let fields = json!({"gateway": "10.20.0.1", "dns": "10.0.0.53", "vlans": [1]});
    json!({"prefix": "10.20.0.0/24", "vrf": null, "description": "Office", "tags": [{"name": "vra"}], "custom_fields": fields})
}

#[tokio::test]
async fn the_actions_run_over_it() {
    let host = host(&[lan()]).await;
    let plugin = vra_client::plugin::host::Host::new(|call: Invocation| async move {
        open(&call, HttpOptions::new().with_allow_http(true))
    });
    let run = |action, inputs| {
        let call = invocation(&host.url(), TOKEN, inputs);
        let plugin = plugin.clone();
        async move { plugin.run(action, &call).await.unwrap().outputs }
    };
    assert_eq!(run(Action::ValidateEndpoint, json!({})).await["statusCode"], "200");
    let ranges = run(Action::GetIpRanges, json!({"pagingAndSorting": {"maxResults": 10}})).await;
    assert_eq!(
        (&ranges["ipRanges"][0]["id"], &ranges["ipRanges"][0]["gatewayAddress"]),
        (&json!("11"), &json!("10.20.0.1"))
    );
    let machine = json!({"id": "/resources/compute/m1", "name": "web1", "type": "VM"});
    let wanted = json!({"resourceInfo": machine, "ipAllocations": [{"id": "a", "ipRangeIds": ["11"], "size": "2"}]});
    let first = run(Action::AllocateIp, wanted.clone()).await;
    assert_eq!(first["ipAllocations"][0]["ipAddresses"], json!(["10.20.0.2", "10.20.0.3"]));
    assert_eq!(run(Action::AllocateIp, wanted).await, first, "vRA asks twice");
    {
        let state = host.site().0.lock().unwrap();
        let row = state.addresses.values().next().unwrap();
        assert_eq!((&row["address"], &row["custom_fields"]["site"]), (&json!("10.20.0.2/24"), &json!("Prague")));
        assert_eq!((&row["dns_name"], &row["custom_fields"]["ipam_owner"]), (&json!("web1"), &json!("m1")));
    }
    for address in ["10.20.0.2", "10.20.0.3", "10.20.0.3"] {
        let given = json!([{"id": "a", "ipRangeId": "11", "ipAddress": address}]);
        run(Action::DeallocateIp, json!({"resourceInfo": machine, "ipDeallocations": given})).await;
    }
    assert!(host.site().0.lock().unwrap().addresses.is_empty());
}

#[tokio::test]
async fn a_lost_response_takes_no_second_address() {
    let host = host(&[lan()]).await;
    host.fault(Fault::CutAfter, When::any().method("POST"));
    let provider = provider(&host, TOKEN);
    let allocated = provider.allocate(&Allocate::one("vm", "11").with_key("k")).await.unwrap();
    assert_eq!(allocated.lines[0][0].address.to_string(), "10.20.0.2");
    // Without a key, too: the provider makes one, and looks it up.
    host.fault(Fault::CutAfter, When::any().method("POST"));
    assert_eq!(provider.allocate(&Allocate::one("vm", "11")).await.unwrap().iter().count(), 1);
    assert_eq!(provider.find(&Find::default()).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn a_wrong_token_and_missing_custom_fields_are_told_apart() {
    let host = host(&[lan()]).await;
    let error = provider(&host, "s3cret").check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    host.site().0.lock().unwrap().without_fields = true;
    let error = provider(&host, TOKEN).check().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Config && error.to_string().contains("ipam_key"), "{error}");
}

#[test]
fn a_pool_has_all_addresses_and_debug_no_token() {
    let host = invocation("https://netbox.example", "s3cret", json!({}));
    let opened = open(&host, HttpOptions::new()).unwrap();
    assert!(!format!("{opened:?}").contains("s3cret"), "{opened:?}");
    let pool = json!({"id": 7, "prefix": "10.0.0.0/30", "is_pool": true, "custom_fields": {}});
    assert_eq!(super::range(&pool).unwrap().addresses, hosts("10.0.0.0/30".parse().unwrap(), HostPolicy::All));
    // A gateway that cannot be read is not taken for none: the address would be allocated.
    let wrong = json!({"id": 7, "prefix": "10.0.0.0/30", "custom_fields": {"gateway": "first"}});
    assert_eq!(super::range(&wrong).unwrap_err().kind(), ErrorKind::Protocol);
}

#[test]
fn what_is_about_netbox_has_less_than_a_hundred_lines() {
    let code =
        include_str!("main.rs").lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    let count = code.count();
    assert!(count < 100, "main.rs has {count} lines of code");
}
