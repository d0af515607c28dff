//! Numbers of requests of operations, and marks on the server.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use ipam_core::registry::{Registry, Secrets};
use ipam_core::{
    Allocate, AllocateLine, Deallocate, Find, IpamProvider, IpamProviderExt, ListRanges, PageRequest, Precondition,
    RangeFilter,
};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{App, CustomColumn, Fault, Lock, Object, Server, When};

use crate::harness::{client, connect, runtime, without_search};

fn large(server: &Server, subnets: u32) {
    server.seed(|store| {
        let section = store.add_section("Large");
        let servers: Vec<IpAddr> = ["10.255.0.53", "10.255.1.53"].iter().map(|ip| ip.parse().unwrap()).collect();
        let set = store.add_nameservers("dns", &servers).to_string();
        let vlan = store.add_vlan(42, "blue").to_string();
        for n in 0..subnets {
            let base = 0x0a00_0000 + n * 256;
            let net = ipnet::Ipv4Net::new(base.into(), 24).unwrap();
            let id = store.add_subnet(section, net.into());
            store.set_field(Object::Subnet, id, "nameserverId", &set);
            store.set_field(Object::Subnet, id, "vlanId", &vlan);
            let gateway = store.add_address(id, IpAddr::V4((base + 1).into()), "gateway");
            store.set_field(Object::Address, gateway, "is_gateway", "1");
        }
    });
}

#[test]
fn a_listing_takes_four_requests_at_most() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        large(&server, 300);
        let provider = connect(&server, PhpIpamConfig::new().with_section("Large")).await;
        server.clear_log();
        let page = ListRanges::all().with_page(PageRequest::of(1_000));
        let ranges = provider.list_ranges(&page).await.unwrap().items;
        assert!(server.requests().len() <= 4, "{:?}", server.requests());
        assert_eq!(ranges.len(), 300);
        for range in &ranges {
            assert_eq!(range.network.gateway, range.net.hosts().next(), "{range:?}");
            assert_eq!(range.network.dns_servers.len(), 2);
            assert_eq!(range.network.vlan.as_ref().map(|vlan| vlan.number), Some(42));
        }
    });
}

#[test]
fn a_listing_that_is_too_large_is_read_by_section() {
    runtime().block_on(async {
        let server = Server::builder().profile(without_search()).start().await.unwrap();
        large(&server, 40);
        let provider = connect(&server, PhpIpamConfig::new()).await;
        server.fault(Fault::EmptyError500, When::any().method("GET").path("/addresses/all/").always());
        server.fault(Fault::EmptyError500, When::any().method("GET").path("/subnets/all/").always());
        server.clear_log();
        let ranges = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
        assert_eq!(ranges.len(), 40);
        assert!(ranges.iter().all(|range| range.network.gateway == range.net.hosts().next()));
        assert_eq!(server.count("GET", "/subnets/addresses/"), 1, "one for the section");
        assert_eq!(server.count("GET", "/subnets/1/"), 0, "none for a subnet");
    });
}

#[test]
fn ranges_are_chosen_by_any_field() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let (one, two) = server.seed(|store| {
            store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_vRA_Range", false));
            let section = store.add_section("Lab");
            let one = store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
            let two = store.add_subnet(section, "10.0.1.0/24".parse().unwrap());
            store.set_field(Object::Subnet, two, "custom_vRA_Range", "1");
            store.set_field(Object::Subnet, two, "description", "Web servers");
            (one.to_string(), two.to_string())
        });
        let ids =
            |ranges: Vec<ipam_core::Range>| ranges.into_iter().map(|range| range.id.to_string()).collect::<Vec<_>>();
        let all = connect(&server, PhpIpamConfig::new()).await;
        let found: Vec<_> = all.ranges(ListRanges::all()).try_collect().await.unwrap();
        assert_eq!(ids(found), [one.clone(), two.clone()]);
        let mut filter = RangeFilter::default();
        filter.properties.insert("custom_vRA_Range".to_owned(), "1".to_owned());
        let found = all.list_ranges(&ListRanges::all().with_filter(filter)).await.unwrap().items;
        assert_eq!(found[0].name, "Web servers");
        assert_eq!(ids(found), std::slice::from_ref(&two));
        let chosen = connect(&server, PhpIpamConfig::new().with_range_field("custom_vRA_Range", "1")).await;
        assert_eq!(ids(chosen.list_ranges(&ListRanges::all()).await.unwrap().items), [two]);
        assert!(chosen.allocate_one(one, "vm").await.unwrap_err().is_not_found());
    });
}

