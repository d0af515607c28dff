//! Deployments of version 8: waiting, resources, actions and lists, against a mock server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use vra_client::error::{WaitError, WaitReason};
use vra_client::poll::Wait;
use vra_client::v8::{
    Client, Deployment, DeploymentExpansion, DeploymentQuery, DeploymentRequest, DeploymentRequestStatus,
    DeploymentResource, DeploymentResourceQuery, DeploymentStatus, DeploymentUpdateBody, Page, Resource,
    ResourceAction, ResourceActionRequestBody, ResourceBody, ResourceQuery,
};
use vra_client::{Error, ErrorKind, Outcome};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::replay::check::keeps;
use crate::sample;
use crate::v8_login::{respond, started};

const DEPLOYMENTS: &str = "/deployment/api/deployments";
const D1: &str = "/deployment/api/deployments/d1";

fn ok(body: impl serde::Serialize) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn quick(deadline: Duration) -> Wait {
    Wait::up_to(deadline).with_pauses(Duration::from_millis(2), Duration::from_millis(2))
}

/// Mounts one response after the other; the last one stays.
async fn sequence(server: &MockServer, at: &str, bodies: Vec<Value>) {
    let last = bodies.len() - 1;
    for (number, body) in bodies.into_iter().enumerate() {
        let mock = Mock::given(method("GET")).and(path(at)).respond_with(ok(body));
        if number < last { mock.up_to_n_times(1) } else { mock }.mount(server).await;
    }
}

async fn gets(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().iter().filter(|request| request.method == "GET").count()
}

