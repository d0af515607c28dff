//! Extensibility actions of version 8, against a mock server.

use std::time::Duration;

use serde_json::json;
use vra_client::Error;
use vra_client::error::WaitReason;
use vra_client::poll::Wait;
use vra_client::v8::{AbxRun, AbxRunBody, AbxRunState, Client};
use wiremock::matchers::{body_json, method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

use crate::v8_login::{respond, started};

const RUN: &str = "/abx/api/resources/action-runs/r1";

fn quick() -> Wait {
    Wait::up_to(Duration::from_secs(30)).with_pauses(Duration::from_millis(2), Duration::from_millis(2))
}

#[tokio::test]
async fn an_action_is_found_run_and_waited_for() {
    let (server, client) = started().await;
    let action = json!({"id": "a1", "name": "Lab_AllocateIP", "projectId": "p1", "actionType": "SCRIPT",
        "runtime": "python", "entrypoint": "handler", "inputs": {"x": ""}, "system": false, "memoryInMB": 300});
    Mock::given(method("GET"))
        .and(path("/abx/api/resources/actions"))
        .and(query_param("$filter", "name eq 'Lab_AllocateIP'"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"content": [action], "totalElements": 1})))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/abx/api/resources/actions/a1/action-runs"))
        .and(body_json(json!({"projectId": "p1", "inputs": {"host": "h"}, "timeoutSeconds": 60})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": "r1", "runState": "CREATED"})))
        .expect(1)
        .mount(&server)
        .await;
    for state in ["CREATED", "DEPLOYING", "DEPLOYED", "RUNNING", "FINISHING", "HANDLING_ERROR"] {
        let poll = ResponseTemplate::new(200).set_body_json(json!({"id": "r1", "runState": state}));
        Mock::given(method("GET")).and(path(RUN)).respond_with(poll).up_to_n_times(1).mount(&server).await;
    }
    let ended = json!({"id": "r1", "runState": "COMPLETED", "outputs": {"ip": "10.0.0.7", "token": "hunter2"},
        "createdMillis": 1_600_000_000_000_i64, "endTimeMillis": null});
    respond(&server, "GET", RUN, ResponseTemplate::new(200).set_body_json(&ended)).await;

    let found = client.abx().action_named("Lab_AllocateIP").await.unwrap();
    assert_eq!((found.memory_in_mb, found.runtime.as_deref()), (Some(300), Some("python")));
    let body = AbxRunBody::new(found.project_id.unwrap()).with_input("host", "h").with_timeout_seconds(60_u32);
    let run = client.abx().run("a1", body).await.unwrap();
    let run = client.abx().wait_for(&run.id.unwrap(), &quick()).await.unwrap();
    assert_eq!(run.state, Some(AbxRunState::Completed));
    assert_eq!(run.outputs.as_ref().unwrap().get("ip").unwrap(), "10.0.0.7");
    assert_eq!(serde_json::to_value(&run).unwrap(), ended);
    assert!(!format!("{run:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_run_that_fails_names_its_message() {
    for (state, failed) in
        [("FAILED", true), ("DEPLOYMENT_FAILED", true), ("CANCELLED", true), ("UNKNOWN", false), ("LATER", false)]
    {
        let (server, client) = started().await;
        let body = json!({"id": "r1", "runState": state, "errorMessage": "no such host"});
        respond(&server, "GET", RUN, ResponseTemplate::new(200).set_body_json(body)).await;
        let Err(Error::Wait(error)) = client.abx().wait_for("r1", &quick()).await else { panic!("{state}") };
        assert_eq!(matches!(error.reason, WaitReason::Failed), failed, "{state}");
        assert_eq!(matches!(error.reason, WaitReason::UnknownState), !failed, "{state}");
        assert_eq!((error.last_state.as_deref(), error.details.as_deref()), (Some(state), Some("no such host")));
    }
}

#[test]
fn calls_of_the_service_have_no_version() {
    let client = Client::builder("https://vra.example").build().unwrap();
    assert_eq!(client.abx().action("a1", "p1").request().target(), "/abx/api/resources/actions/a1?projectId=p1");
    assert!(client.abx().action("a1", "").request().validate().is_err());
    assert_eq!(
        client.abx().runs_of("a1").request().target(),
        "/abx/api/resources/actions/a1/action-runs?$orderby=createdMillis%20asc&$top=200&$skip=0"
    );
    assert_eq!(client.abx().runs().request().path(), "/abx/api/resources/action-runs");
    assert!(!client.abx().run("a1", AbxRunBody::new("p1")).request().is_repeatable());
    assert!(serde_json::from_value::<AbxRun>(json!({"createdMillis": "soon"})).is_err());
}
