//! AllocateIP that comes again with other names, ranges, sizes or network cards: what is held is the result.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use ipam_core::{
    Allocate, AllocateLine, Allocated, Allocation, Capabilities, Deallocate, Deallocated, DefineRange, ErrorKind, Find,
    Health, IpamProvider, ListRanges, MemoryProvider, Page, Range, Result as CoreResult,
};
use phpipam_client::testing::{CustomColumn, Object};
use serde_json::{Value, json};
use vra_client::plugin::{Action, ActionError, Plugin};

use crate::stage::{Stage, all, connect, simulated, undo};

/// Returns the entry with this id of the outputs.
fn of(outputs: &Value, id: &Value) -> Value {
    let results = outputs["ipAllocations"].as_array().unwrap();
    results.iter().find(|result| result["ipAllocationId"] == *id).unwrap().clone()
}

/// Returns all allocations of a resource.
async fn held(stage: &Stage, inputs: &Value) -> Vec<Allocation> {
    let owner = inputs["resourceInfo"]["id"].as_str().unwrap();
    stage.plugin.provider().find(&Find::default().with_owner(owner)).await.unwrap().items
}

fn tag<'a>(allocation: &'a Allocation, key: &str) -> Vec<&'a str> {
    allocation.labels.tags.iter().filter(|tag| tag.key == key).map(|tag| tag.value.as_str()).collect()
}

fn conflict(error: &ActionError) -> String {
    assert!(error.ipam_error().is_some_and(ipam_core::Error::is_conflict), "{error}");
    error.to_string()
}

#[tokio::test]
async fn another_name_description_or_person_is_the_same_request_with_new_labels() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_three_nics");
        let first = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let taken = stage.allocated().await;
        for (name, description, person) in [
            (json!("renamed"), json!("test"), json!("owner@example.test")),
            (json!("renamed"), json!("new text"), json!("owner@example.test")),
            (json!("renamed"), json!("new text"), json!("jane@example.test")),
            // What is missing stays as it is.
            (Value::Null, Value::Null, Value::Null),
        ] {
            let mut again = inputs.clone();
            again["resourceInfo"]["name"] = name;
            again["resourceInfo"]["description"] = description;
            again["resourceInfo"]["owner"] = person;
            assert_eq!(stage.run(Action::AllocateIp, &again).await.unwrap(), first);
        }
        assert_eq!(stage.allocated().await, taken);
        let held = held(&stage, &inputs).await;
        assert_eq!(held.len(), 3);
        for allocation in &held {
            assert_eq!(allocation.labels.hostname.as_deref(), Some("renamed"));
            assert_eq!(allocation.labels.description.as_deref(), Some("new text"));
            assert_eq!(tag(allocation, "requested-by"), ["jane@example.test"]);
            assert_eq!(tag(allocation, "vra-nic").len(), 1);
        }
        stage.run(Action::DeallocateIp, &undo(&first, &inputs)).await.unwrap();
    }
}

#[tokio::test]
async fn fewer_and_more_network_cards_keep_the_addresses_of_the_others() {
    for stage in all().await {
        let before = stage.allocated().await;
        let inputs = stage.sample("allocate_ip_three_nics");
        let entries = inputs["ipAllocations"].as_array().unwrap();
        let only = |indexes: &[usize]| {
            let mut inputs = inputs.clone();
            inputs["ipAllocations"] = indexes.iter().map(|index| entries[*index].clone()).collect();
            inputs
        };
        let mut known: BTreeMap<String, Value> = BTreeMap::new();
        for (indexes, taken) in
            [(&[1][..], 1), (&[0, 1], 2), (&[1, 0], 2), (&[1, 2, 0], 3), (&[2], 3), (&[0], 3), (&[0, 1, 2], 3)]
        {
            let inputs = only(indexes);
            let outputs = stage.run(Action::AllocateIp, &inputs).await.unwrap();
            assert_eq!(stage.allocated().await, before + taken, "{indexes:?}");
            for result in outputs["ipAllocations"].as_array().unwrap() {
                let id = result["ipAllocationId"].as_str().unwrap().to_owned();
                assert_eq!(known.entry(id).or_insert_with(|| result.clone()), result, "{indexes:?}");
            }
        }
        // One card of the middle goes and comes again, while keys of the others are in use.
        let all = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let gone = json!({"ipAllocations": [of(&all, &entries[1]["id"])]});
        stage.run(Action::DeallocateIp, &undo(&gone, &inputs)).await.unwrap();
        let again = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        assert_eq!(stage.allocated().await, before + 3);
        stage.run(Action::DeallocateIp, &undo(&again, &inputs)).await.unwrap();
        assert_eq!(stage.allocated().await, before);
    }
}

