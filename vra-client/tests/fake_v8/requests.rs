//! Requests through the typed calls of the catalog and of deployments, with failures in each.

use std::time::Duration;

use futures_util::TryStreamExt;
use serde_json::json;
use vra_client::error::WaitReason;
use vra_client::poll::Wait;
use vra_client::testing::v8::{Item, Server};
use vra_client::testing::{Fault, When};
use vra_client::v8::{
    CatalogItemQuery, CatalogItemRequestBody, Client, DeploymentExpansion, DeploymentQuery, DeploymentRequestStatus,
    DeploymentStatus, DeploymentUpdateBody, ResourceActionRequestBody, ResourceQuery,
};
use vra_client::{Error, ErrorKind, Outcome};

use crate::example;

fn wait() -> Wait {
    Wait::up_to(Duration::from_secs(30)).with_pauses(Duration::from_millis(1), Duration::from_millis(1))
}

fn body(server: &Server, name: &str) -> CatalogItemRequestBody {
    CatalogItemRequestBody::new(server.seed(|store| store.project(Server::PROJECT)).unwrap(), name)
}

/// Requests an item, and returns the id of the deployment.
async fn requested(server: &Server, client: &Client, item: &str, name: &str) -> String {
    let item = client.catalog().item_named(item).await.unwrap();
    let made = client.catalog().submit_to(&item, body(server, name)).unwrap().await.unwrap();
    made[0].id().to_owned()
}

