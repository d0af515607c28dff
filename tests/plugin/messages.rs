//! Messages that a person in vRA can act on.

use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
use phpipam_client::testing::Object;
use serde_json::json;
use vra_client::plugin::{Action, Plugin};

use crate::stage::simulated;

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
