//! One site, through the provider and through its saved responses: both describe it alike, names included.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt as _;
use http::Method;
use ipam_core::http::HttpOptions;
use ipam_core::{Block, DefineBlock, DefineRange, IpamProviderExt as _, ListBlocks, ListRanges, Range};
use phpipam_client::models::Subnet;
use phpipam_client::plan::Responses;
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{CustomColumn, Object, Server, Store};
use phpipam_client::{Auth, Client};
use serde_json::Value;

use super::{ADDRESSES, NAMESERVERS, SUBNETS, VLANS};

/// The rows of a recording.
fn rows(text: &str) -> Vec<Value> {
    let value: Value = serde_json::from_str(text).unwrap();
    value.get("data").unwrap_or(&value).as_array().unwrap().clone()
}

fn text(row: &Value, name: &str) -> String {
    match &row[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// Returns the new id of the object that a row refers to by its recorded id.
fn mapped(ids: &BTreeMap<String, u64>, row: &Value, name: &str) -> String {
    ids.get(&text(row, name)).map_or_else(|| "0".to_owned(), ToString::to_string)
}

/// Fills a server with the recorded site, under ids of its own.
fn fill(store: &mut Store) {
    for object in [Object::Address, Object::Subnet, Object::Vlan, Object::Nameservers] {
        store.clear(object);
    }
    let subnets = rows(SUBNETS);
    let models = subnets.iter().map(|row| serde_json::from_value::<Subnet>(row.clone()).unwrap());
    let custom: BTreeSet<String> = models.flat_map(|subnet| subnet.extra).map(|(name, _)| name).collect();
    for name in &custom {
        store.add_custom_field(Object::Subnet, CustomColumn::text(name, 64));
    }
    let (mut sections, mut vrfs) = (BTreeMap::new(), BTreeMap::new());
    for row in &subnets {
        let (section, vrf) = (text(row, "sectionId"), text(row, "vrfId"));
        sections.entry(section.clone()).or_insert_with(|| store.add_section(&format!("section {section}")));
        if !matches!(vrf.as_str(), "" | "0") {
            let name = format!("vrf {vrf}");
            vrfs.entry(vrf).or_insert_with(|| store.add(Object::Vrf, &[("name", &name)]).unwrap());
        }
    }
    let mut vlans = BTreeMap::new();
    for row in rows(VLANS) {
        let (number, name) = (text(&row, "number"), text(&row, "name"));
        let id = store.add(Object::Vlan, &[("name", &name), ("number", &number), ("domainId", "1")]).unwrap();
        vlans.insert(if row["id"].is_null() { text(&row, "vlanId") } else { text(&row, "id") }, id);
    }
    let mut sets = BTreeMap::new();
    for row in rows(NAMESERVERS) {
        let (name, servers) = (text(&row, "name"), text(&row, "namesrv1"));
        let id = store.add(Object::Nameservers, &[("name", &name), ("namesrv1", &servers)]).unwrap();
        sets.insert(text(&row, "id"), id);
    }
    // Parents come before their children, so the masters are known.
    let mut order: Vec<&Value> = subnets.iter().collect();
    order.sort_by_key(|row| text(row, "mask").parse::<u8>().unwrap_or(0));
    let mut ids = BTreeMap::new();
    for row in order {
        let references = [
            ("sectionId", mapped(&sections, row, "sectionId")),
            ("vrfId", mapped(&vrfs, row, "vrfId")),
            ("vlanId", mapped(&vlans, row, "vlanId")),
            ("nameserverId", mapped(&sets, row, "nameserverId")),
            ("masterSubnetId", mapped(&ids, row, "masterSubnetId")),
        ];
        let plain =
            ["subnet", "mask", "description", "isFull", "isPool"].into_iter().chain(custom.iter().map(String::as_str));
        let plain: Vec<(&str, String)> =
            plain.map(|name| (name, text(row, name))).filter(|(_, value)| !value.is_empty()).collect();
        let fields: Vec<(&str, &str)> =
            references.iter().chain(&plain).map(|(name, value)| (*name, value.as_str())).collect();
        ids.insert(text(row, "id"), store.add(Object::Subnet, &fields).unwrap());
    }
    for row in rows(ADDRESSES) {
        let subnet = mapped(&ids, &row, "subnetId");
        let (ip, tag, gateway) = (text(&row, "ip"), text(&row, "tag"), text(&row, "is_gateway"));
        let fields = [("subnetId", subnet.as_str()), ("ip_addr", &ip), ("state", &tag), ("is_gateway", &gateway)];
        store.add(Object::Address, &fields).unwrap();
    }
}

/// Returns the response of the server to a call, as it would be saved.
async fn saved(client: &Client, path: &str) -> String {
    client.raw(Method::GET, path, None).await.unwrap().data.to_string()
}

#[tokio::test]
async fn provider_and_saved_responses_say_the_same_of_a_site() {
    let server = Server::start().await.unwrap();
    server.seed(fill);
    let auth = Auth::user(Server::USER, Server::PASSWORD);
    let http = HttpOptions::new().with_allow_http(true);
    let client = Client::builder(server.url(), Server::APP, auth).with_http_options(http).build().unwrap();
    let subnets = saved(&client, "subnets/all/").await;
    let addresses = saved(&client, "addresses/all/").await;
    let nameservers = saved(&client, "tools/nameservers/").await;
    let vlans = saved(&client, "vlans/").await;
    let custom: BTreeSet<String> = rows(&subnets)
        .into_iter()
        .flat_map(|row| serde_json::from_value::<Subnet>(row).unwrap().extra)
        .map(|(name, _)| name)
        .collect();
    assert!(custom.len() > 5, "the site has custom fields: {custom:?}");
    let responses = Responses::new(&subnets).with_addresses(&addresses).with_nameservers(&nameservers);
    let plan = responses.with_vlans(&vlans).to_plan().unwrap();

    let provider = PhpIpamProvider::connect(client, PhpIpamConfig::new()).await.unwrap();
    let live: Vec<Range> = provider.ranges(ListRanges::all()).try_collect().await.unwrap();
    let planned: BTreeMap<&str, &DefineRange> =
        plan.ranges.iter().map(|row| (row.item.id.as_str(), &row.item)).collect();
    let mut seen = BTreeSet::new();
    for range in &live {
        let id = range.id.as_str();
        let Some(wanted) = planned.get(id) else { panic!("the plan has no range {id} {}", range.net) };
        assert_eq!((&range.space, range.net), (&wanted.space, wanted.net), "{id}: space and network");
        assert_eq!((&range.name, &range.description), (&wanted.name, &wanted.description), "{id}: name");
        assert_eq!(range.network, wanted.network, "{id}: gateway, DNS servers, VLAN");
        assert_eq!(range.tags, wanted.tags, "{id}: tags");
        for name in custom.iter().map(String::as_str).chain(["sectionId", "vlan_number"]) {
            assert_eq!(range.properties.get(name), wanted.properties.get(name), "{id}: {name}");
        }
        for (name, value) in &wanted.properties {
            // What is said of addresses that are no allocations.
            if name != "gateway" && !name.starts_with("reserved ") {
                assert_eq!(range.properties.get(name), Some(value), "{id}: {name}");
            }
        }
        seen.insert(id);
    }
    // An address in a subnet with children gets a range of its own in the plan only.
    let missing: Vec<&&str> = planned.keys().filter(|id| !seen.contains(**id) && !id.contains("-address-")).collect();
    assert!(missing.is_empty(), "the provider has no ranges {missing:?}");

    let live: Vec<Block> = provider.blocks(ListBlocks::all()).try_collect().await.unwrap();
    let planned: BTreeMap<&str, &DefineBlock> =
        plan.blocks.iter().map(|row| (row.item.id.as_str(), &row.item)).collect();
    assert_eq!(live.len(), planned.len());
    for block in &live {
        let wanted = planned[block.id.as_str()];
        assert_eq!((&block.space, block.net, &block.name), (&wanted.space, wanted.net, &wanted.name));
        assert_eq!(block.network, wanted.network, "{}", block.id);
    }
    let spaces: BTreeSet<&str> = plan.ranges.iter().map(|row| row.item.space.as_str()).collect();
    assert!(spaces.iter().any(|space| space.starts_with("vrf/")) && spaces.len() > 2, "{spaces:?}");
}
