//! Mapping of subnets and addresses to a plan.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ipam_core::DefineRange;
use ipam_core::plan::AddressPlan;
use phpipam_client::plan::Responses;

use super::{ADDRESSES, SUBNETS};

fn recorded() -> AddressPlan {
    super::recorded().to_plan().unwrap()
}

fn range<'a>(plan: &'a AddressPlan, id: &str) -> &'a DefineRange {
    &plan.ranges.iter().find(|row| row.item.id.as_str() == id).unwrap().item
}

#[test]
fn the_recorded_response_becomes_blocks_ranges_and_addresses() {
    let plan = recorded();
    let blocks: Vec<String> = plan.blocks.iter().map(|row| row.item.net.to_string()).collect();
    assert_eq!(blocks, ["10.10.0.0/16", "10.20.0.0/16", "2001:db8:20::/48", "10.50.0.0/16", "2001:db8:50::/48"]);
    // 38 subnets of which 5 have children, and one address that stands in a subnet with children.
    assert_eq!(plan.ranges.len(), 38 - 5 + 1);
    // 34 addresses: 2 gateways, 2 reserved and 3 for DHCP are no allocations.
    assert_eq!(plan.allocations.len(), 34 - 2 - 2 - 3);
}

#[test]
fn gateways_come_from_the_addresses_and_not_from_the_mixed_up_list() {
    let plan = recorded();
    assert_eq!(range(&plan, "8").network.gateway, Some("10.20.1.1".parse().unwrap()));
    assert_eq!(range(&plan, "8").properties.get("gateway").unwrap(), "gw.lab.example.test, gateway");
    assert_eq!(range(&plan, "9").network.gateway, Some("10.20.2.1".parse().unwrap()));
    // The list gives these two the gateways of unrelated subnets.
    assert_eq!(range(&plan, "11").network.gateway, None);
    assert_eq!(range(&plan, "24").network.gateway, None);
}

#[test]
fn name_servers_are_whole_and_vlans_named() {
    let plan = recorded();
    let servers: Vec<String> = range(&plan, "8").network.dns_servers.iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["192.0.2.53", "192.0.2.54"], "the subnet list leaves out the second");
    let vlan = range(&plan, "1").network.vlan.clone().unwrap();
    assert_eq!((vlan.number, vlan.name.as_deref()), (2001, Some("IPv6 private 1")));
    let without = Responses::new(SUBNETS).with_addresses(ADDRESSES).to_plan().unwrap();
    assert_eq!(range(&without, "8").network.dns_servers.len(), 1);
}

#[test]
fn reserved_and_dhcp_addresses_are_never_handed_out() {
    let plan = recorded();
    let shown = |id: &str| range(&plan, id).reserved.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown("3"), ["10.10.1.5-10.10.1.6"]);
    assert_eq!(shown("6"), ["10.65.22.4-10.65.22.6"]);
    assert_eq!(range(&plan, "3").properties.get("reserved 10.10.1.5").unwrap(), "server3.cust1.local, Server3");
    assert_eq!(shown("14"), ["10.20.4.1-10.20.4.8", "10.20.4.10-10.20.4.254"], "marked full");
}

#[test]
fn odd_addresses_keep_their_place() {
    let plan = recorded();
    let pool = range(&plan, "13");
    assert_eq!(pool.resolved_addresses().to_string(), "10.20.3.8-10.20.3.15", "a pool gives out all it has");
    let v6 = range(&plan, "16");
    assert_eq!(v6.resolved_addresses().first().to_string(), "2001:db8:20:1::", "phpIPAM gave it out");
    let lone = range(&plan, "7-address-15");
    assert_eq!((lone.net.to_string().as_str(), lone.space.as_str()), ("10.20.50.1/32", "vrf/1"));
    assert!(plan.notes.iter().any(|note| note.item.contains("10.20.50.1/32")));
}

#[test]
fn a_subnet_without_vrf_is_in_that_of_its_parent() {
    let plan = recorded();
    assert_eq!(range(&plan, "30").space.as_str(), "vrf/1", "10.20.0.0/26 inside 10.20.0.0/16");
    assert_eq!(range(&plan, "28").space.as_str(), "8", "its parent is a folder");
    let subnets = r#"[{"id": 1, "subnet": "10.0.0.0", "mask": 16, "sectionId": 1, "vrfId": 4},
        {"id": 2, "subnet": "10.9.0.0", "mask": 24, "sectionId": 1, "masterSubnetId": 1}]"#;
    let plan = Responses::new(subnets).to_plan().unwrap();
    assert_eq!(range(&plan, "2").space.as_str(), "1", "it does not lie in the parent it names");
}

#[test]
fn the_forms_of_older_servers_are_the_same_subnet() {
    let text = r#"{"code": 200, "success": 1, "data": [
        {"id": "7", "subnet": "169083136", "mask": "24", "sectionId": "8", "vrfId": null, "vlanId": "", "isFolder": "0",
         "isFull": "0", "isPool": "0", "nameserverId": "2", "nameservers": {"id": "2", "namesrv1": "192.0.2.53;192.0.2.54"}},
        {"id": "9", "subnet": "", "mask": "", "sectionId": "8", "isFolder": "1"}]}"#;
    let addresses = r#"{"code": 404, "success": 0, "message": "No addresses found"}"#;
    let plan = Responses::new(text).with_addresses(addresses).to_plan().unwrap();
    let range = range(&plan, "7");
    assert_eq!((range.net.to_string().as_str(), range.space.as_str()), ("10.20.1.0/24", "8"));
    assert_eq!(range.network.dns_servers.len(), 2);
    assert_eq!(plan.ranges.len(), 1, "a folder has no subnet");
}

