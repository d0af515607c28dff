//! Catalog of version 8, against a mock server with the recorded responses.

use futures_util::StreamExt;
use serde_json::{Value, json};
use vra_client::lenient::JsonObject;
use vra_client::v8::{
    Blueprint, BlueprintStatus, CatalogItem, CatalogItemPatch, CatalogItemQuery, CatalogItemRequestBody,
    CatalogItemType, CatalogSource, CatalogSourceBody, Client, Entitlement, EntitlementBody, Page, PriceStatus,
    RequestedDeployment,
};
use vra_client::{Error, ErrorKind, Outcome};
use wiremock::matchers::{body_json, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::replay::check::keeps;
use crate::sample;
use crate::v8_login::{respond, started};

const ITEM: &str = "563f6b86-e379-3965-81eb-90471da4d688";
const PROJECT: &str = "9de81991-4063-43b8-9542-dbaff1e588f8";

fn ok(body: impl serde::Serialize) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn body() -> CatalogItemRequestBody {
    CatalogItemRequestBody::new(PROJECT, "Test a1351a49-de1a-4f8e-9b0e-521ec083c216")
        .with_bulk_request_count(1_u32)
        .with_inputs(JsonObject::new())
        .with_reason("Some reason")
        .with_version("2")
}

#[test]
fn recorded_objects_have_a_field_for_every_member() {
    for (name, check) in [
        ("v8_catalog_item_200", keeps::<CatalogItem> as fn(&str) -> Result<Vec<String>, String>),
        ("v8_catalog_items_page_200", keeps::<Page<CatalogItem>>),
        ("v8_catalog_source_200", keeps::<CatalogSource>),
        ("v8_catalog_type_200", keeps::<CatalogItemType>),
        ("v8_catalog_entitlements_200", keeps::<Page<Entitlement>>),
        ("v8_catalog_item_request_200", keeps::<Page<RequestedDeployment>>),
        ("v8_blueprint_page_200", keeps::<Page<Blueprint>>),
    ] {
        assert_eq!(check(&sample(name).body.to_string()), Ok(vec![]), "{name}");
    }
}

#[test]
fn the_recorded_request_is_built() {
    let sent = Client::builder("https://vra.example").build().unwrap().catalog().submit(ITEM, body());
    let recorded = sample("v8_catalog_item_request_body");
    assert_eq!(sent.request().body(), Some(&recorded.body));
    assert_eq!(sent.request().path(), recorded.path);
    assert!(!sent.request().is_repeatable(), "a second request makes a second deployment");
}

#[tokio::test]
async fn an_item_is_found_requested_and_named() {
    let (server, client) = started().await;
    Mock::given(method("GET"))
        .and(path("/catalog/api/items"))
        .and(query_param("search", "jenkins-test"))
        .and(query_param("apiVersion", "2020-08-25"))
        .respond_with(ok(sample("v8_catalog_items_page_200").body))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path(format!("/catalog/api/items/{ITEM}/request")))
        .and(query_param("apiVersion", "2020-08-25"))
        .and(body_json(sample("v8_catalog_item_request_body").body))
        .respond_with(ok(sample("v8_catalog_item_request_200").body))
        .expect(1)
        .mount(&server)
        .await;
    let item = client.catalog().item_named("jenkins-test").await.unwrap();
    assert_eq!(item.item_type.as_ref().unwrap().id.as_deref(), Some("com.vmw.blueprint"));
    assert_eq!(item.created_at.as_ref().unwrap().as_str(), "2020-08-28T13:58:30.288680Z");
    let made = client.catalog().submit_to(&item, body()).unwrap().await.unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].id(), "cf3dcbd6-8cae-4844-bc56-0a95d1f8db84");
}

