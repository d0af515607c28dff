//! Catalog items and deployments: requested, changed, deleted.

use http::Method;
use serde_json::{Value, json};
use vra_client::testing::v8::{Item, Server};
use vra_client::v8::Client;

use crate::{call, example, get, post};

async fn request(client: &Client, server: &Server, item: &str, name: &str, inputs: Value) -> Value {
    let items = get(client, &format!("/catalog/api/items?search={item}")).await.unwrap();
    let id = items["content"][0]["id"].as_str().unwrap();
    let project = server.seed(|store| store.project(Server::PROJECT));
    let body = json!({"deploymentName": name, "projectId": project, "inputs": inputs});
    post(client, &format!("/catalog/api/items/{id}/request"), body).await.unwrap()[0].clone()
}

/// Polls a deployment until no request is in progress.
async fn settled(client: &Client, id: &str) -> Value {
    for _ in 0..20 {
        let path = format!("/deployment/api/deployments/{id}?deleted=true&expand=resources,lastRequest,project");
        let row = get(client, &path).await.unwrap();
        if !row["status"].as_str().unwrap().ends_with("_INPROGRESS") {
            return row;
        }
    }
    panic!("{id} does not settle");
}

#[tokio::test]
async fn a_deployment_takes_its_course_with_addresses_of_a_range() {
    let (server, client) = example().await;
    let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
    let made = request(&client, &server, "Ubuntu", "web one", json!({})).await;
    let id = made["deploymentId"].as_str().unwrap();
    let first = get(&client, &format!("/deployment/api/deployments/{id}?expand=resources")).await.unwrap();
    assert_eq!((&first["status"], &first["resources"]), (&json!("CREATE_INPROGRESS"), &json!([])));
    let done = settled(&client, id).await;
    assert_eq!((&done["status"], &done["lastRequest"]["status"]), (&json!("CREATE_SUCCESSFUL"), &json!("SUCCESSFUL")));
    let machine = &done["resources"][0];
    assert_eq!(
        (&machine["type"], &machine["properties"]["address"]),
        (&json!("Cloud.vSphere.Machine"), &json!("10.10.20.10"))
    );
    assert_eq!(machine["properties"]["networks"][0]["assignment"], "static");
    assert_eq!(done["project"]["name"], Server::PROJECT);
    let id_of_machine = machine["id"].as_str().unwrap().to_owned();
    let row = get(&client, &format!("/iaas/api/machines/{id_of_machine}")).await.unwrap();
    assert_eq!(row["address"], "10.10.20.10");
    let card = get(&client, row["_links"]["network-interfaces"]["hrefs"][0].as_str().unwrap()).await.unwrap();
    assert_eq!(card["addresses"], json!(["10.10.20.10"]));

    // An action of the machine, and one that is not possible in its state.
    let machine_path = format!("/deployment/api/deployments/{id}/resources/{id_of_machine}");
    let actions = get(&client, &format!("{machine_path}/actions")).await.unwrap();
    assert!(
        actions.as_array().unwrap().iter().any(|a| a["id"] == "Cloud.vSphere.Machine.PowerOff" && a["valid"] == true)
    );
    let on = json!({"actionId": "Cloud.vSphere.Machine.PowerOn"});
    assert_eq!(post(&client, &format!("{machine_path}/requests"), on).await.unwrap_err().status(), Some(400));
    let off = json!({"actionId": "Cloud.vSphere.Machine.PowerOff", "inputs": {}});
    let begun = post(&client, &format!("{machine_path}/requests"), off.clone()).await.unwrap();
    assert_eq!(begun["status"], "PENDING");
    assert_eq!(post(&client, &format!("{machine_path}/requests"), off).await.unwrap_err().status(), Some(409), "busy");
    assert_eq!(settled(&client, id).await["resources"][0]["properties"]["powerState"], "OFF");
    let ended = get(&client, &format!("/deployment/api/requests/{}", begun["id"].as_str().unwrap())).await.unwrap();
    assert_eq!(ended["status"], "SUCCESSFUL");

    // 200 with a request, and the deployment stays readable with `deleted`.
    let deletion = call(&client, Method::DELETE, &format!("/deployment/api/deployments/{id}"), None).await.unwrap();
    assert_eq!(deletion["name"], "Delete");
    assert_eq!(settled(&client, id).await["status"], "DELETE_SUCCESSFUL");
    assert_eq!(get(&client, &format!("/deployment/api/deployments/{id}")).await.unwrap_err().status(), Some(404));
    assert!(server.seed(|store| store.allocated(&range)).is_empty());
}

