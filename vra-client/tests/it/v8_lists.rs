//! Lists of version 8, against a mock server with the responses of each test.

use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use vra_client::Error;
use vra_client::lenient::{JsonObject, Model};
use vra_client::odata::{Filter, OrderBy};
use vra_client::v8::{Client, Page, Paging};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::sample;
use crate::v8_login::{respond, started};

const PROJECTS: &str = "/iaas/api/projects";

fn rows(ids: std::ops::Range<u32>) -> Vec<Value> {
    ids.map(|id| json!({"id": format!("p{id}"), "name": format!("project {id}")})).collect()
}

/// Mounts the page behind a number of rows, once.
async fn page(server: &MockServer, skip: u32, body: Value) {
    Mock::given(method("GET"))
        .and(path(PROJECTS))
        .and(query_param("$skip", skip.to_string()))
        .and(query_param("$top", "2"))
        .and(query_param("apiVersion", "2021-07-15"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .expect(1)
        .mount(server)
        .await;
}

async fn read(client: &Client) -> Result<Vec<String>, Error> {
    let list = client.projects().list().with_page_size(2);
    list.stream().map_ok(|row| row.id.unwrap_or_default()).try_collect().await
}

#[test]
fn the_first_page_is_requested_with_version_order_and_count() {
    let client = Client::builder("https://vra.example").build().unwrap();
    let list = client.projects().list();
    assert_eq!(
        list.request().target(),
        "/iaas/api/projects?$count=true&apiVersion=2021-07-15&$orderBy=name%20asc&$top=200&$skip=0"
    );
    let other = list.with_order_by(OrderBy::desc("id")).with_first_page(3).with_page_size(50);
    assert_eq!(other.request().query_value("$orderBy"), Some("id desc"));
    assert_eq!(other.request().query_value("$skip"), Some("100"));
    let client = Client::builder("https://vra.example").with_iaas_version("2019-01-15").build().unwrap();
    assert_eq!(client.projects().get("p").request().target(), "/iaas/api/projects/p?apiVersion=2019-01-15");
}

#[tokio::test]
async fn pages_with_a_count_are_read_to_the_last_row() {
    let (server, client) = started().await;
    page(&server, 0, json!({"content": rows(0..2), "totalElements": 3, "numberOfElements": 2})).await;
    page(&server, 2, json!({"content": rows(2..3), "totalElements": 3, "numberOfElements": 1})).await;
    assert_eq!(read(&client).await.unwrap(), ["p0", "p1", "p2"]);
}

#[tokio::test]
async fn a_server_that_cuts_pages_skips_no_row() {
    let (server, client) = started().await;
    page(&server, 0, json!({"content": rows(0..1), "totalElements": 3})).await;
    page(&server, 1, json!({"content": rows(1..2), "totalElements": 3})).await;
    page(&server, 2, json!({"content": rows(2..3), "totalElements": 3})).await;
    assert_eq!(read(&client).await.unwrap(), ["p0", "p1", "p2"]);
}

/// The largest page of a server is not known, so that a short page need not be the last one.
#[tokio::test]
async fn without_a_count_a_page_without_a_new_row_ends_the_list() {
    let (server, client) = started().await;
    page(&server, 0, json!({"content": rows(0..1), "numberOfElements": 1})).await;
    page(&server, 1, json!({"content": rows(1..3), "numberOfElements": 2})).await;
    page(&server, 3, json!({"content": [], "numberOfElements": 0})).await;
    assert_eq!(read(&client).await.unwrap(), ["p0", "p1", "p2"]);
}

#[tokio::test]
async fn a_bare_array_is_one_page() {
    let (server, client) = started().await;
    page(&server, 0, Value::from(rows(0..1))).await;
    assert_eq!(read(&client).await.unwrap(), ["p0"]);
}

#[tokio::test]
async fn rows_without_an_id_end_the_list_with_a_page_that_is_not_full() {
    let (server, client) = started().await;
    page(&server, 0, json!({"content": [{"name": "a"}, {"name": "b"}]})).await;
    page(&server, 2, json!({"content": [{"name": "c"}]})).await;
    assert_eq!(read(&client).await.unwrap().len(), 3);
}

/// Ranges and blocks declare no paging: such a server sends everything, whatever the request says.
#[tokio::test]
async fn a_server_that_ignores_the_paging_ends_the_list() {
    let (server, client) = started().await;
    let all = json!({"content": rows(0..5)});
    Mock::given(path(PROJECTS))
        .respond_with(ResponseTemplate::new(200).set_body_json(&all))
        .expect(2)
        .mount(&server)
        .await;
    assert_eq!(read(&client).await.unwrap().len(), 5);

    let (server, client) = started().await;
    let counted = json!({"content": rows(0..5), "totalElements": 5});
    Mock::given(path(PROJECTS))
        .respond_with(ResponseTemplate::new(200).set_body_json(&counted))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(read(&client).await.unwrap().len(), 5);
}

/// The catalog and deployment services count pages from 0, and say which is the last.
#[tokio::test]
async fn pages_of_the_other_services_are_read_to_the_last() {
    let (server, client) = started().await;
    let counts = |number: u32| {
        json!({"content": rows(number * 2..(number * 2 + 2).min(5)), "number": number, "totalPages": 3, "size": 2,
            "last": number == 2, "first": number == 0, "totalElements": 5})
    };
    for number in 0..3 {
        page(&server, number * 2, counts(number)).await;
    }
    assert_eq!(read(&client).await.unwrap().len(), 5);

    // Without a count of rows the number of the page decides, and without that the mark of the last one.
    for members in [["totalElements", "last"], ["totalElements", "number"]] {
        let (server, client) = started().await;
        for number in 0..3 {
            let mut body = counts(number);
            for member in members {
                body.as_object_mut().unwrap().remove(member);
            }
            page(&server, number * 2, body).await;
        }
        assert_eq!(read(&client).await.unwrap().len(), 5);
    }
}

#[test]
fn pages_are_requested_in_each_way() {
    let client = Client::builder("https://vra.example").build().unwrap();
    let list = client.zones().list().with_page_size(20).with_first_page(3);
    for (paging, query) in [
        (Paging::TopSkip, "&$top=20&$skip=40"),
        (Paging::PageSize, "&page=2&size=20"),
        (Paging::PageLimit, "&page=3&limit=20"),
        (Paging::Single, ""),
    ] {
        let target = list.clone().with_paging(paging).request().target();
        assert_eq!(target, format!("/iaas/api/zones?apiVersion=2021-07-15{query}"));
    }
}

/// 5 000 ranges are 25 requests, and no more than one page of them is held.
#[tokio::test]
async fn a_large_list_is_streamed_in_counted_requests() {
    let (server, client) = started().await;
    let page = |request: &wiremock::Request| {
        let query: std::collections::HashMap<_, _> = request.url.query_pairs().into_owned().collect();
        let (top, skip): (u32, u32) = (query["$top"].parse().unwrap(), query["$skip"].parse().unwrap());
        ResponseTemplate::new(200)
            .set_body_json(json!({"content": rows(skip..(skip + top).min(5000)), "totalElements": 5000}))
    };
    let at = "/iaas/api/network-ip-ranges";
    Mock::given(path(at)).respond_with(page).expect(25).mount(&server).await;
    let mut pages = Box::pin(client.network_ip_ranges().list().pages());
    let mut count = 0;
    while let Some(page) = pages.try_next().await.unwrap() {
        assert!(page.content.len() <= 200);
        count += page.content.len();
    }
    assert_eq!(count, 5000);
}

#[tokio::test]
async fn repeated_rows_are_returned_once_and_missing_ones_are_an_error() {
    let (server, client) = started().await;
    page(&server, 0, json!({"content": rows(0..2), "totalElements": 4})).await;
    page(&server, 2, json!({"content": rows(1..3), "totalElements": 4})).await;
    page(&server, 4, json!({"content": [], "totalElements": 4})).await;
    let mut rows = Box::pin(client.projects().list().with_page_size(2).stream());
    for id in ["p0", "p1", "p2"] {
        assert_eq!(rows.next().await.unwrap().unwrap().id.as_deref(), Some(id));
    }
    let error = rows.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Truncated { expected: 4, received: 3, repeated: 1, .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("3 of 4 rows, and 1 of them came twice; set an order (`$orderby`) or a larger page size")
    );
    assert!(rows.next().await.is_none());
}

#[tokio::test]
async fn a_second_page_that_fails_ends_the_list_after_the_rows_of_the_first() {
    let (server, client) = started().await;
    page(&server, 0, json!({"content": rows(0..2), "totalElements": 3})).await;
    Mock::given(query_param("$skip", "2")).respond_with(ResponseTemplate::new(500)).expect(1).mount(&server).await;
    let read: Vec<_> = client.projects().list().with_page_size(2).stream().collect().await;
    assert_eq!(read.len(), 3);
    assert!(read[0].is_ok() && read[1].is_ok());
    assert_eq!(read[2].as_ref().unwrap_err().status(), Some(500));
}

#[tokio::test]
async fn a_search_by_name_compares_the_names_itself() {
    let (server, client) = started().await;
    let found =
        json!({"content": [{"id": "1", "name": "Lab"}, {"id": "2", "name": "lab"}, {"id": "3", "name": "Other"}]});
    respond(&server, "GET", PROJECTS, ResponseTemplate::new(200).set_body_json(found)).await;
    assert_eq!(client.projects().named("Lab").await.unwrap().id.as_deref(), Some("1"));
    assert_eq!(client.projects().named("other").await.unwrap().id.as_deref(), Some("3"));
    assert!(matches!(client.projects().named("LAB").await, Err(Error::Ambiguous { count: 2, .. })));
    assert!(matches!(client.projects().named("none").await, Err(Error::NoSuchName { .. })));
}

#[test]
fn pages_of_both_services_are_kept_and_know_their_counts() {
    for (name, total, pages) in [
        ("v8_iaas_projects_200", 1, None),
        ("v8_catalog_items_page_200", 1, Some(1)),
        ("v8_deployment_resources_page_200", 3, Some(1)),
    ] {
        let body = sample(name).body;
        let page: Page<JsonObject> = serde_json::from_value(body.clone()).unwrap();
        assert_eq!((page.total(), page.total_pages(), page.has_next()), (Some(total), pages, None), "{name}");
        assert_eq!(serde_json::to_value(&page).unwrap(), body, "{name}");
        assert_eq!(page.unknown_members(), [""; 0], "{name}");
    }
    let bare: Page<JsonObject> = serde_json::from_value(sample("v8_catalog_entitlements_200").body).unwrap();
    assert!(bare.content.len() == 2 && bare.total().is_none());
    let error =
        serde_json::from_value::<Page<JsonObject>>(json!({"content": [], "totalElements": "many"})).unwrap_err();
    assert!(error.to_string().contains("many"), "{error}");
}

#[test]
fn zones_of_a_project_are_set_as_a_whole() {
    let client = Client::builder("https://vra.example").build().unwrap();
    let zone: vra_client::v8::ZoneAssignment = serde_json::from_value(json!({"zoneId": "z", "priority": 1})).unwrap();
    let call = client.projects().set_zones("p", [zone]);
    assert_eq!(call.request().method(), http::Method::PUT);
    let expected = json!({"zoneAssignmentSpecifications": [{"zoneId": "z", "priority": 1}]});
    assert_eq!(call.request().body(), Some(&expected));
}

#[test]
fn filters_of_projects_have_functions() {
    let client = Client::builder("https://vra.example").build().unwrap();
    let list = client.projects().list().with_filter(Filter::contains("name", "it's"));
    assert_eq!(list.request().query_value("$filter"), Some("substringof('it''s',name)"));
}