fn waited<T: std::fmt::Debug>(result: Result<T, Error>) -> WaitError {
    match result {
        Err(Error::Wait(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn recorded_objects_have_a_field_for_every_member() {
    for (name, check) in [
        ("v8_deployment_200", keeps::<Deployment> as fn(&str) -> Result<Vec<String>, String>),
        ("v8_deployment_gem_200", keeps::<Deployment>),
        ("v8_deployment_delete_200", keeps::<DeploymentRequest>),
        ("v8_deployment_create_request_200", keeps::<DeploymentRequest>),
        ("v8_deployment_request_pending_200", keeps::<DeploymentRequest>),
        ("v8_deployment_resource_action_200", keeps::<ResourceAction>),
        ("v8_deployment_resource_actions_200", keeps::<Page<ResourceAction>>),
        ("v8_deployment_resource_vsphere_200", keeps::<DeploymentResource>),
        ("v8_deployment_resources_page_200", keeps::<Page<DeploymentResource>>),
    ] {
        assert_eq!(check(&sample(name).body.to_string()), Ok(vec![]), "{name}");
    }
}

#[test]
fn the_recorded_action_is_built() {
    let client = Client::builder("https://vra.example").build().unwrap();
    let body = ResourceActionRequestBody::new("Deployment.PowerOff")
        .with_input("someInput", "someValue")
        .with_reason("Because I can");
    let call = client.deployments().submit_action("17a6f622-2022-4482-bfb7-6fa889dabaa5", body);
    let recorded = sample("v8_deployment_action_request_body");
    assert_eq!((call.request().body(), call.request().path()), (Some(&recorded.body), recorded.path.as_str()));
    assert!(!call.request().is_repeatable());
}

#[tokio::test]
async fn a_deployment_is_waited_for_until_its_status_is_final() {
    let (server, client) = started().await;
    let state = |status: &str| json!({"id": "d1", "status": status, "lastRequest": {"status": "INPROGRESS"}});
    sequence(&server, D1, vec![state("CREATE_INPROGRESS"), state("CREATE_INPROGRESS"), state("CREATE_SUCCESSFUL")])
        .await;
    let deployment = client.deployments().wait_for("d1", &quick(Duration::from_secs(30))).await.unwrap();
    assert_eq!(deployment.status, Some(DeploymentStatus::CreateSuccessful));
    let requests = server.received_requests().await.unwrap();
    let polls: Vec<_> = requests.iter().filter(|request| request.method == "GET").collect();
    assert_eq!(polls.len(), 3);
    assert!(polls.iter().all(|poll| poll.url.query().unwrap() == "expand=lastRequest&apiVersion=2020-08-25"));
}

#[tokio::test]
async fn a_failed_deployment_names_the_reason_of_its_last_request() {
    let (server, client) = started().await;
    let failed = json!({"id": "d1", "status": "CREATE_FAILED", "inputs": {"password": "hunter2"},
        "lastRequest": {"status": "FAILED", "details": "no address is left in Lab-20"}});
    sequence(&server, D1, vec![json!({"status": "CREATE_INPROGRESS"}), failed.clone()]).await;
    let error = client.deployments().wait_for("d1", &quick(Duration::from_secs(30))).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::Unknown));
    let text = error.to_string();
    assert!(text.contains("CREATE_FAILED") && text.contains("no address is left in Lab-20"), "{text}");
    assert!(!format!("{error:?}").contains("hunter2"));
    let error = waited::<()>(Err(error));
    assert!(matches!(error.reason, WaitReason::Failed));
    assert_eq!((error.polls, error.last_state.as_deref()), (2, Some("CREATE_FAILED")));
    assert_eq!(Value::from(error.last.unwrap()), failed);
}

/// An approver that rejects leaves no details.
#[tokio::test]
async fn a_failure_without_details_names_the_status_of_the_last_request() {
    let (server, client) = started().await;
    let rejected = json!({"status": "CREATE_FAILED", "lastRequest": {"status": "APPROVAL_REJECTED", "details": " "}});
    respond(&server, "GET", D1, ok(rejected)).await;
    let error = waited(client.deployments().wait_for("d1", &quick(Duration::from_secs(30))).await);
    assert_eq!(error.details.as_deref(), Some("the last request ended in status APPROVAL_REJECTED"));
}

#[tokio::test]
async fn unknown_states_end_the_wait_and_unknown_operations_do_not() {
    for (body, state) in [
        (json!({"status": "PAUSED"}), "PAUSED"),
        (json!({"status": "CREATE_PAUSED", "lastRequest": {"status": "SUCCESSFUL"}}), "CREATE_PAUSED"),
        (json!({}), "none"),
        (json!({"lastRequest": {"status": "LATER"}}), "LATER"),
    ] {
        let (server, client) = started().await;
        respond(&server, "GET", D1, ok(&body)).await;
        let error = waited(client.deployments().wait_for("d1", &quick(Duration::from_secs(30))).await);
        assert!(matches!(error.reason, WaitReason::UnknownState), "{body}");
        assert_eq!((error.polls, error.last_state.as_deref()), (1, Some(state)));
        assert!(error.to_string().contains("not known to this version"), "{error}");
    }
    let (server, client) = started().await;
    sequence(&server, D1, vec![json!({"status": "MIGRATE_INPROGRESS"}), json!({"status": "MIGRATE_SUCCESSFUL"})]).await;
    let ended = client.deployments().wait_for("d1", &quick(Duration::from_secs(30))).await.unwrap();
    assert_eq!(ended.status, Some(DeploymentStatus::Unknown("MIGRATE_SUCCESSFUL".into())));
}

#[tokio::test]
async fn without_a_status_the_last_request_decides() {
    let (server, client) = started().await;
    let state = |status: &str| json!({"lastRequest": {"status": status}});
    let states = ["APPROVAL_PENDING", "COMPLETION", "SUCCESSFUL"].map(state).to_vec();
    sequence(&server, D1, states).await;
    client.deployments().wait_for("d1", &quick(Duration::from_secs(30))).await.unwrap();
    assert_eq!(gets(&server).await, 3);
}

#[tokio::test]
async fn a_deployment_that_never_ends_is_given_up_with_its_last_state() {
    let (server, client) = started().await;
    respond(&server, "GET", D1, ok(json!({"id": "d1", "status": "CREATE_INPROGRESS"}))).await;
    let error = client.deployments().wait_for("d1", &quick(Duration::from_millis(60))).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown));
    let error = waited::<()>(Err(error));
    assert!(matches!(error.reason, WaitReason::Deadline) && error.polls >= 1);
    assert_eq!(error.last_state.as_deref(), Some("CREATE_INPROGRESS"));
    assert_eq!(error.last.unwrap().get("id").unwrap(), "d1");
    assert!(error.waited >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_poll_that_fails_ends_the_wait_with_the_state_before() {
    let (server, client) = started().await;
    let first = Mock::given(method("GET")).and(path(D1)).respond_with(ok(json!({"status": "CREATE_INPROGRESS"})));
    first.up_to_n_times(1).mount(&server).await;
    respond(&server, "GET", D1, ResponseTemplate::new(404)).await;
    let error = client.deployments().wait_for("d1", &quick(Duration::from_secs(30))).await.unwrap_err();
    assert!(error.is_not_found() && error.status() == Some(404));
    let error = waited::<()>(Err(error));
    assert_eq!((error.polls, error.last_state.as_deref()), (2, Some("CREATE_INPROGRESS")));
}

/// Nothing stays behind a wait that is dropped: no task, and no poll.
#[tokio::test]
async fn a_wait_that_is_dropped_polls_no_more() {
    let (server, client) = started().await;
    respond(&server, "GET", D1, ok(json!({"status": "CREATE_INPROGRESS"}))).await;
    let wait = quick(Duration::from_secs(30));
    let polled = async {
        while gets(&server).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        ended = client.deployments().wait_for("d1", &wait) => panic!("{ended:?}"),
        () = polled => {}
    }
    // One may be on its way.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let polls = gets(&server).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(gets(&server).await, polls);
    // The client is as good as before.
    assert!(client.deployments().get("d1").await.is_ok());
}

#[tokio::test]
async fn requests_are_waited_for_by_their_own_status() {
    let at = "/deployment/api/requests/r1";
    let state = |status: &str| json!({"id": "r1", "status": status, "completedTasks": 1, "totalTasks": 5});
    let (server, client) = started().await;
    let states = ["CREATED", "PENDING", "INITIALIZATION", "CHECKING_APPROVAL", "APPROVAL_PENDING"];
    let states = states.into_iter().chain(["USER_INTERACTION_PENDING", "INPROGRESS", "COMPLETION", "SUCCESSFUL"]);
    sequence(&server, at, states.map(state).collect()).await;
    let ended = client.deployments().wait_for_request("r1", &quick(Duration::from_secs(30))).await.unwrap();
    assert_eq!((ended.status, gets(&server).await), (Some(DeploymentRequestStatus::Successful), 9));
    for status in ["FAILED", "ABORTED", "APPROVAL_REJECTED", "LATER"] {
        let (server, client) = started().await;
        respond(&server, "GET", at, ok(json!({"status": status, "details": "why"}))).await;
        let error = waited(client.deployments().wait_for_request("r1", &quick(Duration::from_secs(30))).await);
        assert_eq!(matches!(error.reason, WaitReason::Failed), status != "LATER");
        assert_eq!((error.last_state.as_deref(), error.details.as_deref()), (Some(status), Some("why")));
    }
}

#[tokio::test]
async fn recorded_requests_are_waited_for() {
    let (server, client) = started().await;
    let pending = sample("v8_deployment_request_pending_200").body;
    let at = format!("/deployment/api/requests/{}", pending["id"].as_str().unwrap());
    respond(&server, "POST", &format!("{D1}/requests"), ok(&pending)).await;
    sequence(&server, &at, vec![pending, sample("v8_deployment_create_request_200").body]).await;
    let body = ResourceActionRequestBody::new("Deployment.PowerOff");
    let request = client.deployments().submit_action("d1", body).await.unwrap();
    let wait = quick(Duration::from_secs(30));
    let ended = client.deployments().wait_for_request(&request.id.unwrap(), &wait).await.unwrap();
    assert_eq!((ended.status, ended.completed_tasks), (Some(DeploymentRequestStatus::Successful), Some(5)));
}

#[tokio::test]
async fn a_deletion_returns_its_request_or_nothing_to_wait_for() {
    for (response, expected) in [
        (ok(sample("v8_deployment_delete_200").body), Some("c17ed6b1-99ad-4fe5-b046-0588a5e92980")),
        (ResponseTemplate::new(202).set_body_json(json!({"id": "r2", "status": "PENDING"})), Some("r2")),
        (ResponseTemplate::new(202), None),
        (ResponseTemplate::new(204), None),
    ] {
        let (server, client) = started().await;
        respond(&server, "DELETE", D1, response.clone()).await;
        let request = client.deployments().delete("d1").await.unwrap();
        assert_eq!(request.and_then(|request| request.id).as_deref(), expected);
        respond(&server, "DELETE", &format!("{D1}/resources/x"), response).await;
        let request = client.deployments().delete_resource("d1", "x").await.unwrap();
        assert_eq!(request.and_then(|request| request.id).as_deref(), expected);
    }
    let (server, client) = started().await;
    respond(&server, "DELETE", D1, ResponseTemplate::new(409)).await;
    let error = client.deployments().delete("d1").await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotApplied));
    // An empty id would address the list.
    assert!(matches!(client.deployments().delete("").await, Err(Error::InvalidInput { .. })));
}