#[tokio::test]
async fn an_item_becomes_a_machine_that_is_changed_and_deleted() {
    let (server, client) = example().await;
    let deployments = client.deployments();
    assert!(!deployments.is_name_taken("web 1").await.unwrap());
    let id = requested(&server, &client, "Ubuntu", "web 1").await;
    assert!(deployments.is_name_taken("web 1").await.unwrap());
    let made = deployments.wait_for(&id, &wait()).await.unwrap();
    assert_eq!((made.name.as_deref(), made.status), (Some("web 1"), Some(DeploymentStatus::CreateSuccessful)));
    assert_eq!(deployments.ip_addresses_of(&id).await.unwrap(), ["10.10.20.10"]);

    let machine = deployments.machines_of(&id).await.unwrap().remove(0);
    let of_all = client.resources().get(machine.id.as_deref().unwrap()).await.unwrap();
    assert_eq!((of_all.name.as_deref(), of_all.ip_addresses()), (Some("web"), vec!["10.10.20.10"]));
    let found = client.resources().find(ResourceQuery::new().with_type("Cloud.vSphere.Machine")).all().await.unwrap();
    assert_eq!((found.len(), found[0].ip_addresses()), (1, vec!["10.10.20.10"]));

    let machine_id = machine.id.unwrap();
    let actions = deployments.resource_actions(&id, &machine_id).await.unwrap();
    let possible =
        |name: &str| actions.iter().find(|action| action.name.as_deref() == Some(name)).unwrap().is_possible();
    assert!(possible("PowerOff") && !possible("PowerOn"));
    let resize = deployments.resource_action(&id, &machine_id, "Cloud.vSphere.Machine.Resize").await.unwrap();
    let wrong = ResourceActionRequestBody::new("Cloud.vSphere.Machine.Resize").with_input("cpuCount", "many");
    assert!(resize.check(&wrong).is_err());
    let right = ResourceActionRequestBody::new("Cloud.vSphere.Machine.Resize").with_input("cpuCount", 4);
    resize.check(&right).unwrap();
    let request = deployments.submit_resource_action(&id, &machine_id, right.clone()).await.unwrap();
    let busy = deployments.submit_resource_action(&id, &machine_id, right).await.unwrap_err();
    assert_eq!((busy.kind(), busy.status()), (ErrorKind::Conflict, Some(409)));
    let ended = deployments.wait_for_request(&request.id.unwrap(), &wait()).await.unwrap();
    assert_eq!(ended.status, Some(DeploymentRequestStatus::Successful));

    let renamed = deployments.update(&id, DeploymentUpdateBody::new().with_name("web 2")).await.unwrap();
    assert_eq!(renamed.name.as_deref(), Some("web 2"));
    let request = deployments.delete(&id).await.unwrap().unwrap();
    assert_eq!(request.name.as_deref(), Some("Delete"));
    deployments.wait_until_deleted(&id, &wait()).await.unwrap();
    assert!(deployments.get(&id).await.unwrap_err().is_not_found());
    let gone = deployments.get(&id).with_query("deleted", "true").await.unwrap();
    assert_eq!(gone.status, Some(DeploymentStatus::DeleteSuccessful));
    assert!(deployments.named("web 2").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn the_schema_of_an_item_is_checked_before_the_server_refuses() {
    let (server, client) = example().await;
    let size = json!({"type": "string", "enum": ["small", "large"]});
    server.seed(|store| store.add_item(Item::new("Shop").with_required_input("size", size)));
    let found = client.catalog().item_named("Shop").await.unwrap();
    let item = client.catalog().item(found.id.as_deref().unwrap()).await.unwrap();
    for wrong in [body(&server, "s"), body(&server, "s").with_input("size", "huge")] {
        let error = client.catalog().submit_to(&item, wrong.clone()).err().unwrap();
        assert!(error.to_string().contains("input size"), "{error}");
        // The server agrees.
        let refused = client.catalog().submit(item.id.as_deref().unwrap(), wrong).await.unwrap_err();
        assert_eq!((refused.kind(), refused.outcome()), (ErrorKind::InvalidInput, Outcome::NotApplied));
    }
    let other = server.seed(|store| store.add_project("Other"));
    let error = client.catalog().submit_to(&item, CatalogItemRequestBody::new(other, "s")).err().unwrap();
    assert!(error.to_string().contains("projectId"), "{error}");
    let right = body(&server, "s").with_input("size", "large").with_bulk_request_count(2_u32);
    let made = client.catalog().submit_to(&item, right).unwrap().await.unwrap();
    assert_eq!(made.len(), 2);
    assert!(client.catalog().item("none").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn versions_types_and_conditions_are_read() {
    let (server, client) = example().await;
    server.seed(|store| store.add_item(Item::new("Shop").with_versions(["1", "2", "3"])));
    let catalog = client.catalog();
    let query = CatalogItemQuery::new().with_search("shop").with_projects_expanded();
    let items = catalog.find_items(query).all().await.unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].projects.as_ref().unwrap()[0].name.as_deref(), Some(Server::PROJECT));
    let id = items[0].id.as_deref().unwrap();
    let versions = catalog.versions(id).with_page_size(2).all().await.unwrap();
    assert_eq!(versions.len(), 3);
    let read = catalog.version(id, "2").await.unwrap();
    read.schema.map(|schema| body(&server, "x").check_inputs(&schema)).unwrap().unwrap();
    assert_eq!(catalog.types().all().await.unwrap().len(), 1);
    assert_eq!(catalog.entitlements("any").await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_request_that_fails_or_never_ends_is_told_apart() {
    let (server, client) = example().await;
    server.seed(|store| store.add_item(Item::new("Broken").with_machine("m", "lab-net").with_failure("no template")));
    let id = requested(&server, &client, "Broken", "b").await;
    let Err(Error::Wait(error)) = client.deployments().wait_for(&id, &wait()).await else { panic!("it did not fail") };
    assert!(matches!(error.reason, WaitReason::Failed));
    assert_eq!((error.last_state.as_deref(), error.details.as_deref()), (Some("CREATE_FAILED"), Some("no template")));
    let failed = DeploymentQuery::new()
        .with_status(DeploymentStatus::CreateFailed)
        .with_expanded(DeploymentExpansion::LastRequest);
    let failed = client.deployments().find(failed).all().await.unwrap();
    assert_eq!(failed[0].failure(), Some("no template"));
    let request = failed[0].last_request.as_ref().unwrap().id.clone().unwrap();
    client.deployments().dismiss_request(&request).await.unwrap();
    assert_eq!(client.deployments().request(&request).await.unwrap().dismissed, Some(true));

    let id = requested(&server, &client, "Ubuntu", "c").await;
    let requests = client.deployments().requests(&id).all().await.unwrap();
    let request = requests[0].id.clone().unwrap();
    client.deployments().cancel_request(&request).await.unwrap();
    let Err(Error::Wait(error)) = client.deployments().wait_for_request(&request, &wait()).await else { panic!() };
    assert_eq!(error.last_state.as_deref(), Some("ABORTED"));
}

#[tokio::test]
async fn a_lost_response_is_unknown_and_the_deployment_is_found_by_its_name() {
    let (server, client) = example().await;
    let item = client.catalog().item_named("Ubuntu").await.unwrap();
    server.fault(Fault::DropAfter, When::any().method("POST").path("/request"));
    let error = client.catalog().submit_to(&item, body(&server, "web")).unwrap().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    let id = client.deployments().named("web").await.unwrap().id.unwrap();
    client.deployments().wait_for(&id, &wait()).await.unwrap();
    assert_eq!(server.count("POST", "/request"), 1, "a second one would make a second deployment");
}

#[tokio::test]
async fn a_token_that_expires_during_the_wait_is_renewed() {
    let (server, client) = example().await;
    let id = requested(&server, &client, "Ubuntu", "web").await;
    server.fault(Fault::ExpireToken, When::any().method("GET").path(&id));
    let made = client.deployments().wait_for(&id, &wait()).await.unwrap();
    assert_eq!(made.status, Some(DeploymentStatus::CreateSuccessful));
}

#[tokio::test]
async fn lists_of_deployments_report_what_the_server_gets_wrong() {
    let (server, client) = example().await;
    let item = client.catalog().item_named("Ubuntu").await.unwrap();
    let many = body(&server, "web").with_bulk_request_count(7_u32);
    assert_eq!(client.catalog().submit_to(&item, many).unwrap().await.unwrap().len(), 7);
    let list = || client.deployments().list().with_page_size(3);
    let rows: Vec<_> = list().stream().try_collect().await.unwrap();
    assert_eq!(rows.len(), 7);
    for fault in [Fault::RepeatRow, Fault::TruncatePage, Fault::IgnorePage] {
        server.fault(fault.clone(), When::any().method("GET").path("/deployments").always());
        let error = list().all().await.unwrap_err();
        assert!(matches!(error, Error::Truncated { .. }), "{fault:?}: {error:?}");
        server.clear_faults();
    }
    server.fault(Fault::NoMetadata, When::any().method("GET").path("/deployments").always());
    assert_eq!(list().all().await.unwrap().len(), 7, "without counts, a page that is not full ends the list");
}
