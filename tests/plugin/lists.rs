//! Lists of ranges and blocks as an administrator sees them: names, properties, and the filters of the form.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vra_client::plugin::Action;

use crate::stage::{Stage, all, embedded, simulated};

/// Returns the inputs of a listing with these fields in the form, in pages of two.
fn inputs(stage: &Stage, form: Value) -> Value {
    let mut inputs = stage.sample("get_ip_ranges_first_page");
    let filled = &mut inputs["endpoint"]["endpointProperties"];
    *filled = json!({"hostName": "ipam.example.test"});
    filled.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
    inputs["pagingAndSorting"] = json!({"maxResults": 2});
    inputs
}

/// Returns all items of a listing, page by page, and asserts that only a last page is empty.
async fn listed(stage: &Stage, action: Action, form: Value) -> Vec<Value> {
    let list = if action == Action::GetIpBlocks { "ipBlocks" } else { "ipRanges" };
    let mut inputs = inputs(stage, form);
    let mut items = Vec::new();
    loop {
        let outputs = stage.run(action, &inputs).await.unwrap();
        let page = outputs[list].as_array().unwrap();
        let Some(token) = outputs.get("nextPageToken") else {
            items.extend(page.iter().cloned());
            return items;
        };
        assert!(!page.is_empty(), "vRA may take an empty page for the last one");
        items.extend(page.iter().cloned());
        inputs["pagingAndSorting"]["pageToken"] = token.clone();
    }
}

fn texts<'a>(items: &'a [Value], member: &str) -> BTreeSet<&'a str> {
    items.iter().map(|item| item[member].as_str().unwrap()).collect()
}

#[tokio::test]
async fn names_tell_ranges_apart_and_begin_with_the_prefix() {
    for stage in all().await {
        let ranges = listed(&stage, Action::GetIpRanges, json!({})).await;
        assert_eq!(texts(&ranges, "name").len(), ranges.len(), "{ranges:#?}");
        for range in &ranges {
            let name = range["name"].as_str().unwrap();
            let prefix = name.split(' ').next().unwrap().parse::<ipnet::IpNet>().unwrap();
            assert!(prefix.contains(&range["startIPAddress"].as_str().unwrap().parse::<std::net::IpAddr>().unwrap()));
        }
        // The name does not depend on the page, nor on what else is listed.
        let filter = json!({"enableFilter": "true", "filterField": stage.filter, "filterValue": "1"});
        let some = listed(&stage, Action::GetIpRanges, filter).await;
        assert!(texts(&some, "name").is_subset(&texts(&ranges, "name")));
    }
}

#[tokio::test]
async fn only_what_the_form_names_is_sent_and_all_of_it() {
    for stage in all().await {
        let none = listed(&stage, Action::GetIpRanges, json!({})).await;
        assert!(none.iter().all(|range| range["properties"] == json!({})), "{none:#?}");
        let filter = json!({"enableFilter": "true", "filterField": stage.filter, "filterValue": "1"});
        for range in listed(&stage, Action::GetIpRanges, filter).await {
            assert_eq!(range["properties"], json!({stage.filter: "1"}));
        }
        let all = listed(&stage, Action::GetIpRanges, json!({"shownFields": "*"})).await;
        assert!(all.iter().any(|range| range["properties"].get(stage.filter).is_some()));
    }
}

#[tokio::test]
async fn the_filter_of_ranges_hides_no_block_and_that_of_blocks_no_range() {
    for stage in all().await {
        let filter = json!({"enableFilter": "true", "filterField": stage.filter, "filterValue": "1"});
        let blocks = listed(&stage, Action::GetIpBlocks, filter).await;
        assert_eq!(texts(&blocks, "id"), ["30", "31"].iter().map(|name| stage.ids[name].as_str()).collect());
        let prefix = blocks[0]["ipBlockCIDR"].as_str().unwrap();
        let filter = json!({
            "enableBlockFilter": "true", "blockFilterField": "name", "blockFilterMatch": "regex",
            "blockFilterValue": "no block has this name",
        });
        assert!(listed(&stage, Action::GetIpBlocks, filter.clone()).await.is_empty(), "{prefix}");
        let ranges = listed(&stage, Action::GetIpRanges, json!({})).await;
        assert_eq!(listed(&stage, Action::GetIpRanges, filter).await, ranges);
    }
}

