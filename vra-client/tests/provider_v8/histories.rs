//! Histories at random: several processes share one server, with a network that loses and delays, callers that go away,
//! and processes that are killed. Whatever happens, callers have what they were told.

#![allow(clippy::cast_possible_truncation, reason = "the numbers are small")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ipam_core::{Allocate, AllocateLine, Deallocate, ErrorKind, Find, IpamProvider, Precondition, RetryConfig};
use tokio::runtime::Runtime;
use vra_client::poll::Wait;
use vra_client::testing::v8::Server;
use vra_client::testing::{Fault, When};
use vra_client::v8::provider::{VraConfig, VraProvider};

use crate::book::{Book, on_server};
use crate::harness::{client, client_at};
use crate::wire::{Dice, Wire};

/// Callers of each process.
const CALLERS: usize = 6;
/// Keys that the callers of all processes share.
const KEYS: u64 = 24;

fn config() -> VraConfig {
    VraConfig::new().with_settle_time(Duration::from_secs(4)).with_claim_time(Duration::from_secs(20)).with_wait(
        Wait::up_to(Duration::from_secs(10)).with_pauses(Duration::from_millis(2), Duration::from_millis(40)),
    )
}

/// Site that all processes of a history share.
struct Site {
    ranges: Vec<String>,
    book: Book,
    dice: Dice,
    left: AtomicUsize,
}

/// Process, with a runtime, a client and a network of its own.
struct Process {
    runtime: Option<Runtime>,
    _wire: Wire,
}

impl Process {
    fn start(server: &Server, site: &Arc<Site>, skew: i64, seed: u64) -> Self {
        let wire = Wire::start(server.address(), skew, seed);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (site, url) = (Arc::clone(site), wire.url());
        runtime.spawn(async move {
            let provider = loop {
                let client = client_at(&url, RetryConfig::new(3, Duration::from_secs(2)));
                if let Ok(provider) = VraProvider::connect(client, config()).await {
                    break Arc::new(provider);
                }
            };
            for _ in 0..CALLERS {
                let (site, provider) = (Arc::clone(&site), Arc::clone(&provider));
                tokio::spawn(async move {
                    while site.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
                    {
                        operation(&site, &*provider).await;
                    }
                });
            }
        });
        Self { runtime: Some(runtime), _wire: wire }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Tasks end at their next wait, as if the process was killed.
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// Returns the request of a key, which is the same for all processes.
fn request_of(site: &Site, key: u64) -> (Allocate, usize) {
    let range = |at: u64| site.ranges[usize::try_from(at % 3).unwrap()].clone();
    let count = if key.is_multiple_of(5) { 8 } else { 1 };
    let mut request = Allocate::new(format!("vm-{key}")).with_key(format!("k-{key}"));
    request = request.with_line(AllocateLine::next(range(key), count));
    if key.is_multiple_of(4) {
        return (request.with_line(AllocateLine::next(range(key + 1), 2)), count as usize + 2);
    }
    (request, count as usize)
}

async fn operation(site: &Site, provider: &dyn IpamProvider) {
    static OWNERS: AtomicUsize = AtomicUsize::new(0);
    let dice = &site.dice;
    let kind = dice.below(100);
    let (request, subject, count) = match kind {
        0..40 => {
            let owner = format!("u-{}", OWNERS.fetch_add(1, Ordering::SeqCst));
            let count = if dice.below(6) == 0 { 1 + dice.below(20) } else { 1 };
            let line = AllocateLine::next(site.ranges[usize::try_from(dice.below(3)).unwrap()].clone(), count as u32);
            (Allocate::new(owner.clone()).with_line(line), owner, count as usize)
        }
        40..62 => {
            let key = dice.below(KEYS);
            let (request, count) = request_of(site, key);
            (request, format!("k-{key}"), count)
        }
        _ => return deallocation(site, provider).await,
    };
    let call = site.book.allocation(&subject);
    let allocating = provider.allocate(&request);
    if dice.below(12) == 0 {
        // The caller goes away.
        let limit = Duration::from_millis(dice.below(150));
        if let Ok(result) = tokio::time::timeout(limit, allocating).await {
            call.allocated(result, count);
        }
        return;
    }
    call.allocated(allocating.await, count);
}

async fn deallocation(site: &Site, provider: &dyn IpamProvider) {
    let held = {
        let state = site.book.state();
        let count = state.held.len() as u64;
        let at = usize::try_from(site.dice.below(count.max(1))).unwrap();
        state.held.iter().nth(at).map(|(id, subject)| (id.clone(), subject.clone()))
    };
    let Some((id, subject)) = held else { return };
    let keyed = subject.starts_with("k-");
    let owner = subject.replace("k-", "vm-");
    let (call, request) = match site.dice.below(3) {
        0 if keyed => (site.book.deallocation(&subject, None), Deallocate::key(subject.as_str())),
        1 => {
            let mut parts = id.split('/');
            let (range, address) = (parts.next().unwrap(), parts.next().unwrap().parse().unwrap());
            let request = Deallocate::address(range, address).with_precondition(Precondition::Owner(owner.into()));
            (site.book.deallocation(&subject, Some(&id)), request)
        }
        _ => (site.book.deallocation(&subject, Some(&id)), Deallocate::id(id)),
    };
    let deallocating = provider.deallocate(&request);
    if site.dice.below(20) == 0 {
        let limit = Duration::from_millis(site.dice.below(80));
        if let Ok(result) = tokio::time::timeout(limit, deallocating).await {
            call.deallocated(result);
        }
        return;
    }
    call.deallocated(deallocating.await);
}

/// Runs a history, and returns the violations.
fn history(seed: u64, rounds: usize, operations: usize) -> Vec<String> {
    let main = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let largest = if seed.is_multiple_of(2) { 1000 } else { 150 };
    let builder = Server::builder().polls_in_progress(1).release_wait(Duration::from_secs(6)).largest_page(largest);
    let builder = if seed.is_multiple_of(3) { builder.refuse_taken_at_once() } else { builder };
    let server = main.block_on(builder.start()).unwrap();
    let ranges = (0..3_u8).map(|number| {
        server.seed(|store| {
            let network = store.add_fabric_network(&format!("n{number}"), &format!("10.{number}.0.0/16"));
            store.add_ip_range("r", &network, [10, number, 0, 10].into(), [10, number, 1, 9].into()).unwrap()
        })
    });
    let (ranges, left) = (ranges.collect(), AtomicUsize::new(0));
    let site = Arc::new(Site { ranges, book: Book::default(), dice: Dice::new(seed), left });
    let many = usize::try_from(2 + seed % 5).unwrap();
    let begun = Instant::now();
    for round in 0..rounds {
        let api = |chance: f64, of: u64| When::any().path("/network-ip-ranges/").always().chance(chance, seed * 8 + of);
        server.fault(Fault::FailTracker("no luck".to_owned()), api(0.01, 1).method("POST"));
        server.fault(Fault::EmptyError(503), api(0.005, 2));
        server.fault(Fault::RepeatRow, api(0.005, 3).method("GET"));
        server.fault(Fault::ExpireToken, api(0.002, 4));
        site.left.store(operations, Ordering::SeqCst);
        let start = |number: usize| {
            let skew = i64::try_from(site.dice.below(1081)).unwrap() - 540;
            Process::start(&server, &site, skew / 2, seed * 1000 + (round * 100 + number) as u64)
        };
        let mut processes: Vec<Process> = (0..many).map(start).collect();
        let mut kill = Instant::now() + Duration::from_millis(1500);
        while site.left.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_millis(50));
            if Instant::now() >= kill {
                let place = usize::try_from(site.dice.below(many as u64)).unwrap();
                processes[place] = start(place);
                kill = Instant::now() + Duration::from_millis(1500 + site.dice.below(3000));
            }
        }
        // The last calls are killed as well, and then what is on its way arrives.
        drop(processes);
        std::thread::sleep(Duration::from_secs(1));
        server.clear_faults();
        site.book.compare(&server, &site.ranges, &format!("round {round}"));
        sweep(&main, &server, &site);
        site.book.compare(&server, &site.ranges, &format!("round {round}, swept"));
    }
    let state = site.book.state();
    println!("seed {seed}, {many} processes, {:?}: {:#?}", begun.elapsed(), state.counts);
    assert!(state.counts.get("allocate: new").is_some_and(|count| *count > operations / 10), "{:?}", state.counts);
    state.violations.clone()
}

