//! Secrecy of misplaced passwords: a canary in every member of every action's inputs is never shown.

use std::fmt::Debug;

use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vra_client::plugin::{
    Action, ActionError, AllocateIpInput, AllocateIpRangeInput, Credentials, DeallocateIpInput, DeallocateIpRangeInput,
    GetIpRangesInput, Plugin, UpdateRecordInput, ValidateEndpointInput,
};

const CANARY: &str = "hunter2-canary";

const SAMPLES: [(Action, &str); 8] = [
    (Action::ValidateEndpoint, "validate_endpoint"),
    (Action::GetIpRanges, "get_ip_ranges_first_page"),
    (Action::GetIpBlocks, "get_ip_blocks"),
    (Action::AllocateIp, "allocate_ip_three_nics"),
    (Action::DeallocateIp, "deallocate_ip"),
    (Action::UpdateRecord, "update_record"),
    (Action::AllocateIpRange, "allocate_ip_range_by_prefix_length"),
    (Action::DeallocateIpRange, "deallocate_ip_range"),
];

/// Collects the JSON pointers of a value and of everything in it.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                pointers(value, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers(value, &format!("{at}/{index}"), all);
            }
        }
        _ => {}
    }
}

/// Returns true if a text at this place may be shown: the contract's own texts, such as an id, a size or an address.
fn is_told(pointer: &str) -> bool {
    let last = pointer.rsplit('/').next().unwrap_or_default();
    let known = [
        "id",
        "name",
        "size",
        "start",
        "nicIndex",
        "isPrimary",
        "ipRangeId",
        "ipAddress",
        "address",
        "macAddress",
        "subnetPrefixLength",
        "subnetCidr",
        "maxResults",
        "pageToken",
    ];
    !pointer.contains("ndpoint")
        && !pointer.contains("/properties")
        && (known.contains(&last) || last.bytes().all(|byte| byte.is_ascii_digit()) && !last.is_empty())
}

fn everything(error: &ActionError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text.push_str(&format!(" {error} {error:?}"));
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_canary_in_any_member_is_not_in_the_error() {
    let ipam = MemoryProvider::new();
    ipam.define_range(&DefineRange::new("12", "10.16.20.0/24".parse().unwrap())).await.unwrap();
    let plugin = Plugin::new(ipam);
    let mut errors = 0;
    for (action, name) in SAMPLES {
        let sample = ipam_tests::plugin_samples::sample(name, &std::collections::BTreeMap::new());
        let mut places = Vec::new();
        pointers(&sample, "", &mut places);
        for extra in ["/credentials", "/endpoint/password", "/endpoint/endpointProperties/password"] {
            places.push(extra.to_owned());
        }
        for place in places {
            for canary in [
                json!(CANARY),
                json!([CANARY]),
                json!({ "privateKey": CANARY }),
                json!([{ "privateKey": CANARY }]),
                json!([[CANARY]]),
                json!(format!("[\"{CANARY}\"]")),
                json!(format!("[{{\"prop_key\": [\"{CANARY}\"]}}]")),
                json!(format!("{{\"privateKey\": {CANARY}")),
            ] {
                let mut inputs = sample.clone();
                match inputs.pointer_mut(&place) {
                    Some(value) => *value = canary.clone(),
                    None => {
                        let (parent, name) = place.rsplit_once('/').unwrap();
                        match inputs.pointer_mut(parent) {
                            Some(parent) => parent[name] = canary.clone(),
                            None => continue,
                        }
                    }
                }
                let Err(error) = plugin.run(action, &inputs).await else { continue };
                errors += 1;
                // A list of ids may be a list of any texts, or one text alone.
                if is_told(&place) && canary.is_string()
                    || place.ends_with("ipRangeIds")
                    || place.ends_with("ipBlockIds")
                {
                    continue;
                }
                assert!(!everything(&error).contains(CANARY), "{action} {place}: {error}");
            }
        }
    }
    assert!(errors > 100, "only {errors} of the inputs were refused");
}

fn shown<T: DeserializeOwned + Debug>(inputs: &Value) -> Option<String> {
    serde_json::from_value::<T>(inputs.clone()).ok().map(|inputs| format!("{inputs:?} {inputs:#?}"))
}

#[test]
fn debug_of_the_inputs_shows_no_form_no_free_members_and_no_credentials() {
    for (action, name) in SAMPLES {
        let mut sample = ipam_tests::plugin_samples::sample(name, &std::collections::BTreeMap::new());
        for (parent, member) in [
            ("", "credentials"),
            ("/endpoint", "password"),
            ("/endpoint/endpointProperties", "password"),
            ("/endpointProperties", "password"),
            ("/resourceInfo", "password"),
            ("/resourceInfo/properties", "password"),
            ("/ipAllocations/0", "password"),
            ("/ipAllocations/0/properties", "password"),
            ("/ipDeallocations/0", "password"),
            ("/addressInfos/0", "password"),
            ("/ipRangeAllocation/properties", "password"),
            ("/ipRangeDeallocation/properties", "password"),
            ("/pagingAndSorting", "password"),
        ] {
            if let Some(parent) = sample.pointer_mut(parent) {
                parent[member] = json!(CANARY);
            }
        }
        let shown = match action {
            Action::ValidateEndpoint => shown::<ValidateEndpointInput>(&sample),
            Action::GetIpRanges | Action::GetIpBlocks => shown::<GetIpRangesInput>(&sample),
            Action::AllocateIp => shown::<AllocateIpInput>(&sample),
            Action::DeallocateIp => shown::<DeallocateIpInput>(&sample),
            Action::UpdateRecord => shown::<UpdateRecordInput>(&sample),
            Action::AllocateIpRange => shown::<AllocateIpRangeInput>(&sample),
            Action::DeallocateIpRange => shown::<DeallocateIpRangeInput>(&sample),
        };
        let shown = shown.unwrap_or_else(|| panic!("{action}: the sample is not read"));
        assert!(!shown.contains(CANARY), "{action}: {shown}");
    }
}

#[test]
fn what_the_credentials_service_returned_is_never_shown() {
    for response in [
        json!(CANARY),
        json!([CANARY]),
        json!({ "status": CANARY, "content": CANARY }),
        json!({ "status": 200, "content": [CANARY] }),
        json!({ "status": 200, "content": format!("{{\"privateKeyId\": \"u\", \"privateKey\": [\"{CANARY}\"]}}") }),
        json!({ "status": 200, "content": format!("{{\"privateKeyId\": \"u\", \"privateKey\": \"{CANARY}\"") }),
        json!({ "status": 500, "content": CANARY }),
        json!({ "privateKeyId": [CANARY], "privateKey": CANARY }),
    ] {
        let error = Credentials::from_response(&response).unwrap_err();
        assert!(!everything(&error).contains(CANARY), "{response}: {error}");
    }
}