#[test]
fn a_mark_is_written_by_the_call_that_takes_the_address() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let subnet = server.seed(|store| {
            store.add_custom_field(Object::Address, CustomColumn::text("custom_mark", 1_000));
            let section = store.add_section("Lab");
            store.add_subnet(section, "10.0.0.0/28".parse().unwrap())
        });
        for config in [PhpIpamConfig::new(), PhpIpamConfig::new().with_address_mark_field("mark")] {
            let field = if config_has_field(&config) { "custom_mark" } else { "note" };
            let provider = connect(&server, config).await;
            server.clear_log();
            let request = Allocate::new("vm <1>")
                .with_key(format!("vm/{field}"))
                .with_line(AllocateLine::next(subnet.to_string(), 1));
            let taken = provider.allocate(&request).await.unwrap();
            let posts: Vec<_> = server.requests().into_iter().filter(|request| request.method == "POST").collect();
            assert_eq!(posts.len(), 1, "{posts:?}");
            assert!(posts[0].body.contains(&format!("\"{field}\":\"[ipam1;c;0/1;")), "{}", posts[0].body);
            assert_eq!(server.count("PATCH", ""), 0);
            assert_eq!(taken.iter().next().unwrap().owner.as_ref().unwrap().as_str(), "vm <1>");
            assert!(provider.allocate(&request).await.unwrap().repeated);
        }
    });
}

fn config_has_field(config: &PhpIpamConfig) -> bool {
    format!("{config:?}").contains("Some(\"mark\")")
}

#[test]
fn a_mark_field_that_is_too_small_is_refused() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        server.seed(|store| store.add_custom_field(Object::Address, CustomColumn::text("custom_mark", 64)));
        for field in ["custom_mark", "no_such_field"] {
            let config = PhpIpamConfig::new().with_address_mark_field(field);
            let error = PhpIpamProvider::connect(client(&server), config).await.unwrap_err();
            assert_eq!(error.kind(), ipam_core::ErrorKind::Config, "{error}");
        }
    });
}

#[test]
fn a_change_of_tags_that_would_cut_the_mark_is_refused() {
    use ipam_core::{Labels, Patch, Tag, Tags, Update};
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let subnet = server.seed(|store| {
            store.add_custom_field(Object::Address, CustomColumn::text("custom_mark", 255));
            let section = store.add_section("Lab");
            store.add_subnet(section, "10.0.0.0/28".parse().unwrap())
        });
        let provider = connect(&server, PhpIpamConfig::new().with_address_mark_field("custom_mark")).await;
        let labels = Labels::default().with_tag(Tag::new("env", "prod"));
        let line = AllocateLine::next(subnet.to_string(), 1).with_labels(labels.clone());
        let taken = provider.allocate(&Allocate::new("vm").with_key("vm/0").with_line(line)).await.unwrap();
        let id = taken.iter().next().unwrap().id.clone();
        let long = Tags::from([Tag::new("note", "x".repeat(200))]);
        let error = provider.update(&Update::new(id.clone()).with_tags(Patch::Set(long))).await.unwrap_err();
        assert_eq!(error.kind(), ipam_core::ErrorKind::InvalidInput, "{error}");
        let found = provider.find(&Find::default().with_owner("vm")).await.unwrap().items;
        assert_eq!((found.len(), &found[0].labels), (1, &labels));
        let short = Tags::from([Tag::new("env", "test")]);
        let changed = provider.update(&Update::new(id).with_tags(Patch::Set(short.clone()))).await.unwrap();
        assert_eq!(changed.labels.tags, short);
    });
}

#[test]
fn an_owner_with_a_path_is_found_by_the_search_alone() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let subnet = server.seed(|store| {
            let section = store.add_section("Lab");
            store.add_subnet(section, "10.0.0.0/28".parse().unwrap())
        });
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let path = "/resources/compute/226478cf-fa26-4a5b";
        for owner in [path, "226478cf-fa26-4a5b", "another"] {
            provider.allocate_one(subnet.to_string(), owner).await.unwrap();
        }
        for owner in [path, "226478cf-fa26-4a5b"] {
            server.clear_log();
            let found = provider.find(&Find::default().with_owner(owner)).await.unwrap().items;
            assert_eq!(found.iter().map(|one| one.owner.as_ref().unwrap().as_str()).collect::<Vec<_>>(), [owner]);
            // The search, and the subnet of the one address that was found.
            assert_eq!(server.requests().len(), 2, "{:?}", server.requests());
        }
    });
}

