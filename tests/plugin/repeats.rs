//! Repeated requests: in another form, late, or after the ranges were changed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipam_core::{
    Allocate, AllocateLine, AllocateRange, ChildPrefix, DefineRange, IpamProvider, IpamProviderExt, Labels,
    MemoryProvider, RemoveRange,
};
use phpipam_client::testing::Object;
use serde_json::{Value, json};
use vra_client::plugin::{Action, Plugin};

use crate::stage::{Stage, all, simulated, undo};

/// Returns the addresses by the id of their entry.
fn by_id(outputs: &Value) -> BTreeMap<String, Value> {
    let results = outputs["ipAllocations"].as_array().unwrap().iter();
    results
        .map(|result| (result["ipAllocationId"].as_str().unwrap().to_owned(), result["ipAddresses"].clone()))
        .collect()
}

fn with_path(inputs: &Value, path: &str) -> Value {
    let mut inputs = inputs.clone();
    inputs["resourceInfo"]["id"] = format!("{path}{}", inputs["resourceInfo"]["id"].as_str().unwrap()).into();
    inputs
}

#[tokio::test]
async fn a_request_with_its_entries_in_another_order_is_the_same_request() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_three_nics");
        let first = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let taken = stage.allocated().await;
        for order in [[2, 1, 0], [1, 2, 0], [0, 2, 1]] {
            let mut again = inputs.clone();
            again["ipAllocations"] = order.iter().map(|index| inputs["ipAllocations"][*index].clone()).collect();
            let outputs = stage.run(Action::AllocateIp, &again).await.unwrap();
            assert_eq!(by_id(&outputs), by_id(&first), "{order:?}");
            let ids = |entries: &Value, name: &str| {
                entries.as_array().unwrap().iter().map(|one| one[name].clone()).collect::<Vec<_>>()
            };
            assert_eq!(
                ids(&outputs["ipAllocations"], "ipAllocationId"),
                ids(&again["ipAllocations"], "id"),
                "the results are not in the order of the entries"
            );
        }
        assert_eq!(stage.allocated().await, taken);
        stage.run(Action::DeallocateIp, &undo(&first, &inputs)).await.unwrap();
    }
}

/// Returns the request of an earlier version of the crate: entries in the order that came, and the id in the form that came.
fn as_earlier(inputs: &Value) -> Allocate {
    let id = inputs["resourceInfo"]["id"].as_str().unwrap();
    let entries = inputs["ipAllocations"].as_array().unwrap();
    let smallest = entries.iter().map(|entry| entry["id"].as_str().unwrap()).min().unwrap();
    let mut labels = Labels::default();
    labels.hostname = inputs["resourceInfo"]["name"].as_str().map(str::to_owned);
    labels.description = inputs["resourceInfo"]["description"].as_str().map(str::to_owned);
    entries.iter().fold(Allocate::new(id).with_key(format!("vra:{id}:{smallest}")), |request, entry| {
        let range = entry["ipRangeIds"][0].as_str().unwrap();
        request.with_line(AllocateLine::next(range, 1).with_labels(labels.clone()))
    })
}

#[tokio::test]
async fn what_an_earlier_version_allocated_is_met_in_any_order_and_form() {
    for stage in all().await {
        let before = stage.allocated().await;
        let bare = stage.sample("allocate_ip_three_nics");
        for (earlier, later) in [
            (bare.clone(), bare.clone()),
            (with_path(&bare, "/resources/compute/"), bare.clone()),
            (with_path(&bare, "/resources/compute/"), with_path(&bare, "/resources/compute/")),
        ] {
            for order in [[0, 1, 2], [2, 0, 1]] {
                let mut made = earlier.clone();
                made["ipAllocations"] = order.iter().map(|index| earlier["ipAllocations"][*index].clone()).collect();
                let lines = stage.plugin.provider().allocate(&as_earlier(&made)).await.unwrap().lines;
                let outputs = stage.run(Action::AllocateIp, &later).await.unwrap();
                for (index, line) in order.into_iter().zip(lines) {
                    let address = line[0].address.to_string();
                    assert_eq!(outputs["ipAllocations"][index]["ipAddresses"], json!([address]), "{order:?}");
                }
                assert_eq!(stage.allocated().await, before + 3);
                stage.run(Action::DeallocateIp, &undo(&outputs, &later)).await.unwrap();
                assert_eq!(stage.allocated().await, before, "an address stayed allocated");
            }
        }
    }
}