#[tokio::test]
async fn a_deletion_is_waited_for_until_the_deployment_is_gone() {
    let state = |status: &str| json!({"id": "d1", "status": status});
    let wait = quick(Duration::from_secs(30));
    for last in [state("DELETE_SUCCESSFUL"), json!({"status": "LATER", "deleted": true}), json!(null)] {
        let (server, client) = started().await;
        for before in ["CREATE_SUCCESSFUL", "UPDATE_FAILED", "DELETE_INPROGRESS"] {
            let given = Mock::given(method("GET")).and(path(D1)).and(query_param("deleted", "true"));
            given.respond_with(ok(state(before))).up_to_n_times(1).mount(&server).await;
        }
        let end = if last.is_null() { ResponseTemplate::new(404) } else { ok(&last) };
        respond(&server, "GET", D1, end).await;
        client.deployments().wait_until_deleted("d1", &wait).await.unwrap();
        assert_eq!(gets(&server).await, 4);
    }
    for (status, failed) in [("DELETE_FAILED", true), ("DELETE_LATER", false), ("LATER", false)] {
        let (server, client) = started().await;
        respond(&server, "GET", D1, ok(json!({"status": status, "lastRequest": {"details": "in use"}}))).await;
        let error = waited(client.deployments().wait_until_deleted("d1", &wait).await);
        assert_eq!(matches!(error.reason, WaitReason::Failed), failed, "{status}");
        assert_eq!((error.last_state.as_deref(), error.details.as_deref()), (Some(status), Some("in use")));
    }
    let (server, client) = started().await;
    respond(&server, "GET", D1, ok(state("CREATE_SUCCESSFUL"))).await;
    let error = waited(client.deployments().wait_until_deleted("d1", &quick(Duration::from_millis(40))).await);
    assert!(matches!(error.reason, WaitReason::Deadline));
    respond(&server, "GET", "/deployment/api/deployments/d2", ResponseTemplate::new(403)).await;
    let error = client.deployments().wait_until_deleted("d2", &wait).await.unwrap_err();
    assert!(error.is_permission_denied());
}

