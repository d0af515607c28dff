//! Session, lists, waiting and errors, against a mock server with the responses of each test.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use http::Method;
use ipam_core::Outcome;
use serde_json::{Value, json};
use vra_client::Error;
use vra_client::error::{ErrorBody, WaitReason};
use vra_client::odata::{Filter, OrderBy};
use vra_client::poll::Wait;
use vra_client::request::ApiRequest;
use vra_client::v7::{APPROVE, Client, LiteralMap, RequestTemplate, TenantBody};
use vra_client::{HttpOptions, RetryConfig, TokenPolicy};
use wiremock::matchers::{body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate, Times};

use crate::sample;

const PASSWORD: &str = "hunter2-password";

pub(crate) fn client(server: &MockServer) -> Client {
    Client::builder(server.uri())
        .with_password("tony@example.com", PASSWORD, "qe")
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .with_retry(RetryConfig::none())
        .with_token_policy(TokenPolicy::new().with_max_logins(10, Duration::from_secs(60)))
        .build()
        .unwrap()
}

async fn logins(server: &MockServer, token: &str, times: impl Into<Times>) {
    let body = json!({"id": token, "expires": "2099-01-01T00:00:00.000Z", "tenant": "qe"});
    Mock::given(method("POST"))
        .and(path("/identity/api/tokens"))
        .and(body_json(json!({"username": "tony@example.com", "password": PASSWORD, "tenant": "qe"})))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .up_to_n_times(1)
        .expect(times)
        .mount(server)
        .await;
}

pub(crate) async fn respond(server: &MockServer, verb: &str, at: &str, response: ResponseTemplate) {
    Mock::given(method(verb)).and(path(at)).respond_with(response).mount(server).await;
}

pub(crate) async fn started() -> (MockServer, Client) {
    let server = MockServer::start().await;
    logins(&server, "first-token", 0..).await;
    let client = client(&server);
    (server, client)
}

fn page(ids: &[&str], number: u64, pages: u64, total: u64) -> Value {
    let rows: Vec<Value> = ids.iter().map(|id| json!({"@type": "Tenant", "id": id})).collect();
    json!({"links": [], "content": rows,
        "metadata": {"size": 0, "totalElements": total, "totalPages": pages, "number": number, "offset": 0}})
}

async fn pages(server: &MockServer, number: &str, body: Value) {
    Mock::given(method("GET"))
        .and(path("/identity/api/tenants"))
        .and(query_param("page", number))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(server)
        .await;
}

// ---- The session -------------------------------------------------------------------------------------------------

#[tokio::test]
async fn one_login_serves_all_calls_and_sends_the_token() {
    let server = MockServer::start().await;
    logins(&server, "first-token", 1).await;
    Mock::given(method("GET"))
        .and(path("/identity/api/tenants/qe"))
        .and(header("authorization", "Bearer first-token"))
        .and(header("accept", "application/json"))
        .respond_with(ResponseTemplate::new(200).set_body_json(sample("v73_identity_tenant_put_200").body))
        .expect(3)
        .mount(&server)
        .await;
    let client = client(&server);
    let calls = (0..3).map(|_| client.identity().tenant("qe").send());
    let tenants = futures_util::future::try_join_all(calls).await.unwrap();
    assert_eq!(tenants[0].name.as_deref(), Some("rainpoleTenant"));
}

#[tokio::test]
async fn a_rejected_token_is_renewed_once() {
    let server = MockServer::start().await;
    logins(&server, "first-token", 1).await;
    logins(&server, "second-token", 1).await;
    Mock::given(header("authorization", "Bearer first-token"))
        .respond_with(ResponseTemplate::new(401).set_body_string("<html><h1>HTTP Status 401</h1></html>"))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(header("authorization", "Bearer second-token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": "qe"})))
        .expect(1)
        .mount(&server)
        .await;
    let tenant = client(&server).identity().tenant("qe").await.unwrap();
    assert_eq!(tenant.id.as_deref(), Some("qe"));
}