#[tokio::test]
async fn a_request_that_is_another_one_stays_a_conflict() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_three_nics");
        let first = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let taken = stage.allocated().await;
        let mut other = inputs.clone();
        other["ipAllocations"][1]["size"] = json!("2");
        let error = stage.run(Action::AllocateIp, &other).await.unwrap_err();
        assert!(error.ipam_error().unwrap().is_conflict(), "{error}");
        assert_eq!(stage.allocated().await, taken);
        stage.run(Action::DeallocateIp, &undo(&first, &inputs)).await.unwrap();
    }
}

#[tokio::test]
async fn both_forms_of_a_resource_id_are_the_same_machine() {
    for stage in all().await {
        let before = stage.allocated().await;
        let bare = stage.sample("allocate_ip_id_alone");
        let path = with_path(&bare, "/resources/compute/");
        for (allocating, deallocating) in [(&bare, &path), (&path, &bare), (&path, &path)] {
            let outputs = stage.run(Action::AllocateIp, allocating).await.unwrap();
            assert_eq!(stage.run(Action::AllocateIp, deallocating).await.unwrap(), outputs);
            let mut record = stage.sample("update_record");
            record["resourceInfo"] = deallocating["resourceInfo"].clone();
            record["addressInfos"][0]["address"] = outputs["ipAllocations"][0]["ipAddresses"][0].clone();
            stage.run(Action::UpdateRecord, &record).await.unwrap();
            let another = with_path(&bare, "another-");
            let refused = stage.run(Action::DeallocateIp, &undo(&outputs, &another)).await.unwrap();
            let refused = refused["ipDeallocations"][0]["message"].as_str().unwrap();
            let owner = bare["resourceInfo"]["id"].as_str().unwrap();
            let held =
                format!("is held by {} (resource {owner}) in range", bare["resourceInfo"]["name"].as_str().unwrap());
            assert!(refused.contains(&held) && refused.ends_with("; nothing was freed"), "{refused}");
            let freed = stage.run(Action::DeallocateIp, &undo(&outputs, deallocating)).await.unwrap();
            assert_eq!(freed["ipDeallocations"][0]["message"], "Success");
            assert_eq!(stage.allocated().await, before);
            let again = stage.run(Action::DeallocateIp, &undo(&outputs, deallocating)).await.unwrap();
            assert_eq!(again["ipDeallocations"][0]["message"], "Was free already");
        }
    }
}

#[tokio::test]
async fn the_id_of_a_machine_may_come_with_its_path() {
    for stage in all().await {
        let before = stage.allocated().await;
        let outputs = stage.run(Action::AllocateIp, &stage.sample("allocate_ip_id_alone")).await.unwrap();
        let mut inputs = stage.sample("deallocate_ip_id_with_path");
        inputs["ipDeallocations"][0]["ipAddress"] = outputs["ipAllocations"][0]["ipAddresses"][0].clone();
        let freed = stage.run(Action::DeallocateIp, &inputs).await.unwrap();
        assert_eq!(freed["ipDeallocations"][0]["message"], "Success");
        assert_eq!(stage.allocated().await, before);
    }
}