#[tokio::test]
async fn names_are_found_and_known_to_be_taken() {
    let (server, client) = started().await;
    let names = "/deployment/api/deployments/names";
    for (name, status) in [("taken", 200), ("free", 404), ("odd", 500)] {
        let given = Mock::given(method("GET")).and(path(names)).and(query_param("name", name));
        given.respond_with(ResponseTemplate::new(status)).mount(&server).await;
    }
    assert!(client.deployments().is_name_taken("taken").await.unwrap());
    assert!(!client.deployments().is_name_taken("free").await.unwrap());
    assert_eq!(client.deployments().is_name_taken("odd").await.unwrap_err().status(), Some(500));
    assert!(matches!(client.deployments().is_name_taken(" ").await, Err(Error::InvalidInput { .. })));

    let found = json!({"content": [sample("v8_deployment_gem_200").body], "totalElements": 1, "last": true});
    let given = Mock::given(method("GET")).and(path(DEPLOYMENTS)).and(query_param("name", "win-DCI"));
    given.respond_with(ok(found)).expect(1).mount(&server).await;
    assert_eq!(client.deployments().named("win-DCI").await.unwrap().id.as_deref(), Some("dep-123"));
    assert!(matches!(client.deployments().named("").await, Err(Error::InvalidInput { .. })));
}