/// The first attempt may have been carried out; neither the rejected token nor the refusal after it changes that.
#[tokio::test]
async fn a_lost_response_is_not_forgotten_over_a_new_login() {
    for (verb, outcome) in [(Method::PUT, Outcome::Unknown), (Method::GET, Outcome::NotApplied)] {
        let server = MockServer::start().await;
        logins(&server, "first-token", 1).await;
        logins(&server, "second-token", 1).await;
        for status in [503, 401, 409] {
            Mock::given(method(verb.as_str()))
                .respond_with(ResponseTemplate::new(status))
                .up_to_n_times(1)
                .expect(1)
                .mount(&server)
                .await;
        }
        let client = Client::builder(server.uri())
            .with_password("tony@example.com", PASSWORD, "qe")
            .with_http_options(HttpOptions::new().with_allow_http(true))
            .with_retry(RetryConfig::new(1, Duration::from_secs(5)))
            .with_token_policy(TokenPolicy::new().with_max_logins(10, Duration::from_secs(60)))
            .build()
            .unwrap();
        let error = client.send(ApiRequest::raw(verb, "/identity/api/tenants/qe")).await.unwrap_err();
        assert_eq!((error.status(), error.outcome()), (Some(409), outcome));
    }
}

#[tokio::test]
async fn a_server_that_rejects_every_token_is_asked_twice() {
    let server = MockServer::start().await;
    logins(&server, "first-token", 1).await;
    logins(&server, "second-token", 1).await;
    let html = sample("v73_identity_tokens_post_401_html").body.as_str().unwrap().to_owned();
    let page = ResponseTemplate::new(401).set_body_raw(html, "text/html;charset=utf-8");
    Mock::given(method("GET")).respond_with(page).expect(2).mount(&server).await;
    let error = client(&server).identity().tenant("qe").await.unwrap_err();
    assert!(error.is_unauthenticated());
    let server_error = error.as_server().unwrap();
    assert_eq!(server_error.body, ErrorBody::Html);
    assert!(error.to_string().contains("HTTP Status 401 - Authentication required"), "{error}");
}

#[tokio::test]
async fn a_refused_login_is_not_repeated_and_says_why() {
    let server = MockServer::start().await;
    let html = sample("v73_identity_tokens_post_401_html").body.as_str().unwrap().to_owned();
    let refused = ResponseTemplate::new(401).set_body_raw(html, "text/html");
    Mock::given(method("POST")).respond_with(refused).expect(1).mount(&server).await;
    let client = client(&server);
    for _ in 0..3 {
        let error = client.identity().tenant("qe").await.unwrap_err();
        assert!(matches!(error, Error::Login(_)) && error.is_unauthenticated(), "{error:?}");
    }
}

#[tokio::test]
async fn after_a_refused_login_the_account_can_be_unlocked() {
    let server = MockServer::start().await;
    let refused = ResponseTemplate::new(401);
    Mock::given(method("POST")).respond_with(refused).up_to_n_times(1).expect(1).mount(&server).await;
    logins(&server, "first-token", 1).await;
    respond(&server, "GET", "/identity/api/tenants/qe", ResponseTemplate::new(200).set_body_json(json!({"id": "qe"})))
        .await;
    let client = client(&server);
    client.logout().await.unwrap();
    assert!(client.login().await.is_err() && client.login().await.is_err());
    client.forget_login();
    assert!(client.identity().tenant("qe").await.is_ok());
}

#[tokio::test]
async fn a_search_by_name_compares_the_names_itself() {
    let (server, client) = started().await;
    let row = |id: &str, name: &str| json!({"catalogItemId": id, "name": name});
    let at = "/catalog-service/api/consumer/entitledCatalogItemViews";
    let rows = json!({"content": [row("1", "CentOS"), row("2", "centos"), row("3", "Other")]});
    respond(&server, "GET", at, ResponseTemplate::new(200).set_body_json(rows)).await;
    let found = |name: &'static str| {
        let client = client.clone();
        async move { client.catalog().item_named(name).await }
    };
    assert_eq!(found("CentOS").await.unwrap().catalog_item_id.as_deref(), Some("1"));
    assert_eq!(found("other").await.unwrap().catalog_item_id.as_deref(), Some("3"));
    assert!(matches!(found("CENTOS").await, Err(Error::Ambiguous { count: 2, .. })));
    assert!(found("none").await.unwrap_err().is_not_found(), "the filter was ignored");
}

