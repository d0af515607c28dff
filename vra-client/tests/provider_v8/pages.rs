//! Lists that the server cuts into pages, and rows that cannot be read.

use std::net::IpAddr;
use std::time::Duration;

use ipam_core::{Allocate, Deallocate, ErrorKind, Find, IpamProvider, IpamProviderExt, ListRanges, Retry};
use vra_client::testing::When;
use vra_client::testing::v8::Server;
use vra_client::v8::provider::VraProvider;

use crate::harness::{client, config, connect};

/// Starts a server with pages of 50 rows, and a range in which this number of addresses is taken.
async fn paged(taken: u32) -> (Server, String) {
    let server = Server::builder().polls_in_progress(0).release_wait(Duration::ZERO).largest_page(50).start().await;
    let server = server.unwrap();
    let range = server.seed(|store| {
        let network = store.add_fabric_network("wide", "10.20.0.0/16");
        let range = store.add_ip_range("wide", &network, ip(0), ip(1000)).unwrap();
        (0..taken).for_each(|number| store.allocate(&range, ip(number), "printer").unwrap());
        range
    });
    (server, range)
}

fn ip(number: u32) -> IpAddr {
    std::net::Ipv4Addr::from(0x0a14_0100 + number).into()
}

fn second_page(path: &str) -> When {
    let path = path.to_owned();
    When::any().matching(move |request| request.path.ends_with(&path) && request.query.contains("skip=50"))
}

#[tokio::test]
async fn a_record_that_vanishes_between_two_pages_hides_no_other() {
    let (server, range) = paged(50).await;
    let request = Allocate::one("vm", range.clone()).with_key("k");
    // Its record is the first one of the second page.
    let first = connect(&server).await.allocate(&request).await.unwrap();
    assert_eq!(first.lines[0][0].address, ip(50));
    let other = connect(&server).await;
    let pause = server.pause(second_page("/ip-addresses"));
    let find = tokio::spawn(async move { other.find(&Find::default().with_key("k")).await });
    pause.reached(1).await;
    server.seed(|store| store.release(&range, &[ip(3)])).unwrap();
    drop(pause);
    assert_eq!(find.await.unwrap().unwrap().items, first.lines[0]);
    // The same for a claim: no second address is taken, not even for a moment.
    server.seed(|store| store.allocate(&range, ip(3), "printer")).unwrap();
    let other = connect(&server).await;
    let pause = server.pause(second_page("/ip-addresses"));
    let call = tokio::spawn(async move { other.allocate(&request).await });
    pause.reached(1).await;
    server.seed(|store| store.release(&range, &[ip(3)])).unwrap();
    drop(pause);
    assert_eq!(call.await.unwrap().unwrap().lines, first.lines);
    assert_eq!(server.count("POST", "/ip-addresses/allocate"), 1);
}

#[tokio::test]
async fn a_range_that_vanishes_between_two_pages_hides_no_other() {
    let (server, range) = paged(0).await;
    let ids: Vec<String> = server.seed(|store| {
        let network = store.add_fabric_network("many", "10.30.0.0/16");
        let add = |number: u8| {
            let at = |last: u8| IpAddr::from([10, 30, number, last]);
            store.add_ip_range(&format!("r{number}"), &network, at(1), at(9)).unwrap()
        };
        (0..60).map(add).collect()
    });
    let provider = connect(&server).await;
    let pause = server.pause(second_page("/network-ip-ranges"));
    let list = tokio::spawn(async move { provider.list_ranges(&ListRanges::all()).await });
    pause.reached(1).await;
    client(&server).network_ip_ranges().delete(&ids[0]).await.unwrap();
    drop(pause);
    let listed: Vec<String> =
        list.await.unwrap().unwrap().items.into_iter().map(|range| range.id.to_string()).collect();
    assert_eq!(listed.len(), 60);
    assert!(ids[1..].iter().chain([&range]).all(|id| listed.contains(id)));
}

#[tokio::test]
async fn a_list_that_changes_in_every_reading_is_an_error() {
    let (server, range) = paged(80).await;
    let provider = connect(&server).await;
    // Cached, so that the second pages are those of the addresses.
    provider.list_ranges(&ListRanges::all()).await.unwrap();
    let search = Find::default().with_range(range.clone());
    let mut pause = server.pause(second_page("/ip-addresses"));
    let find = tokio::spawn(async move { provider.find(&search).await });
    for number in 0..6 {
        pause.reached(1).await;
        server.seed(|store| store.release(&range, &[ip(number)])).unwrap();
        let next = server.pause(second_page("/ip-addresses"));
        drop(std::mem::replace(&mut pause, next));
    }
    let error = find.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Busy, Retry::Safe), "{error}");
    assert_eq!(error.context("range"), Some(range.as_str()));
}

