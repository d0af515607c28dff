//! Races of processes and callers, in an order that the test sets, or with random delays at the server.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ipam_core::{
    Allocate, AllocateLine, Deallocate, ErrorKind, IpamProvider, IpamProviderExt, Outcome, Result as IpamResult,
};
use tokio::task::JoinHandle;
use vra_client::testing::v8::{Server, ServerBuilder};
use vra_client::testing::{Clock, When};
use vra_client::v8::provider::{VraConfig, VraProvider};

use crate::harness::{client, config};

async fn started(builder: ServerBuilder) -> (Server, String) {
    let server = builder.example_data().polls_in_progress(1).start().await.unwrap();
    let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
    (server, range)
}

/// Adds a range with a thousand addresses.
fn wide(server: &Server) -> String {
    server.seed(|store| {
        let network = store.add_fabric_network("wide", "10.20.0.0/16");
        store.add_ip_range("wide", &network, [10, 20, 0, 10].into(), [10, 20, 3, 250].into()).unwrap()
    })
}

/// Opens a provider as another process does.
async fn process(server: &Server, config: VraConfig) -> Arc<VraProvider> {
    Arc::new(VraProvider::connect(client(server), config).await.unwrap())
}

fn ip(last: u8) -> IpAddr {
    [10, 10, 20, last].into()
}

fn spawn(provider: &Arc<VraProvider>, request: &Allocate) -> JoinHandle<IpamResult<ipam_core::Allocated>> {
    let (provider, request) = (Arc::clone(provider), request.clone());
    tokio::spawn(async move { provider.allocate(&request).await })
}

/// Returns the mark of an address with another value of a member.
fn mark_with(server: &Server, range: &str, address: IpAddr, member: &str, value: serde_json::Value) -> String {
    let description = server.seed(|store| store.description(range, address)).unwrap();
    let mut mark: serde_json::Value = serde_json::from_str(description.strip_prefix("ipam1 ").unwrap()).unwrap();
    mark[member] = value;
    format!("ipam1 {mark}")
}

fn reads() -> When {
    When::any().method("GET").path("/ip-addresses")
}

#[tokio::test]
async fn a_claim_is_not_given_back_when_another_process_may_have_returned_it() {
    let (server, range) = started(Server::builder().release_wait(Duration::ZERO)).await;
    let config = || config().with_settle_time(Duration::from_secs(2));
    let (slow, third) = (process(&server, config()).await, process(&server, config()).await);
    let request = Allocate::one("vm", range.clone()).with_key("k");
    // The slow process has taken its address, and is about to look for the key again.
    let look = server.pause(reads().skip(2));
    let call = spawn(&slow, &request);
    look.reached(1).await;
    // Another process has a claim with the key at this moment, and gives it back at once.
    let other = mark_with(&server, &range, ip(10), "claim", "other".into());
    server.seed(|store| store.allocate(&range, ip(20), &other)).unwrap();
    let give_back = server.pause(reads());
    drop(look);
    give_back.reached(1).await;
    server.seed(|store| store.release(&range, &[ip(20)])).unwrap();
    // A third one sees the first claim alone, for the whole settle time.
    let returned = third.allocate(&request).await.unwrap();
    assert_eq!((returned.repeated, returned.lines[0][0].address), (true, ip(10)));
    drop(give_back);
    let error = call.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Busy, Outcome::Unknown), "{error}");
    assert!(error.to_string().contains("settle time"), "{error}");
    assert_eq!(server.seed(|store| store.allocated(&range)), [ip(10)]);
    // The next call has what the third process has.
    assert_eq!(slow.allocate(&request).await.unwrap().lines, returned.lines);
}

