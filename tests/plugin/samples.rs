//! Samples: each goes through its action, and the response keeps to the contract.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vra_client::plugin::Action;

use crate::stage::{Stage, all, undo};

#[tokio::test]
async fn an_end_point_is_validated() {
    for stage in all().await {
        stage.run(Action::ValidateEndpoint, &stage.sample("validate_endpoint")).await.unwrap();
    }
}

/// Returns all ids of a listing, page by page, and asserts that none comes twice.
async fn listed(stage: &Stage, action: Action, mut inputs: Value, list: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    loop {
        let outputs = stage.run(action, &inputs).await.unwrap();
        for item in outputs[list].as_array().unwrap() {
            let id = item["id"].as_str().unwrap().to_owned();
            assert!(ids.insert(id.clone()), "{id} comes twice");
        }
        let Some(token) = outputs.get("nextPageToken") else { return ids };
        inputs["pagingAndSorting"]["pageToken"] = token.clone();
    }
}

#[tokio::test]
async fn ranges_are_listed_as_the_filter_chooses_whatever_the_pages() {
    for stage in all().await {
        let expected: BTreeSet<String> =
            ["11", "12", "13", "14", "full"].iter().map(|name| stage.ids[name].clone()).collect();
        for name in ["get_ip_ranges_first_page", "get_ip_ranges_no_paging_member", "get_ip_ranges_small_pages"] {
            assert_eq!(listed(&stage, Action::GetIpRanges, stage.sample(name), "ipRanges").await, expected, "{name}");
        }
        let mut unfiltered = stage.sample("get_ip_ranges_first_page");
        unfiltered["endpoint"]["endpointProperties"]["enableFilter"] = json!("false");
        let all = listed(&stage, Action::GetIpRanges, unfiltered, "ipRanges").await;
        assert!(all.contains(&stage.ids["hidden"]));
    }
}

#[tokio::test]
async fn blocks_are_listed() {
    for stage in all().await {
        let ids = listed(&stage, Action::GetIpBlocks, stage.sample("get_ip_blocks"), "ipBlocks").await;
        assert_eq!(ids, ["30", "31"].iter().map(|name| stage.ids[name].clone()).collect());
    }
}

#[tokio::test]
async fn addresses_are_allocated_repeated_and_given_back() {
    for stage in all().await {
        let before = stage.allocated().await;
        for name in [
            "allocate_ip_one",
            "allocate_ip_contiguous_4",
            "allocate_ip_no_owner",
            "allocate_ip_numbers_not_strings",
            "allocate_ip_ranges_in_order",
            "allocate_ip_start_requested",
            "allocate_ip_three_nics",
        ] {
            let inputs = stage.sample(name);
            let first = stage.run(Action::AllocateIp, &inputs).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            let taken = stage.allocated().await;
            let again = stage.run(Action::AllocateIp, &inputs).await.unwrap();
            assert_eq!(first, again, "{name}: a repeated call took other addresses");
            assert_eq!(stage.allocated().await, taken, "{name}: a repeated call took more");
            stage.run(Action::DeallocateIp, &undo(&first, &inputs)).await.unwrap();
            stage.run(Action::DeallocateIp, &undo(&first, &inputs)).await.unwrap();
            assert_eq!(stage.allocated().await, before, "{name}: something stayed behind");
        }
    }
}

#[tokio::test]
async fn what_is_free_already_is_no_failure() {
    for stage in all().await {
        for name in ["deallocate_ip", "deallocate_ip_two_one_already_free"] {
            stage.run(Action::DeallocateIp, &stage.sample(name)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_record_is_updated_and_nothing_else_of_it_changes() {
    for stage in all().await {
        let allocated = stage.run(Action::AllocateIp, &stage.sample("allocate_ip_one")).await.unwrap();
        let mut inputs = stage.sample("update_record");
        inputs["addressInfos"][0]["address"] = allocated["ipAllocations"][0]["ipAddresses"][0].clone();
        inputs["resourceInfo"]["name"] = json!("renamed");
        let address = inputs["addressInfos"][0]["address"].as_str().unwrap().parse().unwrap();
        let find = ipam_core::Find::default().with_address(Some(address));
        let before = stage.plugin.provider().find(&find).await.unwrap().items.remove(0);
        stage.run(Action::UpdateRecord, &inputs).await.unwrap();
        let mut after = stage.plugin.provider().find(&find).await.unwrap().items.remove(0);
        assert_eq!(after.labels.hostname.as_deref(), Some("renamed"));
        assert_eq!(after.labels.mac.unwrap().to_string(), "00:30:26:a7:23:26");
        after.labels.hostname.clone_from(&before.labels.hostname);
        after.labels.mac = before.labels.mac;
        after.updated = before.updated;
        assert_eq!(after, before);
    }
}

#[tokio::test]
async fn an_update_of_another_owners_address_is_refused() {
    for stage in all().await {
        let allocated = stage.run(Action::AllocateIp, &stage.sample("allocate_ip_one")).await.unwrap();
        let mut inputs = stage.sample("update_record");
        inputs["addressInfos"][0]["address"] = allocated["ipAllocations"][0]["ipAddresses"][0].clone();
        inputs["resourceInfo"]["id"] = json!("another machine");
        let error = stage.run(Action::UpdateRecord, &inputs).await.unwrap_err();
        assert!(error.to_string().contains("not allocated to resource another machine"), "{error}");
    }
}

#[tokio::test]
async fn networks_are_allocated_repeated_and_deallocated() {
    for stage in all().await {
        for name in ["allocate_ip_range_by_prefix_length", "allocate_ip_range_by_cidr"] {
            let inputs = stage.sample(name);
            let first =
                stage.run(Action::AllocateIpRange, &inputs).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            let again = stage.run(Action::AllocateIpRange, &inputs).await.unwrap();
            assert_eq!(
                first["ipRange"]["id"], again["ipRange"]["id"],
                "{name}: a repeated call allocated another network"
            );
            let mut back = stage.sample("deallocate_ip_range");
            back["ipRangeDeallocation"]["ipRangeId"] = first["ipRange"]["id"].clone();
            let done = stage.run(Action::DeallocateIpRange, &back).await.unwrap();
            assert_eq!(done["message"], "Success");
            stage.run(Action::DeallocateIpRange, &back).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_network_with_addresses_is_kept_unless_told() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_range_by_prefix_length");
        let allocated = stage.run(Action::AllocateIpRange, &inputs).await.unwrap();
        let mut machine = stage.sample("allocate_ip_one");
        machine["ipAllocations"][0]["ipRangeIds"] = json!([allocated["ipRange"]["id"]]);
        stage.run(Action::AllocateIp, &machine).await.unwrap();
        let mut back = stage.sample("deallocate_ip_range");
        back["ipRangeDeallocation"]["ipRangeId"] = allocated["ipRange"]["id"].clone();
        let error = stage.run(Action::DeallocateIpRange, &back).await.unwrap_err();
        assert!(error.ipam_error().unwrap().is_conflict(), "{error}");
        back["ipRangeDeallocation"]["properties"]["removeAllocations"] = json!("true");
        assert_eq!(stage.run(Action::DeallocateIpRange, &back).await.unwrap()["message"], "Success");
    }
}