#[tokio::test]
async fn a_failed_request_for_one_more_card_takes_nothing_and_keeps_the_others() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_one");
        let first = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let taken = stage.allocated().await;
        let mut more = inputs.clone();
        for (id, range) in [("more-1", "13"), ("more-2", "full")] {
            let entry = json!({"id": id, "ipRangeIds": [stage.ids[range]], "size": 1});
            more["ipAllocations"].as_array_mut().unwrap().push(entry);
        }
        let error = stage.run(Action::AllocateIp, &more).await.unwrap_err();
        assert!(error.ipam_error().unwrap().is_exhausted(), "{error}");
        assert_eq!(stage.allocated().await, taken);
        assert_eq!(stage.run(Action::AllocateIp, &inputs).await.unwrap(), first);
        stage.run(Action::DeallocateIp, &undo(&first, &inputs)).await.unwrap();
    }
}

#[tokio::test]
async fn another_list_of_ranges_is_the_same_request_as_long_as_it_names_the_range() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_one");
        let first = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let address = first["ipAllocations"][0]["ipAddresses"][0].as_str().unwrap().to_owned();
        let taken = stage.allocated().await;
        let mut again = inputs.clone();
        for ranges in [["13", "12"], ["12", "13"], ["full", "12"]] {
            again["ipAllocations"][0]["ipRangeIds"] = ranges.iter().map(|range| stage.ids[range].as_str()).collect();
            assert_eq!(stage.run(Action::AllocateIp, &again).await.unwrap(), first);
        }
        again["ipAllocations"][0]["start"] = json!(address);
        assert_eq!(stage.run(Action::AllocateIp, &again).await.unwrap(), first, "an exact start that agrees");

        let holds = format!(
            "ipAllocations[0]: machine BOW-VLTST-XXX41 (resource {}) holds {address} (range {}) for entry \
             111bb2f0-02fd-4983-94d2-8ac11768150f (network card 0), but the entry ",
            inputs["resourceInfo"]["id"].as_str().unwrap(),
            stage.ids["12"]
        );
        let remedy = format!(
            "; nothing was taken or changed; deallocate {address} (range {}) or delete the deployment, then request again",
            stage.ids["12"]
        );
        for (member, value, difference) in [
            ("ipRangeIds", json!([stage.ids["13"]]), format!("names other ranges (ipRangeIds: {})", stage.ids["13"])),
            ("size", json!("2"), "asks for 2 addresses in a row".to_owned()),
            ("start", json!("10.16.20.77"), "asks for 10.16.20.77 (start)".to_owned()),
        ] {
            let mut other = inputs.clone();
            other["ipAllocations"][0][member] = value;
            let text = conflict(&stage.run(Action::AllocateIp, &other).await.unwrap_err());
            assert!(text.ends_with(&format!("{holds}{difference}{remedy}")), "{text}");
        }
        assert_eq!(stage.allocated().await, taken);
        // The remedy helps.
        stage.run(Action::DeallocateIp, &undo(&first, &inputs)).await.unwrap();
        let mut other = inputs.clone();
        other["ipAllocations"][0]["size"] = json!("2");
        let outputs = stage.run(Action::AllocateIp, &other).await.unwrap();
        stage.run(Action::DeallocateIp, &undo(&outputs, &other)).await.unwrap();
    }
}

#[tokio::test]
async fn an_entry_of_which_some_addresses_are_gone_is_refused_and_says_so() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_contiguous_4");
        let first = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let mut one = undo(&first, &inputs);
        one["ipDeallocations"].as_array_mut().unwrap().truncate(1);
        stage.run(Action::DeallocateIp, &one).await.unwrap();
        let text = conflict(&stage.run(Action::AllocateIp, &inputs).await.unwrap_err());
        assert!(text.contains("but the entry asks for 4 addresses in a row"), "{text}");
        stage.run(Action::DeallocateIp, &undo(&first, &inputs)).await.unwrap();
        let again = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        stage.run(Action::DeallocateIp, &undo(&again, &inputs)).await.unwrap();
    }
}

