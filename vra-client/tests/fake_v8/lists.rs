//! Lists of both styles, with each defect of paging.

use vra_client::Error;
use vra_client::odata::Filter;
use vra_client::testing::v8::{Item, Server};
use vra_client::testing::{Fault, When};

use crate::{call, example, get, started};

async fn with_projects(count: usize) -> (Server, vra_client::v8::Client) {
    let (server, client) = started(Server::builder()).await;
    server.seed(|store| {
        for number in 1..count {
            store.add_project(&format!("P{number:04}"));
        }
    });
    (server, client)
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page() {
    let (server, client) = with_projects(450).await;
    let all = client.projects().list().all().await.unwrap();
    assert_eq!(all.len(), 450);
    assert_eq!(server.count("GET", "/iaas/api/projects"), 3);
    let some = client.projects().list().with_filter(Filter::starts_with("name", "P000")).all().await.unwrap();
    assert_eq!(some.len(), 9);
    assert!(client.projects().named("P0449").await.is_ok());
    assert!(matches!(client.projects().named("absent").await, Err(Error::NoSuchName { .. })));
}

#[tokio::test]
async fn a_list_without_a_total_ends_and_a_lost_row_is_an_error() {
    let (server, client) = with_projects(5).await;
    let list = || client.projects().list().with_page_size(2);
    server.fault(Fault::BarePage, When::any().path("/projects").always());
    assert_eq!(list().all().await.unwrap().len(), 5);
    server.clear_faults();
    server.fault(Fault::RepeatRow, When::any().path("/projects").skip(1));
    assert!(matches!(list().all().await, Err(Error::Truncated { .. })), "a row is hidden by the repeated one");
    server.fault(Fault::TruncatePage, When::any().path("/projects").skip(2));
    let error = list().all().await.unwrap_err();
    assert!(matches!(error, Error::Truncated { repeated: 0, .. }));
    assert!(error.to_string().contains("read the list again") && !error.to_string().contains("orderby"), "{error}");
    server.clear_faults();
    server.fault(Fault::IgnorePage, When::any().path("/projects").always());
    assert!(matches!(list().all().await, Err(Error::Truncated { .. })));
    server.clear_faults();
    server.fault(Fault::Html(502), When::any().path("/projects").skip(1));
    assert_eq!(list().all().await.unwrap_err().status(), Some(502));
}

#[tokio::test]
async fn totals_and_versions_are_as_the_documents_say() {
    let (_server, client) = example().await;
    let page = get(&client, "/iaas/api/fabric-networks?$top=1").await.unwrap();
    assert_eq!((page.get("totalElements"), page["numberOfElements"].as_u64()), (None, Some(1)));
    let page = get(&client, "/iaas/api/fabric-networks?$top=1&$count").await.unwrap();
    assert_eq!(page["totalElements"], 2);
    let page = get(&client, "/iaas/api/fabric-networks?$filter=name eq 'lab*' and isDefault eq false").await.unwrap();
    assert_eq!(page["content"][0]["name"], "lab-net");
    assert!(page["content"][0].get("defaultGateway").is_none(), "only the form of vSphere has it");
    let page = get(&client, "/iaas/api/fabric-networks-vsphere?$filter=name eq 'lab-net'").await.unwrap();
    assert_eq!(page["content"][0]["defaultGateway"], "10.10.20.1");
    for (path, status) in [
        ("/iaas/api/zones?apiVersion=2022-13-01", 400),
        ("/catalog/api/items?apiVersion=yesterday", 400),
        ("/iaas/api/zones?$filter=name is 'x'", 400),
        ("/iaas/api/zones?$top=many", 400),
        ("/iaas/api/zones/none", 404),
        ("/iaas/api/nothing", 404),
        ("/elsewhere", 404),
    ] {
        assert_eq!(get(&client, path).await.unwrap_err().status(), Some(status), "{path}");
    }
    let page = get(&client, "/catalog/api/items?$top=1&$orderby=name desc").await.unwrap();
    assert_eq!((&page["totalElements"], &page["number"], &page["last"]), (&2.into(), &0.into(), &false.into()));
    assert_eq!(page["content"][0]["name"], "Ubuntu with DHCP");
    let body = call(&client, http::Method::GET, "/iaas/api/regions", None).await.unwrap();
    assert_eq!(body["totalElements"], 1, "a list that declares no count has it");
}

#[tokio::test]
async fn lists_without_declared_paging_may_ignore_it() {
    let (server, client) = started(Server::builder().ignore_undeclared_paging()).await;
    server
        .seed(|store| {
            let network = store.add_fabric_network("big", "10.0.0.0/8");
            for number in 0_u8..5 {
                store.add_ip_range(
                    &format!("r{number}"),
                    &network,
                    [10, number, 0, 1].into(),
                    [10, number, 0, 9].into(),
                )?;
            }
            store.add_item(Item::new("x"));
            Ok::<_, String>(())
        })
        .unwrap();
    let page = get(&client, "/iaas/api/network-ip-ranges?$top=2&$skip=4&$filter=name eq 'r1'").await.unwrap();
    assert_eq!(page["content"].as_array().unwrap().len(), 5);
}
