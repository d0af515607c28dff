//! Long lists, row by row.

use futures_util::{StreamExt as _, TryStreamExt as _};
use ipam_core::ErrorKind;
use phpipam_client::testing::{Fault, Server, When};
use phpipam_client::{Error, Filter};
use serde_json::json;

use crate::quirks::{Canned, no, ok};
use crate::support::client;

#[tokio::test]
async fn a_stream_has_the_rows_of_the_list() {
    let server = Server::start().await.unwrap();
    let (subnet, empty) = server.seed(|store| {
        let section = store.add_section("Lab");
        let subnet = store.add_subnet(section, "10.0.0.0/20".parse().unwrap());
        store.fill(subnet, 3000);
        store.add_folder(section, "folder");
        (subnet, store.add_subnet(section, "10.9.0.0/24".parse().unwrap()))
    });
    let client = client(&server);
    let rows: Vec<_> = client.subnets().stream_addresses(subnet.into()).try_collect().await.unwrap();
    assert_eq!(rows.len(), 3000);
    assert_eq!(rows, client.subnets().addresses(subnet.into()).await.unwrap());
    assert_eq!(client.subnets().stream_addresses(empty.into()).count().await, 0);
    let first: Vec<_> = client.subnets().stream_addresses(subnet.into()).take(2).try_collect().await.unwrap();
    assert_eq!(first, rows[..2]);
    let one = Filter::equals("id", empty);
    let found: Vec<_> = client.subnets().stream(Some(&one)).try_collect().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(client.subnets().stream(None).count().await, 2);
    assert_eq!(client.folders().stream(None).count().await, 1);
    assert_eq!(client.addresses().stream(None).count().await, 3000);
    server.expire_tokens();
    assert_eq!(client.addresses().stream(None).count().await, 3000, "a new login, as for any call");
}

#[tokio::test]
async fn a_stream_fails_as_the_list_does() {
    let missing = Canned::always(404, no(404, "Invalid subnet Id (9)")).await;
    let error = missing.client.subnets().stream_addresses(9.into()).try_next().await.unwrap_err();
    assert!(error.is_not_found());
    let zero = missing.client.subnets().stream_addresses(0.into()).try_next().await.unwrap_err();
    assert_eq!(zero.kind(), ErrorKind::InvalidInput);
    let page = Canned::text(200, "text/html", "<html>login</html>").await;
    let error = page.client.addresses().stream(None).try_next().await.unwrap_err();
    assert!(matches!(error, Error::NotAnApi(_)), "{error:?}");
    let refused =
        Canned::always(200, json!({"code":500,"success":false,"data":[{"id":1}],"message":"Cannot obtain lock"})).await;
    let error = refused.client.addresses().stream(None).try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    let single = Canned::always(200, ok(json!({"id":1}))).await;
    assert_eq!(single.client.addresses().stream(None).count().await, 1);
}

#[tokio::test]
async fn one_bad_row_does_not_spoil_the_others() {
    let rows = json!([{"id":1},{"id":2,"subnetId":{}},{"id":3}]);
    let canned = Canned::always(200, ok(rows)).await;
    let rows: Vec<_> = canned.client.addresses().stream(None).collect().await;
    let shape: Vec<_> =
        rows.iter().map(|row| row.as_ref().map(|row| row.id.get()).map_err(ToString::to_string)).collect();
    assert!(matches!(&shape[..], [Ok(1), Err(text), Ok(3)] if text.contains("data[1].subnetId")), "{shape:?}");
}

#[tokio::test]
async fn a_list_that_breaks_off_is_an_error_at_its_end() {
    let cut = r#"{"code":200,"success":true,"data":[{"id":1},{"id":2"#;
    let canned = Canned::text(200, "application/json", cut).await;
    let rows: Vec<_> = canned.client.addresses().stream(None).collect().await;
    assert_eq!(rows.len(), 2);
    assert!(rows[0].is_ok());
    assert!(rows[1].as_ref().unwrap_err().to_string().contains("in the middle"), "{rows:?}");
}

#[tokio::test]
async fn a_stream_is_repeated_only_before_its_first_row() {
    let server = Server::start().await.unwrap();
    server.seed(|store| {
        let section = store.add_section("Lab");
        let subnet = store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
        store.fill(subnet, 10);
    });
    server.fault(Fault::DropAfter, When::any().method("GET").path("/addresses/"));
    assert_eq!(client(&server).addresses().stream(None).count().await, 10);
}
