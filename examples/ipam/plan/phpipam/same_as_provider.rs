//! The same site, through the provider and through the importer: both have to say the same of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt as _;
use ipam_core::registry::Secrets;
use ipam_core::{DefineRange, IpamProviderExt as _, ListRanges, Properties, Range};
use phpipam_client::testing::{CustomField, Object, Server, Store};
use serde_json::Value;

use super::rows::SUBNET_FIELDS;
use super::{Answers, parse};
use crate::open::{Absent, encoded, open_with};

/// The rows of a recording.
fn rows(text: &str) -> Vec<Value> {
    let value: Value = serde_json::from_str(text).unwrap();
    super::data::data(&value).unwrap().into_iter().cloned().collect()
}

fn text(row: &Value, name: &str) -> String {
    match &row[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The new id of what a row refers to by its recorded one.
fn mapped(ids: &BTreeMap<String, u64>, row: &Value, name: &str) -> String {
    ids.get(&text(row, name)).map_or_else(|| "0".to_owned(), ToString::to_string)
}

/// Fills a server with the recorded site. Its ids are others; the map has the recorded one of each subnet.
fn fill(store: &mut Store, answers: Answers<'_>) -> BTreeMap<String, String> {
    for object in [Object::Address, Object::Subnet, Object::Vlan, Object::Nameservers] {
        store.clear(object);
    }
    let subnets = rows(answers.subnets);
    let custom: BTreeSet<&str> =
        subnets.iter().flat_map(|row| row.as_object().unwrap().keys()).map(String::as_str).collect();
    let custom: Vec<&str> = custom.into_iter().filter(|name| !SUBNET_FIELDS.contains(name)).collect();
    for name in &custom {
        store.add_custom_field(Object::Subnet, CustomField::text(name, 64));
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
    for row in rows(answers.vlans.unwrap()) {
        let (number, name) = (text(&row, "number"), text(&row, "name"));
        let id = store.add(Object::Vlan, &[("name", &name), ("number", &number), ("domainId", "1")]).unwrap();
        vlans.insert(if row["id"].is_null() { text(&row, "vlanId") } else { text(&row, "id") }, id);
    }
    let mut sets = BTreeMap::new();
    for row in rows(answers.nameservers.unwrap()) {
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
        let plain = ["subnet", "mask", "description", "isFull", "isPool"].into_iter().chain(custom.iter().copied());
        let plain: Vec<(&str, String)> =
            plain.map(|name| (name, text(row, name))).filter(|(_, value)| !value.is_empty()).collect();
        let fields: Vec<(&str, &str)> =
            references.iter().chain(&plain).map(|(name, value)| (*name, value.as_str())).collect();
        ids.insert(text(row, "id"), store.add(Object::Subnet, &fields).unwrap());
    }
    for row in rows(answers.addresses.unwrap()) {
        let subnet = mapped(&ids, &row, "subnetId");
        let (ip, tag, gateway) = (text(&row, "ip"), text(&row, "tag"), text(&row, "is_gateway"));
        let fields = [("subnetId", subnet.as_str()), ("ip_addr", &ip), ("state", &tag), ("is_gateway", &gateway)];
        store.add(Object::Address, &fields).unwrap();
    }
    ids.into_iter().map(|(old, new)| (new.to_string(), old)).collect()
}

/// The custom fields among a range's properties.
fn custom(properties: &Properties, standard: &[&str]) -> Properties {
    let own = ["phpipam-section", "location", "marked-full", "gateway"];
    let kept = properties.iter().filter(|(name, _)| {
        !standard.contains(&name.as_str()) && !own.contains(&name.as_str()) && !name.starts_with("reserved ")
    });
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[tokio::test]
async fn provider_and_importer_say_the_same_of_a_site() {
    let answers = crate::plan::recorded::answers();
    let server = Server::start().await.unwrap();
    let old_ids = server.seed(|store| fill(store, answers));
    let url = server.url().replacen("http://", &format!("phpipam+http://{}@", encoded(Server::USER)), 1);
    let password = Secrets::from_fn(|_| async { Ok(Some(Server::PASSWORD.to_owned().into())) });
    let provider =
        open_with(&format!("{}/{}", url.trim_end_matches('/'), Server::APP), Absent::Refuse, password).await.unwrap();
    let live: Vec<Range> = provider.ranges(ListRanges::all()).try_collect().await.unwrap();
    let plan = parse(answers).unwrap();
    let planned: BTreeMap<&str, &DefineRange> =
        plan.ranges.iter().map(|row| (row.item.id.as_str(), &row.item)).collect();

    let mut spaces: BTreeMap<String, String> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for range in &live {
        let id = format!("subnet-{}", old_ids[range.id.as_str()]);
        let Some(wanted) = planned.get(id.as_str()) else { panic!("the importer has no range {id} {}", range.net) };
        assert_eq!(range.net, wanted.net, "{id}");
        assert_eq!(range.network.gateway, wanted.network.gateway, "{id}: gateway");
        assert_eq!(range.network.dns_servers, wanted.network.dns_servers, "{id}: DNS servers");
        assert_eq!(range.network.vlan, wanted.network.vlan, "{id}: VLAN");
        assert_eq!(
            custom(&range.properties, SUBNET_FIELDS),
            custom(&wanted.properties, SUBNET_FIELDS),
            "{id}: properties"
        );
        let other = spaces.entry(range.space.to_string()).or_insert_with(|| wanted.space.to_string());
        assert_eq!(other, wanted.space.as_str(), "{id}: space {}", range.space);
        seen.insert(id);
    }
    let distinct: BTreeSet<&String> = spaces.values().collect();
    assert_eq!(distinct.len(), spaces.len(), "one space of the importer is several of the provider: {spaces:?}");
    // An address in a subnet with children gets a range of its own in the importer only.
    let missing: Vec<&&str> = planned.keys().filter(|id| !seen.contains(**id) && !id.contains("-address-")).collect();
    assert!(missing.is_empty(), "the provider has no ranges {missing:?}");
}
