//! Claims of processes that died before they acknowledged them: their protection, and their undoing.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ipam_core::registry::{Registry, Secrets};
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Deallocate, Error, ErrorKind, Find, IpamProvider, IpamProviderExt, RangeId,
    Retry, Sweep, Target,
};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{App, CustomColumn, Fault, Object, Permission, Server, When};

use crate::harness::{abandon, abandon_with, client_of, connect, runtime, with_nonce};

/// Protection of a claim of a few addresses, and a little more.
const PROTECTED: Duration = Duration::from_secs(200);

async fn lab() -> (Arc<Server>, u64) {
    let server = Server::start().await.unwrap();
    let subnet = server.seed(|store| {
        let section = store.add_section("Lab");
        store.add_subnet(section, "10.0.0.0/24".parse().unwrap())
    });
    (Arc::new(server), subnet)
}

/// A provider that undoes nothing by itself when it connects.
fn idle() -> PhpIpamConfig {
    PhpIpamConfig::new().with_sweep_on_connect(false)
}

fn several(subnet: u64, count: u32) -> Allocate {
    Allocate::new("vm").with_line(AllocateLine::next(subnet.to_string(), count))
}

fn used(server: &Server, subnet: u64) -> Vec<String> {
    server.seed(|store| store.used(subnet)).into_iter().map(|(ip, _)| ip.to_string()).collect()
}

fn addresses(swept: &ipam_core::Swept) -> Vec<String> {
    swept.claims.iter().map(|claim| claim.address.unwrap().to_string()).collect()
}

#[test]
fn what_a_killed_process_left_is_counted_listed_and_undone_when_it_is_old_enough() {
    runtime().block_on(async {
        let (server, subnet) = lab().await;
        abandon(&server, &several(subnet, 3)).await;
        let left = used(&server, subnet);
        assert_eq!(left.len(), 3);
        let provider = connect(&server, idle()).await;
        assert!(provider.capabilities().sweep);
        assert!(provider.find(&Find::default()).await.unwrap().items.is_empty());
        // It may still be at work.
        assert_eq!(provider.sweep(&Sweep::new().with_older_than(Duration::ZERO)).await.unwrap().claims, []);
        assert_eq!(provider.check().await.unwrap().warnings, Vec::<String>::new());
        server.advance(PROTECTED);
        provider.list_ranges(&ipam_core::ListRanges::all()).await.unwrap();
        let warnings = provider.check().await.unwrap().warnings.join("\n");
        assert!(warnings.contains("3 addresses are held by 1 claim"), "{warnings}");
        assert!(warnings.contains("ipam sweep"), "{warnings}");
        let old = Sweep::new().with_older_than(Duration::from_secs(3_600));
        assert_eq!(provider.sweep(&old).await.unwrap().claims, [], "younger than an hour");
        let dry = provider.sweep(&Sweep::new().with_dry_run(true)).await.unwrap();
        assert_eq!(addresses(&dry), left);
        let first = &dry.claims[0];
        assert_eq!((&first.range, first.owner.as_ref().unwrap().as_str()), (&RangeId::new(subnet.to_string()), "vm"));
        assert!(first.claimed.unwrap() <= SystemTime::now());
        assert_eq!(used(&server, subnet), left, "nothing changed");
        let one = provider.sweep(&Sweep::new().with_limit(1_u32)).await.unwrap();
        assert_eq!((addresses(&one), one.more), (left[..1].to_vec(), true));
        let rest = provider.sweep(&Sweep::new()).await.unwrap();
        assert_eq!((addresses(&rest), rest.more), (left[1..].to_vec(), false));
        assert!(used(&server, subnet).is_empty());
        assert_eq!(provider.check().await.unwrap().warnings, Vec::<String>::new());
        assert_eq!(provider.sweep(&Sweep::new()).await.unwrap().claims, [], "it is repeatable");
    });
}

