#![allow(unreachable_pub, reason = "the macros make public types")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Decimal, JsonObject, Model, Timestamp, model, open_enum};

open_enum! {
    /// A state.
    pub enum State {
        /// Free.
        Free = "FREE",
    }
}

model! {
    /// An inner object.
    pub struct Inner {
        /// A number.
        number: i64 = "number";
    }
}

model! {
    /// An object of every kind of member.
    pub struct Sample {
        /// A text.
        name: String = "name";
        /// A flag.
        flag: bool = "flag";
        /// A name with two spellings.
        address: String = "IPv4Address" | "ipv4Address";
        /// An open enumeration.
        state: State = "state";
        /// A list of objects.
        inner: Vec<Inner> = "inner";
        /// A secret.
        password: SecretString = "password";
        /// A time.
        created: Timestamp = "created";
        /// A number of any length.
        decimal: Decimal = "decimal";
    }
}

fn round(value: &Value) -> Sample {
    let read: Sample = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&read).unwrap(), value);
    read
}

#[test]
fn null_absent_and_unknown_members_are_kept() {
    let read = round(&json!({"name": null, "inner": [{"number": 5, "more": {"deep": [1]}}], "also": null}));
    assert_eq!(read.name, None);
    assert!(read.extra.was_null("name"));
    assert!(!read.extra.was_null("flag"));
    assert_eq!(read.unknown_members(), [".also", ".inner[].more"]);
}

#[test]
fn unusual_forms_are_kept_until_the_value_changes() {
    let mut read = round(&json!({"flag": "False", "name": 7, "inner": [{"number": "12"}, {"number": ""}]}));
    assert_eq!(read.flag, Some(false));
    assert_eq!(read.name.as_deref(), Some("7"));
    let inner = read.inner.as_ref().unwrap();
    assert_eq!((inner[0].number, inner[1].number), (Some(12), None));
    read.flag = Some(true);
    assert_eq!(serde_json::to_value(&read).unwrap()["flag"], json!(true));
    read.flag = None;
    assert!(serde_json::to_value(&read).unwrap().get("flag").is_none());
}