/// Repeats a call while addresses leave the quarantine, which changes the pages that it reads.
fn settled<T, F: Future<Output = ipam_core::Result<T>>>(main: &Runtime, call: impl Fn() -> F) -> ipam_core::Result<T> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let result = main.block_on(call());
        if !matches!(&result, Err(error) if error.kind() == ErrorKind::Busy) || Instant::now() > end {
            return result;
        }
    }
}

/// Deallocates what calls with an unknown outcome may have left: by key, and without a key by what the owner has.
fn sweep(main: &Runtime, server: &Server, site: &Site) {
    let provider = main.block_on(VraProvider::connect(client(server), config())).unwrap();
    let doubtful = std::mem::take(&mut site.book.state().doubtful);
    for subject in doubtful {
        if !on_server(server, &site.ranges).values().any(|other| *other == subject) {
            continue;
        }
        let call = site.book.deallocation(&subject, None);
        let request = if subject.starts_with("k-") {
            Deallocate::key(subject.as_str())
        } else {
            let find = Find::default().with_owner(subject.as_str());
            let found = settled(main, || provider.find(&find)).unwrap();
            let mut targets = found.items.into_iter().map(|allocation| ipam_core::Target::Id(allocation.id));
            let first = targets.next().map(Deallocate::new).unwrap();
            targets.fold(first, Deallocate::and)
        };
        call.deallocated(settled(main, || provider.deallocate(&request)));
    }
}

#[test]
fn callers_have_what_they_were_told() {
    // More of both for a longer run: the first seed, the number of seeds, rounds, and operations of a round.
    let numbers = std::env::var("VRA_HISTORIES").unwrap_or_else(|_| "2,1,1,100".to_owned());
    let numbers: Vec<u64> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
    let mut violations = Vec::new();
    for seed in numbers[0]..numbers[0] + numbers[1] {
        let found = history(seed, numbers[2] as usize, numbers[3] as usize);
        violations.extend(found.into_iter().map(|text| format!("seed {seed}: {text}")));
    }
    assert!(violations.is_empty(), "{violations:#?}");
}