#[tokio::test]
async fn both_forms_of_a_network_id_are_the_same_network() {
    for stage in all().await {
        let sample = stage.sample("allocate_ip_range_by_prefix_length");
        let path = sample["resourceInfo"]["id"].as_str().unwrap().to_owned();
        let bare = path.strip_prefix("/resources/sub-networks/").unwrap().to_owned();
        let with_id = |id: &str| {
            let mut inputs = sample.clone();
            inputs["resourceInfo"]["id"] = id.into();
            inputs
        };
        let back = |id: &str, range: &Value| {
            let mut back = stage.sample("deallocate_ip_range");
            back["resourceInfo"]["id"] = id.into();
            back["ipRangeDeallocation"]["ipRangeId"] = range.clone();
            back
        };
        for (allocating, deallocating) in [(&path, &bare), (&bare, &path)] {
            let outputs = stage.run(Action::AllocateIpRange, &with_id(allocating)).await.unwrap();
            let again = stage.run(Action::AllocateIpRange, &with_id(deallocating)).await.unwrap();
            assert_eq!(again["ipRange"]["id"], outputs["ipRange"]["id"]);
            let id = &outputs["ipRange"]["id"];
            let kept = stage.run(Action::DeallocateIpRange, &back("another", id)).await.unwrap();
            let kept = kept["message"].as_str().unwrap();
            assert!(kept.ends_with(&format!("is held by resource {bare}; nothing was removed")), "{kept}");
            let done = stage.run(Action::DeallocateIpRange, &back(deallocating, id)).await.unwrap();
            assert_eq!(done["message"], "Success");
            let done = stage.run(Action::DeallocateIpRange, &back(deallocating, id)).await.unwrap();
            assert_eq!(done["message"], "Was gone already");
        }
        // As an earlier version made it: the id with its path.
        let block = sample["ipRangeAllocation"]["ipBlockIds"][0].as_str().unwrap();
        let request = AllocateRange::new(path.as_str(), block, ChildPrefix::PrefixLen(30))
            .with_key(format!("vra:{path}:network"));
        let made = stage.plugin.provider().allocate_range(&request).await.unwrap().range;
        let error = stage.run(Action::AllocateIpRange, &with_id(&bare)).await.unwrap_err();
        assert!(error.ipam_error().unwrap().is_conflict(), "the key is known, and the request differs: {error}");
        let done = stage.run(Action::DeallocateIpRange, &back(&bare, &json!(made.id.as_str()))).await.unwrap();
        assert_eq!(done["message"], "Success");
    }
}

#[tokio::test]
async fn a_deallocation_that_names_nothing_is_refused() {
    for stage in all().await {
        let good = stage.sample("deallocate_ip");
        for missing in [ipam_tests::plugin_rules::without(&good, "ipDeallocations"), {
            let mut inputs = good.clone();
            inputs["ipDeallocations"] = Value::Null;
            inputs
        }] {
            let error = stage.run(Action::DeallocateIp, &missing).await.unwrap_err();
            assert!(error.to_string().starts_with("ipDeallocations: missing"), "{error}");
        }
        let mut empty = good;
        empty["ipDeallocations"] = json!([]);
        assert_eq!(stage.run(Action::DeallocateIp, &empty).await.unwrap(), json!({"ipDeallocations": []}));
    }
}

#[tokio::test]
async fn an_unspecified_start_counts_as_absent_and_one_that_is_no_address_is_named() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_start_unspecified");
        let before = stage.allocated().await;
        for start in ["0.0.0.0", "::", "", " "] {
            let mut inputs = inputs.clone();
            inputs["ipAllocations"][0]["start"] = start.into();
            let outputs =
                stage.run(Action::AllocateIp, &inputs).await.unwrap_or_else(|error| panic!("{start:?}: {error}"));
            assert_eq!(stage.allocated().await, before + 1, "{start:?} is another request");
            assert_eq!(outputs["ipAllocations"][0]["ipAddresses"], json!(["10.16.20.2"]));
        }
        let error = stage.run(Action::AllocateIp, &stage.sample("allocate_ip_start_no_address")).await.unwrap_err();
        assert_eq!(error.to_string(), "ipAllocations[0].start: \"none\" is not an IP address, such as 192.0.2.10");
    }
}

