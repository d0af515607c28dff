//! What is special about this provider: the release time, trackers, machines, and what other processes see.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ipam_core::{
    Allocate, AllocateLine, AllocationState, Deallocate, ErrorKind, Find, IpamProvider, IpamProviderExt, Labels,
    Outcome, Precondition, Tag, Target,
};
use vra_client::RetryConfig;
use vra_client::testing::v8::{Item, Release, Server, ServerBuilder};
use vra_client::testing::{Clock, Fault, When};
use vra_client::v8::provider::VraProvider;

use crate::harness::{client, client_with, config, connect};

async fn started(builder: ServerBuilder) -> (Server, Arc<dyn IpamProvider>, String) {
    let server = builder.example_data().polls_in_progress(1).start().await.unwrap();
    let provider = connect(&server).await;
    let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
    (server, provider, range)
}

fn ip(last: u8) -> IpAddr {
    [10, 10, 20, last].into()
}

#[tokio::test]
async fn a_released_address_is_quarantined_for_the_time_of_the_server() {
    let (server, provider, range) = started(Server::builder().clock(Clock::fixed(SystemTime::now()))).await;
    let listed = provider.list_ranges(&ipam_core::ListRanges::all()).await.unwrap().items;
    assert_eq!(listed[0].policy.quarantine, Duration::from_secs(30 * 60));
    assert_eq!((listed[0].net.to_string().as_str(), listed[0].network.gateway), ("10.10.20.0/24", Some(ip(1))));
    let first = provider.allocate_one(range.clone(), "vm-1").await.unwrap();
    provider.deallocate(&Deallocate::id(first.id.clone())).await.unwrap();
    assert_eq!(provider.allocate_one(range.clone(), "vm-2").await.unwrap().address, ip(11));
    let exact = Allocate::new("vm-3").with_line(AllocateLine::exactly(range.clone(), ip(10)));
    assert_eq!(provider.allocate(&exact).await.unwrap_err().kind(), ErrorKind::Conflict);
    let find = Find::default().with_address(ip(10));
    assert!(provider.find(&find).await.unwrap().items.is_empty());
    let quarantined = provider.find(&find.with_quarantined(true)).await.unwrap().items;
    assert_eq!((quarantined[0].state, &quarantined[0].owner), (AllocationState::Quarantined, &None));
    let usage = provider.usage(&[range.clone().into()]).await.unwrap();
    assert_eq!((usage[0].allocated, usage[0].quarantined, usage[0].free), (1, 1, 88));
    server.advance(Duration::from_secs(30 * 60));
    assert_eq!(provider.allocate(&exact).await.unwrap().lines[0][0].address, ip(10));
    // The late repeat of the first deallocation leaves the new allocation alone.
    assert!(provider.deallocate(&Deallocate::id(first.id)).await.unwrap().was_free());
    assert_eq!(server.seed(|store| store.allocated(&range)), [ip(10), ip(11)]);
}

