//! Addresses that are registered in an enclosing subnet: hosts and gateways from before it was divided.

use ipam_core::{
    Allocate, AllocateLine, AllocationState, Deallocate, ErrorKind, Find, IpamProvider, IpamProviderExt, ListRanges,
    Owner, Precondition,
};
use phpipam_client::provider::PhpIpamConfig;
use phpipam_client::testing::{Object, Server};

use crate::harness::{connect, runtime};

/// A site whose /16 had a gateway and hosts before it got a /24 below it.
struct Site {
    server: Server,
    parent: u64,
    range: u64,
}

async fn site() -> Site {
    let server = Server::start().await.unwrap();
    let (parent, range) = server.seed(|store| {
        let section = store.add_section("Lab");
        let parent = store.add_subnet(section, "10.100.0.0/16".parse().unwrap());
        let range = store.add_subnet(section, "10.100.0.0/24".parse().unwrap());
        let gateway = store.add_address(parent, "10.100.0.1".parse().unwrap(), "gateway");
        store.set_field(Object::Address, gateway, "is_gateway", "1");
        store.add_address(parent, "10.100.0.2".parse().unwrap(), "old-host");
        store.add_address(parent, "10.100.7.7".parse().unwrap(), "loose");
        (parent, range)
    });
    Site { server, parent, range }
}

fn next(range: u64, count: u32) -> Allocate {
    Allocate::new("vm").with_line(AllocateLine::next(range.to_string(), count))
}

fn texts(allocated: &ipam_core::Allocated) -> Vec<String> {
    allocated.iter().map(|one| one.address.to_string()).collect()
}

#[test]
fn what_a_parent_has_is_not_handed_out() {
    runtime().block_on(async {
        let Site { server, range, .. } = site().await;
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let preview = provider.preview_allocate(&next(range, 1)).await.unwrap();
        assert_eq!(preview.lines[0][0].address.to_string(), "10.100.0.3");
        assert_eq!(texts(&provider.allocate(&next(range, 1)).await.unwrap()), ["10.100.0.3"]);
        assert_eq!(texts(&provider.allocate(&next(range, 2)).await.unwrap()), ["10.100.0.4", "10.100.0.5"]);
        let keyed = next(range, 1).with_key("k");
        assert_eq!(texts(&provider.allocate(&keyed).await.unwrap()), ["10.100.0.6"]);
        for taken in ["10.100.0.1", "10.100.0.2"] {
            let line = AllocateLine::exactly(range.to_string(), taken.parse().unwrap());
            let error = provider.allocate(&Allocate::new("vm").with_line(line)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        }
        let usage = provider.usage(&[range.to_string().into()]).await.unwrap().remove(0);
        assert_eq!((usage.allocated, usage.reserved, usage.free), (5, 1, 248));
    });
}

#[test]
fn the_gateway_of_a_parent_is_that_of_the_range_it_lies_in() {
    runtime().block_on(async {
        let Site { server, range, .. } = site().await;
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let ranges = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
        let gateways: Vec<_> = ranges.iter().map(|range| (range.id.to_string(), range.network.gateway)).collect();
        assert_eq!(gateways, [(range.to_string(), Some("10.100.0.1".parse().unwrap()))]);
    });
}

#[test]
fn find_and_deallocate_tell_what_a_parent_has() {
    runtime().block_on(async {
        let Site { server, parent, range } = site().await;
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let by_address = |ip: &str| Find::default().with_address(ip.parse::<std::net::IpAddr>().unwrap());
        let found = provider.find(&by_address("10.100.0.2")).await.unwrap().items;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].range.as_str(), found[0].state), (range.to_string().as_str(), AllocationState::Allocated));
        let gateway = provider.find(&by_address("10.100.0.1")).await.unwrap().items;
        assert_eq!((gateway.len(), gateway[0].state), (1, AllocationState::Reserved));
        assert_eq!(gateway[0].labels.hostname.as_deref(), Some("gateway"));
        let in_range = provider.find(&Find::default().with_range(range.to_string())).await.unwrap().items;
        assert_eq!(in_range.iter().map(|one| one.address.to_string()).collect::<Vec<_>>(), ["10.100.0.2"]);

        let request = Deallocate::address(range.to_string(), "10.100.0.2".parse().unwrap());
        let error = provider.deallocate(&request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(error.message().contains("10.100.0.0/16"), "{error}");
        // A caller with a precondition finds its own allocation free, and frees no address of the parent.
        let late = request.with_precondition(Precondition::Owner(Owner::from("vm")));
        assert!(provider.deallocate(&late).await.unwrap().was_free());
        let error = provider.deallocate(&Deallocate::address(range.to_string(), "10.100.0.1".parse().unwrap())).await;
        assert!(error.unwrap_err().message().contains("the gateway"));
        assert_eq!(server.seed(|store| store.used(parent).len()), 3);
        let freed = provider.deallocate(&Deallocate::id(found[0].id.clone())).await.unwrap();
        assert!(!freed.was_free());
        assert_eq!(server.seed(|store| store.used(parent).len()), 2);
    });
}

