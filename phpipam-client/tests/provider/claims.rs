//! Claims that are disturbed at the worst moment: lost responses, requests that are carried out late, processes that
//! die half-way, other processes with the same key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use ipam_core::{Allocate, AllocateLine, AllocateRange, IpamProvider, IpamProviderExt, Sweep};
use phpipam_client::provider::{Pacing, PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{CustomColumn, Fault, Object, Server, When};
use serde_json::Value;

use crate::harness::{abandon, client, connect, runtime};

/// A server with one subnet.
async fn lab(net: &str) -> (Server, u64) {
    let server = Server::start().await.unwrap();
    let subnet = server.seed(|store| {
        let section = store.add_section("Lab");
        store.add_subnet(section, net.parse().unwrap())
    });
    (server, subnet)
}

fn quick() -> PhpIpamConfig {
    PhpIpamConfig::new().with_claim_time(Duration::from_secs(1))
}

fn keyed(key: &str, subnet: u64, count: u32) -> Allocate {
    Allocate::new("vm").with_key(key).with_line(AllocateLine::next(subnet.to_string(), count))
}

fn used(server: &Server, subnet: u64) -> Vec<String> {
    server.seed(|store| store.used(subnet)).into_iter().map(|(ip, _)| ip.to_string()).collect()
}

/// Returns the bodies of the requests that take an address, in the order in which they were sent.
fn takings(server: &Server) -> Vec<String> {
    let requests = server.requests().into_iter();
    requests
        .filter(|request| request.method == "POST" && request.path.contains("/addresses/"))
        .map(|r| r.body)
        .collect()
}

/// Returns true for a search of addresses. Those of subnets look for a child prefix of the key.
fn is_for_addresses(query: &str) -> bool {
    !query.contains("addresses=0")
}

/// Returns the number of looks for addresses of a key.
fn looks(server: &Server) -> usize {
    let requests = server.requests();
    requests.iter().filter(|request| request.path.contains("/search/") && is_for_addresses(&request.query)).count()
}

/// Returns the claim number in a mark, or in a body with a mark.
fn nonce(text: &str) -> Option<&str> {
    text.split(';').find(|part| part.starts_with('n'))
}

async fn until(what: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < deadline, "it did not happen");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Sends a request again whose sender has given it up.
async fn carried_out_late(server: &Server, subnet: u64, body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    let response =
        client(server).raw(Method::POST, &format!("addresses/first_free/{subnet}/"), Some(body)).await.unwrap();
    response.data.as_str().unwrap().to_owned()
}

/// Fails the search for marks from the first request of `method` on.
fn blind_after(server: &Server, method: &'static str) {
    let seen = AtomicBool::new(false);
    let when = When::any().always().matching(move |target| {
        if target.method == method && target.path.contains("/addresses/") {
            seen.store(true, Ordering::SeqCst);
        }
        seen.load(Ordering::SeqCst) && target.path.contains("/search/")
    });
    server.fault(Fault::EmptyError500, when);
}

/// A row under the caller's key may have been returned by another process, from the moment it is there.
#[test]
fn a_claim_that_could_not_be_checked_is_left_to_its_key() {
    runtime().block_on(async {
        for count in [1_u32, 3] {
            let (server, subnet) = lab("10.0.0.0/28").await;
            let (one, two) = (connect(&server, quick()).await, connect(&server, quick()).await);
            blind_after(&server, if count == 1 { "POST" } else { "PATCH" });
            let error = one.allocate(&keyed("k", subnet, count)).await.unwrap_err();
            assert_eq!(error.outcome(), ipam_core::Outcome::Unknown, "{count}: it is there: {error}");
            server.clear_faults();
            let told = two.allocate(&keyed("k", subnet, count)).await.unwrap();
            assert!(told.repeated, "{count}: it was taken, and not by this call");
            one.allocate_one(subnet.to_string(), "other").await.unwrap();
            let told: Vec<String> = told.iter().map(|one| one.address.to_string()).collect();
            let used = used(&server, subnet);
            assert!(used.len() == told.len() + 1 && told.iter().all(|ip| used.contains(ip)), "{count}: {used:?}");
        }
    });
}

#[test]
fn a_row_that_comes_late_under_a_key_is_kept_for_the_caller_that_was_told_of_it() {
    runtime().block_on(async {
        let (server, subnet) = lab("10.0.0.0/28").await;
        let (one, two) = (connect(&server, quick()).await, connect(&server, quick()).await);
        server.fault(Fault::DropBefore, When::any().method("POST").path("/first_free/").always());
        one.allocate(&keyed("k", subnet, 1)).await.unwrap_err();
        server.clear_faults();
        let ip = carried_out_late(&server, subnet, &takings(&server)[0]).await;
        let told = two.allocate(&keyed("k", subnet, 1)).await.unwrap();
        assert_eq!(told.iter().next().unwrap().address.to_string(), ip);
        // The process that gave up cleans up.
        let other = one.allocate_one(subnet.to_string(), "other").await.unwrap();
        assert_ne!(other.address.to_string(), ip, "another caller was told of it");
        assert_eq!(used(&server, subnet).len(), 2);
    });
}

/// Both requests for one address are carried out after all. The address that the caller was told of stays.
#[test]
fn of_two_late_rows_the_one_that_was_returned_stays() {
    runtime().block_on(async {
        for key in [None, Some("k")] {
            let (server, subnet) = lab("10.0.0.0/28").await;
            let server = Arc::new(server);
            let provider = connect(&server, PhpIpamConfig::new()).await;
            server.fault(Fault::DropBefore, When::any().method("POST").path("/first_free/").times(2));
            let first = tokio::spawn({
                let server = Arc::clone(&server);
                async move {
                    until(|| takings(&server).len() == 2).await;
                    let bodies = takings(&server);
                    (carried_out_late(&server, subnet, &bodies[0]).await, bodies[1].clone())
                }
            });
            let mut request = Allocate::one("vm", subnet.to_string());
            if let Some(key) = key {
                request = request.with_key(key);
            }
            let told = provider.allocate(&request).await.unwrap().iter().next().unwrap().address.to_string();
            let (ip, second) = first.await.unwrap();
            assert_eq!(told, ip);
            let other = carried_out_late(&server, subnet, &second).await;
            // The next call cleans up after lost responses.
            provider.allocate_one(subnet.to_string(), "next").await.unwrap();
            let rows = server.seed(|store| store.used(subnet));
            let notes = rows.iter().map(|(ip, id)| {
                let note = server.seed(|store| store.row(Object::Address, *id)).unwrap().get("note").cloned();
                (ip.to_string(), note.unwrap().as_str().unwrap().to_owned())
            });
            let ours: Vec<String> = notes.filter(|(_, note)| nonce(note) == nonce(&second)).map(|(ip, _)| ip).collect();
            assert_eq!(ours, [told], "{key:?}: no caller was told of {other}");
        }
    });
}

/// The first request for an address is carried out just before the second one, and another process sees it there.
#[test]
fn a_row_that_another_process_found_under_the_key_is_returned_by_this_one_too() {
    runtime().block_on(async {
        let (server, subnet) = lab("10.0.0.0/28").await;
        let server = Arc::new(server);
        let (one, two) = (connect(&server, PhpIpamConfig::new()).await, connect(&server, PhpIpamConfig::new()).await);
        let (lost, look) = (AtomicBool::new(false), std::sync::atomic::AtomicU32::new(0));
        server.fault(Fault::DropBefore, When::any().method("POST").path("/first_free/"));
        // The last look for the row of the lost response is slow.
        let third_look = When::any().matching(move |target| {
            lost.fetch_or(target.method == "POST" && target.path.contains("/first_free/"), Ordering::SeqCst);
            let is_look = target.path.contains("/search/") && is_for_addresses(target.query);
            lost.load(Ordering::SeqCst) && is_look && look.fetch_add(1, Ordering::SeqCst) == 2
        });
        server.fault(Fault::Latency(Duration::from_millis(1_500)), third_look);
        server.clear_log();
        let other = tokio::spawn({
            let server = Arc::clone(&server);
            async move {
                // One look before the request, and three for the row of its lost response.
                until(|| looks(&server) == 4).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
                let ip = carried_out_late(&server, subnet, &takings(&server)[0]).await;
                (ip, two.allocate(&keyed("k", subnet, 1)).await.unwrap())
            }
        });
        let told = one.allocate(&keyed("k", subnet, 1)).await.unwrap();
        let (ip, other) = other.await.unwrap();
        assert_eq!(other.iter().next().unwrap().address.to_string(), ip);
        assert_eq!(takings(&server).len(), 3, "one that was lost, the same late, one more");
        assert_eq!(told.iter().next().unwrap().address.to_string(), ip, "both have the same");
        assert_eq!(used(&server, subnet), [ip]);
    });
}

#[test]
fn a_process_that_dies_while_it_undoes_a_claim_leaves_addresses_that_a_sweep_finds() {
    runtime().block_on(async {
        let (server, subnet) = lab("10.0.0.0/28").await;
        let dying = connect(&server, quick()).await;
        blind_after(&server, "PATCH");
        server.fault(Fault::DropBefore, When::any().method("DELETE").skip(1).always());
        let request = Allocate::new("vm").with_line(AllocateLine::next(subnet.to_string(), 3));
        dying.allocate(&request).await.unwrap_err();
        drop(dying);
        server.clear_faults();
        assert_eq!(used(&server, subnet).len(), 2);
        let other = PhpIpamProvider::connect(client(&server), quick()).await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(15);
        while !used(&server, subnet).is_empty() && Instant::now() < deadline {
            other.sweep(&Sweep::new()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert_eq!(used(&server, subnet), Vec::<String>::new());
    });
}

/// By then other processes may treat the claim as abandoned.
#[test]
fn a_claim_that_is_committed_too_late_is_made_again() {
    runtime().block_on(async {
        let (server, subnet) = lab("10.0.0.0/28").await;
        let provider = connect(&server, quick()).await;
        server.fault(Fault::Latency(Duration::from_secs(4)), When::any().method("PATCH"));
        let request = Allocate::new("vm").with_line(AllocateLine::next(subnet.to_string(), 2));
        provider.allocate(&request).await.unwrap();
        let bodies = takings(&server);
        let claims: std::collections::BTreeSet<_> = bodies.iter().map(|body| nonce(body)).collect();
        assert_eq!(claims.len(), 2);
        assert_eq!(used(&server, subnet).len(), 2);
    });
}

/// The mark of row 0 says for all rows that the claim is committed. Row 0 may be deleted, also by hand, and the others
/// must stay.
#[test]
fn a_repeat_completes_the_marks_of_a_claim() {
    runtime().block_on(async {
        let (server, subnet) = lab("10.0.0.0/28").await;
        let (one, two) = (connect(&server, quick()).await, PhpIpamProvider::connect(client(&server), quick()).await);
        let two = two.unwrap();
        server.fault(Fault::Status(400, "no".into()), When::any().method("PATCH").skip(1).always());
        one.allocate(&keyed("k", subnet, 2)).await.unwrap();
        server.clear_faults();
        assert!(two.allocate(&keyed("k", subnet, 2)).await.unwrap().repeated);
        let first = server.seed(|store| store.used(subnet)[0].1);
        server.seed(|store| store.delete(Object::Address, first));
        two.sweep(&Sweep::new()).await.unwrap();
        assert_eq!(used(&server, subnet), ["10.0.0.2"]);
    });
}

#[test]
fn a_subnet_that_could_not_be_checked_and_has_no_known_key_is_not_left_behind() {
    runtime().block_on(async {
        let (server, block) = lab("10.0.0.0/24").await;
        server.seed(|store| {
            store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_block", false));
            store.set_field(Object::Subnet, block, "custom_block", "1");
        });
        let provider = connect(&server, quick().with_block_field("custom_block", "1")).await;
        let made = AtomicBool::new(false);
        let blind = When::any().always().matching(move |target| {
            made.fetch_or(target.method == "POST" && target.path.contains("/subnets/"), Ordering::SeqCst);
            made.load(Ordering::SeqCst) && target.method == "GET"
        });
        server.fault(Fault::EmptyError500, blind);
        provider.allocate_range(&AllocateRange::prefix_len("net", block.to_string(), 26)).await.unwrap_err();
        assert_eq!(server.seed(|store| store.ids(Object::Subnet)), [block]);
    });
}

/// A subnet that could not be deleted is named. A lost request is not forgotten when the next one is refused.
#[test]
fn a_child_prefix_that_may_be_there_leaves_the_outcome_unknown() {
    runtime().block_on(async {
        for lost in [true, false] {
            let (server, block) = lab("10.0.0.0/24").await;
            server.seed(|store| {
                store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_block", false));
                store.set_field(Object::Subnet, block, "custom_block", "1");
            });
            let provider = connect(&server, quick().with_block_field("custom_block", "1")).await;
            if lost {
                server.fault(Fault::DropBefore, When::any().method("POST").path("/subnets/"));
                let again = When::any().method("POST").path("/subnets/").always();
                server.fault(Fault::Status(400, "no".into()), again);
            } else {
                let made = AtomicBool::new(false);
                let blind = When::any().always().matching(move |target| {
                    made.fetch_or(target.method == "POST" && target.path.contains("/subnets/"), Ordering::SeqCst);
                    made.load(Ordering::SeqCst) && (target.method == "GET" || target.method == "DELETE")
                });
                server.fault(Fault::Status(400, "no".into()), blind);
            }
            let request = AllocateRange::prefix_len("net", block.to_string(), 26);
            let error = provider.allocate_range(&request).await.unwrap_err();
            assert_eq!(error.outcome(), ipam_core::Outcome::Unknown, "{lost}: {error:?}");
            let left = server.seed(|store| store.ids(Object::Subnet)).into_iter().find(|id| *id != block);
            assert_eq!(left.is_none(), lost, "{error:?}");
            if let Some(id) = left {
                assert!(format!("{error:?}").contains(&format!("subnet {id}")), "{error:?}");
            }
        }
    });
}

/// The refusal of the second request says nothing about the first.
#[test]
fn a_lost_request_is_not_forgotten_when_the_next_one_is_refused() {
    runtime().block_on(async {
        for key in [Some("k"), None] {
            let (server, subnet) = lab("10.0.0.0/28").await;
            let provider = connect(&server, quick()).await;
            server.fault(Fault::DropBefore, When::any().method("POST").path("/first_free/"));
            server.fault(Fault::Status(400, "no".into()), When::any().method("POST").path("/first_free/").always());
            let mut request = keyed("k", subnet, 1);
            request.key = key.map(Into::into);
            let error = provider.allocate(&request).await.unwrap_err();
            assert_eq!(takings(&server).len(), 2, "{error:?}");
            assert_eq!(error.outcome(), ipam_core::Outcome::Unknown, "{key:?}: {error:?}");
        }
    });
}

/// The claim was committed, and the next round cannot read it.
#[test]
fn a_claim_that_is_committed_too_late_and_cannot_be_read_leaves_the_outcome_unknown() {
    runtime().block_on(async {
        let (server, subnet) = lab("10.0.0.0/28").await;
        let provider = connect(&server, quick()).await;
        server.fault(Fault::Latency(Duration::from_secs(4)), When::any().method("PATCH"));
        let seen = AtomicBool::new(false);
        let blind = When::any().always().matching(move |target| {
            seen.fetch_or(target.method == "PATCH", Ordering::SeqCst);
            seen.load(Ordering::SeqCst) && target.path.contains("/search/")
        });
        server.fault(Fault::Status(400, "no".into()), blind);
        let error = provider.allocate(&keyed("k", subnet, 2)).await.unwrap_err();
        assert_eq!(error.outcome(), ipam_core::Outcome::Unknown, "{error:?}");
        assert_eq!(used(&server, subnet).len(), 2, "{error:?}");
    });
}

#[test]
fn a_claim_that_a_slow_server_cannot_finish_in_its_time_ends_and_says_what_to_raise() {
    runtime().block_on(async {
        let runs = [None, Some("k")].map(|key| async move {
            let (server, subnet) = lab("10.0.0.0/24").await;
            let provider = connect(&server, quick()).await;
            server.fault(Fault::Latency(Duration::from_millis(1_500)), When::any().path("/addresses/").always());
            let mut request = keyed("k", subnet, 3);
            request.key = key.map(Into::into);
            let begun = Instant::now();
            let error = provider.allocate(&request).await.unwrap_err();
            assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
            assert_eq!(error.kind(), ipam_core::ErrorKind::Busy, "{error}");
            assert!(error.to_string().contains("raise claim_time"), "{error}");
            server.clear_faults();
            provider.close().await.unwrap();
            assert_eq!(used(&server, subnet), [] as [String; 0], "nothing is left");
        });
        futures_util::future::join_all(runs).await;
    });
}

/// A caller with a short pacing is soon told that another call has the key.
#[test]
fn a_caller_sets_how_long_is_waited() {
    runtime().block_on(async {
        let (server, subnet) = lab("10.0.0.0/28").await;
        abandon(&server, &keyed("k", subnet, 2)).await;
        let pacing = Pacing::new()
            .with_deadline(Duration::from_secs(1))
            .with_settle(Duration::from_millis(100))
            .with_retry(Duration::from_millis(5), Duration::from_millis(20));
        let provider = connect(&server, PhpIpamConfig::new().with_pacing(pacing).with_sweep_on_connect(false)).await;
        let begun = Instant::now();
        let error = provider.allocate(&keyed("k", subnet, 2)).await.unwrap_err();
        assert_eq!(error.kind(), ipam_core::ErrorKind::Busy, "{error}");
        assert!(error.message().contains("is still in progress"), "{error}");
        assert_eq!(error.outcome(), ipam_core::Outcome::NotApplied);
        let looks = server.count("GET", "/search/");
        assert!(begun.elapsed() < Duration::from_secs(3) && looks < 40, "{:?}, {looks} looks", begun.elapsed());
    });
}