#[tokio::test]
async fn the_description_holds_what_the_server_has_no_member_for() {
    let (server, provider, range) = started(Server::builder()).await;
    let labels = Labels::default().with_hostname("web1").with_description("front \"end\"").with_tag(Tag::new("a", "b"));
    let line = AllocateLine::next(range.clone(), 1).with_labels(labels.clone());
    let allocated = provider.allocate(&Allocate::new("vm-1").with_key("vm-1/nic-0").with_line(line)).await.unwrap();
    let description = server.seed(|store| store.description(&range, ip(10))).unwrap();
    assert!(description.starts_with(r#"ipam1 {"owner":"vm-1","key":"vm-1/nic-0","host":"web1""#), "{description}");
    let other = connect(&server).await;
    let found = other.find(&Find::default().with_key("vm-1/nic-0")).await.unwrap().items;
    assert_eq!((&found[0], &found[0].labels), (&allocated.lines[0][0], &labels));
    let long = Labels::default().with_description("x".repeat(5000));
    let line = AllocateLine::next(range, 1).with_labels(long);
    let error = provider.allocate(&Allocate::new("vm-2").with_line(line)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_request_of_several_calls_is_taken_as_a_whole_or_not_at_all() {
    let (server, provider, range) = started(Server::builder().release_wait(Duration::ZERO)).await;
    let wide = server
        .seed(|store| {
            let network = store.add_fabric_network("wide", "10.20.0.0/16");
            store.add_ip_range("wide", &network, [10, 20, 0, 10].into(), [10, 20, 3, 250].into())
        })
        .unwrap();
    let request = Allocate::new("vm-1")
        .with_key("k")
        .with_line(AllocateLine::next(range.clone(), 2))
        .with_line(AllocateLine::next(wide.clone(), 150));
    let allocated = provider.allocate(&request).await.unwrap();
    assert_eq!((allocated.lines[0].len(), allocated.lines[1].len()), (2, 150));
    // 2 in one range, and 100 and 50 in the other.
    assert_eq!(server.count("POST", "/ip-addresses/allocate"), 3);
    assert!(provider.allocate(&request).await.unwrap().repeated);
    provider.deallocate(&Deallocate::key("k")).await.unwrap();
    assert!(server.seed(|store| store.allocated(&range).len() + store.allocated(&wide).len()) == 0);
    // The last of the calls fails each time: the others are given back.
    let last = || When::any().path(format!("{wide}/ip-addresses/allocate")).always();
    server.fault(Fault::FailTracker("no luck".to_owned()), last());
    let error = provider.allocate(&request).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("no luck"), "{error}");
    assert!(server.seed(|store| store.allocated(&range).len() + store.allocated(&wide).len()) == 0);
    server.clear_faults();
    assert!(!provider.allocate(&request).await.unwrap().repeated);
}

#[tokio::test]
async fn lost_responses_and_vanished_trackers_take_no_second_address() {
    let (server, provider, range) = started(Server::builder()).await;
    for (number, (fault, when)) in [
        (Fault::DropAfter, When::any().method("POST").path("/ip-addresses/allocate")),
        (Fault::EmptyError(404), When::any().method("GET").path("/request-tracker/")),
        (Fault::Html(200), When::any().method("GET").path("/request-tracker/")),
        (Fault::ExpireToken, When::any().method("POST").path("/ip-addresses/allocate")),
    ]
    .into_iter()
    .enumerate()
    {
        server.fault(fault, when);
        let request = Allocate::one(format!("vm-{number}"), range.clone()).with_key(format!("k-{number}"));
        let allocated = provider.allocate(&request).await.unwrap();
        assert_eq!((allocated.lines[0].len(), server.pending_faults()), (1, 0), "{number}");
    }
    assert_eq!(server.seed(|store| store.allocated(&range)).len(), 4);
    // The deadline of the tracker passes, and the address shows that it was carried out all the same.
    server.fault(Fault::Latency(Duration::from_millis(300)), When::any().path("/request-tracker/").always());
    let short = vra_client::poll::Wait::up_to(Duration::from_millis(100));
    let hasty = VraProvider::connect(client(&server), config().with_wait(short)).await.unwrap();
    hasty.allocate_one(range.clone(), "vm-5").await.unwrap();
    server.clear_faults();
    // A lost response of a release is a success, too.
    server.fault(Fault::DropAfter, When::any().method("POST").path("/ip-addresses/release"));
    let freed = provider.deallocate(&Deallocate::key("k-0")).await.unwrap();
    assert_eq!(freed.freed().count(), 1);
    assert_eq!(server.seed(|store| store.allocated(&range)).len(), 4);
}

#[tokio::test]
async fn an_error_after_the_claim_leaves_it_to_the_next_call_with_the_key() {
    let (server, provider, range) = started(Server::builder()).await;
    let request = Allocate::one("vm-1", range.clone()).with_key("k");
    // The first look and the choice read the range; the look after the claim fails, with its repetitions.
    server.fault(Fault::EmptyError(503), When::any().method("GET").path("/ip-addresses").skip(2).times(9));
    let error = provider.allocate(&request).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    server.clear_faults();
    let again = provider.allocate(&request).await.unwrap();
    assert!(again.repeated);
    assert_eq!(server.seed(|store| store.allocated(&range)), [ip(10)]);
}

#[tokio::test]
async fn several_processes_never_give_one_key_two_addresses() {
    let (server, _, range) = started(Server::builder().release_wait(Duration::ZERO)).await;
    for round in 0..10 {
        let mut calls = Vec::new();
        for _ in 0..4 {
            let (provider, range) = (connect(&server).await, range.clone());
            calls.push(tokio::spawn(async move {
                provider.allocate(&Allocate::one("vm", range).with_key(format!("k-{round}"))).await
            }));
        }
        let mut addresses = Vec::new();
        for call in calls {
            addresses.push(call.await.unwrap().unwrap().lines[0][0].address);
        }
        addresses.dedup();
        assert_eq!(addresses.len(), 1, "{addresses:?}");
        assert_eq!(server.seed(|store| store.allocated(&range)).len(), round + 1);
    }
}

#[tokio::test]
async fn addresses_of_machines_are_shown_and_not_freed() {
    let (server, provider, range) = started(Server::builder()).await;
    let item = server.seed(|store| store.add_item(Item::new("Machine").with_machine("m", "lab-net")));
    let project = server.seed(|store| store.project(Server::PROJECT));
    let body = serde_json::json!({"deploymentName": "d", "projectId": project});
    let path = format!("/catalog/api/items/{item}/request");
    client(&server).raw(http::Method::POST, path, Some(body)).await.unwrap();
    let found = provider.find(&Find::default().with_range(range.clone())).await.unwrap().items;
    assert_eq!((found[0].address, found[0].key.is_none(), found[0].owner.is_some()), (ip(10), true, true));
    assert_eq!(provider.allocate_one(range.clone(), "vm-1").await.unwrap().address, ip(11));
    let error = provider.deallocate(&Deallocate::address(range.clone(), ip(10))).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Conflict && error.to_string().contains("machine"), "{error}");
    let mine = Deallocate::address(range.clone(), ip(10)).with_precondition(Precondition::Owner("vm-1".into()));
    assert!(provider.deallocate(&mine).await.unwrap().was_free());
    // Something unknown in the network: taken, and freed on demand.
    server.seed(|store| store.set_unregistered(&range, ip(12)));
    assert_eq!(provider.allocate_one(range.clone(), "vm-2").await.unwrap().address, ip(13));
    assert_eq!(provider.deallocate(&Deallocate::address(range.clone(), ip(12))).await.unwrap().freed().count(), 1);
    assert_eq!(provider.allocate_one(range, "vm-3").await.unwrap().address, ip(12));
}

#[tokio::test]
async fn only_configured_ranges_are_served_and_the_check_says_what_is_missing() {
    let (server, provider, range) = started(Server::builder()).await;
    assert!(provider.check().await.unwrap().warnings.is_empty());
    // A range whose bounds cannot be read is not served, and the check says so.
    let torn = server.seed(|store| {
        let network = store.fabric_network("dhcp-net").unwrap();
        let id = store.add_ip_range("torn", &network, [10, 10, 30, 50].into(), [10, 10, 30, 59].into()).unwrap();
        store.show_as(&id, [10, 10, 30, 59].into(), "10.10.30.");
        id
    });
    let warnings = provider.check().await.unwrap().warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("torn") && warnings[0].contains("10.10.30."), "{warnings:?}");
    assert!(provider.allocate_one(torn, "vm").await.unwrap_err().is_not_found());
    let other = server.seed(|store| {
        let network = store.fabric_network("dhcp-net").unwrap();
        store.add_ip_range("other", &network, [10, 10, 30, 5].into(), [10, 10, 30, 9].into()).unwrap()
    });
    let limited = |config| async { VraProvider::connect(client(&server), config).await.unwrap() };
    for config in [config().with_network("lab-net"), config().with_range("lab-static"), config().with_range(&range)] {
        let limited = limited(config).await;
        limited.allocate_one(range.clone(), "vm").await.unwrap();
        assert!(limited.allocate_one(other.clone(), "vm").await.unwrap_err().is_not_found());
    }
    let none = limited(config().with_network("no-net")).await;
    assert_eq!(none.check().await.unwrap().warnings.len(), 1);
    // A range that was created since is found by its id at once.
    provider.allocate_one(other, "vm").await.unwrap();
    let (_server, old, range) = started(Server::builder().release(Release::V8_10)).await;
    let error = old.allocate_one(range, "vm").await.unwrap_err();
    assert!(error.kind() == ErrorKind::Config && error.to_string().contains("newer than 8.10"), "{error}");
}

#[tokio::test]
async fn thousands_of_ranges_are_listed_and_searched_in_bounded_pages() {
    let (server, provider, range) = started(Server::builder()).await;
    server.seed(|store| {
        let network = store.add_fabric_network("huge", "10.128.0.0/9");
        for number in 0..3000_u32 {
            let base = 0x0a80_0000 + number * 16;
            let (first, last) = (std::net::Ipv4Addr::from(base), std::net::Ipv4Addr::from(base + 9));
            store.add_ip_range(&format!("r{number}"), &network, first.into(), last.into()).unwrap();
        }
    });
    let provider_2 = connect(&server).await;
    drop(provider);
    server.clear_log();
    let page = provider_2.list_ranges(&ipam_core::ListRanges::all()).await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some()), (1000, true));
    // The server cuts its pages to 1000 rows: 4 for the ranges, which are read twice, 1 for the networks.
    let reads = || server.requests().iter().filter(|request| request.method == "GET").count();
    assert!(reads() <= 10, "{}", reads());
    server.clear_log();
    // Without a key, only the range of the line is read: for the choice, and to read the result back.
    provider_2.allocate_one(range, "vm").await.unwrap();
    assert_eq!(server.count("GET", "/ip-addresses"), 2);
}