#[test]
fn a_sweep_leaves_what_was_acknowledged() {
    runtime().block_on(async {
        let (server, subnet) = lab().await;
        let provider = connect(&server, idle()).await;
        provider.allocate_one(subnet.to_string(), "one").await.unwrap();
        // Row 0 says that the claim is committed; the marks of the others could not be changed.
        server.fault(Fault::Status(400, "no".into()), When::any().method("PATCH").skip(1).always());
        let told = provider.allocate(&several(subnet, 3)).await.unwrap();
        server.clear_faults();
        drop(provider);
        server.advance(Duration::from_secs(7 * 24 * 3_600));
        let other = connect(&server, idle()).await;
        assert_eq!(other.check().await.unwrap().warnings, Vec::<String>::new());
        assert_eq!(other.sweep(&Sweep::new()).await.unwrap().claims, []);
        assert_eq!(used(&server, subnet).len(), 4);
        // The sweep completed the other marks, so row 0 may be deleted, also by hand.
        let first = told.iter().next().unwrap().address;
        server.seed(|store| {
            let id = store.used(subnet).iter().find(|(ip, _)| *ip == first).unwrap().1;
            store.delete(Object::Address, id);
        });
        assert_eq!(other.sweep(&Sweep::new()).await.unwrap().claims, []);
        assert_eq!(used(&server, subnet).len(), 3);
        assert_eq!(other.find(&Find::default()).await.unwrap().items.len(), 3);
    });
}

/// The process is set up to be slower than the one that sweeps.
#[test]
fn a_claim_is_protected_as_long_as_its_own_process_says() {
    runtime().block_on(async {
        let (server, subnet) = lab().await;
        let slow = PhpIpamConfig::new().with_claim_time(Duration::from_secs(600));
        abandon_with(&server, slow, &several(subnet, 2)).await;
        let quick = connect(&server, idle().with_claim_time(Duration::from_secs(1))).await;
        server.advance(Duration::from_secs(1_700));
        quick.list_ranges(&ipam_core::ListRanges::all()).await.unwrap();
        assert_eq!(quick.sweep(&Sweep::new()).await.unwrap().claims, []);
        server.advance(Duration::from_secs(120));
        quick.list_ranges(&ipam_core::ListRanges::all()).await.unwrap();
        assert_eq!(quick.sweep(&Sweep::new()).await.unwrap().claims.len(), 2);
    });
}

/// Two hosts whose clocks differ see the same time: the server's.
#[test]
fn claims_are_dated_by_the_clock_of_the_server() {
    runtime().block_on(async {
        let (server, subnet) = lab().await;
        server.advance(Duration::from_secs(30 * 24 * 3_600));
        abandon(&server, &several(subnet, 2)).await;
        let id = server.seed(|store| store.used(subnet)[0].1);
        let note = server.seed(|store| store.row(Object::Address, id)).unwrap()["note"].as_str().unwrap().to_owned();
        let began = note.split(';').find_map(|part| part.strip_prefix('s')).unwrap();
        let began = u64::from_str_radix(began, 16).unwrap();
        let here = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!(began > here + 29 * 24 * 3_600, "{began} is this host's time, {here}");
        let other = connect(&server, idle()).await;
        assert_eq!(other.sweep(&Sweep::new()).await.unwrap().claims, [], "it was made just now");
    });
}