/// Runs AllocateIP as vRA does, which repeats one that fails as busy.
async fn served(plugin: &Plugin<Arc<dyn IpamProvider>>, inputs: &Value) -> Value {
    for _ in 0..50 {
        match plugin.run(Action::AllocateIp, inputs).await {
            Err(error) if error.ipam_error().is_some_and(|error| error.kind() == ErrorKind::Busy) => {}
            done => return done.unwrap(),
        }
    }
    plugin.run(Action::AllocateIp, inputs).await.unwrap()
}

#[tokio::test]
async fn attempts_that_run_at_once_and_differ_take_one_set() {
    for stage in all().await {
        let before = stage.allocated().await;
        let inputs = stage.sample("allocate_ip_three_nics");
        let entries = inputs["ipAllocations"].as_array().unwrap();
        for _ in 0..3 {
            let plugin = Arc::new(stage.plugin.clone());
            let mut tasks = tokio::task::JoinSet::new();
            for (task, indexes) in [&[0, 1, 2][..], &[2, 1, 0], &[1], &[1, 2], &[2], &[0, 1, 2]].into_iter().enumerate()
            {
                let (plugin, mut inputs) = (Arc::clone(&plugin), inputs.clone());
                inputs["resourceInfo"]["name"] = json!(format!("name-{}", task % 4));
                inputs["ipAllocations"] = indexes.iter().map(|index| entries[*index].clone()).collect();
                tasks.spawn(async move { served(&plugin, &inputs).await });
            }
            let mut known: BTreeMap<String, Value> = BTreeMap::new();
            for outputs in tasks.join_all().await {
                for result in outputs["ipAllocations"].as_array().unwrap() {
                    let id = result["ipAllocationId"].as_str().unwrap().to_owned();
                    assert_eq!(known.entry(id).or_insert_with(|| result.clone()), result);
                }
            }
            assert_eq!(stage.allocated().await, before + 3, "an entry has two addresses");
            let outputs = stage.run(Action::AllocateIp, &inputs).await.unwrap();
            stage.run(Action::DeallocateIp, &undo(&outputs, &inputs)).await.unwrap();
            assert_eq!(stage.allocated().await, before);
        }
    }
}

#[tokio::test]
async fn the_person_is_written_and_stays() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_one");
        let outputs = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let mut record = stage.sample("update_record");
        record["resourceInfo"] = inputs["resourceInfo"].clone();
        record["addressInfos"][0]["address"] = outputs["ipAllocations"][0]["ipAddresses"][0].clone();
        stage.run(Action::UpdateRecord, &record).await.unwrap();
        stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let held = held(&stage, &inputs).await;
        assert_eq!(held.len(), 1);
        assert_eq!(tag(&held[0], "requested-by"), ["owner@example.test"]);
        assert_eq!(held[0].labels.description.as_deref(), Some("test"));
        assert!(held[0].labels.mac.is_some());
        stage.run(Action::DeallocateIp, &undo(&outputs, &inputs)).await.unwrap();

        let mut network = stage.sample("allocate_ip_range_by_prefix_length");
        network["resourceInfo"]["owner"] = json!("jane@example.test");
        let outputs = stage.run(Action::AllocateIpRange, &network).await.unwrap();
        let by = json!({"key": "requested-by", "value": "jane@example.test"});
        assert!(outputs["ipRange"]["tags"].as_array().unwrap().contains(&by), "{outputs:#}");
        let mut back = stage.sample("deallocate_ip_range");
        back["resourceInfo"] = network["resourceInfo"].clone();
        back["ipRangeDeallocation"]["ipRangeId"] = outputs["ipRange"]["id"].clone();
        stage.run(Action::DeallocateIpRange, &back).await.unwrap();
    }
}

#[tokio::test]
async fn an_administrator_of_phpipam_sees_the_person_beside_the_resource() {
    let (stage, server) = simulated().await;
    let inputs = stage.sample("allocate_ip_one");
    let outputs = stage.run(Action::AllocateIp, &inputs).await.unwrap();
    let address: std::net::IpAddr = outputs["ipAllocations"][0]["ipAddresses"][0].as_str().unwrap().parse().unwrap();
    let client = phpipam_client::Client::builder(
        server.url(),
        phpipam_client::testing::Server::APP,
        phpipam_client::Auth::user(phpipam_client::testing::Server::USER, phpipam_client::testing::Server::PASSWORD),
    )
    .with_http_options(ipam_core::http::HttpOptions::new().with_allow_http(true))
    .build()
    .unwrap();
    let rows = client.addresses().search(address).await.unwrap();
    let note = rows[0].note.as_deref().unwrap();
    assert!(note.contains(";owner=11f912e71454a075574a728848458;"), "{note}");
    assert!(note.contains(";tag=requested-by:owner@example.test;"), "{note}");
    assert_eq!(rows[0].owner.as_deref(), Some("11f912e71454a075574a728848458"));
    assert_eq!(rows[0].description.as_deref(), Some("test"));
}