/// Whatever read fails after the addresses were taken: an error that says "not applied" leaves none behind.
#[tokio::test]
async fn an_error_after_the_claim_without_a_key_leaves_no_address() {
    let mut failed = 0;
    for times in [1, 2, 3, 40] {
        let (server, _, range) = started(Server::builder()).await;
        let once = client_with(&server, RetryConfig::new(0, Duration::from_secs(60)));
        let provider = VraProvider::connect(once, config()).await.unwrap();
        // The choice reads the range first.
        server.fault(Fault::EmptyError(503), When::any().method("GET").path("/ip-addresses").skip(1).times(times));
        let result = provider.allocate(&Allocate::one("vm-1", range.clone())).await;
        server.clear_faults();
        let left = server.seed(|store| store.allocated(&range));
        match result {
            Ok(allocated) => assert_eq!(left, [allocated.lines[0][0].address], "{times}"),
            Err(error) => {
                failed += 1;
                assert!(left.is_empty() || error.outcome() == Outcome::Unknown, "{times}: {error} leaves {left:?}");
                // What is left can be found by the key that was made for it.
                assert!(left.is_empty() || error.to_string().contains("vra8/"), "{times}: {error}");
            }
        }
    }
    assert!(failed > 1, "{failed}");
}

#[tokio::test]
async fn an_address_that_the_server_never_gives_out_is_passed_over() {
    for builder in [Server::builder(), Server::builder().refuse_taken_at_once()] {
        let (server, provider, range) = started(builder).await;
        server.seed(|store| (10..12).for_each(|last| store.block(&range, ip(last))));
        assert_eq!(provider.allocate_one(range.clone(), "vm-1").await.unwrap().address, ip(12));
        // Asked for by itself, it is refused in the server's words.
        let exact = Allocate::new("vm-2").with_line(AllocateLine::exactly(range.clone(), ip(10)));
        let error = provider.allocate(&exact).await.unwrap_err();
        assert!(error.to_string().contains("not available"), "{error}");
        assert_eq!(server.seed(|store| store.allocated(&range)), [ip(12)]);
    }
}