fn deallocation(resource: &str, range: &str, address: &str) -> Value {
    json!({
        "resourceInfo": {"id": resource}, "ipDeallocations": [{"id": "d", "ipRangeId": range, "ipAddress": address}],
    })
}

async fn define(ipam: &MemoryProvider, id: &str, space: &str, net: &str) {
    ipam.define_range(&DefineRange::new(id, net.parse().unwrap()).with_space(space)).await.unwrap();
}

async fn take(ipam: &MemoryProvider, owner: &str, range: &str, address: &str) {
    let line = AllocateLine::exactly(range, address.parse::<IpAddr>().unwrap());
    ipam.allocate(&Allocate::new(owner).with_line(line)).await.unwrap();
}

#[tokio::test]
async fn an_address_outside_the_current_prefix_of_the_range_is_deallocated() {
    let ipam = MemoryProvider::new();
    define(&ipam, "12", "a", "10.9.0.0/24").await;
    define(&ipam, "20", "a", "10.0.0.0/24").await;
    define(&ipam, "21", "b", "10.0.0.0/24").await;
    define(&ipam, "22", "c", "10.0.0.0/24").await;
    take(&ipam, "vm", "20", "10.0.0.5").await;
    take(&ipam, "vm", "21", "10.0.0.5").await;
    take(&ipam, "vm", "21", "10.0.0.6").await;
    take(&ipam, "vm", "21", "10.0.0.7").await;
    take(&ipam, "vm", "22", "10.0.0.7").await;
    take(&ipam, "another", "20", "10.0.0.8").await;
    take(&ipam, "another", "20", "10.0.0.9").await;
    let plugin = Plugin::new(ipam);
    let left = async || {
        let found = plugin.provider().find(&ipam_core::Find::default()).await.unwrap().items;
        found.into_iter().map(|one| format!("{} {}", one.range, one.address)).collect::<std::collections::BTreeSet<_>>()
    };
    let mut expected = left().await;
    for (address, range, message) in [
        // The address space of the range decides between the two.
        ("10.0.0.5", Some("20 10.0.0.5"), "Success"),
        ("10.0.0.6", Some("21 10.0.0.6"), "Success"),
        (
            "10.0.0.8",
            None,
            "Outside the current prefix of the range, and 10.0.0.8 is held by resource another in range 20; nothing was freed",
        ),
        (
            "10.0.0.99",
            None,
            "Outside the current prefix of the range, and not allocated to the resource; nothing to free",
        ),
    ] {
        let outputs = plugin.run(Action::DeallocateIp, &deallocation("vm", "12", address)).await.unwrap();
        assert_eq!(outputs["ipDeallocations"][0]["message"], message, "{address}");
        range.map(|range| expected.remove(range));
        assert_eq!(left().await, expected, "{address}");
    }
    // Both allocations fit the request equally, so neither is freed.
    let error = plugin.run(Action::DeallocateIp, &deallocation("vm", "12", "10.0.0.7")).await.unwrap_err();
    assert!(error.to_string().contains("more than one address space"), "{error}");
    assert_eq!(left().await, expected);
}

#[tokio::test]
async fn a_freed_address_is_not_mistaken_for_that_of_another_space() {
    let ipam = MemoryProvider::new();
    define(&ipam, "12", "a", "10.0.0.0/24").await;
    define(&ipam, "20", "b", "10.0.0.0/24").await;
    take(&ipam, "vm", "20", "10.0.0.5").await;
    let plugin = Plugin::new(ipam);
    let outputs = plugin.run(Action::DeallocateIp, &deallocation("vm", "12", "10.0.0.5")).await.unwrap();
    assert_eq!(outputs["ipDeallocations"][0]["message"], "Was free already");
    assert_eq!(plugin.provider().usage_of("20").await.unwrap().allocated, 1);
}

