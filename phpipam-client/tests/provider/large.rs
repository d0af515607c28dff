//! Sites of any size: the same number of requests, and servers whose memory does not hold a list.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, AllocateLine, ErrorKind, Find, IpamProvider, IpamProviderExt, ListRanges, PageRequest, Placement, Range,
    RangeId, Selection,
};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{Fault, Object, Profile, Server, When};
use phpipam_client::{Auth, Client, HttpOptions};

use crate::harness::{connect, runtime, without_search};

/// Fills a server with subnets of /24, with a gateway and a host in each of the first ones.
fn fill(server: &Server, subnets: u32, addresses: u32) {
    server.seed(|store| {
        let section = store.add_section("Large");
        for n in 0..subnets {
            let base = 0x0a00_0000 + n * 256;
            let id = store.add_subnet(section, ipnet::Ipv4Net::new(base.into(), 24).unwrap().into());
            if n * 2 < addresses {
                let gateway = store.add_address(id, IpAddr::V4((base + 1).into()), "");
                store.set_field(Object::Address, gateway, "is_gateway", "1");
                store.add_address(id, IpAddr::V4((base + 2).into()), "host");
            }
        }
    });
}

/// Provider with a client that waits longer than the others: the simulator of a debug build takes seconds for a long list.
async fn patient(server: &Server) -> PhpIpamProvider {
    let http = HttpOptions::new().with_allow_http(true).with_attempt_timeout(Duration::from_secs(300));
    let http = http.with_operation_timeout(Duration::from_secs(600));
    let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD));
    let client = client.with_http_options(http).build().unwrap();
    // Each call reads the lists: how many of them a slow machine would share is not known.
    PhpIpamProvider::connect(client, PhpIpamConfig::new().with_list_age(Duration::ZERO)).await.unwrap()
}

async fn all_ranges(provider: &dyn IpamProvider) -> Vec<Range> {
    provider.ranges(ListRanges::all()).try_collect().await.unwrap()
}

/// Responses that were empty, by path and query.
fn deaths(server: &Server) -> BTreeMap<String, usize> {
    let mut deaths = BTreeMap::new();
    for request in server.requests().iter().filter(|request| request.status == Some(500)) {
        *deaths.entry(format!("{}?{}", request.path, request.query)).or_default() += 1;
    }
    deaths
}

#[test]
fn the_number_of_requests_does_not_depend_on_the_size() {
    runtime().block_on(async {
        let mut counts = Vec::new();
        for (subnets, addresses) in [(500, 400), (5_000, 4_000), (32_000, 2_000)] {
            let server = Server::start().await.unwrap();
            fill(&server, subnets, addresses);
            let provider = patient(&server).await;
            let sent = || {
                let sent = server.requests().len();
                server.clear_log();
                sent
            };
            let connecting = sent();
            let ranges = all_ranges(&provider).await;
            assert_eq!(ranges.len(), usize::try_from(subnets).unwrap());
            assert_eq!(ranges[7].network.gateway, Some("10.0.7.1".parse().unwrap()));
            let listing = sent();
            let found: Vec<_> = provider.find_all(Find::default()).try_collect().await.unwrap();
            assert_eq!(found.len(), usize::try_from(addresses / 2).unwrap(), "all but the gateways");
            let finding = sent();
            let ids: Vec<RangeId> = ranges.iter().take(300).map(|range| range.id.clone()).collect();
            let usage = provider.usage(&ids).await.unwrap();
            assert!(usage.iter().all(|usage| usage.total == 254 && usage.allocated + usage.reserved <= 2), "{usage:?}");
            assert_eq!((usage[7].allocated, usage[7].reserved), (1, 1));
            let counting = sent();
            let one = provider.get_range(ids[7].clone()).await.unwrap();
            assert_eq!(one, ranges[7], "a single range is the same as in the list");
            let single = sent();
            counts.push([connecting, listing, finding, counting, single]);
        }
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
        let [connecting, listing, finding, counting, single] = counts[0];
        assert!(connecting <= 8 && listing <= 4 && finding <= 4 && counting <= 4 && single <= 3, "{counts:?}");
    });
}

/// 2 500 subnets and a subnet with 3 000 addresses, on a server that lists 1 100.
fn crowded(server: &Server) -> u64 {
    fill(server, 2_500, 1_000);
    server.seed(|store| {
        let section = store.add_section("Crowd");
        let id = store.add_subnet(section, "172.20.0.0/20".parse().unwrap());
        for n in 1..=3_000_u32 {
            // Every tenth address is free up to 172.20.1.0; above that the first run of four is behind all of them.
            if n > 256 || n % 10 != 0 {
                store.add_address(id, IpAddr::V4(Ipv4Addr::from(0xac14_0000 + n)), "");
            }
        }
        id
    })
}

fn small_memory(mut profile: Profile) -> Profile {
    profile.memory_rows = Some(1_100);
    profile
}

fn run_of_two(range: u64) -> AllocateLine {
    AllocateLine::new(range.to_string(), Selection::Next { count: 2, placement: Placement::Contiguous })
}

