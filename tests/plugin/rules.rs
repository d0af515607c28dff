//! Proof that the rules can fail: each sample response is made invalid in one member, and the rules report it.

use ipam_tests::plugin_rules::{violations, without};
use serde_json::{Value, json};

fn range() -> Value {
    json!({
        "id": "12", "name": "lan", "startIPAddress": "10.0.0.1", "endIPAddress": "10.0.0.254", "ipVersion": "IPv4",
        "subnetPrefixLength": 24, "dnsServerAddresses": ["10.0.0.53"], "dnsSearchDomains": ["a.test"],
        "tags": [{"key": "k", "value": "v"}], "properties": {"p": "v"}, "addressSpaceId": "default",
    })
}

fn with_value(mut range: Value, member: &str, value: Value) -> Value {
    range[member] = value;
    range
}

fn broken(action: &str, inputs: &Value, outputs: &Value) {
    assert!(!violations(action, inputs, outputs).is_empty(), "{action}: the rules accepted {outputs}");
}

#[test]
fn a_valid_range_passes_and_every_invalid_one_fails() {
    let inputs = json!({"pagingAndSorting": {"maxResults": 2}});
    let outputs = |range: Value| json!({"ipRanges": [range]});
    assert_eq!(violations("GetIPRanges", &inputs, &outputs(range())), Vec::<String>::new());
    for member in [
        "id",
        "name",
        "startIPAddress",
        "endIPAddress",
        "ipVersion",
        "subnetPrefixLength",
        "tags",
        "properties",
        "dnsServerAddresses",
        "dnsSearchDomains",
    ] {
        broken("GetIPRanges", &inputs, &outputs(without(&range(), member)));
    }
    for (member, value) in [
        ("startIPAddress", json!("10.0.1.1")),
        ("endIPAddress", json!("2001:db8::1")),
        ("ipVersion", json!("IPv6")),
        ("subnetPrefixLength", json!("33")),
        ("dnsServerAddresses", json!(null)),
        ("dnsServerAddresses", json!([""])),
        ("dnsSearchDomains", json!([""])),
        ("description", json!(null)),
        ("gatewayAddress", json!("")),
        ("tags", json!([{"key": "k"}])),
        ("properties", json!({"p": 1})),
    ] {
        broken("GetIPRanges", &inputs, &outputs(with_value(range(), member, value)));
    }
    broken("GetIPRanges", &inputs, &json!({"ipRanges": [range(), range(), range()]}));
    broken("GetIPRanges", &inputs, &json!({"ipRanges": [], "nextPageToken": null}));
    broken("GetIPRanges", &inputs, &json!({"ipRanges": null}));
}

#[test]
fn an_allocation_has_to_be_what_was_requested() {
    let inputs = json!({"ipAllocations": [{"id": "a", "ipRangeIds": ["12"], "size": "2", "start": "10.0.0.4"}]});
    let sound =
        json!({"ipAllocationId": "a", "ipRangeId": "12", "ipVersion": "IPv4", "ipAddresses": ["10.0.0.4", "10.0.0.5"]});
    let outputs = |result: Value| json!({"ipAllocations": [result]});
    assert_eq!(violations("AllocateIP", &inputs, &outputs(sound.clone())), Vec::<String>::new());
    for (member, value) in [
        ("ipAllocationId", json!("b")),
        ("ipRangeId", json!("13")),
        ("ipVersion", json!("IPv6")),
        ("ipAddresses", json!(["10.0.0.4"])),
        ("ipAddresses", json!(["10.0.0.4", "10.0.0.6"])),
        ("ipAddresses", json!(["10.0.0.5", "10.0.0.6"])),
        ("ipAddresses", json!([])),
    ] {
        broken("AllocateIP", &inputs, &outputs(with_value(sound.clone(), member, value)));
    }
    broken("AllocateIP", &inputs, &json!({"ipAllocations": []}));
    for unspecified in ["0.0.0.0", "::", ""] {
        let mut inputs = inputs.clone();
        inputs["ipAllocations"][0]["start"] = unspecified.into();
        assert_eq!(violations("AllocateIP", &inputs, &outputs(sound.clone())), Vec::<String>::new(), "{unspecified:?}");
    }
    broken("AllocateIP", &inputs, &json!({"ipAllocations": [sound.clone(), sound]}));
}

#[test]
fn the_other_responses_can_fail_too() {
    broken("ValidateEndpoint", &json!({}), &json!({"message": "ok", "statusCode": "200"}));
    broken("ValidateEndpoint", &json!({}), &json!({"message": "Validated successfully", "statusCode": 200}));
    let untrusted = json!({"error": {"errorCode": "3002", "errorMessage": "m"}, "certificateInfo": {"certificate": "-----BEGIN CERTIFICATE-----"}});
    assert_eq!(violations("ValidateEndpoint", &json!({}), &untrusted), Vec::<String>::new());
    broken("ValidateEndpoint", &json!({}), &without(&untrusted, "certificateInfo"));
    let inputs = json!({"ipDeallocations": [{"id": "a"}, {"id": "b"}]});
    broken("DeallocateIP", &inputs, &json!({"ipDeallocations": [{"ipDeallocationId": "a", "message": "m"}]}));
    // Without the list there is nothing to return: the action has to fail.
    broken("DeallocateIP", &json!({}), &json!({"ipDeallocations": []}));
    broken("Update", &json!({}), &json!({"updateResults": []}));
    broken("DeallocateIPRange", &json!({}), &json!({}));
    let inputs = json!({"ipRangeAllocation": {"subnetPrefixLength": "28"}});
    broken("AllocateIPRange", &inputs, &json!({"ipRange": range()}));
    broken("GetIPBlocks", &json!({}), &json!({"ipBlocks": [range()]}));
    broken("NoSuchAction", &json!({}), &json!({}));
}