#[tokio::test]
async fn a_token_of_the_caller_is_used_and_not_renewed() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Bearer theirs"))
        .respond_with(ResponseTemplate::new(401))
        .expect(1)
        .mount(&server)
        .await;
    let options = HttpOptions::new().with_allow_http(true);
    let client = Client::builder(server.uri()).with_token("theirs").with_http_options(options).build().unwrap();
    let error = client.identity().tenant("qe").await.unwrap_err();
    assert_eq!((error.status(), error.as_server().unwrap().body), (Some(401), ErrorBody::Empty));
}

#[tokio::test]
async fn tokens_are_checked_and_ended() {
    let (server, client) = started().await;
    respond(&server, "HEAD", "/identity/api/tokens/good%2B%3D", ResponseTemplate::new(204)).await;
    respond(&server, "HEAD", "/identity/api/tokens/bad", ResponseTemplate::new(401)).await;
    respond(&server, "HEAD", "/identity/api/tokens/broken", ResponseTemplate::new(500)).await;
    respond(&server, "DELETE", "/identity/api/tokens/first-token", ResponseTemplate::new(204)).await;
    let identity = client.identity();
    assert!(identity.token_is_valid(&"good+=".into()).await.unwrap());
    assert!(!identity.token_is_valid(&"bad".into()).await.unwrap());
    let error = identity.token_is_valid(&"broken".into()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("broken"), "the path has a token");
    client.logout().await.unwrap();
    let gone = Client::builder("http://127.0.0.1:9").with_token("hunter2").with_retry(RetryConfig::none());
    let gone = gone.with_http_options(HttpOptions::new().with_allow_http(true)).build().unwrap();
    let error = gone.identity().token_is_valid(&"hunter2".into()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let (server, client) = started().await;
    respond(&server, "GET", "/identity/api/tenants/qe", ResponseTemplate::new(200).set_body_string("{\"id\": {}}"))
        .await;
    let error = client.identity().tenant("qe").await.unwrap_err();
    let call = client.identity().issue_token("tony@example.com", PASSWORD, "qe");
    let tenant = client.identity().put_tenant("qe", TenantBody::new("qe", "QE").with_password(PASSWORD));
    let shown =
        format!("{client:?} {error:?} {call:?} {tenant:?} {:?}", TenantBody::new("a", "b").with_password(PASSWORD));
    assert!(!shown.contains(PASSWORD) && !shown.contains("first-token"), "{shown}");
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let build = |url: &str, user: &str, tenant: &str| Client::builder(url).with_password(user, "x", tenant).build();
    assert!(build("https://vra.example", "EXAMPLE\\tony", "qe").unwrap_err().to_string().contains("user@domain"));
    assert!(build("https://vra.example", "tony@example.com", " ").is_err());
    assert!(build("http://vra.example", "tony@example.com", "qe").is_err(), "plain HTTP must be allowed");
    assert!(build("https://vra.example", "tony@example.com", "qe").is_ok());
}

// ---- Lists -------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_list_is_read_by_page_numbers_with_its_order() {
    let (server, client) = started().await;
    for (number, ids) in [("1", ["a", "b"]), ("2", ["c", "d"])] {
        // The link to the next page has lost the order, as documented; it must not be followed.
        let mut body = page(&ids, number.parse().unwrap(), 2, 4);
        body["links"] = json!([{"rel": "next", "href": "https://node.internal/identity/api/tenants?page=9"}]);
        Mock::given(method("GET"))
            .and(path("/identity/api/tenants"))
            .and(query_param("page", number))
            .and(query_param("limit", "2"))
            .and(query_param("$orderby", "name asc"))
            .and(query_param("$filter", "name ne 'it''s'"))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .expect(1)
            .mount(&server)
            .await;
    }
    let list = client.identity().tenants().with_filter(Filter::ne("name", "it's")).with_order_by(OrderBy::asc("name"));
    let rows: Vec<_> = list.with_page_size(2).stream().try_collect().await.unwrap();
    let ids: Vec<_> = rows.iter().filter_map(|row| row.id.as_deref()).collect();
    assert_eq!(ids, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_list_that_lacks_rows_ends_with_an_error_after_the_other_rows() {
    let (server, client) = started().await;
    pages(&server, "1", page(&["a", "b"], 1, 2, 4)).await;
    pages(&server, "2", page(&["b", "c"], 2, 2, 4)).await;
    let list = client.identity().tenants();
    let rows: Vec<_> = list.clone().stream().collect().await;
    assert_eq!(rows.iter().filter(|row| row.is_ok()).count(), 3, "a row that came again is passed on once");
    let last = rows.into_iter().next_back().unwrap().unwrap_err();
    assert!(matches!(last, Error::Truncated { expected: 4, received: 3, repeated: 1, .. }), "{last:?}");
    assert!(list.clone().all().await.is_err());
    assert_eq!(list.clone().with_incomplete_allowed().all().await.unwrap().len(), 3);
    assert_eq!(list.with_first_page(2).all().await.unwrap().len(), 2, "resumed, the count cannot be checked");
}

#[tokio::test]
async fn one_bad_row_is_named_by_its_path() {
    let (server, client) = started().await;
    let mut body = page(&["a", "b"], 1, 1, 2);
    body["content"][1]["defaultTenant"] = json!({"deep": PASSWORD});
    pages(&server, "1", body).await;
    let error = client.identity().tenants().all().await.unwrap_err();
    let Error::Decode(error) = error else { panic!("{error:?}") };
    assert_eq!((error.path.as_str(), error.status), ("content[1].defaultTenant", 200));
    assert_eq!(error.operation, "GET /identity/api/tenants");
}

#[tokio::test]
async fn a_user_is_read_from_an_object_or_a_list() {
    let (server, client) = started().await;
    let list = sample("v73_identity_principal_search_200").body;
    let alone = list["content"][0].clone();
    let at = |name: &str| format!("/identity/api/tenants/qe/principals/{name}@example.com");
    respond(&server, "GET", &at("list"), ResponseTemplate::new(200).set_body_json(list)).await;
    respond(&server, "GET", &at("alone"), ResponseTemplate::new(200).set_body_json(alone)).await;
    let none = ResponseTemplate::new(200).set_body_json(json!({"links": [], "content": []}));
    respond(&server, "GET", &at("none"), none).await;
    for name in ["list@example.com", "alone@example.com"] {
        let user = client.identity().principal("qe", name).await.unwrap();
        assert_eq!(user.full_name().as_deref(), Some("susan@example.mycompany.com"), "{name}");
    }
    let odd = ResponseTemplate::new(200).set_body_json(json!({"@type": "User", "locked": [1]}));
    respond(&server, "GET", &at("odd"), odd).await;
    let error = client.identity().principal("qe", "odd@example.com").await.unwrap_err();
    assert!(matches!(&error, Error::Decode(error) if error.path == "locked"), "{error}");
    assert!(client.identity().principal("qe", "none@example.com").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_business_group_is_found_among_memberships_too() {
    let (server, client) = started().await;
    let at = "/identity/api/tenants/qe/subtenants";
    respond(&server, "GET", at, ResponseTemplate::new(200).set_body_json(page(&[], 1, 0, 0))).await;
    let rows = ResponseTemplate::new(200).set_body_json(sample("v7_identity_subtenants_200").body);
    respond(&server, "GET", &format!("{at}/membership"), rows).await;
    let group = client.identity().subtenant_named("qe", "Finance").await.unwrap();
    assert_eq!(group.id.as_deref(), Some("e11a782e-cff3-4707-b1e1-88940507dab3"));
    let missing = client.identity().subtenant_named("qe", "Unknown").await.unwrap_err();
    assert!(missing.is_not_found(), "{missing:?}");
}

// ---- Requests and waiting ------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_request_is_submitted_whatever_the_response_looks_like() {
    let (server, client) = started().await;
    let id = "7aaf9baf-aa4e-47c4-997b-edd7c7983a5b";
    let location = format!("https://node-7.internal:8443/catalog-service/api/consumer/requests/{id}");
    let at = |name: &str| format!("/catalog-service/api/consumer/entitledCatalogItems/{name}/requests");
    for status in [200, 201, 202] {
        let response = ResponseTemplate::new(status).insert_header("Location", location.as_str());
        respond(&server, "POST", &at(&format!("empty{status}")), response).await;
        let submitted = client.catalog().submit(&format!("empty{status}"), RequestTemplate::default()).await.unwrap();
        assert_eq!(submitted.id, id);
        assert_eq!(
            submitted.location.as_deref(),
            Some(format!("/catalog-service/api/consumer/requests/{id}").as_str())
        );
        assert_eq!(submitted.request, None);
    }
    let body = sample("v7_catalog_request_submitted_201").body;
    respond(&server, "POST", &at("body"), ResponseTemplate::new(201).set_body_json(body)).await;
    let submitted = client.catalog().submit("body", RequestTemplate::default()).await.unwrap();
    assert_eq!(submitted.id, "4331735d-4a47-4055-b82e-21eb7666f18f");
    assert_eq!(submitted.request.unwrap().retries_remaining, Some(3));
    let odd = ResponseTemplate::new(201).insert_header("Location", location.as_str()).set_body_string("<p>ok</p>");
    respond(&server, "POST", &at("odd"), odd).await;
    let submitted = client.catalog().submit("odd", RequestTemplate::default()).await.unwrap();
    assert_eq!((submitted.id.as_str(), submitted.request), (id, None), "it was handed in, whatever the body is");
    respond(&server, "POST", &at("nothing"), ResponseTemplate::new(201)).await;
    let error = client.catalog().submit("nothing", RequestTemplate::default()).await.unwrap_err();
    assert!(error.to_string().contains("Location"), "{error}");
}

#[tokio::test]
async fn links_are_followed_on_the_configured_server() {
    let (server, client) = started().await;
    let views = sample("v73_catalog_entitled_item_views_200").body;
    respond(
        &server,
        "GET",
        "/catalog-service/api/consumer/entitledCatalogItemViews",
        ResponseTemplate::new(200).set_body_json(views),
    )
    .await;
    // The id in the links is not the item's.
    let at = "/catalog-service/api/consumer/entitledCatalogItems/7c8275d6-1bd6-452a-97c4-d6c053e4baa4/requests";
    let template = sample("v7_catalog_request_template_small_200").body;
    respond(&server, "GET", &format!("{at}/template"), ResponseTemplate::new(200).set_body_json(&template)).await;
    Mock::given(method("POST"))
        .and(path(at))
        .and(header("authorization", "Bearer first-token"))
        .and(body_json(&template))
        .respond_with(ResponseTemplate::new(202).insert_header("Location", "/catalog-service/api/consumer/requests/r1"))
        .mount(&server)
        .await;
    let catalog = client.catalog();
    let item = catalog.item_named("Linux").await.unwrap();
    let template = catalog.template_of(&item).unwrap().await.unwrap();
    let submitted = catalog.submit_to(&item, template).unwrap().await.unwrap();
    assert_eq!(submitted.id, "r1");
}

#[tokio::test]
async fn a_redirect_to_another_server_is_not_followed() {
    let (server, client) = started().await;
    let elsewhere = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&elsewhere).await;
    let moved = ResponseTemplate::new(302).insert_header("Location", format!("{}/x", elsewhere.uri()).as_str());
    respond(&server, "GET", "/identity/api/tenants/qe", moved).await;
    let error = client.identity().tenant("qe").await.unwrap_err();
    assert!(matches!(error, Error::UnexpectedLink { .. }), "{error:?}");
}

fn in_phase(phase: &str) -> ResponseTemplate {
    let mut body = sample("v7_catalog_request_status_in_progress_200").body;
    body["phase"] = json!(phase);
    body["state"] = json!(phase);
    if phase == "FAILED" {
        body["requestCompletion"] = json!({"requestCompletionState": "FAILED", "completionDetails": "no capacity"});
    }
    ResponseTemplate::new(200).set_body_json(body)
}

async fn wait_through(phases: &[&str]) -> Result<vra_client::v7::CatalogRequest, Error> {
    let (server, client) = started().await;
    for phase in phases {
        let mock = Mock::given(method("GET")).and(path("/catalog-service/api/consumer/requests/r1"));
        mock.respond_with(in_phase(phase)).up_to_n_times(1).mount(&server).await;
    }
    let pause = Duration::from_millis(5);
    let limits = Wait::up_to(Duration::from_secs(20)).with_pauses(pause, pause);
    client.catalog().wait_for("r1", &limits).await
}

#[tokio::test]
async fn a_request_is_waited_for_until_it_is_final() {
    let request = wait_through(&["PENDING_PRE_APPROVAL", "IN_PROGRESS", "SUCCESSFUL"]).await.unwrap();
    assert_eq!(request.outcome(), Some(true));
    let failure = |result: Result<_, Error>| match result {
        Err(Error::Wait(error)) => error,
        other => panic!("{other:?}"),
    };
    let failed = failure(wait_through(&["IN_PROGRESS", "FAILED"]).await);
    assert!(matches!(failed.reason, WaitReason::Failed));
    assert_eq!((failed.last_state.as_deref(), failed.details.as_deref()), (Some("FAILED"), Some("no capacity")));
    assert!(matches!(failure(wait_through(&["REJECTED"]).await).reason, WaitReason::Failed));
    let unknown = failure(wait_through(&["IN_PROGRESS", "HIBERNATED"]).await);
    assert!(matches!(unknown.reason, WaitReason::UnknownState));
    let gone = failure(wait_through(&["IN_PROGRESS"]).await);
    assert!(matches!(&gone.reason, WaitReason::Call(error) if error.is_not_found()), "{gone:?}");
    assert_eq!(gone.last_state.as_deref(), Some("IN_PROGRESS"));
}

// ---- Actions, work items, errors, calls without a method --------------------------------------------------------------

#[tokio::test]
async fn an_action_is_found_by_its_binding() {
    let (server, client) = started().await;
    let at = "/catalog-service/api/consumer/resources/m1/actions";
    let list = sample("v62_catalog_resource_actions_200").body;
    respond(&server, "GET", at, ResponseTemplate::new(200).set_body_json(list)).await;
    let action_at = format!("{at}/a1caee9b-d67f-41e8-a7b3-131616a0f6ac/requests");
    let template = sample("v7_catalog_action_template_destroy_200").body;
    respond(&server, "GET", &format!("{action_at}/template"), ResponseTemplate::new(200).set_body_json(&template))
        .await;
    Mock::given(method("POST"))
        .and(path(action_at))
        .and(body_json(&template))
        .respond_with(ResponseTemplate::new(201).insert_header("Location", "/catalog-service/api/consumer/requests/r2"))
        .mount(&server)
        .await;
    let catalog = client.catalog();
    let submitted = catalog.run_action("m1", "Infrastructure.Machine.Action.Reprovision").await.unwrap();
    assert_eq!(submitted.id, "r2");
    assert!(catalog.run_action("m1", "Infrastructure.Machine.Action.PowerOff").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_work_item_is_completed_and_read_back() {
    let (server, client) = started().await;
    let at = "/workitem-service/api/workitems/w1";
    respond(&server, "POST", &format!("{at}/actions/{APPROVE}"), ResponseTemplate::new(204)).await;
    let mut item = sample("v73_workitem_list_200").body["content"][0].clone();
    item["status"] = json!("COMPLETED");
    respond(&server, "GET", at, ResponseTemplate::new(200).set_body_json(item)).await;
    let item = client.work_items().complete_and_get("w1", APPROVE, LiteralMap::new()).await.unwrap();
    assert!(item.is_completed());
    assert_eq!(item.action_ending(".complete"), Some("com.mycompany.cafe.samples.travel.workItem.complete"));
}

#[tokio::test]
async fn the_servers_errors_are_distinguished() {
    let (server, client) = started().await;
    for (name, check) in [
        ("v62_error_12005_workitem_completed_400", vra_client::error::ServerError::is_completed_already as fn(&_) -> _),
        ("v62_error_12017_workitem_not_authorized_400", vra_client::error::ServerError::is_permission_denied),
        ("v62_error_90027_directory_link_400", vra_client::error::ServerError::is_directory_unreachable),
        ("v7_error_20111_request_not_found", vra_client::error::ServerError::is_not_found),
        ("v7_error_20116_catalog_item_not_found", vra_client::error::ServerError::is_not_found),
        ("v7_error_10101_invalid_argument", |error: &vra_client::error::ServerError| error.code() == Some(10101)),
    ] {
        let recorded = sample(name);
        let status = recorded.status;
        let response = ResponseTemplate::new(status).set_body_json(&recorded.body);
        respond(&server, "GET", &format!("/catalog-service/api/consumer/requests/{name}"), response).await;
        let error = client.catalog().request(name).await.unwrap_err();
        assert!(check(error.as_server().unwrap()), "{error}");
        assert!(error.to_string().contains(recorded.body["errors"][0]["message"].as_str().unwrap()), "{error}");
    }
}

#[tokio::test]
async fn a_busy_gateway_is_called_again_but_never_with_a_post() {
    let server = MockServer::start().await;
    logins(&server, "first-token", 1).await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(503)).up_to_n_times(1).expect(1).mount(&server).await;
    respond(&server, "GET", "/identity/api/tenants/qe", ResponseTemplate::new(200).set_body_json(json!({"id": "qe"})))
        .await;
    Mock::given(path("/catalog-service/api/consumer/entitledCatalogItems/i/requests"))
        .respond_with(ResponseTemplate::new(503).set_body_string("<html><title>starting</title></html>"))
        .expect(1)
        .mount(&server)
        .await;
    let client = Client::builder(server.uri())
        .with_password("tony@example.com", PASSWORD, "qe")
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .build()
        .unwrap();
    assert!(client.identity().tenant("qe").await.is_ok());
    let error = client.catalog().submit("i", RequestTemplate::default()).await.unwrap_err();
    assert_eq!((error.status(), error.retry()), (Some(503), ipam_core::Retry::IfIdempotent));
}

#[tokio::test]
async fn calls_without_a_method_can_be_sent() {
    let (server, client) = started().await;
    Mock::given(method("PUT"))
        .and(path("/identity/api/x"))
        .and(query_param("a", "b c"))
        .and(body_json(json!({"k": 1})))
        .and(header("authorization", "Bearer first-token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"done": true})))
        .mount(&server)
        .await;
    let call = client.raw(Method::PUT, "/identity/api/x?a=b%20c", Some(json!({"k": 1})));
    assert_eq!(call.await.unwrap().json::<Value>().unwrap(), json!({"done": true}));
    assert!(client.raw(Method::GET, "https://elsewhere.example/x", None).await.is_err());
    assert!(client.raw(Method::GET, "//elsewhere.example/x", None).await.is_err());
}

/// Pages of fresh rows without end.
struct Endless(std::sync::atomic::AtomicU64);

impl wiremock::Respond for Endless {
    fn respond(&self, _: &wiremock::Request) -> ResponseTemplate {
        let number = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let rows: Vec<Value> = (0..50).map(|row| json!({"id": format!("{number}-{row}"), "name": "other"})).collect();
        let metadata = json!({"totalElements": (number + 2) * 50, "totalPages": number + 2, "number": number + 1});
        ResponseTemplate::new(200).set_body_json(json!({"content": rows, "metadata": metadata}))
    }
}

#[tokio::test]
async fn an_endless_list_ends_at_a_limit_that_is_named() {
    let limits = vra_client::ListLimits::new().with_rows(1000);
    for (limits, option) in [
        (limits, "with_rows"),
        (limits.with_bytes(20_000), "with_bytes"),
        (vra_client::ListLimits::new().with_time(Duration::from_millis(200)), "with_time"),
    ] {
        let server = MockServer::start().await;
        logins(&server, "first-token", 0..).await;
        Mock::given(method("GET")).respond_with(Endless(0.into())).mount(&server).await;
        let client = Client::builder(server.uri())
            .with_password("tony@example.com", PASSWORD, "qe")
            .with_http_options(HttpOptions::new().with_allow_http(true).with_list_limits(limits))
            .build()
            .unwrap();
        let named = |error: Error| {
            assert!(error.to_string().contains(option), "{option}: {error}");
            assert!(error.to_string().contains("/identity/api/tenants"), "{error}");
        };
        named(client.identity().tenants().all().await.unwrap_err());
        let rows: Vec<_> = client.identity().tenants().stream().collect().await;
        assert!(rows.len() <= 1001 || option == "with_time");
        named(rows.into_iter().next_back().unwrap().unwrap_err());
        assert!(client.catalog().item_named("none").await.unwrap_err().to_string().contains(option));
    }
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let options = || HttpOptions::new().with_allow_http(true);
    let builder = || Client::builder("http://127.0.0.1:9").with_http_options(options());
    for client in [
        builder().with_password("tony@example.com", PASSWORD, "qe").build().unwrap(),
        builder().with_token("x").build().unwrap(),
    ] {
        let failed = |error: Error| assert!(error.to_string().contains("tokio runtime"), "{error:?}");
        failed(futures_executor::block_on(client.identity().tenant("qe").send()).unwrap_err());
        failed(futures_executor::block_on(client.identity().tenants().all()).unwrap_err());
        let waited = futures_executor::block_on(client.catalog().wait_for("any", &Wait::default())).unwrap_err();
        assert!(format!("{waited:?}").contains("tokio runtime"), "{waited:?}");
    }
}
