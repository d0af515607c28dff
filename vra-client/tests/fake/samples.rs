//! Comparison of the server's responses with recorded ones, member by member.

use std::collections::BTreeSet;

use http::Method;
use serde_json::Value;
use vra_client::odata::Filter;
use vra_client::testing::Clock;
use vra_client::testing::v7::Server;
use vra_client::v7::Client;

use crate::{example, example_62, group, soon, started};

fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/v7/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str::<Value>(&text).unwrap()["body"].clone()
}

async fn get(client: &Client, path: &str) -> Value {
    client.raw(Method::GET, path, None).await.unwrap_or_else(|error| panic!("{path}: {error}")).json().unwrap()
}

fn members(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().cloned().collect()
}

/// Asserts that the recorded and the server's response have the same members at each place, except those named.
fn same(name: &str, response: &Value, places: &[&str], except: &[&str]) {
    let sample = recorded(name);
    for place in places {
        let at = |value: &Value| {
            value.pointer(place).cloned().unwrap_or_else(|| panic!("{name}: nothing at {place} in {value}"))
        };
        let without = |mut names: BTreeSet<String>| {
            names.retain(|name| !except.contains(&name.as_str()));
            names
        };
        let (wanted, found) = (without(members(&at(&sample))), without(members(&at(response))));
        assert_eq!(found, wanted, "{name} at {place:?}");
    }
}

async fn submit(client: &Client) -> String {
    let item = client.catalog().item_named("CentOS").await.unwrap();
    let mut template = client.catalog().template_of(&item).unwrap().await.unwrap();
    template.set("_leaseDays", 5);
    client.catalog().submit_to(&item, template).unwrap().await.unwrap().id
}

#[tokio::test]
async fn identity() {
    let (_server, client) = example().await;
    let row = ["", "/metadata", "/content/0"];
    same("v62_identity_tenants_list_200", &get(&client, "/identity/api/tenants").await, &row, &[]);
    // The recorded single tenant is the response to its creation, which lacks the unused password.
    same("v73_identity_tenant_put_200", &get(&client, "/identity/api/tenants/qe").await, &[""], &["password"]);
    let directories = get(&client, "/identity/api/tenants/qe/directories").await;
    same("v73_identity_directories_list_200", &directories, &row, &[]);
    let principal = get(&client, "/identity/api/tenants/qe/principals/tony@example.com").await;
    same("v73_identity_principal_search_200", &principal, &["", "/content/0", "/content/0/principalId"], &[]);
    client.identity().assign_role("qe", Server::USER, "CSP_TENANT_ADMIN").await.unwrap();
    let roles = get(&client, "/identity/api/authorization/tenants/qe/principals/tony@example.com/roles").await;
    let inner = ["", "/metadata", "/content/0", "/content/0/assignedPermissions/0"];
    same("v73_identity_principal_roles_200", &roles, &inner, &[]);
    let groups = get(&client, "/identity/api/tenants/qe/subtenants").await;
    let inner = ["", "/metadata", "/content/0", "/content/0/extensionData/entries/0"];
    same("v7_identity_subtenants_200", &groups, &inner, &[]);
    let issued = client.raw(
        Method::POST,
        "/identity/api/tokens",
        Some(serde_json::json!({"username": Server::USER, "password": Server::PASSWORD, "tenant": "qe"})),
    );
    same("v7_identity_tokens_post_200", &issued.await.unwrap().json().unwrap(), &[""], &[]);
}