/// The search of the server finds descriptions too, and a part of a name is another item.
#[tokio::test]
async fn a_search_that_finds_other_names_is_no_match() {
    let (server, client) = started().await;
    respond(&server, "GET", "/catalog/api/items", ok(sample("v8_catalog_items_page_200").body)).await;
    let error = client.catalog().item_named("jenkins").await.unwrap_err();
    assert!(matches!(&error, Error::NoSuchName { what: "catalog item", .. }), "{error:?}");
    let blank = client.catalog().item_named(" ").await.unwrap_err();
    assert!(blank.to_string().contains("search"), "{blank}");
    assert_eq!(server.received_requests().await.unwrap().iter().filter(|r| r.method == "GET").count(), 1);
}

#[tokio::test]
async fn what_the_item_does_not_allow_is_refused_before_anything_is_sent() {
    let (server, client) = started().await;
    let mut item: CatalogItem = serde_json::from_value(sample("v8_catalog_item_200").body).unwrap();
    let schema = json!({"properties": {"cpu": {"type": "integer", "maximum": 4}}, "required": ["cpu"]});
    let newest = || CatalogItemRequestBody::new(PROJECT, "web");
    let refused = |item: &CatalogItem, body| match client.catalog().submit_to(item, body) {
        Err(error) => {
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotApplied));
            error.to_string()
        }
        Ok(_) => panic!("it was accepted"),
    };
    let text = refused(&item, CatalogItemRequestBody::new("other", "web"));
    assert!(text.contains("projectId") && text.contains("\"other\"") && text.contains(PROJECT), "{text}");
    let text = refused(&item, newest().with_bulk_request_count(2_u32));
    assert!(text.contains("bulkRequestCount") && text.contains("at most 1"), "{text}");
    let text = refused(&item, CatalogItemRequestBody::new(PROJECT, " "));
    assert!(text.contains("deploymentName") && text.contains("\" \""), "{text}");
    item.schema = Some(serde_json::from_value(schema).unwrap());
    assert!(refused(&item, newest()).contains("input cpu"));
    assert!(refused(&item, newest().with_input("cpu", 8)).contains("at most 4"));
    assert!(client.catalog().submit_to(&item, newest().with_input("cpu", 4)).is_ok());
    // The schema is that of the newest version only.
    assert!(client.catalog().submit_to(&item, newest().with_version("1")).is_ok());
    item.project_ids = None;
    item.bulk_request_limit = None;
    let many = CatalogItemRequestBody::new("any", "web").with_bulk_request_count(9_u32).with_input("cpu", 1);
    assert!(client.catalog().submit_to(&item, many).is_ok(), "an item that says nothing refuses nothing");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn refusals_of_a_request_are_typed() {
    let (server, client) = started().await;
    let at = format!("/catalog/api/items/{ITEM}/request");
    for (status, kind) in [
        (400, ErrorKind::InvalidInput),
        (403, ErrorKind::PermissionDenied),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Conflict),
    ] {
        let once = ResponseTemplate::new(status);
        Mock::given(method("POST")).and(path(&at)).respond_with(once).up_to_n_times(1).mount(&server).await;
        let error = client.catalog().submit(ITEM, body()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotApplied), "{status}");
    }
}

#[tokio::test]
async fn a_response_without_a_deployment_is_an_error_of_a_request_that_was_made() {
    for odd in [json!([]), json!([{"deploymentName": "x"}]), json!([{"deploymentId": ""}]), json!({"message": "x"})] {
        let (server, client) = started().await;
        respond(&server, "POST", &format!("/catalog/api/items/{ITEM}/request"), ok(&odd)).await;
        let error = client.catalog().submit(ITEM, body()).await.unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{odd}");
        assert_eq!(error.outcome(), Outcome::Unknown);
    }
}

