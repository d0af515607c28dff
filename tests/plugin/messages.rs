//! Messages that a person in vRA can act on.

use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
use phpipam_client::testing::Object;
use serde_json::json;
use vra_client::plugin::{Action, Plugin};

use crate::stage::{embedded, simulated};

#[tokio::test]
async fn a_deallocation_that_frees_nothing_says_who_holds_the_address() {
    let ipam = MemoryProvider::new();
    ipam.define_range(&DefineRange::new("12", "10.0.0.0/24".parse().unwrap())).await.unwrap();
    let plugin = Plugin::new(ipam);
    let take = |id: &str, name: Option<&str>| json!({"resourceInfo": {"id": id, "name": name}, "ipAllocations": [{"id": "a", "ipRangeIds": ["12"]}]});
    plugin.run(Action::AllocateIp, &take("vm-9", Some("web2"))).await.unwrap();
    plugin.run(Action::AllocateIp, &take("vm-8", None)).await.unwrap();
    let message = async |range: &str, address: &str| {
        let inputs = json!({
            "resourceInfo": {"id": "vm-1"}, "ipDeallocations": [{"id": "d", "ipRangeId": range, "ipAddress": address}],
        });
        let outputs = plugin.run(Action::DeallocateIp, &inputs).await.unwrap();
        outputs["ipDeallocations"][0]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        message("12", "10.0.0.1").await,
        "10.0.0.1 is held by web2 (resource vm-9) in range 12; nothing was freed"
    );
    assert_eq!(message("12", "10.0.0.2").await, "10.0.0.2 is held by resource vm-8 in range 12; nothing was freed");
    assert_eq!(
        message("gone", "10.0.0.1").await,
        "The range does not exist any more, and 10.0.0.1 is held by web2 (resource vm-9) in range 12; nothing was freed"
    );
    assert_eq!(message("12", "10.0.0.3").await, "Was free already");

    let (stage, server) = simulated().await;
    server.seed(|store| {
        let row = store.add_address(stage.ids["12"].parse().unwrap(), [10, 16, 20, 2].into(), "printer");
        store.set_field(Object::Address, row, "tag", "3");
        let row = store.add_address(stage.ids["12"].parse().unwrap(), [10, 16, 20, 3].into(), "web3");
        store.set_field(Object::Address, row, "tag", "3");
        store.set_field(Object::Address, row, "owner", "the web team");
    });
    let range = &stage.ids["12"];
    for (address, expected) in [
        ("10.16.20.2", format!("10.16.20.2 is reserved for printer in range {range}; nothing was freed")),
        (
            "10.16.20.3",
            format!(
                "10.16.20.3 is reserved and held by web3 (resource the web team) in range {range}; nothing was freed"
            ),
        ),
    ] {
        let mut inputs = stage.sample("deallocate_ip");
        inputs["ipDeallocations"][0]["ipAddress"] = json!(address);
        let outputs = stage.run(Action::DeallocateIp, &inputs).await.unwrap();
        assert_eq!(outputs["ipDeallocations"][0]["message"], expected);
    }
}

#[tokio::test]
async fn a_resource_or_an_endpoint_that_is_null_is_named() {
    let plugin = Plugin::new(MemoryProvider::new());
    let resource = "it names the resource that the action is run for";
    for action in [
        Action::AllocateIp,
        Action::DeallocateIp,
        Action::UpdateRecord,
        Action::AllocateIpRange,
        Action::DeallocateIpRange,
    ] {
        let error = plugin.run(action, &json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), format!("resourceInfo: missing; {resource}"), "{action}");
        let error = plugin.run(action, &json!({"resourceInfo": null})).await.unwrap_err();
        assert_eq!(error.to_string(), format!("resourceInfo: null; {resource}"), "{action}");
    }
    for action in Action::ALL.into_iter().filter(|action| *action != Action::ValidateEndpoint) {
        let inputs = json!({"endpoint": null, "resourceInfo": {"id": "vm"}});
        let error = plugin.run(action, &inputs).await.unwrap_err();
        assert_eq!(error.to_string(), "endpoint: null; give the endpoint, an object", "{action}");
        let error = vra_client::plugin::EndpointProperties::of_inputs(&inputs).unwrap_err();
        assert_eq!(error.to_string(), "endpoint: null; give the endpoint, an object");
    }
}

#[tokio::test]
async fn an_error_of_the_ipam_names_the_entry_and_who_holds_the_address() {
    for stage in [embedded().await, simulated().await.0] {
        let range = stage.ids["12"].as_str();
        let full = stage.ids["full"].as_str();
        let said = async |id: &str, entries: serde_json::Value| {
            let inputs = json!({"resourceInfo": {"id": id, "name": "web1"}, "ipAllocations": entries});
            stage.run(Action::AllocateIp, &inputs).await.unwrap_err().to_string()
        };
        let held = json!({"resourceInfo": {"id": "vm-1", "name": "web1"}, "ipAllocations": [
            {"id": "a", "ipRangeIds": [range], "start": "10.16.20.9", "nicIndex": 0}]});
        stage.run(Action::AllocateIp, &held).await.unwrap();

        // The line has the number 0 in the request for what is missing.
        let text = said(
            "vm-1",
            json!([
                {"id": "a", "ipRangeIds": [range], "nicIndex": 0, "start": "10.16.20.9"},
                {"id": "b", "ipRangeIds": [full], "nicIndex": 1},
            ]),
        )
        .await;
        let begin =
            "No free address or network: ipAllocations[1] (entry b (network card 1)) of machine web1 (resource vm-1): ";
        assert!(text.starts_with(begin), "{text}");
        assert!(!text.contains("line"), "{text}");

        let text = said("vm-2", json!([{"id": "a", "ipRangeIds": [range], "start": "10.16.20.9"}])).await;
        assert!(text.starts_with("ipAllocations[0] (entry a) of machine web1 (resource vm-2): "), "{text}");
        assert!(text.ends_with(&format!("; 10.16.20.9 is held by web1 (resource vm-1) in range {range}")), "{text}");
        assert!(!text.contains("line"), "{text}");

        let text = said("vm-2", json!([{"id": "a", "ipRangeIds": [range], "size": 0}])).await;
        assert!(text.starts_with("ipAllocations[0].size is \"0\"; "), "{text}");
        let outside = json!([
            {"id": "a", "ipRangeIds": [range], "nicIndex": 3}, {"id": "b", "ipRangeIds": [range], "start": "10.99.99.9"},
        ]);
        let text = said("vm-2", outside).await;
        assert!(text.starts_with("ipAllocations[1].start is \"10.99.99.9\"; "), "{text}");
        let text = said(&"x".repeat(300), json!([{"id": "a", "ipRangeIds": [range]}])).await;
        assert!(text.starts_with("resourceInfo.id: "), "{text}");
    }
}