#[test]
fn every_condition_of_deployments_is_sent() {
    let client = Client::builder("https://vra.example").build().unwrap();
    let query = DeploymentQuery::new()
        .with_name("web 1")
        .with_search("web")
        .with_project("p1")
        .with_project("p2")
        .with_resource_type("Cloud.vSphere.Machine")
        .with_cloud_account("a")
        .with_cloud_type("vsphere")
        .with_owner("tony")
        .with_requester("ann")
        .with_tag("env:lab")
        .with_status(DeploymentStatus::CreateFailed)
        .with_status(DeploymentStatus::Unknown("LATER".into()))
        .with_last_request_status(DeploymentRequestStatus::ApprovalPending)
        .with_created(Some("2020-12-01T08:00:00.000Z".into()), Some("2020-12-11T23:59:00.000Z".into()))
        .with_last_updated(None, Some("2020-12-11T23:59:00.000Z".into()))
        .with_expires(None, None)
        .with_deleted(true)
        .with_expanded(DeploymentExpansion::LastRequest)
        .with_expanded(DeploymentExpansion::InProgressRequests);
    let request = client.deployments().find(query).with_page_size(50).request();
    assert_eq!(
        request.target(),
        "/deployment/api/deployments?name=web%201&search=web&projects=p1&projects=p2\
         &resourceTypes=Cloud.vSphere.Machine&cloudAccounts=a&cloudTypes=vsphere&ownedBy=tony&requestedBy=ann\
         &tags=env:lab&status=CREATE_FAILED&status=LATER&lastRequestStatus=APPROVAL_PENDING\
         &createdAt=2020-12-01T08:00:00.000Z,2020-12-11T23:59:00.000Z&lastUpdatedAt=,2020-12-11T23:59:00.000Z\
         &deleted=true&expand=lastRequest&expand=inprogressRequests&apiVersion=2020-08-25\
         &$orderby=createdAt%20asc&$top=50&$skip=0"
    );
    assert!(request.validate().is_ok());
    assert!(client.deployments().find(DeploymentQuery::new().with_tag("")).request().validate().is_err());
}

#[tokio::test]
async fn machines_and_addresses_are_found_among_the_resources() {
    let (server, client) = started().await;
    let mut page = sample("v8_deployment_resources_page_200").body;
    let rows = page["content"].as_array_mut().unwrap();
    rows.push(sample("v8_deployment_resource_vsphere_200").body);
    rows.push(json!({"id": "odd", "name": "odd", "type": "Cloud.GCP.Machine",
        "properties": {"address": "", "networks": [7, {"address": null}, {"address": "10.30.236.64"}, {}]}}));
    rows.push(json!({"id": "new", "name": "new", "type": "Cloud.Azure.Machine", "properties": null}));
    page["totalElements"] = json!(6);
    respond(&server, "GET", &format!("{D1}/resources"), ok(&page)).await;
    let machines = client.deployments().machines_of("d1").await.unwrap();
    let found: Vec<_> = machines.iter().map(DeploymentResource::ip_addresses).collect();
    assert_eq!(
        found,
        [
            vec!["52.53.189.83", "172.31.9.135"],
            vec!["10.30.236.64", "192.168.110.200", "192.168.220.200"],
            vec!["10.30.236.64"],
            vec![],
        ]
    );
    let card = &machines[1].networks()[1];
    assert_eq!((card.name, card.assignment), (Some("Management Network"), Some("dynamic")));
    assert_eq!(card.ipv6_addresses, ["fd27:5600:0:232::8cd", "fe80::59be:c7d0:665f:13e1"]);
    assert_eq!(machines[1].property("powerState"), Some("ON"));
    let all = client.deployments().ip_addresses_of("d1").await.unwrap();
    assert_eq!(all, ["52.53.189.83", "172.31.9.135", "10.30.236.64", "192.168.110.200", "192.168.220.200"]);
    let other: Resource = serde_json::from_value(page["content"][0].clone()).unwrap();
    assert!(other.is_machine());
    assert_eq!(other.ip_addresses(), ["52.53.189.83", "172.31.9.135"]);
}

