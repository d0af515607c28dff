//! Literals are written as they were read, and show no secret.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::lenient::Model;

fn round(value: &Value) -> Literal {
    let read: Literal = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&read).unwrap(), value);
    read
}

#[test]
fn scalars_are_typed_and_unusual_ones_kept() {
    assert_eq!(round(&json!({"value": "x", "type": "string"})), Literal::from("x"));
    assert_eq!(round(&json!({"type": "integer", "value": 1_459_562_569_868_i64})).as_i64(), Some(1_459_562_569_868));
    assert_eq!(round(&json!({"type": "decimal", "value": 0.0})).type_name(), "decimal");
    for odd in [
        json!({"type": "string", "value": null}),
        json!({"type": "string"}),
        json!({"type": "integer", "value": "12"}),
        json!({"type": "boolean", "value": "true", "more": 1}),
        json!({"type": "newKind", "a": [1]}),
        json!({"type": "complex", "values": 5}),
        json!({"type": 5}),
        json!("bare"),
        json!(7),
    ] {
        assert!(matches!(round(&odd), Literal::Other(_)), "{odd}");
    }
    assert_eq!(round(&json!({"type": "integer", "value": "12"})).as_i64(), Some(12));
    assert_eq!(round(&json!({"type": "boolean", "value": "True"})).as_bool(), Some(true));
    assert_eq!(round(&json!("maybe")).as_bool(), None);
}

#[test]
fn missing_null_and_nested_values_are_kept() {
    let value = json!({"type": "complex", "componentTypeId": null, "classId": "c", "later": 1, "values": {"entries": [
        {"key": "a"}, {"key": "b", "value": null}, {"value": {"type": "string", "value": "no key"}},
        {"key": "l", "value": {"type": "multiple", "elementTypeId": "COMPLEX", "items": [
            {"type": "complex", "values": {"entries": null}}, {"type": "complex", "values": {}},
            {"type": "entityRef", "componentId": null, "classId": "Network", "id": "1"}]}}]}});
    let read = round(&value);
    let values = read.as_values().unwrap();
    assert!(values.contains_key("a") && values.get("a").is_none());
    assert_eq!(values.get("l").unwrap().items()[2].as_entity_ref().unwrap().id.as_deref(), Some("1"));
    let Literal::Complex(complex) = read else { panic!("not complex") };
    assert_eq!(complex.unknown_members(), [".later"]);
}

#[test]
fn entries_are_set_in_place() {
    let mut map: LiteralMap = [("a", 1), ("b", 2)].into_iter().collect();
    map.set("a", "x");
    assert_eq!(map.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(map.remove("a"), Some(Literal::from("x")));
    assert_eq!((map.len(), map.remove("a")), (1, None));
    assert_eq!(serde_json::to_value(LiteralMap::null()).unwrap(), json!({"entries": null}));
    assert_eq!(serde_json::to_value(LiteralMap::new()).unwrap(), json!({"entries": []}));
}

#[test]
fn debug_hides_secrets() {
    let map = LiteralMap::new().with("root_password", "hunter2").with("s", SecretString::from("hunter2")).with(
        "custom_properties",
        Multiple::complex([Complex::untyped(LiteralMap::new().with("value", "hunter2").with("id", "db_passwd"))]),
    );
    let text = format!("{map:?}");
    assert!(!text.contains("hunter2") && text.contains("db_passwd"), "{text}");
}
