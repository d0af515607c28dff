//! A. Scalars.

use phpipam_client::Error;
use phpipam_client::models::{AddressId, LocationId, SubnetId, TagId};
use serde_json::{Value, json};

use super::{Canned, address, ok, subnet};

#[tokio::test]
async fn q01_numbers_are_strings_or_numbers() {
    let strings =
        address(json!({"id":"27","subnetId":"11","is_gateway":"1","tag":"2","deviceId":null,"excludePing":"0"}));
    let numbers = address(json!({"id":27,"subnetId":11,"is_gateway":1,"tag":2,"deviceId":null,"excludePing":0}));
    let floats = address(json!({"id":27.0,"subnetId":11.0,"is_gateway":1.0,"tag":2.0,"deviceId":"","excludePing":0.0}));
    let (strings, numbers, floats) = (strings.await.unwrap(), numbers.await.unwrap(), floats.await.unwrap());
    assert_eq!((numbers.id, numbers.subnet_id), (AddressId::new(27), Some(SubnetId::new(11))));
    assert!(numbers.is_gateway && !numbers.exclude_ping);
    assert_eq!(strings, numbers);
    assert_eq!(floats, numbers);
}

#[tokio::test]
async fn q01_what_is_no_number_is_an_error_that_says_where() {
    for (member, value, expected) in [
        ("subnetId", json!({"id": 1}), "expected an id as integer or decimal string"),
        ("subnetId", json!("x"), "expected an id as integer or decimal string"),
        ("subnetId", json!(-1), "expected an id as integer or decimal string"),
        ("id", json!(1.5), "expected an id as integer or decimal string"),
        ("excludePing", json!("maybe"), "expected a flag"),
        ("excludePing", json!(2), "expected a flag"),
        ("ip", json!("10.1.1.999"), "expected an IP address"),
        ("lastSeen", json!("yesterday"), "expected a time"),
    ] {
        let error = address(json!({ member: value })).await.unwrap_err();
        let Error::Decode(decode) = &error else { panic!("{error:?}") };
        assert_eq!(decode.path, format!("data.{member}"), "{error}");
        assert!(decode.reason.contains(expected), "{error}");
    }
    let rows = json!([{"id": 1, "subnetId": 2}, {"id": 2, "subnetId": {}}]);
    let error = Canned::always(200, ok(rows)).await.client.addresses().list().await.unwrap_err();
    assert!(error.to_string().contains("data[1].subnetId: invalid type: map, expected an id as integer"), "{error}");
}

#[tokio::test]
async fn q02_strings_are_asked_for_only_when_wanted() {
    let canned = Canned::always(200, ok(json!([]))).await;
    canned.client.sections().list().await.unwrap();
    let wanting = phpipam_client::Client::builder(canned.url(), "app", phpipam_client::Auth::app_code("code"))
        .with_http_options(crate::support::options())
        .with_stringified_numbers(true)
        .build()
        .unwrap();
    wanting.sections().list().await.unwrap();
    let headers: Vec<bool> =
        canned.requests().await.iter().map(|request| request.headers.contains_key("api-stringify-results")).collect();
    assert_eq!(headers, [false, true]);
}

#[tokio::test]
async fn q03_one_object_mixes_both_forms() {
    let row =
        json!({"id":1,"name":"s","masterSection":0,"strictMode":"1","order":3,"showVLAN":0,"subnetOrdering":null});
    let section = Canned::always(200, ok(row)).await.client.sections().get(1.into()).await.unwrap();
    assert!(section.strict_mode && !section.show_vlan);
    assert_eq!((section.order, section.master_section), (Some(3), None));
    let subnet = subnet(json!({"id":7,"subnet":"10.1.0.0","mask":"24","isFull":0})).await.unwrap();
    assert_eq!((subnet.mask, subnet.is_full), (Some(24), false));
}

#[tokio::test]
async fn q04_flags_as_a_nul_byte() {
    for (value, expected) in [
        (json!("\u{0}"), false),
        (json!("\u{1}"), true),
        (json!("0"), false),
        (json!("1"), true),
        (json!(0), false),
        (json!(1), true),
        (json!(false), false),
        (json!(true), true),
        (json!(null), false),
        (json!(""), false),
    ] {
        assert_eq!(address(json!({"excludePing": value})).await.unwrap().exclude_ping, expected, "{value}");
    }
}

#[tokio::test]
async fn q05_flags_as_null_and_as_yes_and_no() {
    assert!(!address(json!({"is_gateway": null})).await.unwrap().is_gateway);
    let row = json!({"id":1,"type":"Offline","compress":"No","locked":"Yes","updateTag":1});
    let tag = Canned::always(200, ok(row)).await.client.addresses().tag(TagId::new(1)).await.unwrap();
    assert!(!tag.compress.0 && tag.locked.0 && tag.update);
}

#[tokio::test]
async fn q06_zero_null_and_empty_are_no_reference() {
    for none in [json!("0"), json!(0), json!(null), json!("")] {
        let row =
            json!({"vlanId":none,"vrfId":none,"device":none,"masterSubnetId":none,"scanAgent":none,"location":none});
        let subnet = subnet(row).await.unwrap();
        assert_eq!((subnet.vlan_id, subnet.vrf_id, subnet.device_id), (None, None, None), "{none}");
        assert_eq!((subnet.master_subnet_id, subnet.scan_agent, subnet.location), (None, None, None), "{none}");
    }
    let subnet = subnet(json!({"masterSubnetId": "3"})).await.unwrap();
    assert_eq!(subnet.master_subnet_id, Some(SubnetId::new(3)));
}

#[tokio::test]
async fn q07_times_have_no_zone_and_several_nulls() {
    for never in [json!(null), json!(""), json!("1970-01-01 00:00:01"), json!("0000-00-00 00:00:00")] {
        assert_eq!(address(json!({"lastSeen": never})).await.unwrap().last_seen, None, "{never}");
    }
    let seen = address(json!({"lastSeen": "2019-04-15 22:34:21"})).await.unwrap().last_seen.unwrap();
    assert_eq!(seen.to_string(), "2019-04-15 22:34:21");
}

#[tokio::test]
async fn q08_time_is_zero_or_a_float() {
    for time in [json!(0), json!(0.011), json!("0.1"), Value::Null] {
        let body = json!({"code":200,"success":true,"data":[],"time":time});
        assert!(Canned::always(200, body).await.client.sections().list().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn q31_location_is_an_id_an_object_or_nothing() {
    let location = async |value: Value| subnet(json!({ "location": value })).await.map(|subnet| subnet.location);
    for id in [json!("3"), json!(3), json!({"id":3,"name":"DC1"})] {
        assert_eq!(location(id).await.unwrap().unwrap().id(), LocationId::new(3));
    }
    for none in [json!([]), json!(false), json!(null), json!("0")] {
        assert_eq!(location(none).await.unwrap(), None);
    }
    assert!(location(json!(true)).await.is_err());
    assert!(location(json!("x")).await.is_err());
    assert!(location(json!([1])).await.is_err());
}