#[tokio::test]
async fn an_address_of_a_removed_range_is_deallocated_in_the_range_that_has_it() {
    let ipam = MemoryProvider::new();
    define(&ipam, "12", "a", "10.0.0.0/24").await;
    take(&ipam, "vm", "12", "10.0.0.5").await;
    ipam.remove_range(&RemoveRange::new("12").with_allocations(true)).await.unwrap();
    define(&ipam, "20", "a", "10.0.0.0/24").await;
    let plugin = Plugin::new(ipam);
    let outputs = plugin.run(Action::DeallocateIp, &deallocation("vm", "12", "10.0.0.5")).await.unwrap();
    assert_eq!(outputs["ipDeallocations"][0]["message"], "The range does not exist any more; nothing to free");
    take(plugin.provider(), "vm", "20", "10.0.0.5").await;
    let outputs = plugin.run(Action::DeallocateIp, &deallocation("vm", "12", "10.0.0.5")).await.unwrap();
    assert_eq!(outputs["ipDeallocations"][0]["message"], "Success");
    assert_eq!(plugin.provider().usage_of("20").await.unwrap().allocated, 0);
}

/// Allocates one address in a phpIPAM, changes the subnets, and deallocates the address.
async fn moved(change: impl FnOnce(&mut phpipam_client::testing::Store, u64, u64, u64)) {
    let (stage, server): (Stage, _) = simulated().await;
    let machine = stage.sample("allocate_ip_one");
    let (subnet, section) = (stage.ids["12"].parse().unwrap(), server.seed(|store| store.ids(Object::Section))[0]);
    let before = server.seed(|store| store.ids(Object::Address));
    let outputs = stage.run(Action::AllocateIp, &machine).await.unwrap();
    let row = *server.seed(|store| store.ids(Object::Address)).iter().find(|id| !before.contains(id)).unwrap();
    server.seed(|store| change(store, section, subnet, row));
    let outputs = stage.run(Action::DeallocateIp, &undo(&outputs, &machine)).await.unwrap();
    assert_eq!(outputs["ipDeallocations"][0]["message"], "Success");
    assert!(!server.seed(|store| store.ids(Object::Address)).contains(&row));
}

#[tokio::test]
async fn an_address_whose_subnet_was_split_is_deallocated() {
    moved(|store, section, subnet, row| {
        let child = store.add_subnet(section, "10.16.20.0/25".parse().unwrap());
        store.set_field(Object::Subnet, child, "masterSubnetId", &subnet.to_string());
        store.set_field(Object::Address, row, "subnetId", &child.to_string());
    })
    .await;
}

#[tokio::test]
async fn an_address_whose_subnet_got_another_prefix_is_deallocated() {
    moved(|store, section, subnet, row| {
        let new = store.add_subnet(section, "10.16.20.0/24".parse().unwrap());
        store.set_field(
            Object::Subnet,
            subnet,
            "subnet",
            &u32::from(std::net::Ipv4Addr::new(10, 77, 0, 0)).to_string(),
        );
        store.set_field(Object::Address, row, "subnetId", &new.to_string());
    })
    .await;
}

#[tokio::test]
async fn a_reserved_address_is_left_alone_and_never_called_freed() {
    let (stage, server) = simulated().await;
    let subnet = stage.ids["12"].parse().unwrap();
    let row = server.seed(|store| {
        let row = store.add_address(subnet, [10, 16, 20, 2].into(), "set aside");
        store.set_field(Object::Address, row, "tag", "3");
        row
    });
    let outputs = stage.run(Action::DeallocateIp, &stage.sample("deallocate_ip")).await.unwrap();
    assert_ne!(outputs["ipDeallocations"][0]["message"], "Success");
    assert!(server.seed(|store| store.ids(Object::Address)).contains(&row));
}