#[test]
fn garbage_is_never_turned_into_a_subnet() {
    let text = r#"[{"id": 1, "subnet": "10.0.0.300", "mask": "24", "sectionId": 1},
        {"id": 2, "subnet": "10.0.0.1", "mask": "24", "sectionId": 1},
        {"id": 3, "subnet": "10.0.0.0", "mask": "99", "sectionId": 1},
        {"id": "x", "subnet": "10.0.0.0", "mask": "24", "sectionId": 1}, 7,
        {"id": 4, "subnet": "10.0.0.0", "mask": "24", "sectionId": 1, "isFull": "perhaps"},
        {"id": 5, "subnet": "10.0.0.0", "mask": "24"},
        {"id": 6, "subnet": "10.0.0.0", "sectionId": 1}]"#;
    let error = Responses::new(text).to_plan().unwrap_err();
    let said: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
    for wanted in [
        "subnets data[0]: subnet: invalid value: string \"10.0.0.300\", expected an IP address",
        "subnets data[1]: subnet is \"10.0.0.1\"; with mask 24 the network is 10.0.0.0",
        "subnets data[2]: mask is \"99\"; expected a prefix length",
        "subnets data[3]: id: ",
        "subnets data[4]: write an object",
        "subnets data[5]: isFull: invalid value: string \"perhaps\", expected a flag",
        "subnets data[6]: sectionId is missing",
        "subnets data[7]: mask is missing",
    ] {
        assert!(said.iter().any(|line| line.starts_with(wanted)), "{wanted} is not among {said:#?}");
    }
    assert_eq!(said.len(), 8, "{said:#?}");
    let failed = Responses::new(r#"{"code": 401, "message": "Unauthorized"}"#).to_plan();
    assert!(failed.is_err(), "an error is no empty plan");
}

#[test]
fn an_address_of_a_parent_goes_to_the_child_that_holds_it() {
    let subnets = r#"[{"id": 1, "subnet": "10.0.0.0", "mask": 16, "sectionId": 1}, {"id": 2, "subnet": "10.0.1.0", "mask": 24, "sectionId": 1}]"#;
    let addresses = r#"[{"id": 5, "subnetId": 1, "ip": "10.0.1.9"}, {"id": 6, "subnetId": 2, "ip": "10.0.1.9"}, {"id": 7, "subnetId": 99, "ip": "10.9.9.9"}]"#;
    let plan = Responses::new(subnets).with_addresses(addresses).to_plan().unwrap();
    assert_eq!(plan.allocations.len(), 1);
    assert_eq!(plan.allocations.first().unwrap().item.range.as_str(), "2");
    assert_eq!(plan.notes.len(), 2, "one is there twice, one has no subnet: {:?}", plan.notes);
}

#[test]
fn names_owners_and_notes_are_those_of_the_provider() {
    let subnets =
        r#"[{"id": 1, "subnet": "10.0.0.0", "mask": 24, "sectionId": 1, "description": "Lab\nsecond floor"}]"#;
    let addresses = r#"[{"id": 5, "subnetId": 1, "ip": "10.0.0.9", "owner": "vm-1", "note": "rack 7", "mac": "00:50:56:ab:cd:ef"},
        {"id": 6, "subnetId": 1, "ip": "10.0.0.10", "mac": "no MAC"}]"#;
    let error = Responses::new(subnets).with_addresses(addresses).to_plan().unwrap_err();
    assert!(error.to_string().starts_with("addresses data[1]: mac is \"no MAC\"; expected six octets"), "{error}");
    let addresses = addresses.replace("no MAC", "");
    let plan = Responses::new(subnets).with_addresses(&addresses).to_plan().unwrap();
    let lab = range(&plan, "1");
    assert_eq!((lab.name.as_str(), lab.description.as_deref()), ("Lab", Some("second floor")));
    let first = &plan.allocations.first().unwrap().item;
    assert_eq!((first.owner.as_str(), first.key.as_str()), ("vm-1", "phpipam-address/5"));
    assert_eq!(first.labels.tags.iter().map(ToString::to_string).collect::<Vec<_>>(), ["note=rack 7"]);
    assert_eq!(plan.allocations.last().unwrap().item.owner.as_str(), "phpipam");
}

#[test]
fn a_gateway_that_is_none_or_anothers_is_not_believed() {
    for gateway in [
        r#"{"ip": "10.0.0.1", "subnetId": 9}"#,
        r#"{"ip": "10.0.0.1", "is_gateway": 0}"#,
        r#"{"ip_addr": "10.9.0.1", "id": 7}"#,
    ] {
        let subnets =
            format!(r#"[{{"id": 1, "subnet": "10.0.0.0", "mask": 24, "sectionId": 1, "gateway": {gateway}}}]"#);
        assert_eq!(range(&Responses::new(&subnets).to_plan().unwrap(), "1").network.gateway, None, "{gateway}");
    }
    let subnets = r#"[{"id": 1, "subnet": "10.0.0.0", "mask": 24, "sectionId": 1, "gatewayId": 7}]"#;
    let plan = Responses::new(subnets).to_plan().unwrap();
    assert!(plan.notes.first().unwrap().item.contains("the address of id 7"), "{:?}", plan.notes);
}