#[test]
fn check_names_what_a_parent_has() {
    runtime().block_on(async {
        let Site { server, parent, .. } = site().await;
        server.seed(|store| {
            for n in 50..100 {
                store.add_address(parent, format!("10.100.0.{n}").parse().unwrap(), "");
            }
        });
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let warnings = provider.check().await.unwrap().warnings;
        let named = warnings.iter().find(|text| text.contains("10.100.0.1"));
        assert!(named.is_some_and(|text| text.contains("10.100.0.0/16") && text.len() < 1_000), "{warnings:?}");
        assert!(!warnings.iter().any(|text| text.contains("10.100.7.7")), "{warnings:?}");
    });
}

/// One request reads the overlapping subnets, and one more the addresses of each. A range without overlapping subnets
/// needs none.
#[test]
fn requests_follow_the_ancestors_and_not_the_addresses() {
    runtime().block_on(async {
        let Site { server, range, .. } = site().await;
        let flat = server.seed(|store| {
            let section = store.add_section("Flat");
            store.add_subnet(section, "10.9.0.0/24".parse().unwrap())
        });
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let requests = async |range: u64, count: u32| {
            server.clear_log();
            provider.allocate(&next(range, count)).await.unwrap();
            let posts = server.count("POST", "/addresses/");
            (server.requests().len() - posts, posts)
        };
        assert_eq!(requests(flat, 1).await, (2, 1), "the subnet, and the row afterwards");
        let (one, _) = requests(range, 1).await;
        let (ten, _) = requests(range, 10).await;
        let (forty, _) = requests(range, 40).await;
        assert!(one <= 6, "{one}");
        assert_eq!(forty - ten, 30, "each is marked as committed, and nothing else is asked for each");
        server.clear_log();
        provider.list_ranges(&ListRanges::all()).await.unwrap();
        assert!(server.requests().len() <= 4, "{:?}", server.requests());
    });
}

/// An administrator registers a host in the parent after the range was read and before its address is taken.
#[test]
fn what_comes_into_a_parent_meanwhile_stands() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use phpipam_client::testing::{Fault, When};
    runtime().block_on(async {
        for (count, key) in [(1, None), (1, Some("k")), (3, None)] {
            let Site { server, parent, range } = site().await;
            let server = Arc::new(server);
            let provider = connect(&server, PhpIpamConfig::new()).await;
            let (begun, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
            let first = Arc::clone(&begun);
            // The response with the addresses of the parent is slow.
            let list = format!("/subnets/{parent}/addresses/");
            let when =
                When::any().matching(move |target| target.path.contains(&list) && !first.swap(true, Ordering::SeqCst));
            server.fault(Fault::Latency(std::time::Duration::from_millis(400)), when);
            let late = tokio::spawn({
                let (server, begun, done) = (Arc::clone(&server), Arc::clone(&begun), Arc::clone(&done));
                async move {
                    while !begun.load(Ordering::SeqCst) {
                        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    server.seed(|store| store.add_address(parent, "10.100.0.3".parse().unwrap(), "late-host"));
                    done.store(true, Ordering::SeqCst);
                }
            });
            let mut request = next(range, count);
            if let Some(key) = key {
                request = request.with_key(key);
            }
            let told = texts(&provider.allocate(&request).await.unwrap());
            late.await.unwrap();
            assert!(done.load(Ordering::SeqCst));
            assert_eq!(told[0], "10.100.0.4", "{count} {key:?}: 10.100.0.3 is the late host's");
            let used = server.seed(|store| store.used(range).len());
            assert_eq!(used, told.len(), "what was given up is gone");
        }
    });
}

#[test]
fn a_key_whose_address_was_registered_in_a_parent_later_is_repeated() {
    runtime().block_on(async {
        let Site { server, parent, range } = site().await;
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let request = next(range, 1).with_key("k");
        let told = provider.allocate(&request).await.unwrap();
        server.seed(|store| store.add_address(parent, "10.100.0.3".parse().unwrap(), "second"));
        let again = provider.allocate(&request).await.unwrap();
        assert!(again.repeated);
        assert_eq!(texts(&again), texts(&told));
    });
}

#[test]
fn a_block_is_no_range_whatever_is_asked() {
    runtime().block_on(async {
        let Site { server, parent, .. } = site().await;
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let id = parent.to_string();
        let exact = AllocateLine::exactly(id.clone(), "10.100.9.9".parse().unwrap());
        let errors = [
            provider.allocate_one(id.clone(), "vm").await.unwrap_err(),
            provider.allocate(&next(parent, 3)).await.unwrap_err(),
            provider.allocate(&Allocate::new("vm").with_line(exact)).await.unwrap_err(),
            provider.preview_allocate(&next(parent, 1)).await.unwrap_err(),
            provider.usage(&[id.clone().into()]).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            assert!(error.to_string().contains("subnets below it"), "{error}");
        }
    });
}