#[tokio::test]
async fn a_bulk_request_returns_every_deployment() {
    let (server, client) = started().await;
    let rows: Vec<Value> = (0..3).map(|n| json!({"deploymentId": format!("d{n}"), "later": n})).collect();
    respond(&server, "POST", &format!("/catalog/api/items/{ITEM}/request"), ok(&rows)).await;
    let made = client.catalog().submit(ITEM, body().with_bulk_request_count(3_u32)).await.unwrap();
    assert_eq!(made.iter().map(RequestedDeployment::id).collect::<Vec<_>>(), ["d0", "d1", "d2"]);
    assert_eq!(serde_json::to_value(&made).unwrap(), json!(rows), "what is not known is kept");
}

async fn versions(server: &MockServer, number: u32, ids: &[&str]) {
    let rows: Vec<Value> = ids.iter().map(|id| json!({"id": id, "schema": {"type": "object"}})).collect();
    Mock::given(method("GET"))
        .and(path(format!("/catalog/api/items/{ITEM}/versions")))
        .and(query_param("page", number.to_string()))
        .and(query_param("size", "2"))
        .respond_with(ok(json!({"content": rows, "number": number, "totalPages": 2, "totalElements": 3})))
        .expect(1)
        .mount(server)
        .await;
}

#[tokio::test]
async fn versions_have_pages_with_numbers_from_zero() {
    let (server, client) = started().await;
    versions(&server, 0, &["3", "2"]).await;
    versions(&server, 1, &["1"]).await;
    let all = client.catalog().versions(ITEM).with_page_size(2).all().await.unwrap();
    assert_eq!(all.iter().filter_map(|version| version.id.as_deref()).collect::<Vec<_>>(), ["3", "2", "1"]);
    let read = client.catalog().version(ITEM, "2/x");
    assert_eq!(read.request().path(), format!("/catalog/api/items/{ITEM}/versions/2%2Fx"));
}

#[tokio::test]
async fn a_second_page_that_fails_ends_the_list_after_the_rows_of_the_first() {
    let (server, client) = started().await;
    versions(&server, 0, &["3", "2"]).await;
    Mock::given(query_param("page", "1")).respond_with(ResponseTemplate::new(500)).expect(1).mount(&server).await;
    let read: Vec<_> = client.catalog().versions(ITEM).with_page_size(2).stream().collect().await;
    assert_eq!(read.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(read[2].as_ref().unwrap_err().status(), Some(500));
}

#[test]
fn conditions_are_repeated_and_blank_ones_refused() {
    let client = Client::builder("https://vra.example").build().unwrap();
    let query = CatalogItemQuery::new().with_project("a").with_project("b").with_type("com.vmw.blueprint");
    let list = client.catalog().find_items(query.with_search("x").with_search("y z").with_projects_expanded());
    assert_eq!(
        list.request().target(),
        "/catalog/api/items?projects=a&projects=b&types=com.vmw.blueprint&search=y%20z&expandProjects=true\
         &apiVersion=2020-08-25&$orderby=name%20asc&$top=200&$skip=0"
    );
    let blank = client.catalog().find_items(CatalogItemQuery::new().with_project(""));
    assert!(blank.request().validate().unwrap_err().to_string().contains("projects"));
    assert!(client.catalog().entitlements(" ").request().validate().is_err());
}

#[tokio::test]
async fn administrators_read_and_change_sources_and_entitlements() {
    let (server, client) = started().await;
    let catalog = client.catalog();
    let entitled = "/catalog/api/admin/entitlements";
    Mock::given(method("GET"))
        .and(path(entitled))
        .and(query_param("projectId", "p1"))
        .respond_with(ok(sample("v8_catalog_entitlements_200").body))
        .expect(1)
        .mount(&server)
        .await;
    let rows = catalog.entitlements("p1").await.unwrap();
    let kinds: Vec<_> = rows.iter().map(|row| row.definition.as_ref().unwrap().definition_type.clone()).collect();
    assert_eq!(kinds, [Some("CatalogSourceIdentifier".into()), Some("CatalogItemIdentifier".into())]);

    let expected = json!({"projectId": "p1", "definition": {"type": "CatalogItemIdentifier", "id": "i1"}});
    Mock::given(method("POST"))
        .and(path(entitled))
        .and(body_json(&expected))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"id": "e1", "projectId": "p1"})))
        .expect(1)
        .mount(&server)
        .await;
    let made = catalog.create_entitlement(EntitlementBody::of_item("p1", "i1")).await.unwrap();
    assert_eq!(made.id.as_deref(), Some("e1"));
    respond(&server, "DELETE", "/catalog/api/admin/entitlements/e1", ResponseTemplate::new(204)).await;
    catalog.delete_entitlement("e1").await.unwrap();

    respond(&server, "GET", "/catalog/api/admin/sources/123456", ok(sample("v8_catalog_source_200").body)).await;
    let source = catalog.source("123456").await.unwrap();
    assert_eq!((source.items_found, source.global), (Some(20), Some(false)));
    let body = CatalogSourceBody::new("Devops", "com.vmw.blueprint", source.config.unwrap()).with_id("123456");
    let put = catalog.put_source(body).with_query("validationOnly", "true");
    assert_eq!(put.request().target(), "/catalog/api/admin/sources?apiVersion=2020-08-25&validationOnly=true");
    assert_eq!(put.request().body().unwrap()["config"]["sourceProjectId"], "pro-123456");

    respond(&server, "PATCH", "/catalog/api/admin/items/i1", ResponseTemplate::new(200)).await;
    catalog.update_item("i1", CatalogItemPatch::new().with_icon("x")).await.unwrap();
    respond(&server, "GET", "/catalog/api/types/com.vmw.vro.workflow", ok(sample("v8_catalog_type_200").body)).await;
    let item_type = catalog.item_type("com.vmw.vro.workflow").await.unwrap();
    assert!(item_type.config_schema.unwrap().contains_key("properties"));
}