#[tokio::test]
async fn actions_are_listed_checked_and_submitted() {
    let (server, client) = started().await;
    let deployments = client.deployments();
    let at = format!("{D1}/resources/x/actions");
    respond(&server, "GET", &at, ok(sample("v8_deployment_resource_actions_200").body)).await;
    let revert = "Cloud.vSphere.Machine.Snapshot.Revert";
    respond(&server, "GET", &format!("{at}/{revert}"), ok(sample("v8_deployment_resource_action_200").body)).await;
    let actions = deployments.resource_actions("d1", "x").await.unwrap();
    let possible = |id: &str| actions.iter().find(|action| action.id.as_deref() == Some(id)).unwrap().is_possible();
    assert!(possible("Cloud.vSphere.Machine.PowerOff"));
    assert!(!possible("Cloud.vSphere.Machine.PowerOn"), "valid: false");
    assert!(!possible("Cloud.vSphere.Machine.Remote.Console"), "a window of the user interface");

    let action = deployments.resource_action("d1", "x", revert).await.unwrap();
    let with = |snapshot: &str| ResourceActionRequestBody::new(revert).with_input("snapshotId", snapshot);
    let known = "/resources/snapshots/63e32c2d-e2a0-464c-918b-7a31f41828a1";
    action.check(&with(known)).unwrap();
    let unknown = action.check(&with("/resources/snapshots/none")).unwrap_err().to_string();
    assert!(unknown.contains("snapshotId") && unknown.contains(known), "{unknown}");
    assert!(action.check(&ResourceActionRequestBody::new(revert)).is_err(), "the snapshot is required");
    assert!(action.check(&ResourceActionRequestBody::new("Deployment.Delete")).is_err(), "another action");
    let call = deployments.submit_action_to("d1", &action, with(known)).unwrap();
    assert_eq!(call.request().path(), format!("{D1}/requests"));
    let call = deployments.submit_resource_action("d1", "x", with(known));
    assert_eq!(call.request().path(), format!("{D1}/resources/x/requests"));
    assert_eq!(call.request().query_value("apiVersion"), Some("2020-08-25"));
}

#[tokio::test]
async fn requests_are_cancelled_and_dismissed_without_a_body() {
    let (server, client) = started().await;
    for action in ["cancel", "dismiss"] {
        Mock::given(method("POST"))
            .and(path("/deployment/api/requests/r1"))
            .and(query_param("action", action))
            .respond_with(ResponseTemplate::new(200))
            .expect(1)
            .mount(&server)
            .await;
    }
    client.deployments().cancel_request("r1").await.unwrap();
    client.deployments().dismiss_request("r1").await.unwrap();
}