#[test]
fn numbers_of_any_length_keep_their_digits() {
    let digits = "42540766411282592856903984951653826570";
    let read: Sample = serde_json::from_str(&format!(r#"{{"decimal": {digits}}}"#)).unwrap();
    assert_eq!(read.decimal.unwrap().value().unwrap().to_string(), digits);
    let text = round(&json!({"decimal": digits})).decimal.unwrap();
    assert_eq!(text.as_str(), digits);
    assert_eq!(round(&json!({"decimal": 168_432_650})).decimal.unwrap().value(), Some(168_432_650));
    assert_eq!(round(&json!({"decimal": null})).decimal, None);
    // A number that a gateway has rounded is kept, and not taken for exact.
    assert_eq!(round(&json!({"decimal": 4.254e37})).decimal.unwrap().value(), None);
    for bad in [json!(true), json!([]), json!({}), json!("x"), json!("")] {
        let text = json!({"decimal": bad}).to_string();
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        let error = serde_path_to_error::deserialize::<_, Sample>(&mut deserializer).unwrap_err();
        assert_eq!(error.path().to_string(), "decimal");
    }
}

#[test]
fn another_spelling_is_kept() {
    let mut read = round(&json!({"ipv4Address": "10.0.0.1"}));
    assert_eq!(read.address.as_deref(), Some("10.0.0.1"));
    read.address = Some("10.0.0.2".into());
    assert_eq!(serde_json::to_value(&read).unwrap(), json!({"ipv4Address": "10.0.0.2"}));
}

#[test]
fn both_spellings_of_a_member_are_kept() {
    for text in [r#"{"ipv4Address":"a","IPv4Address":"b"}"#, r#"{"IPv4Address":"b","ipv4Address":"a"}"#] {
        let read: Sample = serde_json::from_str(text).unwrap();
        assert_eq!(read.address.as_deref(), Some("b"));
        assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }
}

#[test]
fn a_member_can_be_set_to_null() {
    let mut read = Sample::default();
    read.extra.set_null("name");
    assert_eq!(serde_json::to_value(&read).unwrap(), json!({"name": null}));
    read.name = Some("x".into());
    assert_eq!(serde_json::to_value(&read).unwrap(), json!({"name": "x"}));
}

#[test]
fn an_unknown_value_is_kept_and_garbage_is_an_error() {
    assert_eq!(round(&json!({"state": "free"})).state, Some(State::Unknown("free".into())));
    assert_eq!(round(&json!({"state": "FREE"})).state, Some(State::Free));
    for bad in [
        json!({"flag": "maybe"}),
        json!({"flag": 2}),
        json!({"inner": [{"number": "12x"}]}),
        json!({"inner": [{"number": 1.5}]}),
        json!({"inner": {}}),
        json!({"name": true}),
        json!({"state": 1}),
    ] {
        assert!(serde_json::from_value::<Sample>(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn debug_hides_secrets() {
    let read = round(&json!({
        "password": "hunter2", "apiToken": "hunter2", "nested": {"db_passwd": "hunter2", "id": "my_secret", "value": "hunter2"},
        "list": [{"type": "secureString", "value": "hunter2"}],
    }));
    let text =
        format!("{read:?} {:?}", JsonObject::from(serde_json::Map::from_iter([("pwd".to_owned(), json!("hunter2"))])));
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("nested"));
    let form =
        json!([{"prop_key": "x.password", "prop_value": "hunter2"}, {"prop_key": "x.port", "prop_value": "443"}]);
    let text = format!("{:?}", round(&json!({"properties": form.to_string(), "text": "[not JSON", "name": "{}"})));
    assert!(!text.contains("hunter2") && text.contains("443") && text.contains("[not JSON"), "{text}");
}

#[test]
fn times_are_read_in_both_offset_forms() {
    let utc = Timestamp::new("2014-09-19T21:18:57.000Z").time().unwrap();
    assert_eq!(Timestamp::new("2014-09-19T21:18:57.000+0000").time().unwrap(), utc);
    assert_eq!(Timestamp::from(utc).as_str(), "2014-09-19T21:18:57.000Z");
    assert!(Timestamp::new("yesterday").time().is_err());
}

#[test]
fn dates_and_fractions_of_three_to_nine_digits_are_read() {
    use std::time::Duration;
    let second = Timestamp::new("2020-09-14T14:36:39Z").time().unwrap();
    for (fraction, nanos) in [("435", 435_000_000), ("435380", 435_380_000), ("435380123", 435_380_123)] {
        let time = Timestamp::new(format!("2020-09-14T14:36:39.{fraction}Z")).time().unwrap();
        assert_eq!(time, second + Duration::from_nanos(nanos), "{fraction}");
    }
    let day = Timestamp::new("2020-09-14");
    assert!(day.is_date() && !Timestamp::from(second).is_date());
    assert_eq!(day.time().unwrap() + Duration::from_secs(14 * 3600 + 36 * 60 + 39), second);
    for bad in ["2020-13-14", "2020-09-31", "2020-09-14T14:36:39", "2020-9-14", "20200914", ""] {
        assert!(Timestamp::new(bad).time().is_err(), "{bad}");
    }
}

#[test]
fn values_deep_inside_an_object_are_read_and_set() {
    let mut object = JsonObject::new();
    object.set_at(&["machine", "data", "cpu"], 2).unwrap();
    assert_eq!(object.at(&["machine", "data", "cpu"]), Some(&json!(2)));
    assert_eq!(object.set_at(&["machine", "data", "cpu", "deeper"], 2), Err("cpu".to_owned()));
    assert_eq!(Value::from(object), json!({"machine": {"data": {"cpu": 2}}}));
}