/// The process was stopped for a while, and goes on when its claim is gone.
#[test]
fn a_process_that_is_slower_than_it_may_be_does_not_acknowledge_what_was_swept() {
    runtime().block_on(async {
        let (server, subnet) = lab().await;
        let provider = connect(&server, idle()).await;
        server.fault(Fault::DropBefore, When::any().method("PATCH").times(2));
        // Between its attempts to commit the claim another process sweeps, by a clock that is far ahead.
        let sweeper = tokio::spawn({
            let server = Arc::clone(&server);
            async move {
                let deadline = Instant::now() + Duration::from_secs(20);
                while server.count("PATCH", "/addresses/") == 0 {
                    assert!(Instant::now() < deadline);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                server.advance(PROTECTED);
                let other = connect(&server, idle()).await;
                other.sweep(&Sweep::new()).await.unwrap().claims.len()
            }
        });
        let told = provider.allocate(&several(subnet, 3)).await;
        sweeper.await.unwrap();
        let told: Vec<String> = told.unwrap().iter().map(|one| one.address.to_string()).collect();
        assert_eq!(used(&server, subnet), told, "what was told is there, and nothing else");
    });
}

#[test]
fn connecting_undoes_a_few_abandoned_claims_and_never_fails_for_it() {
    runtime().block_on(async {
        let (server, subnet) = lab().await;
        abandon(&server, &several(subnet, 3)).await;
        server.advance(PROTECTED);
        connect(&server, idle()).await;
        assert_eq!(used(&server, subnet).len(), 3, "it was told not to");
        // A server that fails or is slow does not prevent connecting.
        server.fault(Fault::Status(500, "no".into()), When::any().method("DELETE").always());
        connect(&server, PhpIpamConfig::new()).await;
        server.clear_faults();
        server.fault(
            Fault::Latency(Duration::from_secs(30)),
            When::any().path("/search/").matching(|target| target.path.contains("ipam1")),
        );
        let start = Instant::now();
        connect(&server, PhpIpamConfig::new()).await;
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        server.clear_faults();
        assert_eq!(used(&server, subnet).len(), 3);
        server.clear_log();
        connect(&server, PhpIpamConfig::new()).await;
        assert!(used(&server, subnet).is_empty());
        assert!(server.requests().len() < 20, "{:?}", server.requests());
    });
}

#[test]
fn an_app_that_may_only_read_does_not_sweep() {
    runtime().block_on(async {
        let server = Server::builder()
            .app(App::new(Server::APP))
            .app(App::new("reader").with_permission(Permission::Read))
            .start()
            .await
            .unwrap();
        let subnet = server.seed(|store| {
            let section = store.add_section("Lab");
            store.add_subnet(section, "10.0.0.0/24".parse().unwrap())
        });
        abandon(&server, &several(subnet, 3)).await;
        server.advance(PROTECTED);
        let reader = client_of(&server, "reader");
        let provider = PhpIpamProvider::connect(reader, PhpIpamConfig::new()).await.unwrap();
        assert!(!provider.capabilities().sweep);
        let error = provider.sweep(&Sweep::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert_eq!(used(&server, subnet).len(), 3);
        let warnings = provider.check().await.unwrap().warnings.join("\n");
        assert!(warnings.contains("3 addresses are held by 1 claim"), "{warnings}");
    });
}

fn says_until_when(error: &Error) {
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Busy, Retry::Safe), "{error}");
    assert!(error.message().contains("its process died"), "{error}");
    assert!(error.retry_after().is_some_and(|wait| wait <= PROTECTED), "{error}");
    assert!(error.context("protected until").is_some_and(|until| until.ends_with('Z')), "{error}");
}

#[test]
fn a_repeat_after_a_crash_says_until_when_the_claim_is_protected() {
    runtime().block_on(async {
        let (server, subnet) = lab().await;
        let request = several(subnet, 3).with_key("k");
        abandon(&server, &request).await;
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let start = Instant::now();
        let error = provider.allocate(&request).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
        says_until_when(&error);
        assert!(error.retry_after().unwrap() <= Duration::from_secs(5), "it has just begun: {error}");
        server.advance(Duration::from_secs(100));
        let error = provider.allocate(&request).await.unwrap_err();
        says_until_when(&error);
        let wait = error.retry_after().unwrap();
        assert!(
            wait > Duration::from_secs(30) && wait < Duration::from_secs(100),
            "its process is most likely dead: {error}"
        );
        server.advance(wait);
        provider.list_ranges(&ipam_core::ListRanges::all()).await.unwrap();
        let told = provider.allocate(&request).await.unwrap();
        assert!(!told.repeated);
        assert_eq!(used(&server, subnet).len(), 3);
    });
}

#[test]
fn a_pending_claim_is_not_free_already() {
    runtime().block_on(async {
        let (server, subnet) = lab().await;
        let request = several(subnet, 3).with_key("k");
        abandon(&server, &request).await;
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let first = server.seed(|store| store.used(subnet)[0].0);
        let other = provider.allocate_one(subnet.to_string(), "other").await.unwrap();
        let by_key = Deallocate::key("k");
        let by_address = Deallocate::address(subnet.to_string(), first);
        let both = Deallocate::id(other.id.clone()).and(Target::Key("k".into()));
        for request in [&by_key, &by_address, &both] {
            says_until_when(&provider.deallocate(request).await.unwrap_err());
        }
        assert_eq!(used(&server, subnet).len(), 4, "nothing was freed, of none of the targets");
        server.advance(PROTECTED);
        provider.list_ranges(&ipam_core::ListRanges::all()).await.unwrap();
        let freed = provider.deallocate(&by_key).await.unwrap();
        assert_eq!(freed.freed().count(), 3);
        assert_eq!(used(&server, subnet), [other.address.to_string()]);
        assert_eq!(provider.deallocate(&by_key).await.unwrap().freed().count(), 0);
    });
}

