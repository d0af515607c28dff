//! Tests of the program: its form, and what ValidateEndpoint tells an administrator.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ipam_core::registry::ProviderUrl;
use phpipam_client::testing::{App, Permission, Security, Server};
use serde_json::{Value, json};
use vra_client::plugin::host::Invocation;
use vra_client::plugin::{Action, EndpointProperties, Settings};

use super::{endpoint_url, form, host};

#[test]
fn the_form_is_one_that_vra_reads_and_no_action_is_left_out() {
    let schema = form::form("phpIPAM").to_json().unwrap();
    assert_eq!(schema["layout"]["pages"][0]["title"], "phpIPAM");
    assert_eq!(schema["layout"]["pages"][0]["sections"][1]["id"], "credentials");
    assert_eq!(schema["schema"]["authType"]["default"], "user");
    assert!(Action::ALL.into_iter().all(|action| form::support().has(action)));
}

/// Returns what the program reads from a form.
fn read(form: &Value) -> (String, Settings) {
    let form: EndpointProperties = serde_json::from_value(form.clone()).unwrap();
    (endpoint_url::of_form(&form).unwrap(), Settings::read(&form).unwrap())
}

#[test]
fn every_field_of_the_form_is_read_by_the_program() {
    let filled = json!({
        "hostName": "h", "apiAppId": "a", "authType": "user", "sections": "s", "enableFilter": "true",
        "filterField": "f", "filterValue": "v", "filterMatch": "exact", "blockField": "b", "blockValue": "1",
    });
    let before = read(&filled);
    for id in form::form("phpIPAM").field_ids() {
        let other = match id {
            // The script passes the credentials beside the inputs.
            "privateKeyId" | "privateKey" => continue,
            "authType" => "code",
            "enableFilter" => "false",
            "filterMatch" => "regex",
            "dnsServerAddresses" => "192.0.2.53",
            "addressFields" | "rangeFields" => "custom_a=1",
            "properties" => "[{\"prop_key\": \"set.custom_a\", \"prop_value\": \"1\"}]",
            _ => "other",
        };
        let mut changed = filled.clone();
        changed[id] = json!(other);
        assert_ne!(read(&changed), before, "{id} is not read");
    }
}

#[test]
fn every_option_of_the_program_is_in_the_form() {
    let form = form::form("phpIPAM");
    let named = ["hostName", "apiAppId", "authType", "blockField", "blockValue"];
    for name in named.into_iter().chain(endpoint_url::OPTIONS.map(|(field, _)| field)) {
        assert!(form.field_ids().any(|id| id == name), "{name}");
    }
}

#[test]
fn the_defaults_of_the_form_are_those_of_the_program() {
    let schema = form::form("phpIPAM").to_json().unwrap();
    let mut filled = json!({"hostName": "h", "apiAppId": "a"});
    let empty = read(&filled).1;
    for (id, field) in schema["schema"].as_object().unwrap() {
        if let Some(default) = field.get("default") {
            filled[id] = json!(default.as_str().map_or_else(|| default.to_string(), str::to_owned));
        }
    }
    let (url, settings) = read(&filled);
    assert_eq!(settings, empty);
    assert_eq!(ProviderUrl::parse(&url).unwrap().options().collect::<Vec<_>>(), [("auth", "user")]);
}

/// Runs ValidateEndpoint as the program does, and returns the outputs or the message.
async fn validated(server: &str, user: &str, password: &str, form: Value) -> Result<Value, String> {
    let mut filled = json!({"hostName": server, "apiAppId": Server::APP});
    filled.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
    let invocation = json!({
        "inputs": {"endpointProperties": filled}, "credentials": {"privateKeyId": user, "privateKey": password},
    });
    let invocation = Invocation::parse(&invocation.to_string()).map_err(|error| error.to_string())?;
    let output = host().run(Action::ValidateEndpoint, &invocation).await;
    output.map(|output| output.outputs).map_err(|error| error.to_string())
}

#[tokio::test]
async fn an_administrator_is_told_the_causes_apart() {
    let server = Server::builder()
        .https(true)
        .app(App::new(Server::APP))
        .app(App::new("coded").with_security(Security::SslCode).with_code("c0de"))
        .app(App::new("reader").with_permission(Permission::Read))
        .start()
        .await
        .unwrap();
    server.seed(|store| {
        let section = store.add_section("Lab");
        store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
    });
    let url = server.url();
    let validated = async |user: &str, password: &str, form: Value| validated(&url, user, password, form).await;
    let done = json!({"message": "Validated successfully", "statusCode": "200"});
    assert_eq!(validated(Server::USER, Server::PASSWORD, json!({"sections": "Lab"})).await.unwrap(), done);
    let mut messages = Vec::new();
    let coded = json!({"apiAppId": "coded", "authType": "code"});
    for (password, form, words) in [
        ("s3cret", json!({}), "Wrong user name or password"),
        ("wrong code s3cret", coded, "app code"),
        (Server::PASSWORD, json!({"apiAppId": "other"}), "Invalid application id"),
        (Server::PASSWORD, json!({"apiAppId": "reader"}), "permission"),
        (Server::PASSWORD, json!({"sections": "Nowhere"}), "Nowhere"),
        (Server::PASSWORD, json!({"blockField": "custom_none", "blockValue": "1"}), "custom_none"),
        (Server::PASSWORD, json!({"addressTag": "None"}), "None"),
        (Server::PASSWORD, json!({"hostName": "http://127.0.0.1:1"}), "The IPAM cannot be reached"),
        (
            Server::PASSWORD,
            json!({"enableFilter": "true", "filterField": "custom_none", "filterValue": "1"}),
            "endpointProperties.filterField",
        ),
        (
            Server::PASSWORD,
            json!({"enableFilter": "true", "filterField": "name", "filterValue": "[", "filterMatch": "regex"}),
            "endpointProperties.filterValue",
        ),
        (Server::PASSWORD, json!({"addressSpace": "none"}), "endpointProperties.addressSpace"),
        (Server::PASSWORD, json!({"pingAllocatedAddress": "true"}), "endpointProperties.pingAllocatedAddress"),
    ] {
        let error = validated(Server::USER, password, form).await.unwrap_err();
        println!("{error}");
        assert!(error.contains(words), "{words}: {error}");
        assert!(!error.contains("s3cret") && !error.contains(Server::PASSWORD), "{error}");
        messages.push(error);
    }
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), 12, "{messages:#?}");
}

#[test]
fn the_guide_has_every_field_of_the_form() {
    let guide = include_str!("README.md");
    for id in form::form("phpIPAM").field_ids() {
        assert!(guide.contains(&format!("`{id}`")), "README.md does not have the field {id}");
    }
}