#[tokio::test]
async fn failures_name_their_reason_and_return_the_addresses() {
    let (server, client) = example().await;
    server.seed(|store| {
        store.add_item(Item::new("Broken").with_machine("m", "lab-net").with_failure("the template is wrong"));
        store.add_item(Item::new("Lost").with_machine("m", "no-net"));
    });
    let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
    for (item, reason) in [("Broken", "the template is wrong"), ("Lost", "No network matches no-net.")] {
        let made = request(&client, &server, item, item, json!({})).await;
        let done = settled(&client, made["deploymentId"].as_str().unwrap()).await;
        assert_eq!((&done["status"], &done["lastRequest"]["details"]), (&json!("CREATE_FAILED"), &json!(reason)));
        assert!(server.seed(|store| store.allocated(&range)).is_empty());
    }
    let made = request(&client, &server, "Ubuntu", "endless", json!({})).await;
    let id = made["deploymentId"].as_str().unwrap();
    let requests = get(&client, &format!("/deployment/api/deployments/{id}/requests")).await.unwrap();
    let path = format!("/deployment/api/requests/{}", requests["content"][0]["id"].as_str().unwrap());
    post(&client, &format!("{path}?action=cancel"), Value::Null).await.unwrap();
    assert_eq!(get(&client, &path).await.unwrap()["status"], "ABORTED");
    post(&client, &format!("{path}?action=dismiss"), Value::Null).await.unwrap();
    assert_eq!(settled(&client, id).await["status"], "CREATE_FAILED");
}

#[tokio::test]
async fn inputs_projects_versions_and_names_are_checked() {
    let (server, client) = example().await;
    let size = json!({"type": "string", "enum": ["small", "large"]});
    let item = Item::new("Shop").with_required_input("size", size).with_versions(["1", "2"]);
    let id = server.seed(|store| store.add_item(item));
    let project = server.seed(|store| store.project(Server::PROJECT));
    let other = server.seed(|store| store.add_project("Other"));
    let path = format!("/catalog/api/items/{id}");
    assert_eq!(get(&client, &path).await.unwrap()["schema"], Value::Null);
    let version = get(&client, &format!("{path}/versions/2")).await.unwrap();
    assert_eq!(version["schema"]["required"], json!(["size"]));
    let good = json!({"deploymentName": "s", "projectId": project, "inputs": {"size": "small"}, "bulkRequestCount": 2});
    let change = |member: &str, value: Value| {
        let mut body = good.clone();
        body[member] = value;
        body
    };
    for body in [
        change("inputs", json!({})),
        change("inputs", json!({"size": "huge"})),
        change("inputs", json!({"size": 1})),
        change("projectId", json!(other)),
        change("version", json!("3")),
        change("deploymentName", Value::Null),
        change("bulkRequestCount", json!(11)),
    ] {
        assert_eq!(
            post(&client, &format!("{path}/request"), body.clone()).await.unwrap_err().status(),
            Some(400),
            "{body}"
        );
    }
    let made = post(&client, &format!("{path}/request"), good.clone()).await.unwrap();
    assert_eq!(made.as_array().unwrap().len(), 2);
    assert_eq!(post(&client, &format!("{path}/request"), good).await.unwrap_err().status(), Some(400), "taken");
    get(&client, "/deployment/api/deployments/names?name=s-1").await.unwrap();
    assert_eq!(get(&client, "/deployment/api/deployments/names/free").await.unwrap_err().status(), Some(404));
    assert!(get(&client, "/catalog/api/items/none").await.unwrap_err().is_not_found());
    let page = get(&client, "/deployment/api/deployments?status=CREATE_INPROGRESS&$top=1").await.unwrap();
    assert_eq!((&page["totalElements"], &page["totalPages"]), (&json!(2), &json!(2)));
    let used = call(&client, Method::DELETE, &format!("/iaas/api/projects/{}", project.unwrap()), None).await;
    assert_eq!(used.unwrap_err().status(), Some(409));
}