#[tokio::test]
async fn items_and_templates() {
    let (_server, client) = example().await;
    let rows = get(&client, "/catalog-service/api/consumer/entitledCatalogItemViews").await;
    let inner = ["", "/metadata", "/content/0", "/content/0/links/0", "/content/0/entitledOrganizations/0"];
    same("v7_catalog_entitled_item_views_200", &rows, &inner, &[]);
    let id = rows["content"][0]["catalogItemId"].as_str().unwrap();
    let item = get(&client, &format!("/catalog-service/api/consumer/entitledCatalogItems/{id}")).await;
    let inner = ["", "/catalogItem", "/catalogItem/forms", "/catalogItem/organization", "/catalogItem/providerBinding"];
    same("v7_catalog_entitled_item_200", &item, &inner, &[]);
    let template =
        get(&client, &format!("/catalog-service/api/consumer/entitledCatalogItems/{id}/requests/template")).await;
    same("v7_catalog_request_template_200", &template, &[""], &[]);
    // The component of the recorded template has another name.
    let named = serde_json::json!({"data": {"machine2.vsphere": template["data"]["machine"]}});
    let inner = ["/data/machine2.vsphere", "/data/machine2.vsphere/data", "/data/machine2.vsphere/data/disks/0"];
    same("v7_catalog_request_template_200", &named, &inner, &[]);
    same("v7_catalog_entitlements_200", &get(&client, "/catalog-service/api/entitlements").await, &["/content/0"], &[]);
}