#[tokio::test]
async fn a_part_or_a_pattern_filters_page_by_page() {
    for stage in [embedded().await, simulated().await.0] {
        let all = listed(&stage, Action::GetIpRanges, json!({"shownFields": "*"})).await;
        for (mode, value, chosen) in [("partial", "0", "0"), ("regex", "^[^1]$", "0"), ("regex", "/^1/", "1")] {
            let filter = json!({
                "enableFilter": "true", "filterField": stage.filter, "filterValue": value, "filterMatch": mode,
                "shownFields": "*",
            });
            let wanted: Vec<Value> =
                all.iter().filter(|range| range["properties"][stage.filter] == chosen).cloned().collect();
            assert_eq!(listed(&stage, Action::GetIpRanges, filter).await, wanted, "{mode} {value}");
        }
    }
}

#[tokio::test]
async fn domains_of_the_form_are_those_of_every_range_without_one() {
    for stage in all().await {
        let form = json!({"dnsDomain": "lab.example.test", "dnsSearchDomains": "lab.example.test example.test"});
        for range in listed(&stage, Action::GetIpRanges, form).await {
            assert_eq!(range["domain"], "lab.example.test");
            assert_eq!(range["dnsSearchDomains"], json!(["lab.example.test", "example.test"]));
        }
    }
}

#[tokio::test]
async fn a_pattern_that_cannot_be_read_is_refused_by_every_action() {
    let stage = embedded().await;
    let form = json!({"enableFilter": "true", "filterField": "name", "filterValue": "(", "filterMatch": "regex"});
    let inputs = inputs(&stage, form.clone());
    for action in [Action::GetIpRanges, Action::GetIpBlocks] {
        let error = stage.run(action, &inputs).await.unwrap_err().to_string();
        assert!(error.starts_with("endpointProperties.filterValue: "), "{error}");
    }
    let error = stage.run(Action::ValidateEndpoint, &json!({"endpointProperties": form})).await.unwrap_err();
    assert!(error.to_string().starts_with("endpointProperties.filterValue: "), "{error}");
    let mut machine = stage.sample("allocate_ip_one");
    machine["endpoint"]["endpointProperties"] = form;
    let error = stage.run(Action::AllocateIp, &machine).await.unwrap_err();
    assert!(error.to_string().starts_with("endpointProperties.filterValue: "), "{error}");
}

#[tokio::test]
async fn a_machine_gets_the_address_that_its_property_names() {
    for stage in all().await {
        let mut inputs = stage.sample("allocate_ip_one");
        let any = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let taken: std::net::IpAddr = any["ipAllocations"][0]["ipAddresses"][0].as_str().unwrap().parse().unwrap();
        let std::net::IpAddr::V4(taken) = taken else { panic!("{taken}") };
        let wanted = std::net::Ipv4Addr::from_bits(taken.to_bits() + 9).to_string();
        let id = format!("{}-static", inputs["resourceInfo"]["id"].as_str().unwrap());
        inputs["resourceInfo"]["id"] = json!(id);
        inputs["resourceInfo"]["properties"] = json!({"custom_ip": wanted});
        let given = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        assert_eq!(given["ipAllocations"][0]["ipAddresses"], json!([wanted]));
        assert_eq!(stage.run(Action::AllocateIp, &inputs).await.unwrap(), given, "a repetition");
        // Another machine that asks for it is told so, and gets no other address.
        inputs["resourceInfo"]["id"] = json!(format!("{id}-other"));
        let error = stage.run(Action::AllocateIp, &inputs).await.unwrap_err();
        assert!(error.to_string().contains(&wanted), "{error}");
    }
}