#[tokio::test]
async fn events_logs_counts_and_costs_are_read() {
    let (server, client) = started().await;
    let deployments = client.deployments();
    let events = json!({"content": [{"id": "e1", "name": "start", "timestamp": "2019-07-13T23:16:49.310Z"},
        {"id": "e2", "name": "end", "hasLogs": true}], "totalElements": 2, "number": 0, "totalPages": 1, "last": true});
    respond(&server, "GET", "/deployment/api/requests/r1/events", ok(events)).await;
    assert_eq!(deployments.request_events("r1").all().await.unwrap().len(), 2);
    let requests = server.received_requests().await.unwrap();
    let sent = requests.iter().rfind(|request| request.method == "GET").unwrap();
    assert_eq!(sent.url.query(), Some("apiVersion=2020-08-25"), "this list has no pages");

    let slice = json!({"content": [{"id": "l1", "rownum": 7, "message": "x", "timestamp": "x", "eof": true}],
        "number": 0, "last": true});
    let at = "/deployment/api/requests/r1/events/e2/logs";
    let given = Mock::given(method("GET")).and(path(at)).and(query_param("sinceRow", "7"));
    given.respond_with(ok(slice)).expect(1).mount(&server).await;
    let log = deployments.event_log("r1", "e2").with_query("sinceRow", "7").await.unwrap();
    assert_eq!((log.content[0].row, log.content[0].is_last), (Some(7), Some(true)));

    let count = "/deployment/api/projects/p1/deployment-count";
    respond(&server, "GET", count, ok(json!({"totalElements": 10_000}))).await;
    assert_eq!(deployments.count("p1").await.unwrap().total, Some(10_000));

    let costs =
        json!({"currency": "EUR", "interval": "daily", "data": [{"timestamp": "2020-01-01T00:00:00Z", "value": 0.10}]});
    respond(&server, "GET", &format!("{D1}/expense-history"), ok(&costs)).await;
    let history = deployments.expense_history("d1").await.unwrap();
    assert_eq!(serde_json::to_value(&history).unwrap(), costs);

    let event = json!({"content": [{"id": "u1", "name": "n", "requestId": "r1", "status": "PENDING"}]});
    respond(&server, "GET", &format!("{D1}/userEvents"), ok(event)).await;
    assert_eq!(deployments.user_events("d1").all().await.unwrap()[0].request_id.as_deref(), Some("r1"));
}

#[tokio::test]
async fn a_deployment_is_changed_by_the_members_that_were_set() {
    let (server, client) = started().await;
    Mock::given(method("PATCH"))
        .and(path(D1))
        .and(wiremock::matchers::body_json(json!({"name": "web 2"})))
        .respond_with(ok(
            json!({"id": "d1", "name": "web 2", "inprogressRequests": [{"inputs": {"password": "hunter2"}}]}),
        ))
        .expect(1)
        .mount(&server)
        .await;
    let changed = client.deployments().update("d1", DeploymentUpdateBody::new().with_name("web 2")).await.unwrap();
    assert_eq!(changed.name.as_deref(), Some("web 2"));
    assert!(changed.extra.get("inprogressRequests").is_some() && !format!("{changed:?}").contains("hunter2"));
}

#[test]
fn resources_have_paths_of_their_own() {
    let client = Client::builder("https://vra.example").build().unwrap();
    let resources = client.resources();
    let query = ResourceQuery::new().with_project("p1").with_expanded("project").with_expanded("deployment");
    assert_eq!(
        resources.find(query).request().target(),
        "/deployment/api/resources?projects=p1&expand=project&expand=deployment&apiVersion=2020-08-25\
         &$orderby=name%20asc&$top=200&$skip=0"
    );
    assert_eq!(resources.get("a/b").request().path(), "/deployment/api/resources/a%2Fb");
    assert_eq!(resources.actions("x").request().path(), "/deployment/api/resources/x/actions");
    assert_eq!(resources.action("x", "y").request().path(), "/deployment/api/resources/x/actions/y");
    assert_eq!(resources.requests("x").request().path(), "/deployment/api/resources/x/requests");
    let body = ResourceActionRequestBody::new("Cloud.vSphere.Machine.Reboot");
    assert_eq!(resources.submit_action("x", body).request().path(), "/deployment/api/resources/x/requests");
    let made = resources.create(ResourceBody::new("d", "Cloud.vSphere.Disk", Default::default()).with_deployment("d1"));
    assert_eq!(made.request().body().unwrap()["deploymentId"], "d1");
    let query = DeploymentResourceQuery::new().with_name("a").with_name("b").with_tag("t").with_current_request();
    let target = client.deployments().find_resources("d1", query).request().target();
    assert!(
        target.starts_with("/deployment/api/deployments/d1/resources?names=a&names=b&tags=t&expand=currentRequest&")
    );
    assert_eq!(client.deployments().resource_type("T").request().path(), "/deployment/api/resource-types/T");
}

