//! Address spaces: a VRF across all sections, or a section without VRF.

use std::collections::BTreeSet;

use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Allocated, ChildPrefix, ErrorKind, Find, IpamProvider, IpamProviderExt,
    ListRanges,
};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{App, CustomColumn, Lock, Object, Server};

use crate::harness::{client, connect, runtime};

/// The same network in two sections: in one VRF, and without any.
struct Site {
    server: Server,
    vrf: u64,
    shared: [u64; 2],
    apart: [u64; 2],
}

async fn site() -> Site {
    let server = Server::builder().app(App::new(Server::APP).with_lock(Lock::Disabled)).start().await.unwrap();
    let (vrf, shared, apart) = server.seed(|store| {
        let vrf = store.add_vrf("red");
        let sections = [store.add_section("One"), store.add_section("Two")];
        let mut make = |vrf: Option<u64>, net: &str| {
            sections.map(|section| {
                let id = store.add_subnet(section, net.parse().unwrap());
                if let Some(vrf) = vrf {
                    store.set_field(Object::Subnet, id, "vrfId", &vrf.to_string());
                }
                id
            })
        };
        (vrf, make(Some(vrf), "10.102.0.0/24"), make(None, "10.103.0.0/24"))
    });
    Site { server, vrf, shared, apart }
}

fn texts(allocated: &Allocated) -> Vec<String> {
    allocated.iter().map(|one| one.address.to_string()).collect()
}

#[test]
fn a_vrf_in_two_sections_is_one_address_space() {
    runtime().block_on(async {
        let Site { server, vrf, shared, apart } = site().await;
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let ranges = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
        let space =
            |id: u64| ranges.iter().find(|range| range.id.as_str() == id.to_string()).unwrap().space.to_string();
        assert_eq!(shared.map(space), [format!("vrf/{vrf}"), format!("vrf/{vrf}")]);
        assert_ne!(space(apart[0]), space(apart[1]));
        let mut seen = BTreeSet::new();
        for n in 0..6 {
            let id = shared[n % 2].to_string();
            let request = match n {
                0..=1 => Allocate::one("vm", id),
                2..=3 => Allocate::one("vm", id).with_key(format!("k{n}")),
                _ => Allocate::new("vm").with_line(AllocateLine::next(id, 3)),
            };
            for one in provider.allocate(&request).await.unwrap().iter() {
                assert_eq!(one.space.to_string(), format!("vrf/{vrf}"));
                assert!(seen.insert(one.address), "{} twice", one.address);
            }
        }
        assert_eq!(seen.len(), 10);
        let exact = AllocateLine::exactly(shared[1].to_string(), *seen.first().unwrap());
        let error = provider.allocate(&Allocate::new("vm").with_line(exact)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        // Without a VRF each section is a space.
        let mut firsts = Vec::new();
        for id in apart {
            firsts.push(provider.allocate_one(id.to_string(), "vm").await.unwrap().address.to_string());
        }
        assert_eq!(firsts, ["10.103.0.1", "10.103.0.1"]);
        let usage = provider.usage(&[shared[0].to_string().into()]).await.unwrap().remove(0);
        assert_eq!(usage.free, 254 - 10);
        let found = provider.find(&Find::default().with_range(shared[0].to_string())).await.unwrap().items;
        assert!(found.iter().all(|one| one.range.as_str() == shared[0].to_string()));
    });
}

#[test]
fn one_request_never_takes_an_address_twice() {
    runtime().block_on(async {
        let Site { server, shared, .. } = site().await;
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let [one, two] = shared.map(|id| AllocateLine::next(id.to_string(), 1));
        let taken = provider.allocate(&Allocate::new("vm").with_line(one).with_line(two)).await.unwrap();
        assert_eq!(texts(&taken), ["10.102.0.1", "10.102.0.2"]);
        let exact = |id: u64| AllocateLine::exactly(id.to_string(), "10.102.0.9".parse().unwrap());
        let both = Allocate::new("vm").with_line(exact(shared[0])).with_line(exact(shared[1]));
        assert_eq!(provider.allocate(&both).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    });
}

/// Providers that each serve one of the sections, at work at the same time.
#[test]
fn claims_in_two_sections_of_a_vrf_never_meet() {
    runtime().block_on(async {
        let Site { server, shared, .. } = site().await;
        let mut tasks = Vec::new();
        for worker in 0..6_usize {
            let section = ["One", "Two"][worker % 2];
            let provider = PhpIpamProvider::connect(client(&server), PhpIpamConfig::new().with_section(section)).await;
            let provider = provider.unwrap();
            let range = shared[worker % 2].to_string();
            tasks.push(tokio::spawn(async move {
                let mut taken = Vec::new();
                for n in 0..6_usize {
                    let count = if worker == 5 { 2 } else { 1 };
                    let mut request = Allocate::new("vm").with_line(AllocateLine::next(range.clone(), count));
                    if n % 2 == 0 {
                        request = request.with_key(format!("vm-{worker}-{n}"));
                    }
                    taken.extend(provider.allocate(&request).await.unwrap().iter().map(|one| one.address));
                }
                taken
            }));
        }
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap());
        }
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!((distinct.len(), all.len()), (42, 42));
        let rows: usize = shared.iter().map(|id| server.seed(|store| store.used(*id).len())).sum();
        assert_eq!(rows, 42, "what was given up is gone");
    });
}