#[tokio::test]
async fn a_release_on_its_way_is_dropped_when_it_would_be_late() {
    let (server, range) = started(Server::builder().release_wait(Duration::ZERO)).await;
    let config = || config().with_settle_time(Duration::from_secs(2));
    let slow = process(&server, config()).await;
    let request = Allocate::one("vm", range.clone()).with_key("k");
    let look = server.pause(reads().skip(2));
    let release = server.pause(When::any().method("POST").path("/release"));
    let call = spawn(&slow, &request);
    look.reached(1).await;
    let other = mark_with(&server, &range, ip(10), "claim", "other".into());
    server.seed(|store| store.allocate(&range, ip(20), &other)).unwrap();
    drop(look);
    release.reached(1).await;
    // It ends although the server does not respond, and the request ends with it.
    let error = tokio::time::timeout(Duration::from_secs(8), call).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    drop(release);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.seed(|store| store.allocated(&range)), [ip(10), ip(20)]);
}

#[tokio::test]
async fn a_delayed_deallocation_does_not_free_the_next_owner_of_the_address() {
    let minute = Duration::from_secs(60);
    let clock = Clock::fixed(SystemTime::now());
    let (server, range) = started(Server::builder().release_wait(minute).clock(clock)).await;
    server.seed(|store| (12..=99).for_each(|last| store.block(&range, ip(last))));
    let (slow, other) = (process(&server, config()).await, process(&server, config()).await);
    // One address, and two in one call.
    for count in [1, 2] {
        let request = Allocate::new("vm-1").with_key("k").with_line(AllocateLine::next(range.clone(), count));
        slow.allocate(&request).await.unwrap();
        let release = server.pause(When::any().method("POST").path("/release"));
        let call = {
            let slow = Arc::clone(&slow);
            tokio::spawn(async move { slow.deallocate(&Deallocate::key("k")).await })
        };
        release.reached(1).await;
        // Another process is faster, and after the release time the address has its next owner.
        assert!(!other.deallocate(&Deallocate::key("k")).await.unwrap().was_free());
        server.advance(minute);
        tokio::time::pause();
        tokio::time::advance(minute).await;
        tokio::time::resume();
        let next = other.allocate_one(range.clone(), "vm-2").await.unwrap();
        assert_eq!(next.address, ip(10));
        drop(release);
        call.await.unwrap().unwrap();
        assert_eq!(server.seed(|store| store.allocated(&range)), [ip(10)], "{count}");
        other.deallocate(&Deallocate::id(next.id)).await.unwrap();
        server.advance(minute);
    }
}