#[tokio::test]
async fn claims_are_found_on_all_pages_of_records() {
    let (server, range) = paged(130).await;
    let provider = connect(&server).await;
    for number in 0..3 {
        let request = Allocate::one("vm", range.clone()).with_key(format!("k-{number}"));
        assert_eq!(provider.allocate(&request).await.unwrap().lines[0][0].address, ip(130 + number));
        assert!(connect(&server).await.allocate(&request).await.unwrap().repeated);
    }
    let usage = provider.usage(&[range.clone().into()]).await.unwrap();
    assert_eq!((usage[0].allocated, usage[0].free), (133, 868));
    assert_eq!(provider.deallocate(&Deallocate::key("k-1")).await.unwrap().freed().count(), 1);
    assert!(provider.find(&Find::default().with_key("k-1")).await.unwrap().items.is_empty());
    assert_eq!(provider.allocate_one(range, "vm").await.unwrap().address, ip(131));
}

#[tokio::test]
async fn a_record_without_a_readable_address_is_an_error() {
    let (server, range) = paged(3).await;
    let provider = connect(&server).await;
    server.seed(|store| store.show_as(&range, ip(1), "10.20.1"));
    let find = Find::default().with_range(range.clone());
    for error in [
        provider.find(&find).await.unwrap_err(),
        provider.allocate(&Allocate::one("vm", range.clone()).with_key("k")).await.unwrap_err(),
        provider.allocate_one(range.clone(), "vm").await.unwrap_err(),
        provider.usage(&[range.clone().into()]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.message().contains("\"10.20.1\"") && error.context("range") == Some(range.as_str()), "{error}");
    }
    assert_eq!(server.count("POST", "/ip-addresses/allocate"), 0);
}

#[tokio::test]
async fn a_key_is_looked_up_in_ranges_that_were_created_since() {
    let (server, range) = paged(0).await;
    let kept = config().with_max_age(Duration::from_secs(3600));
    let provider = VraProvider::connect(client(&server), kept).await.unwrap();
    provider.list_ranges(&ListRanges::all()).await.unwrap();
    let newer = server.seed(|store| {
        let network = store.fabric_network("wide").unwrap();
        store.add_ip_range("newer", &network, ip(2000), ip(2009)).unwrap()
    });
    connect(&server).await.allocate(&Allocate::one("vm", newer).with_key("k-1")).await.unwrap();
    let request = Allocate::one("vm", range.clone()).with_key("k-1");
    assert_eq!(provider.allocate(&request).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(server.count("POST", &format!("{range}/ip-addresses/allocate")), 0);
    let latest = server.seed(|store| {
        let network = store.fabric_network("wide").unwrap();
        store.add_ip_range("latest", &network, ip(2100), ip(2109)).unwrap()
    });
    connect(&server).await.allocate(&Allocate::one("vm", latest).with_key("k-3")).await.unwrap();
    assert_eq!(provider.deallocate(&Deallocate::key("k-3")).await.unwrap().freed().count(), 1);
}

#[tokio::test]
async fn a_search_without_a_match_reads_a_bounded_number_of_ranges_for_a_page() {
    let (server, _) = paged(0).await;
    server.seed(|store| {
        let network = store.add_fabric_network("huge", "10.128.0.0/9");
        for number in 0..600_u32 {
            let at = |last: u32| IpAddr::from(std::net::Ipv4Addr::from(0x0a80_0000 + number * 16 + last));
            store.add_ip_range(&format!("r{number}"), &network, at(0), at(9)).unwrap();
        }
    });
    let provider = connect(&server).await;
    server.clear_log();
    let page = provider.find(&Find::default().with_owner("no such owner")).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_some());
    let read = server.count("GET", "/ip-addresses");
    assert!(read <= 512, "{read}");
    let mut search = Find::default().with_owner("no such owner");
    search.page.token = page.next;
    assert!(provider.find(&search).await.unwrap().next.is_none());
    assert_eq!(server.count("GET", "/ip-addresses"), 601);
}