#[tokio::test]
async fn a_person_that_does_not_fit_never_refuses_the_machine() {
    let (stage, server) = simulated().await;
    server.seed(|store| store.add_custom_field(Object::Address, CustomColumn::text("custom_mark", 255)));
    let config = phpipam_client::provider::PhpIpamConfig::new().with_address_mark_field("custom_mark");
    let client = phpipam_client::Client::builder(
        server.url(),
        phpipam_client::testing::Server::APP,
        phpipam_client::Auth::user(phpipam_client::testing::Server::USER, phpipam_client::testing::Server::PASSWORD),
    )
    .with_http_options(ipam_core::http::HttpOptions::new().with_allow_http(true))
    .build()
    .unwrap();
    let provider = phpipam_client::provider::PhpIpamProvider::connect(client, config).await.unwrap();
    let stage = stage.with_plugin(Plugin::new(Arc::new(provider)));
    let mut inputs = stage.sample("allocate_ip_three_nics");
    inputs["resourceInfo"]["id"] = json!("226478cf-fa26-4a5b-9a3f-5f4e2c1a7b90");
    let first = stage.run(Action::AllocateIp, &inputs).await.unwrap();
    assert_eq!(stage.run(Action::AllocateIp, &inputs).await.unwrap(), first);
    inputs["resourceInfo"]["name"] = json!("renamed");
    assert_eq!(stage.run(Action::AllocateIp, &inputs).await.unwrap(), first);
    let held = held(&stage, &inputs).await;
    assert!(held.iter().all(|one| one.labels.hostname.as_deref() == Some("renamed")), "{held:#?}");
    assert!(held.iter().all(|one| tag(one, "requested-by").is_empty()));
}

#[tokio::test]
async fn an_address_that_was_given_to_another_owner_is_no_result_any_more() {
    let (stage, server) = simulated().await;
    let inputs = stage.sample("allocate_ip_one");
    let before = server.seed(|store| store.ids(Object::Address));
    let first = stage.run(Action::AllocateIp, &inputs).await.unwrap();
    let row = *server.seed(|store| store.ids(Object::Address)).iter().find(|id| !before.contains(id)).unwrap();
    server.seed(|store| store.set_field(Object::Address, row, "owner", "someone else"));
    for name in ["BOW-VLTST-XXX41", "renamed"] {
        let mut inputs = inputs.clone();
        inputs["resourceInfo"]["name"] = json!(name);
        let second = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        assert_ne!(second, first);
        assert_eq!(stage.run(Action::AllocateIp, &inputs).await.unwrap(), second);
    }
    // Nothing but the address that was given away is left.
    let second = stage.run(Action::AllocateIp, &inputs).await.unwrap();
    stage.run(Action::DeallocateIp, &undo(&second, &inputs)).await.unwrap();
    let mut left = before.clone();
    left.push(row);
    assert_eq!(server.seed(|store| store.ids(Object::Address)), left);
}

/// Counts the requests of the first AllocateIP of a new process, and of a repetition in the next one.
async fn requests(stage: &Stage, server: &Arc<phpipam_client::testing::Server>, id: &str) -> (usize, usize) {
    let mut inputs = stage.sample("allocate_ip_three_nics");
    inputs["resourceInfo"]["id"] = json!(id);
    let mut counts = Vec::new();
    for _ in 0..2 {
        let plugin = connect(server).await;
        server.clear_log();
        plugin.run(Action::AllocateIp, &inputs).await.unwrap();
        let requests = server.requests();
        counts.push(requests.len());
        // The list of all addresses exceeds PHP's memory on a large site.
        assert!(!requests.iter().any(|one| one.method == "GET" && one.path.ends_with("/test/addresses/")));
    }
    (counts[0], counts[1])
}