#[test]
fn a_registry_opens_it_by_its_url() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let subnet = server.seed(|store| {
            let section = store.add_section("Lab");
            store.add_subnet(section, "10.0.0.0/28".parse().unwrap())
        });
        let secrets = Secrets::from_fn(|request| async move {
            Ok((request.name == "password").then(|| Server::PASSWORD.to_owned().into()))
        });
        let mut registry = Registry::empty().with_secrets(secrets);
        phpipam_client::register(&mut registry).unwrap();
        let url = format!("phpipam+http://{}@{}/{}?section=Lab", Server::USER, server.address(), Server::APP);
        let provider = registry.open(&url).await.unwrap();
        assert_eq!(provider.capabilities().provider, "phpIPAM");
        let taken = provider.allocate_one(subnet.to_string(), "vm").await.unwrap();
        assert_eq!(taken.address, "10.0.0.1".parse::<IpAddr>().unwrap());
        let wrong = format!("phpipam+http://{}@{}/{}?section=Nowhere", Server::USER, server.address(), Server::APP);
        assert!(registry.open(&wrong).await.unwrap_err().message().contains("Lab"));
    });
}

#[test]
fn a_read_only_app_says_so() {
    use phpipam_client::testing::Permission;
    runtime().block_on(async {
        let server =
            Server::builder().app(App::new(Server::APP).with_permission(Permission::Read)).start().await.unwrap();
        let subnet = server.seed(|store| {
            let section = store.add_section("Lab");
            store.add_subnet(section, "10.0.0.0/28".parse().unwrap())
        });
        let provider = connect(&server, PhpIpamConfig::new()).await;
        assert!(!provider.capabilities().update && !provider.capabilities().allocate_ranges);
        let health = provider.check().await.unwrap();
        assert!(health.warnings.iter().any(|warning| warning.contains("read-only")), "{health:?}");
        let error = provider.allocate_one(subnet.to_string(), "vm").await.unwrap_err();
        assert_eq!(error.kind(), ipam_core::ErrorKind::PermissionDenied, "{error}");
    });
}

#[test]
fn check_names_ranges_that_overlap() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        server.seed(|store| {
            let section = store.add_section("Lab");
            store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
            let other = store.add_subnet(section, "10.0.0.0/25".parse().unwrap());
            // As people make them in sections that are not strict.
            store.set_field(Object::Subnet, other, "masterSubnetId", "0");
        });
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let health = provider.check().await.unwrap();
        assert!(health.warnings.iter().any(|warning| warning.contains("10.0.0.0/25")), "{health:?}");
    });
}

#[test]
fn the_gateway_and_reserved_addresses_are_never_deallocated() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let subnet = server.seed(|store| {
            let section = store.add_section("Lab");
            let subnet = store.add_subnet(section, "10.0.0.0/28".parse().unwrap());
            for (ip, field, value) in
                [("10.0.0.1", "is_gateway", "1"), ("10.0.0.2", "tag", "3"), ("10.0.0.3", "tag", "4")]
            {
                let id = store.add_address(subnet, ip.parse().unwrap(), "");
                store.set_field(Object::Address, id, field, value);
            }
            subnet
        });
        let provider = connect(&server, PhpIpamConfig::new()).await;
        for ip in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
            let request = Deallocate::address(subnet.to_string(), ip.parse().unwrap());
            let error = provider.deallocate(&request).await.unwrap_err();
            assert_eq!(error.kind(), ipam_core::ErrorKind::Conflict, "{error}");
            assert!(error.message().contains(ip), "it says what the address is: {error}");
            // A caller that wants its own allocation freed, maybe late, finds it free.
            let late = request.with_precondition(Precondition::Owner("vm".into()));
            assert!(provider.deallocate(&late).await.unwrap().was_free());
            let found = provider.find(&Find::default().with_address(ip.parse::<IpAddr>().unwrap())).await.unwrap();
            assert_eq!(found.items[0].state, ipam_core::AllocationState::Reserved);
        }
        assert_eq!(server.seed(|store| store.used(subnet).len()), 3);
        assert!(provider.find(&Find::default().with_range(subnet.to_string())).await.unwrap().items.is_empty());
        assert_eq!(provider.allocate_one(subnet.to_string(), "vm").await.unwrap().address.to_string(), "10.0.0.4");
    });
}

#[test]
fn what_a_dead_process_left_is_swept() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let subnet = server.seed(|store| {
            let section = store.add_section("Lab");
            store.add_subnet(section, "10.0.0.0/28".parse().unwrap())
        });
        let config = || PhpIpamConfig::new().with_claim_time(Duration::from_secs(1)).with_sweep_on_connect(false);
        let dying = connect(&server, config()).await;
        // The commit never arrives, nor does what would undo it.
        server.fault(Fault::DropBefore, When::any().method("PATCH").always());
        server.fault(Fault::DropBefore, When::any().method("DELETE").always());
        let request = Allocate::new("vm").with_line(AllocateLine::next(subnet.to_string(), 3));
        assert!(dying.allocate(&request).await.is_err());
        drop(dying);
        server.clear_faults();
        assert_eq!(server.seed(|store| store.used(subnet).len()), 3);
        let other = PhpIpamProvider::connect(client(&server), config()).await.unwrap();
        let found = other.find(&Find::default().with_range(subnet.to_string())).await.unwrap();
        assert!(found.items.is_empty(), "no caller was told of them: {found:?}");
        let until = Instant::now() + Duration::from_secs(20);
        let mut freed = Vec::new();
        while freed.len() < 3 && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(500)).await;
            freed.extend(
                other
                    .sweep(&ipam_core::Sweep::new())
                    .await
                    .unwrap()
                    .claims
                    .into_iter()
                    .filter_map(|claim| claim.address),
            );
        }
        freed.sort();
        let texts: Vec<String> = freed.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
        assert!(server.seed(|store| store.used(subnet).is_empty()));
        let again = other.allocate(&request).await.unwrap();
        assert_eq!(again.iter().count(), 3);
    });
}

