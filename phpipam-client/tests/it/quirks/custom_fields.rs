//! E. Custom fields.

use phpipam_client::models::{AddressFields, CustomValue, FieldType, Schema, SubnetFields};
use phpipam_client::{Error, RefusalKind};
use serde_json::{Value, json};

use super::{Canned, address, no, ok};

fn schema_response() -> Value {
    ok(json!({
        "Static Network": {"name":"Static Network","type":"tinyint(1)","Comment":"","Null":"YES","Default":"0"},
        "custom_ticket": {"name":"custom_ticket","type":"varchar(5)","Comment":"","Null":"YES","Default":null},
        "custom_cost": {"name":"custom_cost","type":"decimal(10,2)","Comment":"","Null":"YES","Default":null},
        "custom_big": {"name":"custom_big","type":"bigint(20)","Comment":"","Null":"NO","Default":"0"},
        "Env": {"name":"Env","type":"enum('a','it''s','c')","Comment":"","Null":"YES","Default":null},
    }))
}

async fn schema() -> Schema {
    let client = Canned::always(200, schema_response()).await.client;
    Schema::new(client.addresses().custom_fields().await.unwrap())
}

#[tokio::test]
async fn q41_custom_fields_have_free_names() {
    let schema = schema().await;
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["Static Network", "custom_ticket", "custom_cost", "custom_big", "Env"]);
    let row = json!({"Static Network":"0","custom_ticket":null,"custom_cost":"12.50","custom_big":9007199254740993_i64,"isNew":1});
    let values = schema.read(&address(row).await.unwrap().extra).unwrap();
    assert_eq!(values.len(), 3, "null is left out, and what the schema does not name is none: {values:?}");
    assert_eq!(values["Static Network"], CustomValue::Flag(false));
    assert_eq!(values["custom_cost"], CustomValue::Text("12.50".to_owned()));
    assert_eq!(values["custom_big"], CustomValue::Integer(9_007_199_254_740_993));
    assert_eq!(schema.find("ticket").unwrap().name, "custom_ticket");
    assert_eq!(schema.find("custom_Env").unwrap().name, "Env");
    let choices = vec!["a".to_owned(), "it's".to_owned(), "c".to_owned()];
    assert_eq!(schema.find("Env").unwrap().field_type(), FieldType::Enum(choices));
    assert!(schema.find("env").is_none(), "upper and lower case are different names");
}

#[tokio::test]
async fn q42_nested_custom_fields_are_only_half_nested() {
    let rows = json!([
        {"id":4,"custom_test":null,"custom_fields":{"custom_test2":"test"}},
        {"id":5,"custom_test":null,"custom_test2":null},
        {"id":6,"custom_test":"flat","custom_fields":{"custom_test":"nested"}},
    ]);
    let rows = Canned::always(200, ok(rows)).await.client.addresses().list().await.unwrap();
    assert_eq!((&rows[0].extra["custom_test"], &rows[0].extra["custom_test2"]), (&Value::Null, &json!("test")));
    assert_eq!(rows[1].extra["custom_test2"], Value::Null);
    assert_eq!(rows[2].extra["custom_test"], "nested");
}

#[tokio::test]
async fn q43_no_custom_fields_are_null_or_a_failed_schema() {
    assert!(address(json!({"custom_fields": null})).await.unwrap().extra.is_empty());
    for (status, body) in [
        (404, no(404, "No custom fields defined")),
        (200, no(200, "No custom fields defined")),
        (409, json!({"code":409,"success":0,"message":"Custom fields not supported"})),
    ] {
        let client = Canned::always(status, body).await.client;
        assert!(client.addresses().custom_fields().await.unwrap().is_empty());
        assert!(client.sections().custom_fields().await.unwrap().is_empty());
    }
    let canned = Canned::always(200, ok(json!({"id":1}))).await;
    canned.client.subnets().update(1.into(), &SubnetFields::new().with_description("x")).await.unwrap();
    assert_eq!(canned.asked().await, ["PATCH subnets/1/"], "the schema is not read");
}

#[tokio::test]
async fn q44_names_are_checked_and_sent_flat() {
    let schema = schema().await;
    let canned = Canned::always(200, ok(json!({"id":1,"tag":2}))).await;
    let fields =
        AddressFields::new().with_checked_field(&schema, "ticket", "INC-1").with_checked_field(&schema, "Env", "it's");
    canned.client.addresses().update(1.into(), &fields).await.unwrap();
    let body: Value = serde_json::from_slice(&canned.requests().await[1].body).unwrap();
    assert_eq!(body, json!({"custom_ticket":"INC-1","Env":"it's","tag":2}));
    for (name, value) in [
        ("foo", json!(1)),
        ("ticket", json!("too long")),
        ("Env", json!("d")),
        ("big", json!(null)),
        ("big", json!("x")),
    ] {
        let fields = AddressFields::new().with_checked_field(&schema, name, value);
        let error = canned.client.addresses().update(1.into(), &fields).await.unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{name}: {error:?}");
    }
    let refused = Canned::always(400, no(400, "Invalid request key foo")).await;
    let error = refused.client.raw(http::Method::POST, "subnets/", Some(json!({"foo":1}))).await.unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Invalid));
}

#[tokio::test]
async fn q45_emptied_fields_that_the_server_keeps_are_noticed() {
    let canned = Canned::always(200, ok(json!({"id":7,"note":"still here","tag":2}))).await;
    let fields = AddressFields::new().clear_note();
    let error = canned.client.addresses().update_verified(7.into(), &fields).await.unwrap_err();
    assert!(matches!(&error, Error::PartlyApplied { fields, .. } if fields == &["note"]), "{error:?}");
    for empty in [json!(""), json!(null)] {
        let canned = Canned::always(200, ok(json!({"id":7,"note":empty,"tag":2}))).await;
        assert_eq!(canned.client.addresses().update_verified(7.into(), &fields).await.unwrap().note, None);
    }
}