#[tokio::test]
async fn a_large_site_costs_as_many_requests_as_a_small_one() {
    let (stage, server) = simulated().await;
    let ids = ["226478cf-fa26-4a5b-9a3f-000000000001", "/resources/compute/226478cf-fa26-4a5b-9a3f-000000000002"];
    let small = requests(&stage, &server, ids[0]).await;
    let small_path = requests(&stage, &server, ids[1]).await;
    server.seed(|store| {
        let section = store.add_section("many");
        for index in 0..100u8 {
            let id = store.add_subnet(section, format!("10.200.{index}.0/24").parse().unwrap());
            store.fill(id, 200);
        }
    });
    let large = requests(&stage, &server, "226478cf-fa26-4a5b-9a3f-000000000003").await;
    let large_path = requests(&stage, &server, "/resources/compute/226478cf-fa26-4a5b-9a3f-000000000004").await;
    println!("requests of AllocateIP for 3 cards and of its repetition: {large:?}");
    assert_eq!((large, large_path), (small, small_path));
    assert!(large.0 <= 20 && large.1 <= 6, "{large:?}");
}

/// Returns the request of an earlier version of the crate for these entries.
fn as_earlier(inputs: &Value, indexes: &[usize]) -> Allocate {
    let id = inputs["resourceInfo"]["id"].as_str().unwrap();
    let entries: Vec<&Value> = indexes.iter().map(|index| &inputs["ipAllocations"][*index]).collect();
    let smallest = entries.iter().map(|entry| entry["id"].as_str().unwrap()).min().unwrap();
    let labels = ipam_core::Labels::default()
        .with_hostname(inputs["resourceInfo"]["name"].as_str().unwrap())
        .with_description(inputs["resourceInfo"]["description"].as_str().unwrap());
    entries.iter().fold(Allocate::new(id).with_key(format!("vra:{id}:{smallest}")), |request, entry| {
        let line = AllocateLine::next(entry["ipRangeIds"][0].as_str().unwrap(), 1);
        request.with_line(line.with_labels(labels.clone()))
    })
}

#[tokio::test]
async fn a_card_that_an_earlier_version_served_is_met_beside_new_ones() {
    for stage in all().await {
        let before = stage.allocated().await;
        let inputs = stage.sample("allocate_ip_three_nics");
        for indexes in [&[1][..], &[2, 1], &[2]] {
            let lines = stage.plugin.provider().allocate(&as_earlier(&inputs, indexes)).await.unwrap().lines;
            let outputs = stage.run(Action::AllocateIp, &inputs).await.unwrap();
            for (index, line) in indexes.iter().zip(lines) {
                let address = line[0].address.to_string();
                assert_eq!(outputs["ipAllocations"][*index]["ipAddresses"], json!([address]), "{indexes:?}");
            }
            assert_eq!(stage.allocated().await, before + 3, "{indexes:?}");
            assert_eq!(stage.run(Action::AllocateIp, &inputs).await.unwrap(), outputs, "{indexes:?}");
            stage.run(Action::DeallocateIp, &undo(&outputs, &inputs)).await.unwrap();
            assert_eq!(stage.allocated().await, before);
        }
        // Their entries are not recorded: a request that has changed is refused, with the addresses.
        let lines = stage.plugin.provider().allocate(&as_earlier(&inputs, &[0, 1])).await.unwrap().lines;
        let mut other = inputs.clone();
        other["resourceInfo"]["name"] = json!("renamed");
        let text = conflict(&stage.run(Action::AllocateIp, &other).await.unwrap_err());
        assert!(text.contains(&lines[0][0].address.to_string()) && text.contains("earlier version"), "{text}");
        assert_eq!(stage.allocated().await, before + 2);
        let mut both = inputs.clone();
        both["ipAllocations"].as_array_mut().unwrap().truncate(2);
        let outputs = stage.run(Action::AllocateIp, &both).await.unwrap();
        stage.run(Action::DeallocateIp, &undo(&outputs, &both)).await.unwrap();
        assert_eq!(stage.allocated().await, before);
    }
}

