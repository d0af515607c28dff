//! Names and descriptions are notes for people: none of them stops an action, and a repeat gives the same result.

use ipam_core::{DefineBlock, DefineRange, Find, IpamProvider, IpamProviderExt, MemoryProvider};
use serde_json::{Value, json};
use vra_client::plugin::{Action, Plugin};

use crate::stage::{Stage, embedded, simulated, undo};

/// Texts that some IPAM refuses.
fn texts() -> [String; 7] {
    [
        "x".repeat(65),
        "x".repeat(5_000),
        "<b>web</b>".into(),
        "a <x".into(),
        "ends <".into(),
        "a\0b\nc\u{7}".into(),
        "ž".repeat(300),
    ]
}

async fn stages() -> [Stage; 2] {
    [embedded().await, simulated().await.0]
}

#[tokio::test]
async fn no_label_stops_a_machine_or_its_repeat() {
    for stage in stages().await {
        let before = stage.allocated().await;
        let mut inputs = stage.sample("allocate_ip_one");
        let first = stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let address = &first["ipAllocations"][0]["ipAddresses"][0];
        for text in texts() {
            for member in ["name", "description", "owner"] {
                let mut inputs = inputs.clone();
                inputs["resourceInfo"][member] = json!(text);
                // The held one, and one that is new.
                assert_eq!(stage.run(Action::AllocateIp, &inputs).await.unwrap(), first, "{member} {text:?}");
                let update = json!({
                    "resourceInfo": inputs["resourceInfo"], "endpoint": inputs["endpoint"],
                    "addressInfos": [{"nicIndex": 0, "address": address, "macAddress": "00:50:56:00:00:01"}],
                });
                stage.run(Action::UpdateRecord, &update).await.unwrap();
                inputs["resourceInfo"]["id"] = json!(format!("{member}-{}", text.len()));
                let new = stage.run(Action::AllocateIp, &inputs).await.unwrap();
                assert_eq!(stage.run(Action::AllocateIp, &inputs).await.unwrap(), new, "{member} {text:?}");
                stage.run(Action::DeallocateIp, &undo(&new, &inputs)).await.unwrap();
            }
        }
        inputs["resourceInfo"]["description"] = json!("d".repeat(65));
        stage.run(Action::AllocateIp, &inputs).await.unwrap();
        let wanted = Find::default().with_address(address.as_str().unwrap().parse::<std::net::IpAddr>().unwrap());
        let held = &stage.plugin.provider().find(&wanted).await.unwrap().items[0];
        assert_eq!(held.labels.description, Some(format!("{}…", "d".repeat(63))));
        stage.run(Action::DeallocateIp, &undo(&first, &inputs)).await.unwrap();
        assert_eq!(stage.allocated().await, before);
    }
}

#[tokio::test]
async fn no_label_stops_a_network_or_its_repeat() {
    for stage in stages().await {
        for text in texts() {
            for pointer in ["/resourceInfo/name", "/resourceInfo/description", "/ipRangeAllocation/name"] {
                let mut inputs = stage.sample("allocate_ip_range_by_prefix_length");
                let (parent, member) = pointer.rsplit_once('/').unwrap();
                inputs.pointer_mut(parent).unwrap()[member] = json!(text);
                let made = stage
                    .run(Action::AllocateIpRange, &inputs)
                    .await
                    .unwrap_or_else(|error| panic!("{pointer} {text:?}: {error}"));
                assert_eq!(stage.run(Action::AllocateIpRange, &inputs).await.unwrap(), made);
                let mut back = stage.sample("deallocate_ip_range");
                back["resourceInfo"]["id"] = inputs["resourceInfo"]["id"].clone();
                back["ipRangeDeallocation"]["ipRangeId"] = made["ipRange"]["id"].clone();
                stage.run(Action::DeallocateIpRange, &back).await.unwrap();
            }
        }
    }
}

fn entry(id: &str, ranges: &Value) -> Value {
    json!({"id": id, "ipRangeIds": ranges})
}

#[tokio::test]
async fn a_range_or_a_block_that_is_gone_is_left_out_if_another_one_exists() {
    let ipam = MemoryProvider::new();
    ipam.define_range(&DefineRange::new("12", "10.0.0.0/24".parse().unwrap())).await.unwrap();
    ipam.define_block(&DefineBlock::new("30", "10.9.0.0/24".parse().unwrap())).await.unwrap();
    let plugin = Plugin::new(ipam);
    let inputs = json!({"resourceInfo": {"id": "vm-1", "name": "web1"},
        "ipAllocations": [entry("a", &json!(["gone", "12"])), entry("b", &json!(["12"]))]});
    let outputs = plugin.run(Action::AllocateIp, &inputs).await.unwrap();
    assert_eq!(outputs["ipAllocations"][0]["ipRangeId"], "12");
    assert_eq!(plugin.run(Action::AllocateIp, &inputs).await.unwrap(), outputs);
    assert_eq!(plugin.provider().usage_of("12").await.unwrap().allocated, 2);

    let inputs = json!({"resourceInfo": {"id": "vm-2", "name": "web2"},
        "ipAllocations": [entry("a", &json!(["12"])), entry("b", &json!(["gone", "lost"]))]});
    let error = plugin.run(Action::AllocateIp, &inputs).await.unwrap_err();
    assert!(error.ipam_error().unwrap().is_not_found());
    let said = error.to_string();
    assert!(said.starts_with("ipAllocations[1].ipRangeIds: ") && said.contains("gone, lost"), "{said}");
    assert!(said.contains("entry b") && said.contains("machine web2 (resource vm-2)"), "{said}");
    assert_eq!(plugin.provider().usage_of("12").await.unwrap().allocated, 2);

    let inputs = json!({"resourceInfo": {"id": "n-1"},
        "ipRangeAllocation": {"ipBlockIds": ["gone", "30"], "subnetPrefixLength": "28"}});
    let outputs = plugin.run(Action::AllocateIpRange, &inputs).await.unwrap();
    assert_eq!(plugin.run(Action::AllocateIpRange, &inputs).await.unwrap(), outputs);
}
