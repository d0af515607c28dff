//! History of several client processes on one database, with killed clients, ended connections, stopped and killed
//! servers, and commits that are cut off. At the end no address is there twice, none is lost, none is left over, and the
//! feed of changes leads to the same state.
//!
//! `IPAM_TEST_OPERATIONS` sets the number of calls; 2 000 by default.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod postgres_history_support;
mod postgres_support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use ipam_core::{
    AllocateRange, Deallocate, DeallocateRange, IpamProvider, IpamProviderExt as _, ListRanges, MemoryProvider,
    PostgresProvider,
};
use postgres_history_support::audit::{State, audit};
use postgres_history_support::faults::{Fault, plan};
use postgres_history_support::follower::follow;
use postgres_history_support::history::{Client, History, Use, lock};
use postgres_history_support::{Asked, BLOCK, CHILD, LEASE, Noise, RANGES, client, define};
use postgres_support::relay::{COMMIT, Fate, Relay};
use postgres_support::{Server, Setup, runtime};

/// Number of client processes at a time.
const CLIENTS: usize = 3;

/// Longest time without a call that returns.
const STALLED: Duration = Duration::from_secs(60);

/// Process that the test below starts, not a test.
#[test]
fn client() {
    client::work();
}

#[test]
fn the_audit_finds_what_is_wrong() {
    runtime().block_on(async {
        let ipam = MemoryProvider::new();
        define(&ipam).await;
        let mut history = History::default();
        for key in ["a/1", "a/2"] {
            let asked = Asked("lan=2c".to_owned());
            let taken = ipam.allocate(&asked.request(key)).await.unwrap();
            let taken: Vec<String> = taken.iter().map(|one| one.address.to_string()).collect();
            history.hear(&format!("ASKS {key} {} .", asked.0));
            history.hear(&format!("TOOK {key} {} .", taken.join(",")));
        }
        let found = async |history: &History, skip: usize| {
            let changes = ipam.changes(None, 100).await.unwrap().items;
            let found = audit(history, &State::of(&ipam).await, &changes[skip..]);
            [found.duplicates.len(), found.lost.len(), found.leaked.len(), found.feed.len()]
        };
        assert_eq!(found(&history, 0).await, [0; 4]);
        assert_ne!(found(&history, 1).await[3], 0, "a change that is missing");
        history.hear("NAMED a/1 10.0.0.1 web .");
        assert_eq!(found(&history, 0).await, [0, 1, 0, 0], "a name that is not there");
        history.hear("ASKS a/3 lan=1 .");
        history.hear("TOOK a/3 10.0.0.1 .");
        assert_eq!(found(&history, 0).await, [1, 2, 0, 1], "an address of two keys, one of which does not have it");
        history.hear("LEAVES a/3 .");
        assert_eq!(found(&history, 0).await, [0, 1, 0, 1]);
        history.hear("LEFT a/2 .");
        assert_eq!(found(&history, 0).await, [0, 1, 1, 1], "addresses that were given back");
        history.hear("ASKS a/4 lan=3 .");
        ipam.allocate(&Asked("lan=2".to_owned()).request("a/4")).await.unwrap();
        assert_eq!(found(&history, 0).await, [0, 1, 2, 1], "a part of a request");
        ipam.allocate(&Asked("lan=2".to_owned()).request("b/1")).await.unwrap();
        assert_eq!(found(&history, 0).await, [0, 1, 3, 1], "a key of no client");
    });
}