/// Deployments that a server generates page by page, as a large site has them.
struct Site {
    rows: usize,
    requests: Arc<AtomicUsize>,
    largest: Arc<AtomicUsize>,
    /// Number of rows that move to the next page, because others were made in front of them.
    shift: usize,
    fail_at: Option<usize>,
}

impl Respond for Site {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let number = |name: &str| {
            request.url.query_pairs().find(|(key, _)| key == name).and_then(|(_, value)| value.parse::<usize>().ok())
        };
        let (top, skip) = (number("$top").unwrap(), number("$skip").unwrap());
        self.requests.fetch_add(1, Ordering::SeqCst);
        if self.fail_at == Some(skip) {
            return ResponseTemplate::new(503);
        }
        let from = if skip > 0 { skip - self.shift } else { 0 };
        let rows: Vec<Value> = (from..(from + top).min(self.rows))
            .map(|n| json!({"id": format!("d{n}"), "name": format!("web {n}"), "status": "CREATE_SUCCESSFUL"}))
            .collect();
        let total = self.rows;
        let last = from + top >= total;
        let body = json!({"content": rows, "totalElements": total, "totalPages": total.div_ceil(top),
            "number": skip / top, "size": top, "numberOfElements": rows.len(), "last": last, "first": skip == 0});
        let text = body.to_string();
        self.largest.fetch_max(text.len(), Ordering::SeqCst);
        ResponseTemplate::new(200).set_body_raw(text, "application/json")
    }
}

fn site(rows: usize) -> Site {
    Site { rows, requests: Arc::default(), largest: Arc::default(), shift: 0, fail_at: None }
}

async fn mount(server: &MockServer, site: Site) {
    Mock::given(method("GET")).and(path(DEPLOYMENTS)).respond_with(site).mount(server).await;
}

/// The rows are dropped as they come, so that memory holds one page and the ids; the server counts the requests.
#[tokio::test]
async fn ten_thousand_deployments_take_fifty_requests_of_one_page_each() {
    let (server, client) = started().await;
    let site = site(10_000);
    let (requests, largest) = (Arc::clone(&site.requests), Arc::clone(&site.largest));
    mount(&server, site).await;
    let mut rows = Box::pin(client.deployments().list().stream());
    let mut count = 0;
    while let Some(row) = rows.try_next().await.unwrap() {
        assert_eq!(row.id, Some(format!("d{count}")));
        count += 1;
        // A page is requested when its first row is wanted, and not before.
        assert_eq!(requests.load(Ordering::SeqCst), (count - 1) / 200 + 1);
    }
    assert_eq!((count, requests.load(Ordering::SeqCst)), (10_000, 50));
    assert!(largest.load(Ordering::SeqCst) < 32 * 1024);
}

#[tokio::test]
async fn a_caller_that_stops_early_requests_no_more_pages() {
    let (server, client) = started().await;
    let site = site(10_000);
    let requests = Arc::clone(&site.requests);
    mount(&server, site).await;
    let first: Vec<_> = client.deployments().list().stream().take(250).try_collect().await.unwrap();
    assert_eq!((first.len(), requests.load(Ordering::SeqCst)), (250, 2));
}

#[tokio::test]
async fn repeated_deployments_are_returned_once() {
    let (server, client) = started().await;
    mount(&server, Site { shift: 1, ..site(500) }).await;
    // Each page repeats one row of the page before; every row comes once, and all are there.
    let read: Vec<_> = client.deployments().list().with_page_size(100).stream().collect().await;
    let ids: Vec<_> = read.iter().filter_map(|row| row.as_ref().ok()?.id.clone()).collect();
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (500, 500));
    assert!(read.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_second_page_that_fails_ends_the_list_after_the_rows_of_the_first() {
    let (server, client) = started().await;
    mount(&server, Site { fail_at: Some(200), ..site(1_000) }).await;
    let read: Vec<_> = client.deployments().list().stream().collect().await;
    assert_eq!(read.len(), 201);
    assert_eq!(read[200].as_ref().unwrap_err().status(), Some(503));
    assert!(client.deployments().list().all().await.is_err(), "half a list is no list");
}
