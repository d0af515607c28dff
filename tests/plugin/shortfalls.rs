//! Shortfalls of the public phpIPAM plug-ins: one test for each, which fails on that behaviour.

use std::sync::Arc;

use serde_json::{Value, json};
use vra_client::plugin::{Action, Plugin};

use crate::stage::{all, undo};
use ipam_core::{Allocate, AllocateLine, DefineRange, IpamProvider, MemoryProvider};

#[tokio::test]
async fn a_failed_request_for_several_cards_leaks_nothing() {
    for stage in all().await {
        let before = stage.allocated().await;
        let error =
            stage.run(Action::AllocateIp, &stage.sample("allocate_ip_last_nic_from_full_range")).await.unwrap_err();
        assert!(error.ipam_error().unwrap().is_exhausted(), "{error}");
        assert_eq!(stage.allocated().await, before);
    }
}

#[tokio::test]
async fn contiguous_addresses_are_allocated() {
    for stage in all().await {
        // The rules check that the four follow one another.
        stage.run(Action::AllocateIp, &stage.sample("allocate_ip_contiguous_4")).await.unwrap();
    }
}

#[tokio::test]
async fn listings_are_paged() {
    for stage in all().await {
        let outputs = stage.run(Action::GetIpRanges, &stage.sample("get_ip_ranges_small_pages")).await.unwrap();
        assert!(outputs["nextPageToken"].is_string());
        assert_eq!(outputs["ipRanges"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn first_and_last_address_are_right_for_every_prefix_length() {
    let ipam = MemoryProvider::new();
    for (id, net) in [
        ("31", "10.0.0.0/31"),
        ("32", "10.0.1.0/32"),
        ("24", "10.0.2.0/24"),
        ("127", "2001:db8::/127"),
        ("128", "2001:db8:1::/128"),
        ("64", "2001:db8:2::/64"),
    ] {
        ipam.define_range(&DefineRange::new(id, net.parse().unwrap())).await.unwrap();
    }
    let pool = DefineRange::new("pool", "10.0.3.0/24".parse().unwrap()).with_hosts(ipam_core::net::HostPolicy::All);
    ipam.define_range(&pool).await.unwrap();
    let outputs = Plugin::new(ipam).run(Action::GetIpRanges, &json!({})).await.unwrap();
    let ends = |id: &str| {
        let range = outputs["ipRanges"].as_array().unwrap().iter().find(|range| range["id"] == id).unwrap();
        (range["startIPAddress"].as_str().unwrap().to_owned(), range["endIPAddress"].as_str().unwrap().to_owned())
    };
    for (id, first, last) in [
        ("31", "10.0.0.0", "10.0.0.1"),
        ("32", "10.0.1.0", "10.0.1.0"),
        ("24", "10.0.2.1", "10.0.2.254"),
        ("127", "2001:db8::", "2001:db8::1"),
        ("128", "2001:db8:1::", "2001:db8:1::"),
        ("64", "2001:db8:2::1", "2001:db8:2:0:ffff:ffff:ffff:ffff"),
        ("pool", "10.0.3.0", "10.0.3.255"),
    ] {
        assert_eq!(ends(id), (first.to_owned(), last.to_owned()), "{id}");
    }
}

#[tokio::test]
async fn the_gateway_and_reserved_addresses_are_never_allocated() {
    let ipam = MemoryProvider::new();
    let range = DefineRange::new("12", "10.0.0.0/28".parse().unwrap())
        .with_gateway([10, 0, 0, 2].into())
        .with_reserved(vec!["10.0.0.3-10.0.0.13".parse().unwrap()]);
    ipam.define_range(&range).await.unwrap();
    let plugin = Plugin::new(ipam);
    let take = |id: &str| json!({"resourceInfo": {"id": id}, "ipAllocations": [{"id": "a", "ipRangeIds": ["12"]}]});
    let mut taken = Vec::new();
    while let Ok(outputs) = plugin.run(Action::AllocateIp, &take(&format!("vm-{}", taken.len()))).await {
        taken.push(outputs["ipAllocations"][0]["ipAddresses"][0].as_str().unwrap().to_owned());
    }
    assert_eq!(taken, ["10.0.0.1", "10.0.0.14"]);
}

#[tokio::test]
async fn two_machines_at_once_never_get_one_address() {
    for stage in all().await {
        let plugin = Arc::new(stage.plugin.clone());
        let mut tasks = tokio::task::JoinSet::new();
        for machine in 0..16 {
            let (plugin, mut inputs) = (Arc::clone(&plugin), stage.sample("allocate_ip_one"));
            inputs["resourceInfo"]["id"] = json!(format!("vm-{machine}"));
            tasks.spawn(async move { plugin.run(Action::AllocateIp, &inputs).await.unwrap() });
        }
        let mut addresses: Vec<String> = tasks
            .join_all()
            .await
            .iter()
            .map(|outputs| outputs["ipAllocations"][0]["ipAddresses"][0].as_str().unwrap().to_owned())
            .collect();
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), 16);
    }
}

#[tokio::test]
async fn another_request_for_the_same_card_is_refused_and_takes_nothing() {
    for stage in all().await {
        stage.run(Action::AllocateIp, &stage.sample("allocate_ip_one")).await.unwrap();
        let before = stage.allocated().await;
        let error = stage.run(Action::AllocateIp, &stage.sample("allocate_ip_contiguous_4")).await.unwrap_err();
        assert!(error.ipam_error().unwrap().is_conflict(), "{error}");
        assert_eq!(stage.allocated().await, before);
    }
}

#[tokio::test]
async fn a_late_repeat_never_frees_the_next_machines_address() {
    for stage in all().await {
        let first = stage.sample("allocate_ip_one");
        let allocated = stage.run(Action::AllocateIp, &first).await.unwrap();
        let late = undo(&allocated, &first);
        stage.run(Action::DeallocateIp, &late).await.unwrap();
        let mut next = first.clone();
        next["resourceInfo"]["id"] = json!("the next machine");
        assert_eq!(stage.run(Action::AllocateIp, &next).await.unwrap(), allocated, "the address was free again");
        let held = stage.allocated().await;
        stage.run(Action::DeallocateIp, &late).await.unwrap();
        assert_eq!(stage.allocated().await, held);
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_refused_with_the_members_name() {
    let plugin = Plugin::new(MemoryProvider::new());
    let good =
        || json!({"resourceInfo": {"id": "vm"}, "ipAllocations": [{"id": "a", "ipRangeIds": ["12"], "size": "1"}]});
    let with_value = |pointer: &str, value: Value| {
        let mut inputs = good();
        *inputs.pointer_mut(pointer).unwrap() = value;
        inputs
    };
    for (inputs, member) in [
        (with_value("/ipAllocations/0/size", json!("four")), "size"),
        (with_value("/ipAllocations/0/size", json!("0")), "ipAllocations[0].size"),
        (with_value("/ipAllocations/0/size", json!("9999999")), "ipAllocations[0].size"),
        (with_value("/ipAllocations/0/id", json!(null)), "ipAllocations[0].id"),
        (with_value("/ipAllocations/0/ipRangeIds", json!([])), "ipRangeIds"),
        (with_value("/ipAllocations", json!([])), "ipAllocations"),
        (with_value("/resourceInfo/id", json!("")), "resourceInfo.id"),
        (json!([]), "inputs"),
    ] {
        let error = plugin.run(Action::AllocateIp, &inputs).await.unwrap_err();
        assert!(error.to_string().contains(member), "{member}: {error}");
    }
}

#[tokio::test]
async fn addresses_that_older_plug_ins_left_without_an_owner_are_freed() {
    // None of the workspace's providers leaves addresses without an owner, so the rule is tested on the precondition itself.
    let precondition = ipam_core::Precondition::Owner("vm".into());
    assert!(precondition.fits(None, None));
    assert!(!precondition.fits(Some(&"other".into()), None));
    let ipam = MemoryProvider::new();
    ipam.define_range(&DefineRange::new("12", "10.0.0.0/28".parse().unwrap())).await.unwrap();
    ipam.allocate(&Allocate::new("other").with_line(AllocateLine::next("12", 1))).await.unwrap();
    let inputs = json!({"resourceInfo": {"id": "vm"}, "ipDeallocations": [{"id": "d", "ipRangeId": "12", "ipAddress": "10.0.0.1"}]});
    let outputs = Plugin::new(ipam).run(Action::DeallocateIp, &inputs).await.unwrap();
    let message = &outputs["ipDeallocations"][0]["message"];
    assert_eq!(message, "10.0.0.1 is held by resource other in range 12; nothing was freed");
}