#[test]
fn nothing_is_there_twice_lost_or_left_over() {
    let Some(mut server) = Server::start(Setup { sync: true, settings: Vec::new() }) else { return };
    let calls = std::env::var("IPAM_TEST_OPERATIONS").ok().and_then(|calls| calls.parse().ok()).unwrap_or(2_000);
    let begun = Instant::now();
    let config = server.fresh().with_connect_timeout(Duration::from_secs(2));
    let (ipam, relay) = runtime().block_on(async {
        let ipam = Arc::new(PostgresProvider::open(config.clone()).await.unwrap());
        define(&*ipam).await;
        (ipam, Relay::start(&server))
    });
    let ends = Arc::new(AtomicBool::new(false));
    let follower = {
        let (ipam, ends) = (Arc::clone(&ipam), Arc::clone(&ends));
        runtime().spawn(async move { follow(&*ipam, 300, ends).await })
    };
    let history = Arc::new(Mutex::new(History::default()));
    let mut started = 0;
    let host = relay.fresh().host;
    let mut start = || {
        started += 1;
        Client::start(&host, &config.schema, &format!("c{started}"), &history)
    };
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| start()).collect();
    let mut noise = Noise(11);
    let mut faults = plan(calls, &mut noise);
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    let mut last = (0, Instant::now());
    loop {
        std::thread::sleep(Duration::from_millis(5));
        let now = lock(&history).calls;
        if now > last.0 {
            last = (now, Instant::now());
        }
        if last.1.elapsed() > STALLED {
            let activity = runtime().block_on(activity(&server));
            panic!("no call has returned since {now} have; {done:?}; {activity}; {}", server.log());
        }
        let Some((_, fault)) = faults.pop_if(|(at, _)| *at <= now) else {
            if now >= calls {
                break;
            }
            continue;
        };
        let name = match fault {
            Fault::KilledClient => {
                let place = noise.below(clients.len());
                clients[place].kill();
                clients[place] = start();
                "killed clients"
            }
            Fault::EndedConnection => {
                if runtime().block_on(end_connection(&server)) {
                    "ended connections"
                } else {
                    continue;
                }
            }
            Fault::StoppedServer => {
                server.stop();
                server.resume();
                "stopped servers"
            }
            Fault::KilledServer => {
                server.kill();
                server.resume();
                "killed servers"
            }
            Fault::CutCommit => {
                if !relay.is_met() {
                    // The last one has not come to its commit yet.
                    faults.push((now, fault));
                    continue;
                }
                relay.next(COMMIT, if noise.below(2) == 0 { Fate::CutBefore } else { Fate::CutAfter });
                "cut commits"
            }
        };
        *done.entry(name).or_default() += 1;
    }
    assert!(clients.iter_mut().all(Client::finish), "{:?}", lock(&history).errors);
    ends.store(true, Ordering::SeqCst);
    let history = lock(&history);
    assert_eq!(history.errors, Vec::<String>::new());
    runtime().block_on(async {
        let followed = follower.await.unwrap();
        end_leases(&ipam).await;
        let (state, changes) = (State::of(&*ipam).await, all_changes(&ipam).await);
        // Positions and contents: the reader that followed has missed nothing, and got nothing twice.
        assert_eq!(followed, changes[..followed.len()], "the feed is the same later");
        let found = audit(&history, &state, &changes);
        let faults: Vec<String> = done.iter().map(|(name, count)| format!("{count} {name}")).collect();
        println!(
            "{} calls in {:.0} s, {} clients, {}: {} duplicates, {} lost, {} leaked; {} changes",
            history.calls,
            begun.elapsed().as_secs_f64(),
            started,
            faults.join(", "),
            found.duplicates.len(),
            found.lost.len(),
            found.leaked.len(),
            changes.len()
        );
        assert_eq!(found.duplicates, Vec::<String>::new());
        assert_eq!(found.lost, Vec::<String>::new());
        assert_eq!(found.leaked, Vec::<String>::new());
        assert_eq!(found.feed, Vec::<String>::new());
        assert_eq!(ipam.check_store().await.unwrap().violations, Vec::<String>::new());
        give_back(&ipam, &history).await;
        nothing_left(&server, &ipam, &config.schema).await;
        ipam.close().await.unwrap();
    });
}

/// Has the server end a connection of a client. Returns false if there was none.
async fn end_connection(server: &Server) -> bool {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 \
               ORDER BY state = 'active' DESC, random() LIMIT 1";
    !server.client().await.query(sql, &[&client::APPLICATION]).await.unwrap().is_empty()
}

/// Waits until the leases have expired, and ends them.
async fn end_leases(ipam: &PostgresProvider) {
    tokio::time::sleep(LEASE).await;
    // Each write ends some.
    for _ in 0..4 {
        let one = ipam.allocate_one("lan", "last").await.unwrap();
        ipam.deallocate(&Deallocate::id(one.id)).await.unwrap();
    }
}

/// Returns what the connections of the server do, for the message of a failure.
async fn activity(server: &Server) -> String {
    let sql = "SELECT string_agg(concat_ws(' ', pid, application_name, state, wait_event_type, wait_event, \
               extract(epoch FROM now() - query_start)::int, left(query, 100)), '; ') FROM pg_stat_activity";
    server.client().await.query_one(sql, &[]).await.unwrap().get(0)
}

async fn all_changes(ipam: &PostgresProvider) -> Vec<ipam_core::Change> {
    follow(ipam, 10_000, Arc::new(AtomicBool::new(true))).await
}

/// Adopts what clients left without an outcome, and gives all keys back.
async fn give_back(ipam: &PostgresProvider, history: &History) {
    let held = history.uses.iter().filter(|(_, used)| !used.left && !used.refused);
    // At once, so that they share transactions.
    stream::iter(held).for_each_concurrent(64, |(key, used)| give_back_one(ipam, key, used)).await;
}

async fn give_back_one(ipam: &PostgresProvider, key: &str, used: &Use) {
    match &used.asked {
        Some(asked) => {
            if used.took.is_none() {
                // Found again by its key, or made now.
                match ipam.allocate(&asked.request(key)).await {
                    Ok(adopted) => assert_eq!(adopted.iter().count(), asked.count(), "{key}"),
                    Err(error) => assert!(asked.range() == "tiny" || asked.is_lease(), "{key}: {error}"),
                }
            }
            ipam.deallocate(&Deallocate::key(key)).await.unwrap();
        }
        None => {
            if used.child_prefix.is_none() {
                let owner = key.split('/').next().unwrap();
                let request = AllocateRange::prefix_len(owner, BLOCK, CHILD).with_key(key);
                ipam.allocate_range(&request).await.unwrap();
            }
            ipam.deallocate_range(&DeallocateRange::key(key)).await.unwrap();
        }
    }
}

/// Checks that no record of what was given back is left.
async fn nothing_left(server: &Server, ipam: &PostgresProvider, schema: &str) {
    // The quarantine of the last addresses is over then.
    end_leases(ipam).await;
    let ids: Vec<_> = RANGES.iter().map(|(name, _)| (*name).into()).collect();
    for usage in ipam.usage(&ids).await.unwrap() {
        assert_eq!((usage.allocated, usage.quarantined), (0, 0), "{usage:?}");
    }
    assert_eq!(ipam.list_ranges(&ListRanges::all()).await.unwrap().items.len(), RANGES.len());
    let client = server.client().await;
    for table in ["allocation", "request"] {
        let sql = format!("SELECT count(*) FROM {schema}.{table}");
        assert_eq!(client.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0), 0, "rows of {table}");
    }
}