#[tokio::test]
async fn a_network_is_met_with_another_name_and_person() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_range_by_prefix_length");
        let first = stage.run(Action::AllocateIpRange, &inputs).await.unwrap();
        let mut again = inputs.clone();
        again["resourceInfo"]["owner"] = json!("jane@example.test");
        again["resourceInfo"]["description"] = json!("other");
        again["ipRangeAllocation"]["name"] = json!("renamed");
        let outputs = stage.run(Action::AllocateIpRange, &again).await.unwrap();
        assert_eq!(outputs["ipRange"]["id"], first["ipRange"]["id"]);
        assert_eq!(outputs["ipRange"]["name"], first["ipRange"]["name"]);
        again["ipRangeAllocation"]["subnetPrefixLength"] = json!("31");
        let text = conflict(&stage.run(Action::AllocateIpRange, &again).await.unwrap_err());
        assert!(text.contains("but the prefix length 31 is asked for (subnetPrefixLength)"), "{text}");
        let mut back = stage.sample("deallocate_ip_range");
        back["resourceInfo"] = json!({"id": "another"});
        back["ipRangeDeallocation"]["ipRangeId"] = first["ipRange"]["id"].clone();
        let kept = stage.run(Action::DeallocateIpRange, &back).await.unwrap();
        let message = kept["message"].as_str().unwrap();
        assert!(message.contains("is held by resource") && message.ends_with("; nothing was removed"), "{message}");
        back["resourceInfo"] = inputs["resourceInfo"].clone();
        stage.run(Action::DeallocateIpRange, &back).await.unwrap();
    }
}

/// IPAM with the required methods only, and without tags, as a small one has it.
#[derive(Debug)]
struct Small(MemoryProvider);

#[async_trait]
impl IpamProvider for Small {
    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::minimal("small");
        can.contiguous = true;
        can
    }

    async fn check(&self) -> CoreResult<Health> {
        self.0.check().await
    }

    async fn list_ranges(&self, request: &ListRanges) -> CoreResult<Page<Range>> {
        self.0.list_ranges(request).await
    }

    async fn allocate(&self, request: &Allocate) -> CoreResult<Allocated> {
        assert!(request.lines.iter().all(|line| line.labels.tags.is_empty()), "it keeps no tags");
        self.0.allocate(request).await
    }

    async fn deallocate(&self, request: &Deallocate) -> CoreResult<Deallocated> {
        self.0.deallocate(request).await
    }

    async fn find(&self, request: &Find) -> CoreResult<Page<Allocation>> {
        self.0.find(request).await
    }
}

#[tokio::test]
async fn an_ipam_without_tags_knows_a_repetition_by_the_whole_request() {
    let ipam = MemoryProvider::new();
    ipam.define_range(&DefineRange::new("12", "10.0.0.0/24".parse().unwrap())).await.unwrap();
    let plugin = Plugin::new(Small(ipam));
    let inputs = json!({
        "resourceInfo": {"id": "vm-1", "name": "web1", "description": "front end", "owner": "jane@example.test"},
        "ipAllocations": [{"id": "a", "ipRangeIds": ["12"]}, {"id": "b", "ipRangeIds": ["12"], "size": 2}],
    });
    let first = plugin.run(Action::AllocateIp, &inputs).await.unwrap();
    let mut turned = inputs.clone();
    turned["ipAllocations"].as_array_mut().unwrap().reverse();
    turned["resourceInfo"]["id"] = json!("/resources/compute/vm-1");
    let again = plugin.run(Action::AllocateIp, &turned).await.unwrap();
    assert_eq!((of(&again, &json!("a")), of(&again, &json!("b"))), (of(&first, &json!("a")), of(&first, &json!("b"))));
    let found = plugin.provider().find(&Find::default().with_owner("vm-1")).await.unwrap().items;
    assert_eq!(found.len(), 3);
    for allocation in found {
        let description = allocation.labels.description.as_deref();
        assert_eq!(description, Some("front end (requested by jane@example.test)"));
    }
    let mut other = inputs.clone();
    other["resourceInfo"]["name"] = json!("renamed");
    let text = conflict(&plugin.run(Action::AllocateIp, &other).await.unwrap_err());
    for part in ["machine renamed (resource vm-1) holds 10.0.0.1 (range 12)", "deallocate these addresses"] {
        assert!(text.contains(part), "{text}");
    }
    // As an earlier version made it: without the person.
    let mut earlier = inputs.clone();
    earlier["resourceInfo"]["id"] = json!("vm-2");
    let mut plain = earlier.clone();
    plain["resourceInfo"]["owner"] = Value::Null;
    let made = plugin.run(Action::AllocateIp, &plain).await.unwrap();
    assert_eq!(plugin.run(Action::AllocateIp, &earlier).await.unwrap(), made);
    // An address of another machine is a conflict of its own.
    let mut exact = inputs.clone();
    exact["resourceInfo"]["id"] = json!("vm-3");
    exact["ipAllocations"][0]["start"] = json!("10.0.0.1");
    let text = conflict(&plugin.run(Action::AllocateIp, &exact).await.unwrap_err());
    assert!(!text.contains("another request"), "{text}");
}