#[tokio::test]
async fn requests_resources_and_actions() {
    let (_server, client) = example().await;
    let item = client.catalog().item_named("CentOS").await.unwrap().catalog_item_id.unwrap();
    let at = format!("/catalog-service/api/consumer/entitledCatalogItems/{item}/requests");
    let template = get(&client, &format!("{at}/template")).await;
    let response = client.raw(Method::POST, at, Some(template)).await.unwrap();
    assert_eq!(response.status, 201);
    let submitted: Value = response.json().unwrap();
    same("v7_catalog_request_submitted_201", &submitted, &["", "/organization", "/catalogItemRef", "/quote"], &[]);

    let id = submit(&client).await;
    let at = format!("/catalog-service/api/consumer/requests/{id}");
    let inner = ["", "/organization", "/quote", "/catalogItemRef", "/catalogItemProviderBinding"];
    same("v7_catalog_request_status_in_progress_200", &get(&client, &at).await, &inner, &[]);
    client.catalog().wait_for(&id, &soon()).await.unwrap();
    // The recording of an ended one is older than that of one in progress.
    let newer = ["components", "successful", "final", "catalogItemProviderBinding"];
    same("v73_catalog_request_successful_200", &get(&client, &at).await, &["", "/requestCompletion"], &newer);

    let resources = get(&client, &format!("{at}/resources")).await;
    let inner = [
        "",
        "/content/0",
        "/content/0/owners/0",
        "/content/0/organization",
        "/content/0/lease",
        "/content/1",
        "/content/1/parentResourceRef",
        "/content/1/operations/0",
        "/content/1/providerBinding",
    ];
    same("v7_catalog_request_resources_200", &resources, &inner, &[]);
    let views = get(&client, &format!("{at}/resourceViews")).await;
    let inner = ["", "/metadata", "/content/0", "/content/0/links/0", "/content/1", "/content/1/lease"];
    // A machine without an end of its lease was recorded.
    same("v71_catalog_request_resource_views_ip_address_200", &views, &inner, &["end"]);

    // The machine's data: what the server has is among what was recorded.
    let keys = |rows: &Value| -> BTreeSet<String> {
        let entries = rows["content"][1]["resourceData"]["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["key"].as_str().unwrap().to_owned()).collect()
    };
    let (ours, theirs) = (keys(&resources), keys(&recorded("v7_catalog_request_resources_200")));
    let invented: Vec<_> = ours.difference(&theirs).collect();
    assert_eq!(invented, [] as [&String; 0]);

    let machine = resources["content"][1]["id"].as_str().unwrap();
    let actions = get(&client, &format!("/catalog-service/api/consumer/resources/{machine}/actions")).await;
    same("v62_catalog_resource_actions_200", &actions, &["", "/content/0"], &[]);
    let deployment = resources["content"][0]["id"].as_str().unwrap();
    let binding = "composition.resource.action.deployment.destroy";
    let destroy = client.catalog().action(deployment, binding).await.unwrap().id.unwrap();
    let at = format!("/catalog-service/api/consumer/resources/{deployment}/actions/{destroy}/requests/template");
    same("v7_catalog_action_template_destroy_200", &get(&client, &at).await, &["", "/data"], &[]);
    let request = client.catalog().run_action(deployment, binding).await.unwrap();
    client.catalog().wait_for(&request.id, &soon()).await.unwrap();
    let ended = get(&client, &format!("/catalog-service/api/consumer/requests/{}", request.id)).await;
    same("v62_catalog_destroy_request_200", &ended, &["", "/resourceRef", "/resourceActionRef"], &[]);
}

#[tokio::test]
async fn a_machine_of_6_2() {
    let (server, client) = example_62().await;
    let items = client.catalog().entitled_items().with_filter(Filter::eq("name", "CentOS")).all().await.unwrap();
    let item = items[0].catalog_item.as_ref().unwrap().id.clone().unwrap();
    let values = vra_client::v7::MachineValues::new("b", "g").with_lease_days(5);
    let body = vra_client::v7::CatalogItemRequestBody::new(item, "qe", group(&server)).with_data(values);
    let id = client.catalog().submit_item_request(body).await.unwrap().id;
    let running = get(&client, &format!("/catalog-service/api/consumer/requests/{id}")).await;
    same("v62_catalog_request_in_progress_200", &running, &["", "/catalogItemRef"], &[]);
    client.catalog().wait_for(&id, &soon()).await.unwrap();
    let rows = get(&client, "/catalog-service/api/consumer/resources/types/Infrastructure.Machine").await;
    same("v62_catalog_resources_by_type_machine_200", &rows, &["", "/content/0", "/content/0/lease"], &[]);
}

#[tokio::test]
async fn work_items() {
    let (_server, client) = example().await;
    let item = client.catalog().item_named("CentOS with approval").await.unwrap();
    let template = client.catalog().template_of(&item).unwrap().await.unwrap();
    let submitted = client.catalog().submit_to(&item, template).unwrap().await.unwrap();
    let pending = get(&client, &format!("/catalog-service/api/consumer/requests/{}", submitted.id)).await;
    let newer = ["components", "successful", "final", "catalogItemProviderBinding"];
    same("v7_catalog_request_pending_pre_approval_200", &pending, &[""], &newer);
    let rows = get(&client, "/workitem-service/api/workitems").await;
    let inner = [
        "",
        "/metadata",
        "/content/0",
        "/content/0/assignees/0",
        "/content/0/workItemType",
        "/content/0/workItemType/actions/0",
        "/content/0/workItemType/actions/0/icon",
        "/content/0/workItemType/forms",
        "/content/0/workItemRequest",
    ];
    // The documented row is of no business group, and open.
    same("v73_workitem_list_200", &rows, &inner, &["subTenantId", "completedBy"]);
    let types = get(&client, "/approval-service/api/policytypes").await;
    same("v7_approval_policytypes_200", &types, &["", "/content/0", "/content/0/phaseTypes/0"], &[]);
}

#[tokio::test]
async fn reservations_policies_keys_and_networks() {
    let (_server, client) = example().await;
    let base = "/reservation-service/api/reservations";
    let types = get(&client, &format!("{base}/types")).await;
    let inner = ["", "/metadata", "/content/0", "/content/0/formReference", "/content/0/alertTypes/0"];
    same("v73_reservation_types_200", &types, &inner, &[]);
    let class = "/reservation-service/api/data-service/schema/Infrastructure.Reservation.Virtual.vSphere/default";
    let ours = get(&client, class).await;
    let fields = |schema: &Value| -> std::collections::BTreeMap<String, BTreeSet<String>> {
        let rows = schema["fields"].as_array().unwrap();
        rows.iter().map(|row| (row["id"].as_str().unwrap().to_owned(), members(row))).collect()
    };
    let mut theirs = fields(&recorded("v73_reservation_schema_vsphere_200"));
    // Some fields have a description there.
    for members in theirs.values_mut() {
        members.remove("description");
    }
    assert_eq!(fields(&ours), theirs);
    let values = client.raw(Method::POST, format!("{class}/computeResource/values"), Some(serde_json::json!({})));
    let values: Value = values.await.unwrap().json().unwrap();
    let inner = ["", "/values/0", "/values/0/underlyingValue"];
    same("v7_reservation_values_compute_resource_200", &values, &inner, &[]);
    let question = serde_json::json!({"text": "", "dependencyValues": {"entries": [
        {"key": "computeResource", "value": values["values"][0]["underlyingValue"]}]}});
    let stores = client.raw(Method::POST, format!("{class}/reservationStorages/values"), Some(question));
    same("v7_reservation_values_storages_200", &stores.await.unwrap().json().unwrap(), &inner, &[]);
    let one = get(&client, base).await["content"][0].clone();
    same("v7_reservation_get_vsphere_200", &one, &["", "/alertPolicy", "/alertPolicy/alerts/0"], &[]);
    let row = ["", "/metadata", "/content/0"];
    same("v7_reservation_policies_list_200", &get(&client, &format!("{base}/policies")).await, &row, &[]);
    let keys = get(&client, "/iaas-proxy-provider/api/keyPairs").await;
    same("v7_keypairs_list_200", &keys, &row, &[]);
    let key = get(&client, &format!("/iaas-proxy-provider/api/keyPairs/{}", keys["content"][0]["id"])).await;
    same("v7_keypair_get_200", &key, &[""], &[]);

    let base = "/iaas-proxy-provider/api/network/profiles";
    let list = get(&client, base).await;
    same("v7_network_profiles_list_200", &list, &row, &[]);
    let id = list["content"][0]["id"].as_str().unwrap();
    let inner = ["", "/definedRanges/0", "/definedRanges/0/definedAddresses/0"];
    same("v7_network_profile_get_external_200", &get(&client, &format!("{base}/{id}")).await, &inner, &[]);
    let addresses = get(&client, &format!("{base}/addresses/{id}")).await;
    same("v7_network_profile_addresses_200", &addresses, &row, &[]);
    let summaries = get(&client, &format!("{base}/range-summaries/{id}")).await;
    same("v7_network_profile_range_summaries_200", &summaries, &row, &["externalId"]);
    let services = get(&client, "/component-registry/services").await;
    let inner = ["", "/metadata", "/content/0", "/content/0/serviceType", "/content/0/endPoints/0"];
    same("v7_component_registry_services_200", &services, &inner, &[]);
    let endpoint = vra_client::testing::v7::Store::IPAM_ENDPOINT;
    let ranges = get(&client, &format!("/ipam-service/api/providers/{endpoint}/ip-ranges")).await;
    same("v7_ipam_ip_ranges_200", &ranges, &row, &[]);
}

#[tokio::test]
async fn errors_have_the_recorded_numbers_and_words() {
    let (_server, client) = example().await;
    for (name, path) in [
        (
            "v7_error_20111_request_not_found",
            "/catalog-service/api/consumer/requests/adca9535-4a35-4981-8864-00000028643b",
        ),
        (
            "v7_error_20116_catalog_item_not_found",
            "/catalog-service/api/consumer/entitledCatalogItems/feaedf73-560c-4612-a573-0041667e0176/requests/template",
        ),
        ("v7_error_10101_invalid_argument", "/catalog-service/api/consumer/resources/unknown/actions"),
    ] {
        let error = client.raw(Method::GET, path, None).await.unwrap_err();
        let message = &error.as_server().unwrap().messages[0];
        let wanted = &recorded(name)["errors"][0];
        assert_eq!(message.code, wanted["code"].as_i64(), "{name}");
        assert_eq!(message.message.as_deref(), wanted["message"].as_str(), "{name}");
        assert_eq!(message.system_message.as_deref(), wanted["systemMessage"].as_str(), "{name}");
    }
}

#[tokio::test]
async fn dates_follow_the_clock() {
    let (server, client) = started(Server::builder().clock(Clock::fixed(std::time::SystemTime::UNIX_EPOCH))).await;
    server.seed(|store| store.add_item(vra_client::testing::v7::Item::new("CentOS")));
    let id = submit(&client).await;
    server.advance(std::time::Duration::from_secs(1));
    let request = get(&client, &format!("/catalog-service/api/consumer/requests/{id}")).await;
    assert_eq!(request["dateCreated"], "1970-01-01T00:00:00.000Z");
    assert_eq!(request["lastUpdated"], "1970-01-01T00:00:01.000Z");
}
