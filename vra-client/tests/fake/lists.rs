//! Paging, with every defect that a server can have.

use futures_util::TryStreamExt;
use vra_client::Error;
use vra_client::lenient::JsonObject;
use vra_client::odata::{Filter, Operand, OrderBy};
use vra_client::request::ApiRequest;
use vra_client::testing::v7::{Item, Server};
use vra_client::testing::{Fault, When};
use vra_client::v7::{CatalogItemView, Client, List, Paging};

use crate::started;

/// Starts a server with five items and returns a list of them in pages of two.
async fn five() -> (Server, Client) {
    let (server, client) = started(Server::builder()).await;
    server.seed(|store| (1..=5).for_each(|n| drop(store.add_item(Item::new(format!("item {n}"))))));
    (server, client)
}

fn list(client: &Client) -> List<CatalogItemView> {
    client.catalog().entitled_item_views().with_page_size(2)
}

fn names(rows: &[CatalogItemView]) -> Vec<&str> {
    rows.iter().filter_map(|row| row.name.as_deref()).collect()
}

fn page(number: u32) -> When {
    When::any().path("Views").matching(move |target| target.query.contains(&format!("page={number}&")))
}

#[tokio::test]
async fn all_pages_come_in_order() {
    let (server, client) = five().await;
    let rows = list(&client).with_order_by(OrderBy::desc("name")).all().await.unwrap();
    assert_eq!(names(&rows), ["item 5", "item 4", "item 3", "item 2", "item 1"]);
    let asked = server.requests().into_iter().filter(|request| request.path.contains("Views"));
    let kept = asked.filter(|request| request.query.contains("$orderby=name")).count();
    assert_eq!(kept, 3, "the order is on every page, which the server's own link loses");
    let resumed: Vec<_> = list(&client).with_first_page(2).stream().try_collect().await.unwrap();
    assert_eq!(names(&resumed), ["item 3", "item 4", "item 5"]);
}

#[tokio::test]
async fn pages_may_be_asked_for_by_the_rows_before_them() {
    let (server, client) = five().await;
    let rows = list(&client).with_paging(Paging::TopSkip).with_order_by("name").all().await.unwrap();
    assert_eq!(names(&rows), ["item 1", "item 2", "item 3", "item 4", "item 5"]);
    let asked: Vec<_> = server.requests().into_iter().filter(|request| request.path.contains("Views")).collect();
    for (request, skip) in asked.iter().zip(["$top=2&$skip=0", "$top=2&$skip=2", "$top=2&$skip=4"]) {
        assert!(request.query.ends_with(skip) && !request.query.contains("page="), "{request:?}");
    }
    assert_eq!(asked.len(), 3);
}

#[tokio::test]
async fn a_request_of_the_callers_own_is_sent_with_the_session() {
    let (_server, client) = five().await;
    let request = ApiRequest::new(http::Method::GET, "/identity/api/tenants/{tenant}", &[Server::TENANT]);
    let response = client.send(request).await.unwrap();
    assert_eq!(
        (response.status, response.json::<JsonObject>().unwrap().get("id").unwrap()),
        (200, &Server::TENANT.into())
    );
    assert!(client.send(ApiRequest::new(http::Method::GET, "/x/{id}", &[".."])).await.is_err());
}

#[tokio::test]
async fn filters_are_the_servers() {
    let (_server, client) = five().await;
    let one = list(&client).with_filter(Filter::eq("name", "item 3")).all().await.unwrap();
    assert_eq!(names(&one), ["item 3"]);
    let some = Filter::ends_with("name", "1").or(Filter::contains("name", "m 2"));
    assert_eq!(names(&list(&client).with_filter(some).all().await.unwrap()), ["item 1", "item 2"]);
    let none = Filter::eq("status", Operand::word("DRAFT"));
    assert_eq!(list(&client).with_filter(none).all().await.unwrap().len(), 0);
    let error = list(&client).with_filter(Filter::raw("name is 'x'")).all().await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some(10101)));
}

fn truncated(result: Result<Vec<CatalogItemView>, Error>) -> (u64, u64, u64) {
    match result {
        Err(Error::Truncated { expected, received, repeated, .. }) => (expected, received, repeated),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_that_lacks_a_row_is_noticed() {
    let (server, client) = five().await;
    server.fault(Fault::TruncatePage, page(2));
    assert_eq!(truncated(list(&client).all().await), (5, 4, 0));
    server.fault(Fault::TruncatePage, page(3));
    assert_eq!(truncated(list(&client).all().await), (5, 4, 0));
    server.fault(Fault::TruncatePage, page(1));
    let allowed = list(&client).with_incomplete_allowed().all().await.unwrap();
    assert_eq!(allowed.len(), 4);
}

#[tokio::test]
async fn a_row_that_comes_again_is_passed_on_once_and_the_missed_one_noticed() {
    let (server, client) = five().await;
    server.fault(Fault::RepeatRow, page(2));
    assert_eq!(truncated(list(&client).all().await), (5, 4, 1));
    server.fault(Fault::RepeatRow, page(2));
    let rows = list(&client).with_incomplete_allowed().all().await.unwrap();
    assert_eq!(names(&rows), ["item 1", "item 2", "item 4", "item 5"]);
}

#[tokio::test]
async fn a_server_that_ignores_the_page_number_is_not_asked_for_ever() {
    let (server, client) = five().await;
    server.fault(Fault::IgnorePage, When::any().path("Views").always());
    assert_eq!(truncated(list(&client).all().await), (5, 2, 2));
    assert_eq!(server.count("GET", "Views"), 2);
}

#[tokio::test]
async fn counts_that_change_are_those_of_the_last_page() {
    let (server, client) = five().await;
    // A row was added while the list was read, and then it was gone.
    server.fault(Fault::CountOff(1), page(1));
    assert_eq!(list(&client).all().await.unwrap().len(), 5);
    // The last page counts more than there are.
    server.fault(Fault::CountOff(2), When::any().path("Views").always());
    assert_eq!(truncated(list(&client).all().await), (7, 5, 0));
}

#[tokio::test]
async fn links_do_without_counts_and_full_pages_without_either() {
    let (server, client) = five().await;
    server.fault(Fault::NoMetadata, When::any().path("Views").always());
    assert_eq!(list(&client).all().await.unwrap().len(), 5);
    server.clear_faults();
    server.fault(Fault::BarePage, When::any().path("Views").always());
    assert_eq!(list(&client).all().await.unwrap().len(), 5);
}

#[tokio::test]
async fn types_come_in_any_letter_case() {
    let (server, client) = five().await;
    for fault in [Fault::LowerTypes, Fault::UpperTypes] {
        server.fault(fault, When::any().path("Views").always());
        let rows = list(&client).all().await.unwrap();
        assert_eq!(rows.len(), 5);
        assert!(rows[0].template_link().is_some(), "links are found all the same");
        server.clear_faults();
        let kept = rows[0].type_name.as_deref().unwrap();
        assert!(
            kept.eq_ignore_ascii_case("ConsumerEntitledCatalogItemView") && kept != "ConsumerEntitledCatalogItemView"
        );
    }
}

#[tokio::test]
async fn a_failure_on_a_later_page_comes_after_the_rows_before_it() {
    let (server, client) = five().await;
    server.fault(Fault::Html(502), page(3));
    let mut stream = Box::pin(list(&client).stream());
    let mut rows = 0;
    let error = loop {
        match stream.try_next().await {
            Ok(Some(_)) => rows += 1,
            Ok(None) => panic!("the failure was lost"),
            Err(error) => break error,
        }
    };
    assert_eq!((rows, error.status()), (4, Some(502)));
}