#[tokio::test]
async fn a_price_is_asked_for_and_read_until_it_is_final() {
    let (server, client) = started().await;
    let at = format!("/catalog/api/items/{ITEM}/upfront-prices");
    respond(&server, "POST", &at, ok(json!({"upfrontPriceId": "u1", "status": "STARTED"}))).await;
    let price = json!({"upfrontPriceId": "u1", "status": "SUCCESS", "unit": "EUR", "dailyTotalPrice": 1.10,
        "resourcePriceDetails": [{"resourceName": "web", "status": "LATER", "dailyTotalPrice": 1.1}]});
    respond(&server, "GET", &format!("{at}/u1"), ok(&price)).await;
    let asked = client.catalog().request_upfront_price(ITEM, body()).await.unwrap();
    assert_eq!(asked.status.unwrap().is_final(), Some(false));
    let read = client.catalog().upfront_price(ITEM, &asked.id.unwrap()).await.unwrap();
    assert_eq!(read.status, Some(PriceStatus::Success));
    let later = &read.resource_prices.as_ref().unwrap()[0].status;
    assert_eq!(later, &Some(PriceStatus::Unknown("LATER".into())));
    assert_eq!(later.as_ref().unwrap().is_final(), None);
    assert_eq!(serde_json::to_value(&read).unwrap(), price);
}

#[tokio::test]
async fn cloud_templates_are_listed_and_found_by_name() {
    let (server, client) = started().await;
    respond(&server, "GET", "/blueprint/api/blueprints", ok(sample("v8_blueprint_page_200").body)).await;
    let found = client.blueprints().named("jenkins-test").await.unwrap();
    assert_eq!((found.status, found.valid), (Some(BlueprintStatus::Draft), Some(true)));
    assert!(client.blueprints().named("other").await.unwrap_err().is_not_found());
    let targets = server.received_requests().await.unwrap();
    let query = targets.iter().find(|r| r.method == "GET").unwrap().url.query().unwrap().to_owned();
    assert!(query.contains("apiVersion=2020-08-25") && query.contains("name=jenkins-test"), "{query}");
}
