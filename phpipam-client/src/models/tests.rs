#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// One number in the spellings that servers use.
fn number(value: u32) -> impl Strategy<Value = Value> {
    prop_oneof![Just(json!(value)), Just(json!(value.to_string())), Just(json!(f64::from(value)))]
}

fn nothing() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), Just(json!("")), Just(json!(0)), Just(json!("0"))]
}

fn reference() -> impl Strategy<Value = (Option<u64>, Value)> {
    prop_oneof![
        nothing().prop_map(|value| (None, value)),
        (1_u32..).prop_flat_map(|id| number(id).prop_map(move |value| (Some(id.into()), value))),
    ]
}

fn flag() -> impl Strategy<Value = (bool, Value)> {
    prop_oneof![
        nothing().prop_map(|value| (false, value)),
        prop_oneof![Just(json!("\0")), Just(json!(false))].prop_map(|value| (false, value)),
        prop_oneof![number(1), Just(json!(true)), Just(json!("\u{1}"))].prop_map(|value| (true, value)),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        "[0-9-]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_spelling_of_an_address_means_the_same(
        id in 1_u32.., subnet in reference(), device in reference(), gateway in flag(), ping in flag(), octets: [u8; 4], dotted: bool,
        raw: bool,
    ) {
        let ip = std::net::Ipv4Addr::from(octets);
        let text = if dotted { ip.to_string() } else { u32::from(ip).to_string() };
        let (ip_name, device_name) = if raw { ("ip_addr", "switch") } else { ("ip", "deviceId") };
        let row = json!({
            "id": id.to_string(), "subnetId": subnet.1, ip_name: text, device_name: device.1,
            "is_gateway": gateway.1, "excludePing": ping.1,
        });
        let address: Address = serde_json::from_value(row).unwrap();
        prop_assert_eq!(address.id.get(), u64::from(id));
        prop_assert_eq!(address.subnet_id.map(SubnetId::get), subnet.0);
        prop_assert_eq!(address.device_id.map(DeviceId::get), device.0);
        prop_assert_eq!((address.is_gateway, address.exclude_ping), (gateway.0, ping.0));
        prop_assert_eq!(address.ip, Some(ip.into()));
        let again: Address = serde_json::from_value(serde_json::to_value(&address).unwrap()).unwrap();
        prop_assert_eq!(again, address);
    }

    #[test]
    fn any_response_is_read_or_refused_and_what_is_read_is_written_back(
        members in prop::collection::vec((0_usize..24, any_json()), 0..8), other in any_json(),
    ) {
        const NAMES: [&str; 24] = [
            "id", "subnet", "mask", "sectionId", "description", "vlanId", "masterSubnetId", "permissions", "isFolder", "isPool",
            "tag", "state", "threshold", "location", "editDate", "nameservers", "gateway", "calculation", "usage", "addresses",
            "links", "custom_fields", "custom_x", "gatewayId",
        ];
        let mut row = json!({"id": 7, "new": other});
        for (name, value) in members {
            row[NAMES[name]] = value;
        }
        if let Ok(subnet) = serde_json::from_value::<Subnet>(row) {
            let written = serde_json::to_value(&subnet).unwrap();
            prop_assert_eq!(written.get("new"), Some(&other));
            let again: Subnet = serde_json::from_value(written).unwrap();
            // Floats without a fraction may come back as another type inside what is kept as it was.
            prop_assert_eq!(again.id, subnet.id);
            prop_assert_eq!(again.permissions, subnet.permissions);
            prop_assert_eq!(again.location, subnet.location);
        }
    }

    #[test]
    fn no_text_panics_as_any_kind_of_value(value in any_json()) {
        use crate::wire::from_value;
        let _ = from_value::<bool>(&value);
        let _ = from_value::<Option<SubnetId>>(&value);
        let _ = from_value::<Option<Count>>(&value);
        let _ = from_value::<Option<f64>>(&value);
        let _ = from_value::<Option<std::net::IpAddr>>(&value);
        let _ = from_value::<Option<ServerTime>>(&value);
        let _ = from_value::<Permissions>(&value);
        let _ = from_value::<Vec<Address>>(&value);
    }
}

#[test]
fn counts_know_their_limits() {
    let count = |text: &str| crate::wire::from_value::<Count>(&json!(text)).map(|count| count.to_string());
    for text in ["0", "-5", "18446744073709551616", "340282366920938463463374607431768211456"] {
        assert_eq!(count(text).unwrap(), text);
    }
    for bad in ["", "x", "1.5", "+1", "0x10", "1e3"] {
        assert!(count(bad).is_err(), "{bad}");
    }
}
