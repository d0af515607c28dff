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
        .app(App::new("off").with_permission(Permission::Disabled))
        .app(App::new("encrypted").with_security(Security::User))
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
        ("s3cret", json!({}), "Wrong user name, password or app code"),
        ("wrong code s3cret", coded, "endpointProperties.privateKey: "),
        (Server::PASSWORD, json!({"apiAppId": "coded"}), "endpointProperties.authType: "),
        (Server::PASSWORD, json!({"apiAppId": "other"}), "endpointProperties.apiAppId: phpIPAM has no such app"),
        (Server::PASSWORD, json!({"apiAppId": "off"}), "endpointProperties.apiAppId: the app is disabled"),
        (Server::PASSWORD, json!({"apiAppId": "encrypted"}), "endpointProperties.apiAppId: the security of the app"),
        (Server::PASSWORD, json!({"apiAppId": "reader"}), "permission"),
        (
            Server::PASSWORD,
            json!({"sections": "Nowhere"}),
            "endpointProperties.sections: there is no section \"Nowhere\"",
        ),
        (
            Server::PASSWORD,
            json!({"blockField": "custom_none", "blockValue": "1"}),
            "endpointProperties.blockField: subnets have no field \"custom_none\"",
        ),
        (Server::PASSWORD, json!({"addressTag": "None"}), "endpointProperties.addressTag: there is no tag \"None\""),
        (Server::PASSWORD, json!({"reservedTags": "No"}), "endpointProperties.reservedTags: there is no tag \"No\""),
        (Server::PASSWORD, json!({"markField": "custom_no"}), "endpointProperties.markField: addresses have no custom"),
        (
            Server::PASSWORD,
            json!({"rangeMarkField": "custom_no"}),
            "endpointProperties.rangeMarkField: subnets have no",
        ),
        (Server::PASSWORD, json!({"addressFields": "custom_no=1"}), "endpointProperties.addressFields: "),
        (Server::PASSWORD, json!({"rangeFields": "custom_no=1"}), "endpointProperties.rangeFields: "),
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
    assert_eq!(messages.len(), 20, "{messages:#?}");
}

#[test]
fn the_guide_has_every_field_of_the_form() {
    let guide = include_str!("README.md");
    for id in form::form("phpIPAM").field_ids() {
        assert!(guide.contains(&format!("`{id}`")), "README.md does not have the field {id}");
    }
}

#[tokio::test]
async fn a_secret_may_have_a_line_end_and_an_app_code_white_space_around_it() {
    let coded = App::new("coded").with_security(Security::SslCode).with_code("c0de");
    let server = Server::builder().app(App::new(Server::APP)).app(coded).https(true).start().await.unwrap();
    let pasted = format!("{}\r\n", Server::PASSWORD);
    let user = format!(" {} ", Server::USER);
    validated(&server.url(), &user, &pasted, json!({})).await.unwrap();
    let coded = json!({"apiAppId": "coded", "authType": "code"});
    validated(&server.url(), "any", " c0de\t\n", coded).await.unwrap();
    // A space may be part of a password.
    let pasted = format!("{} ", Server::PASSWORD);
    validated(&server.url(), Server::USER, &pasted, json!({})).await.unwrap_err();
}

#[tokio::test]
async fn a_port_of_plain_http_is_named_and_plain_http_is_not_offered() {
    let server = Server::start().await.unwrap();
    let host = server.url().replace("http://", "https://");
    let error = validated(&host, Server::USER, Server::PASSWORD, json!({})).await.unwrap_err();
    assert!(error.contains("endpointProperties.hostName: this port is one of plain HTTP"), "{error}");
    assert!(!error.contains("http://"), "{error}");
}

#[tokio::test]
async fn inputs_without_endpoint_or_credentials_are_refused_by_the_member_before_a_connection_is_made() {
    let form = json!({"hostName": "http://127.0.0.1:1", "apiAppId": "vra"});
    let credentials = json!({"privateKeyId": "u", "privateKey": "s3cret"});
    let link = "/core/auth/credentials/a";
    for (action, invocation, start) in [
        (Action::GetIpRanges, json!({"inputs": {}, "credentials": credentials}), "endpoint: missing; "),
        (
            Action::GetIpRanges,
            json!({"inputs": {"endpoint": {"id": "a"}}, "credentials": credentials}),
            "endpoint.endpointProperties: missing; ",
        ),
        (
            Action::AllocateIp,
            json!({"inputs": {"endpoint": {"authCredentialsLink": null, "endpointProperties": form}}}),
            "endpoint.authCredentialsLink: missing; no credentials came",
        ),
        (
            Action::ValidateEndpoint,
            json!({"inputs": {"endpointProperties": form}}),
            "authCredentialsLink: missing; no credentials came",
        ),
        (
            Action::ValidateEndpoint,
            json!({"inputs": {"endpointProperties": form, "authCredentialsLink": link}}),
            "credentials: missing; ",
        ),
    ] {
        let invocation = Invocation::parse(&invocation.to_string()).unwrap();
        let error = host().run(action, &invocation).await.unwrap_err().to_string();
        assert!(error.contains(start), "{start}: {error}");
    }
}

#[test]
fn a_package_without_a_part_has_no_fields_of_it() {
    let has = |support, id: &str| form::form_with("phpIPAM", support).field_ids().any(|field| field == id);
    let all = form::support();
    for id in ["blockField", "blockValue", "rangeFields", "rangeMarkField"] {
        assert!(has(all, id) && !has(all.with_on_demand_networks(false), id), "{id}");
    }
    assert!(has(all, "addressSpace") && !has(all.with_address_spaces(false), "addressSpace"));
}