/// One address with a key, on a fresh provider and on a warm one: the key is looked up among addresses and subnets, the range
/// is read, the address is taken, compared with the rest of its space, and the key is looked up again.
#[test]
fn an_allocation_sends_six_requests() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let subnet = server.seed(|store| {
            let section = store.add_section("Lab");
            store.add_subnet(section, "10.0.0.0/24".parse().unwrap())
        });
        let provider = connect(&server, PhpIpamConfig::new()).await;
        for (name, ip) in [("fresh", "10.0.0.1"), ("warm", "10.0.0.2")] {
            server.clear_log();
            let request = Allocate::one("vm", subnet.to_string()).with_key(format!("key/{name}"));
            provider.allocate(&request).await.unwrap();
            let sent = server.requests();
            let sent: Vec<String> = sent.iter().map(|request| format!("{} {}", request.method, request.path)).collect();
            let expected = [
                "GET /api/test/search/k".to_owned(),
                "GET /api/test/search/k".to_owned(),
                format!("GET /api/test/subnets/{subnet}/"),
                format!("POST /api/test/addresses/first_free/{subnet}/"),
                format!("GET /api/test/addresses/search/{ip}/"),
                "GET /api/test/search/k".to_owned(),
            ];
            assert_eq!(sent.len(), expected.len(), "{name}: {sent:?}");
            assert!(sent.iter().zip(&expected).all(|(sent, start)| sent.starts_with(start)), "{name}: {sent:?}");
        }
    });
}

/// Eight clients at once on one subnet, with lost responses: no address twice, no failure, none left over.
#[test]
fn a_crowd_gets_each_address_once_whatever_is_lost() {
    const CLIENTS: usize = 8;
    // A few for every run; `IPAM_CROWD_EACH=500` for the full crowd.
    let each: usize = std::env::var("IPAM_CROWD_EACH").ok().and_then(|text| text.parse().ok()).unwrap_or(25);
    for lock in [Lock::File(Duration::from_secs(30)), Lock::MySql(Duration::from_secs(30)), Lock::Disabled] {
        runtime().block_on(async {
            let server = Server::builder().app(App::new(Server::APP).with_lock(lock)).start().await.unwrap();
            let subnet = server.seed(|store| {
                let section = store.add_section("Lab");
                store.add_subnet(section, "10.0.0.0/19".parse().unwrap())
            });
            let mut clients = Vec::new();
            for _ in 0..CLIENTS {
                clients.push(connect(&server, PhpIpamConfig::new()).await);
            }
            server.fault(Fault::DropAfter, When::any().method("POST").path("/first_free/").always().chance(0.1, 11));
            server.fault(Fault::DropBefore, When::any().method("POST").path("/first_free/").always().chance(0.05, 12));
            let tasks: Vec<_> = clients
                .into_iter()
                .enumerate()
                .map(|(number, provider)| {
                    tokio::spawn(async move {
                        let mut taken = Vec::new();
                        for n in 0..each {
                            let mut request = Allocate::one(format!("vm-{number}-{n}"), subnet.to_string());
                            if n % 2 == 0 {
                                request = request.with_key(format!("vm-{number}-{n}"));
                            }
                            taken.extend(provider.allocate(&request).await.unwrap().lines.into_iter().flatten());
                        }
                        taken
                    })
                })
                .collect();
            let mut taken = Vec::new();
            for task in tasks {
                taken.extend(task.await.unwrap().into_iter().map(|allocation| allocation.address));
            }
            assert_eq!(taken.len(), CLIENTS * each);
            taken.sort();
            let mut distinct = taken.clone();
            distinct.dedup();
            assert_eq!(distinct, taken, "{lock:?}: no address twice");
            let used: Vec<IpAddr> = server.seed(|store| store.used(subnet)).into_iter().map(|(ip, _)| ip).collect();
            assert_eq!(used, taken, "{lock:?}: none left over");
        });
    }
}