#[tokio::test]
async fn processes_get_different_addresses_from_a_server_that_refuses_at_once() {
    let (server, _, range) = started(Server::builder().refuse_taken_at_once()).await;
    let mut calls = Vec::new();
    for number in 0..8 {
        let (provider, range) = (connect(&server).await, range.clone());
        calls.push(tokio::spawn(async move { provider.allocate_one(range, format!("vm-{number}")).await }));
    }
    let mut addresses = Vec::new();
    for call in calls {
        match call.await.unwrap() {
            Ok(allocation) => addresses.push(allocation.address),
            // Too many at the same moment; never a fault of the caller.
            Err(error) => assert!(error.kind() != ErrorKind::InvalidInput, "{error}"),
        }
    }
    addresses.sort();
    assert_eq!(server.seed(|store| store.allocated(&range)), addresses);
    assert!(addresses.len() > 1, "{addresses:?}");
}

#[tokio::test]
async fn a_server_that_keeps_no_description_gets_every_address_back() {
    let (server, provider, _) = started(Server::builder().longest_description(40)).await;
    let wide = server
        .seed(|store| {
            let network = store.add_fabric_network("wide", "10.20.0.0/16");
            store.add_ip_range("wide", &network, [10, 20, 0, 10].into(), [10, 20, 3, 250].into())
        })
        .unwrap();
    for count in [1, 150] {
        let request = Allocate::new("vm-1").with_line(AllocateLine::next(wide.clone(), count));
        let error = provider.allocate(&request).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains("description"), "{error}");
        assert_eq!(server.seed(|store| store.allocated(&wide)), Vec::<IpAddr>::new(), "{count}");
    }
}

#[tokio::test]
async fn a_lost_response_of_a_release_of_several_frees_each_once() {
    let (server, provider, range) = started(Server::builder().release_wait(Duration::ZERO)).await;
    let request = Allocate::new("vm-1").with_key("k").with_line(AllocateLine::next(range.clone(), 3));
    provider.allocate(&request).await.unwrap();
    server.fault(Fault::DropAfter, When::any().method("POST").path("/ip-addresses/release"));
    assert_eq!(provider.deallocate(&Deallocate::key("k")).await.unwrap().freed().count(), 3);
    assert_eq!(server.seed(|store| store.allocated(&range)), Vec::<IpAddr>::new());
}

#[tokio::test]
async fn a_deallocation_that_freed_a_part_does_not_claim_that_it_changed_nothing() {
    let (server, provider, range) = started(Server::builder()).await;
    let first = provider.allocate_one(range.clone(), "vm-1").await.unwrap();
    let second = provider.allocate_one(range.clone(), "vm-2").await.unwrap();
    let release = || When::any().method("POST").path("/ip-addresses/release");
    server.fault(Fault::Status(403, "no longer".to_owned()), release().skip(1).always());
    let both = Deallocate::id(first.id).and(Target::Id(second.id.clone()));
    let error = provider.deallocate(&both).await.unwrap_err();
    assert_eq!(server.seed(|store| store.allocated(&range)), [ip(11)]);
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    // Alone, it changed nothing, and says so.
    let error = provider.deallocate(&Deallocate::id(second.id)).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotApplied, "{error}");
}