#[test]
fn q76_lists_beyond_the_memory_are_read_in_parts() {
    runtime().block_on(async {
        let server = Server::builder().profile(small_memory(Profile::V1_8_2)).start().await.unwrap();
        let id = crowded(&server);
        let provider = patient(&server).await;
        let ranges = all_ranges(&provider).await;
        assert_eq!(ranges.len(), 2_501);
        assert_eq!(ranges[7].network.gateway, Some("10.0.7.1".parse().unwrap()));
        assert!(deaths(&server).values().all(|count| *count == 1), "none is repeated: {:?}", deaths(&server));

        let found: Vec<_> = provider.find_all(Find::default().with_range(id.to_string())).try_collect().await.unwrap();
        assert_eq!(found.len(), 2_975);
        let all: Vec<_> = provider.find_all(Find::default()).try_collect().await.unwrap();
        assert_eq!(all.len(), 2_975 + 500);
        let ids: Vec<RangeId> = ranges.iter().map(|range| range.id.clone()).collect();
        let usage = provider.usage(&ids).await.unwrap();
        assert_eq!(usage.iter().map(|usage| usage.allocated).sum::<u128>(), 2_975 + 500);
        let one = provider.usage_of(id.to_string()).await.unwrap();
        assert_eq!((one.total, one.allocated), (4_094, 2_975));

        let line = |count| AllocateLine::next(id.to_string(), count);
        let request = |key: &str, line| Allocate::new("vm").with_key(key).with_line(line);
        let texts = |lines: &ipam_core::Allocated| lines.iter().map(|one| one.address.to_string()).collect::<Vec<_>>();
        let taken = provider.allocate(&request("one", line(1))).await.unwrap();
        assert_eq!(texts(&taken), ["172.20.0.10"]);
        assert!(provider.allocate(&request("one", line(1))).await.unwrap().repeated);
        let taken = provider.allocate(&request("several", line(3))).await.unwrap();
        assert_eq!(texts(&taken), ["172.20.0.20", "172.20.0.30", "172.20.0.40"]);
        let run = request("run", run_of_two(id));
        let preview = provider.preview_allocate(&run).await.unwrap();
        assert_eq!(preview.lines[0][0].address.to_string(), "172.20.11.185");
        let taken = provider.allocate(&run).await.unwrap();
        assert_eq!(texts(&taken), ["172.20.11.185", "172.20.11.186"]);
        assert!(deaths(&server).values().all(|count| *count == 1), "none is repeated: {:?}", deaths(&server));
    });
}

#[test]
fn q76_without_a_search_several_addresses_are_taken_one_by_one() {
    runtime().block_on(async {
        let server = Server::builder().profile(small_memory(without_search())).start().await.unwrap();
        let id = server.seed(|store| {
            let section = store.add_section("Crowd");
            let id = store.add_subnet(section, "172.20.0.0/20".parse().unwrap());
            store.fill(id, 3_000);
            id
        });
        let provider = patient(&server).await;
        let taken = provider.allocate(&Allocate::new("vm").with_line(AllocateLine::next(id.to_string(), 3))).await;
        let taken: Vec<String> = taken.unwrap().iter().map(|one| one.address.to_string()).collect();
        assert_eq!(taken, ["172.20.11.185", "172.20.11.186", "172.20.11.187"]);
        let error = provider.allocate(&Allocate::new("vm").with_line(run_of_two(id))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().contains("memory_limit"), "{error}");
        assert_eq!(server.seed(|store| store.used(id).len()), 3_003);
    });
}

#[test]
fn a_connection_that_ends_with_a_long_list_is_no_end() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        fill(&server, 50, 100);
        let provider = connect(&server, PhpIpamConfig::new()).await;
        server.fault(Fault::DropBefore, When::any().method("GET").path("/addresses/all/").always());
        server.clear_log();
        let ranges = all_ranges(&*provider).await;
        assert!(ranges.iter().all(|range| range.network.gateway == range.net.hosts().next()), "{ranges:?}");
        assert_eq!(server.count("GET", "/addresses/all/"), 2, "once more, as it may be the network");
    });
}

#[test]
fn further_pages_are_those_of_the_first_and_another_process_goes_on() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        fill(&server, 10, 20);
        let (one, other) = (connect(&server, PhpIpamConfig::new()).await, connect(&server, PhpIpamConfig::new()).await);
        let page = |token| ListRanges::all().with_page(PageRequest::of(4).with_token(token));
        let first = one.list_ranges(&page(None)).await.unwrap();
        server.clear_log();
        let second = one.list_ranges(&page(first.next.clone())).await.unwrap();
        assert_eq!(server.requests().len(), 0);
        let same = other.list_ranges(&page(first.next.clone())).await.unwrap();
        assert_eq!(same.items, second.items);
        let last = other.list_ranges(&page(same.next)).await.unwrap();
        assert_eq!((last.items.len(), last.next), (2, None));

        // The second part is the time when the listing began. This one is of 1970.
        let token = first.next.unwrap().to_string();
        let mut parts: Vec<&str> = token.split('.').collect();
        parts[1] = "1";
        let error = one.list_ranges(&page(Some(parts.join(".").as_str().into()))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("list again from the first page"), "{error}");

        let find = |token| Find::default().with_page(PageRequest::of(4).with_token(token));
        let first = one.find(&find(None)).await.unwrap();
        server.clear_log();
        let second = one.find(&find(first.next.clone())).await.unwrap();
        assert_eq!(server.requests().len(), 0);
        assert_eq!(other.find(&find(first.next)).await.unwrap().items, second.items);
    });
}

#[test]
fn calls_at_the_same_time_share_a_snapshot() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        fill(&server, 100, 20);
        let provider = connect(&server, PhpIpamConfig::new()).await;
        server.clear_log();
        let request = ListRanges::all();
        let pages = futures_util::future::try_join_all((0..8).map(|_| provider.list_ranges(&request))).await.unwrap();
        assert!(pages.iter().all(|page| page.items.len() == 100));
        assert_eq!(server.count("GET", "/subnets/all/"), 1, "{:?}", server.requests());
    });
}