#[tokio::test]
async fn a_claim_of_several_calls_ends_with_its_claim_time() {
    let (server, range) = started(Server::builder().release_wait(Duration::ZERO)).await;
    let wide = wide(&server);
    let hasty = process(&server, config().with_claim_time(Duration::from_millis(500))).await;
    let request = Allocate::new("vm")
        .with_key("k")
        .with_line(AllocateLine::next(range.clone(), 2))
        .with_line(AllocateLine::next(wide.clone(), 150));
    // The first of two calls for the second range hangs: the other one is not sent, and the rest is given back.
    let hangs = server.pause(When::any().method("POST").path(format!("{wide}/ip-addresses/allocate")));
    let call = spawn(&hasty, &request);
    hangs.reached(1).await;
    let error = tokio::time::timeout(Duration::from_secs(10), call).await.unwrap().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown), "{error}");
    assert!(error.to_string().contains("claim time"), "{error}");
    drop(hangs);
    assert!(server.seed(|store| store.allocated(&range).len() + store.allocated(&wide).len()) == 0);
    assert_eq!(server.count("POST", &format!("{wide}/ip-addresses/allocate")), 0);
    // The same when a tracker hangs: no further call is sent, and what was taken is given back.
    let hangs = server.pause(When::any().path("/request-tracker/").skip(3));
    let call = spawn(&hasty, &request);
    hangs.reached(1).await;
    let error = tokio::time::timeout(Duration::from_secs(10), call).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    drop(hangs);
    assert!(server.seed(|store| store.allocated(&range).len() + store.allocated(&wide).len()) == 0);
    // One call of the three, whose tracker hung.
    assert_eq!(server.count("POST", &format!("{wide}/ip-addresses/allocate")), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_the_claims_of_several_calls_with_one_key() {
    let builder = Server::builder().release_wait(Duration::ZERO).jitter(Duration::from_millis(8), 7);
    let (server, range) = started(builder).await;
    let wide = wide(&server);
    let config = || config().with_settle_time(Duration::from_secs(4));
    for round in 1..=3 {
        let request = Allocate::new("vm")
            .with_key(format!("k-{round}"))
            .with_line(AllocateLine::next(range.clone(), 2))
            .with_line(AllocateLine::next(wide.clone(), 120));
        let mut calls = Vec::new();
        for _ in 0..2 {
            calls.push(spawn(&process(&server, config()).await, &request));
        }
        let mut results = Vec::new();
        for call in calls {
            results.push(call.await.unwrap().unwrap().lines);
        }
        assert_eq!(results[0], results[1], "{round}");
        let counts = server.seed(|store| (store.allocated(&range).len(), store.allocated(&wide).len()));
        assert_eq!(counts, (2 * round, 120 * round));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interleaved_processes_never_give_an_address_twice() {
    let builder = Server::builder().release_wait(Duration::ZERO).jitter(Duration::from_millis(10), 3);
    let (server, range) = started(builder).await;
    let config = || config().with_settle_time(Duration::from_secs(4));
    let mut calls = Vec::new();
    for number in 0..4 {
        let process = process(&server, config()).await;
        for key in 0..3 {
            // Two processes for each key.
            let request = Allocate::one("vm", range.clone()).with_key(format!("k-{}", key + 3 * (number / 2)));
            calls.push((request.key.clone().unwrap(), spawn(&process, &request)));
        }
    }
    let mut of_keys = std::collections::BTreeMap::new();
    for (key, call) in calls {
        let address = call.await.unwrap().unwrap().lines[0][0].address;
        assert_eq!(*of_keys.entry(key).or_insert(address), address);
    }
    let mut addresses: Vec<IpAddr> = of_keys.into_values().collect();
    addresses.sort();
    assert_eq!(server.seed(|store| store.allocated(&range)), addresses);
}

#[tokio::test]
async fn clocks_that_differ_neither_lose_nor_repeat_an_address() {
    let now = SystemTime::now();
    for server_clock in [now - Duration::from_secs(5 * 3600), now + Duration::from_secs(5 * 3600)] {
        let (server, range) = started(Server::builder().clock(Clock::fixed(server_clock))).await;
        let (one, two) = (process(&server, config()).await, process(&server, config()).await);
        let request = Allocate::one("vm", range.clone()).with_key("k");
        let first = one.allocate(&request).await.unwrap();
        assert_eq!(two.allocate(&request).await.unwrap().lines, first.lines);
        assert_eq!(two.deallocate(&Deallocate::key("k")).await.unwrap().freed().count(), 1);
        assert_eq!(one.allocate(&request).await.unwrap().lines[0][0].address, ip(11));
    }
    // A claim of a process whose clock is an hour ahead, or some minutes behind, is not settled at once.
    let (server, range) = started(Server::builder()).await;
    let request = Allocate::one("vm", range.clone()).with_key("k");
    process(&server, config()).await.allocate(&request).await.unwrap();
    let at = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for at in [at + 3600, at - 500] {
        let mark = mark_with(&server, &range, ip(10), "at", at.into());
        server.seed(|store| store.describe(&range, ip(10), &mark));
        let begun = Instant::now();
        assert!(process(&server, config()).await.allocate(&request).await.unwrap().repeated);
        assert!(begun.elapsed() >= Duration::from_millis(800), "{:?}", begun.elapsed());
    }
    // One that is old beyond doubt is.
    let mark = mark_with(&server, &range, ip(10), "at", (at - 3600).into());
    server.seed(|store| store.describe(&range, ip(10), &mark));
    let unhurried = process(&server, config().with_settle_time(Duration::from_secs(60))).await;
    assert!(
        tokio::time::timeout(Duration::from_secs(20), unhurried.allocate(&request)).await.unwrap().unwrap().repeated
    );
    // An incomplete one of a clock that is ahead may still be in progress.
    let mark = mark_with(&server, &range, ip(10), "at", (at + 3600).into()).replace(r#""calls":1"#, r#""calls":2"#);
    server.seed(|store| store.describe(&range, ip(10), &mark.replace("10.10.20.10\"]]", "10.10.20.11\"]]")));
    let hasty = process(&server, config().with_claim_time(Duration::from_millis(300))).await;
    assert_eq!(hasty.allocate(&request).await.unwrap_err().kind(), ErrorKind::Busy);
}

#[tokio::test]
async fn a_claim_is_settled_by_the_longer_of_two_settle_times() {
    let (server, range) = started(Server::builder()).await;
    let request = Allocate::one("vm", range.clone()).with_key("k");
    process(&server, config().with_settle_time(Duration::from_millis(1500))).await.allocate(&request).await.unwrap();
    let hasty = process(&server, config().with_settle_time(Duration::from_millis(1))).await;
    let begun = Instant::now();
    assert!(hasty.allocate(&request).await.unwrap().repeated);
    assert!(begun.elapsed() >= Duration::from_millis(1500), "{:?}", begun.elapsed());
    // The wait has an end, however long the other process wants it.
    let mark = mark_with(&server, &range, ip(10), "times", serde_json::json!([120_000, 86_400_000]));
    server.seed(|store| store.describe(&range, ip(10), &mark));
    let times = config().with_settle_time(Duration::from_millis(100)).with_claim_time(Duration::from_millis(300));
    let hasty = process(&server, times).await;
    let ended = tokio::time::timeout(Duration::from_secs(20), hasty.allocate(&request)).await.unwrap();
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Busy);
}

#[tokio::test]
async fn the_address_of_a_dropped_caller_without_a_key_is_released() {
    let (server, range) = started(Server::builder().release_wait(Duration::ZERO)).await;
    let provider = process(&server, config()).await;
    // Before it is taken, and when it was.
    for pause in
        [server.pause(When::any().method("POST").path("/ip-addresses/allocate")), server.pause(reads().skip(1))]
    {
        let call = spawn(&provider, &Allocate::one("vm", range.clone()));
        pause.reached(1).await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        drop(pause);
    }
    provider.close().await.unwrap();
    assert_eq!(server.count("POST", "/ip-addresses/allocate"), 2);
    assert_eq!(server.seed(|store| store.allocated(&range)), Vec::<IpAddr>::new());
    assert!(provider.allocate_one(range, "vm").await.is_err());
}

#[tokio::test]
async fn a_slow_allocation_stops_no_deallocation_of_something_else() {
    let (server, range) = started(Server::builder()).await;
    let provider = process(&server, config()).await;
    let allocation = provider.allocate_one(range.clone(), "vm-1").await.unwrap();
    // A key that shares its lock with the address, if both are in one table of 256.
    let place = |text: &str| {
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, mix) % 256
    };
    let address = place(&format!("{range}/{}", allocation.address));
    let key = (0..).map(|number| format!("k{number}")).find(|key| place(&format!("key {key}")) == address).unwrap();
    let pause = server.pause(When::any().method("POST").path("/ip-addresses/allocate"));
    let call = spawn(&provider, &Allocate::one("vm-2", range.clone()).with_key(key));
    pause.reached(1).await;
    let free = Deallocate::id(allocation.id);
    let freed = tokio::time::timeout(Duration::from_secs(10), provider.deallocate(&free)).await;
    assert_eq!(freed.unwrap().unwrap().freed().count(), 1);
    drop(pause);
    call.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_call_with_a_key_that_is_being_deallocated_waits_for_the_end() {
    let (server, range) = started(Server::builder()).await;
    let provider = process(&server, config()).await;
    let request = Allocate::one("vm", range.clone()).with_key("k");
    provider.allocate(&request).await.unwrap();
    let pause = server.pause(When::any().method("POST").path("/ip-addresses/release"));
    let other = Arc::clone(&provider);
    let free = tokio::spawn(async move { other.deallocate(&Deallocate::key("k")).await });
    pause.reached(1).await;
    let call = spawn(&provider, &request);
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(pause);
    assert_eq!(free.await.unwrap().unwrap().freed().count(), 1);
    let again = call.await.unwrap().unwrap();
    assert_eq!((again.repeated, server.seed(|store| store.allocated(&range))), (false, vec![ip(11)]));
    assert_eq!(again.lines[0][0].address, ip(11));
}