#[test]
fn check_names_subnets_of_a_vrf_that_overlap() {
    runtime().block_on(async {
        let Site { server, .. } = site().await;
        for config in [PhpIpamConfig::new(), PhpIpamConfig::new().with_section("One")] {
            let warnings = connect(&server, config).await.check().await.unwrap().warnings;
            assert!(
                warnings.iter().any(|text| text.contains("10.102.0.0/24") && text.contains("vrf/")),
                "{warnings:?}"
            );
            assert!(!warnings.iter().any(|text| text.contains("10.103.0.0/24")), "{warnings:?}");
        }
    });
}

/// phpIPAM leaves the VRF out of subnets that it creates by `first_subnet`.
#[test]
fn a_subnet_has_the_vrf_of_the_one_around_it() {
    runtime().block_on(async {
        let Site { server, vrf, shared, .. } = site().await;
        let inner = server.seed(|store| {
            let section = store.row(Object::Subnet, shared[0]).unwrap()["sectionId"].as_u64().unwrap();
            store.add_subnet(section, "10.102.0.128/25".parse().unwrap())
        });
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let range = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
        let range = range.into_iter().find(|range| range.id.as_str() == inner.to_string()).unwrap();
        assert_eq!(range.space.to_string(), format!("vrf/{vrf}"));
        let taken = provider.allocate_one(inner.to_string(), "vm").await.unwrap();
        assert_eq!(taken.space, range.space);
        let found = provider.find(&Find::default().with_id(taken.id.clone())).await.unwrap().items;
        assert_eq!(found[0].space, range.space);
    });
}

#[test]
fn a_child_prefix_is_free_in_the_whole_vrf() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let block = server.seed(|store| {
            store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_block", false));
            let vrf = store.add_vrf("red").to_string();
            let sections = [store.add_section("One"), store.add_section("Two")];
            let block = store.add_subnet(sections[0], "10.102.0.0/24".parse().unwrap());
            store.set_field(Object::Subnet, block, "custom_block", "1");
            let other = store.add_subnet(sections[1], "10.102.0.0/26".parse().unwrap());
            for id in [block, other] {
                store.set_field(Object::Subnet, id, "vrfId", &vrf);
            }
            block
        });
        for config in [PhpIpamConfig::new(), PhpIpamConfig::new().with_section("One")] {
            let provider = connect(&server, config.with_block_field("custom_block", "1")).await;
            let made = provider.allocate_range(&AllocateRange::prefix_len("net", block.to_string(), 26)).await.unwrap();
            assert_ne!(made.range.net.to_string(), "10.102.0.0/26");
            let mut exact = AllocateRange::prefix_len("net", block.to_string(), 26);
            exact.prefix = ChildPrefix::Exact("10.102.0.0/27".parse().unwrap());
            assert_eq!(provider.allocate_range(&exact).await.unwrap_err().kind(), ErrorKind::Conflict);
        }
    });
}