/// Two processes created a subnet for one key, and the later one died before it deleted its own.
#[test]
fn a_second_child_prefix_of_one_key_is_swept_if_nothing_is_in_it() {
    runtime().block_on(async {
        let (server, block) = lab().await;
        server.seed(|store| {
            store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_block", false));
            store.set_field(Object::Subnet, block, "custom_block", "1");
        });
        let config = || idle().with_block_field("custom_block", "1");
        let provider = connect(&server, config()).await;
        let request = AllocateRange::prefix_len("net", block.to_string(), 26).with_key("k");
        let first = provider.allocate_range(&request).await.unwrap().range;
        let copy_to = |net: &str, nonce: &str| {
            server.seed(|store| {
                let section = store.ids(Object::Section)[0];
                let id = store.add_subnet(section, net.parse().unwrap());
                let row = store.row(Object::Subnet, first.id.as_str().parse().unwrap()).unwrap();
                let text = row["description"].as_str().unwrap();
                store.set_field(Object::Subnet, id, "description", &with_nonce(text, nonce));
                id
            })
        };
        let (empty, filled) =
            (copy_to("10.0.0.64/26", "00000000000000aa"), copy_to("10.0.0.128/26", "00000000000000bb"));
        let copied = copy_to("10.0.0.192/26", "");
        server.seed(|store| store.add_address(filled, "10.0.0.130".parse().unwrap(), "web1"));
        assert_eq!(provider.sweep(&Sweep::new()).await.unwrap().claims, [], "its process may find it out by itself");
        server.advance(PROTECTED);
        provider.list_ranges(&ipam_core::ListRanges::all()).await.unwrap();
        let dry = provider.sweep(&Sweep::new().with_dry_run(true)).await.unwrap();
        let swept = provider.sweep(&Sweep::new()).await.unwrap();
        assert_eq!(dry, swept);
        let ranges: Vec<_> =
            swept.claims.iter().map(|claim| (claim.range.as_str().to_owned(), claim.address)).collect();
        assert_eq!(ranges, [(empty.to_string(), None)]);
        let ids = server.seed(|store| store.ids(Object::Subnet));
        assert_eq!(ids, [block, first.id.as_str().parse().unwrap(), filled, copied]);
    });
}

/// A program that ends soon after a lost response makes no further call that would clean up.
#[test]
fn closing_looks_once_more_after_what_was_left() {
    runtime().block_on(async {
        let (server, subnet) = lab().await;
        let provider = connect(&server, idle()).await;
        server.fault(Fault::DropBefore, When::any().method("PATCH").always());
        server.fault(Fault::Status(500, "no".into()), When::any().method("DELETE").always());
        provider.allocate(&several(subnet, 3)).await.unwrap_err();
        server.clear_faults();
        assert_eq!(used(&server, subnet).len(), 3);
        provider.close().await.unwrap();
        assert!(used(&server, subnet).is_empty());
        provider.close().await.unwrap();
    });
}

#[test]
fn claim_time_and_sweep_are_options_of_the_url() {
    runtime().block_on(async {
        let (server, subnet) = lab().await;
        abandon(&server, &several(subnet, 2)).await;
        server.advance(PROTECTED);
        let mut registry = Registry::empty()
            .with_secrets(Secrets::from_fn(|_| async move { Ok(Some(Server::PASSWORD.to_owned().into())) }));
        phpipam_client::register(&mut registry).unwrap();
        let url =
            |options: &str| format!("phpipam+http://{}@{}/{}?{options}", Server::USER, server.address(), Server::APP);
        registry.open(&url("sweep=0")).await.unwrap();
        assert_eq!(used(&server, subnet).len(), 2);
        let slow = registry.open(&url("claim_time=10m")).await.unwrap();
        assert_eq!(slow.sweep(&Sweep::new()).await.unwrap().claims, [], "by its own claim time they are young");
        registry.open(&url("claim_time=20s")).await.unwrap();
        assert!(used(&server, subnet).is_empty());
    });
}
