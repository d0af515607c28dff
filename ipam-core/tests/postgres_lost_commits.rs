//! Commits whose response is lost: the connection breaks or goes silent, before or after the server has carried it out.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod postgres_support;

use std::time::{Duration, Instant};

use ipam_core::{
    Allocate, ChangeKind, Deallocate, DefineRange, ErrorKind, Find, IpamProvider, IpamProviderExt, Outcome, Patch,
    PostgresProvider, Update,
};
use postgres_support::relay::{COMMIT, Fate, Relay};
use postgres_support::{Server, Setup, runtime, shared};

fn range(id: &str, net: &str) -> DefineRange {
    DefineRange::new(id, net.parse().unwrap())
}

#[test]
fn a_lost_commit_is_found_out() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let ipam = PostgresProvider::open(relay.fresh()).await.unwrap();
        let mut expected = Vec::new();
        let fates: [fn() -> Fate; 2] = [|| Fate::CutBefore, || Fate::CutAfter];
        for (index, fate) in fates.into_iter().enumerate() {
            relay.next(COMMIT, fate());
            let lan = format!("lan-{index}");
            ipam.define_range(&range(&lan, &format!("10.{index}.0.0/24"))).await.unwrap();
            // Without a key of the caller's: only the provider can find out.
            relay.next(COMMIT, fate());
            let kept = ipam.allocate_one(lan.as_str(), "kept").await.unwrap();
            relay.next(COMMIT, fate());
            let gone = ipam.allocate_one(lan.as_str(), "gone").await.unwrap();
            relay.next(COMMIT, fate());
            let freed = ipam.deallocate(&Deallocate::id(gone.id)).await.unwrap();
            assert_eq!(freed.freed().count(), 1, "and not: it was free");
            relay.next(COMMIT, fate());
            let update = Update::new(kept.id).with_hostname(Patch::Set("web".to_owned()));
            expected.push(ipam.update(&update).await.unwrap());
        }
        assert!(relay.is_met());
        assert_eq!(ipam.find(&Find::default()).await.unwrap().items, expected);
        // Two ranges; each with two addresses that came, one that went, and an update.
        assert_eq!(ipam.changes(None, 100).await.unwrap().items.len(), 2 + 2 * 4, "nothing was done twice");
        ipam.close().await.unwrap();
    });
}

#[test]
fn a_commit_without_a_response_is_found_out() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let config = relay.fresh().with_statement_timeout(Duration::from_millis(400));
        let ipam = PostgresProvider::open(config).await.unwrap();
        ipam.define_range(&range("lan", "10.0.0.0/24")).await.unwrap();
        let mut addresses = Vec::new();
        for fate in [Fate::SilentBefore, Fate::SilentAfter] {
            relay.next(COMMIT, fate);
            addresses.push(ipam.allocate_one("lan", "vm").await.unwrap().address);
        }
        assert!(relay.is_met());
        let found = ipam.find(&Find::default()).await.unwrap().items;
        assert_eq!(found.iter().map(|one| one.address).collect::<Vec<_>>(), addresses);
        assert_eq!(ipam.changes(None, 100).await.unwrap().items.len(), 1 + 2, "nothing was done twice");
    });
}

/// The server still works on a commit whose connection broke. The look-up waits for it, and no other host does.
#[test]
fn a_lost_commit_is_not_looked_up_too_early() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let config = relay.fresh();
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        ipam.define_range(&range("lan", "10.0.0.0/16")).await.unwrap();
        let other = PostgresProvider::open(server.config(&config.schema)).await.unwrap();
        // From here on, both take from pages that are there.
        other.allocate_one("lan", "first").await.unwrap();
        let client = server.client().await;
        let slow = "CREATE FUNCTION SCHEMA.slow() RETURNS trigger LANGUAGE plpgsql AS \
                    $$ BEGIN PERFORM pg_sleep(1.2); RETURN NULL; END $$; \
                    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON SCHEMA.event DEFERRABLE INITIALLY DEFERRED \
                    FOR EACH ROW WHEN (NEW.owner = 'slow') EXECUTE FUNCTION SCHEMA.slow()";
        client.batch_execute(&slow.replace("SCHEMA", &config.schema)).await.unwrap();
        relay.next(COMMIT, Fate::CutAtOnce);
        let slow = ipam.clone();
        let begun = Instant::now();
        let slow = tokio::spawn(async move { slow.allocate_one("lan", "slow").await.unwrap() });
        tokio::time::sleep(Duration::from_millis(300)).await;
        let quick = other.allocate_one("lan", "quick").await.unwrap();
        assert!(begun.elapsed() < Duration::from_millis(1_000), "{:?}", begun.elapsed());
        let slow = slow.await.unwrap();
        assert_ne!(quick.address, slow.address);
        assert!(relay.is_met());
        assert_eq!(ipam.find(&Find::default()).await.unwrap().items.len(), 3);
        assert_eq!(ipam.changes(None, 100).await.unwrap().items.len(), 1 + 3, "nothing was done twice");
    });
}

/// The key of what was allocated is not known to any caller, also if one waits for the result.
#[test]
fn an_allocation_without_a_key_is_undone_if_its_outcome_stays_unknown() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let config = relay
            .fresh()
            .with_statement_timeout(Duration::from_millis(300))
            .with_lock_timeout(Duration::from_millis(200))
            .with_connect_timeout(Duration::from_millis(300));
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        ipam.define_range(&range("lan", "10.0.0.0/24")).await.unwrap();
        let other = PostgresProvider::open(server.config(&config.schema)).await.unwrap();
        for key in [None, Some("k")] {
            let request = Allocate::one("vm", "lan");
            let request = if let Some(key) = key { request.with_key(key) } else { request };
            relay.next(COMMIT, Fate::SilentAfter);
            let (asked, silent) = (ipam.clone(), request.clone());
            let lost = tokio::spawn(async move { asked.allocate(&silent).await });
            while !relay.is_met() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            relay.silence(true);
            let error = lost.await.unwrap().unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unavailable, Outcome::Unknown), "{error}");
            assert_eq!(other.find(&Find::default()).await.unwrap().items.len(), 1, "the server has done it");
            relay.silence(false);
            if key.is_some() {
                assert!(ipam.allocate(&request).await.unwrap().repeated);
                continue;
            }
            let begun = Instant::now();
            while !other.find(&Find::default()).await.unwrap().items.is_empty() {
                assert!(begun.elapsed() < Duration::from_secs(10), "it is undone");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        ipam.close().await.unwrap();
        let kinds: Vec<_> = other.changes(None, 9).await.unwrap().items.into_iter().map(|change| change.kind).collect();
        let expected =
            [ChangeKind::RangeDefined, ChangeKind::Allocated, ChangeKind::Deallocated, ChangeKind::Allocated];
        assert_eq!(kinds, expected);
    });
}

/// After a commit was lost, the name of the server leads to a standby for a while.
#[test]
fn a_lost_commit_is_not_looked_up_on_a_standby() {
    let Some(mut server) = Server::start(Setup::default()) else { return };
    let schema = runtime().block_on(async {
        let config = server.fresh();
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        ipam.define_range(&range("lan", "10.0.0.0/24")).await.unwrap();
        ipam.close().await.unwrap();
        config.schema
    });
    server.stop();
    let standby = server.standby();
    server.resume();
    runtime().block_on(async {
        let error = PostgresProvider::open(standby.config(&schema)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        let reader = PostgresProvider::open(standby.config(&schema).with_read_only(true)).await.unwrap();
        reader.check().await.unwrap();
        let relay = Relay::start(&server);
        let ipam = PostgresProvider::open(relay.fresh().with_schema(&schema)).await.unwrap();
        relay.next(COMMIT, Fate::CutAfter);
        relay.lead_to(&standby);
        let kept = ipam.clone();
        let kept = tokio::spawn(async move { kept.allocate_one("lan", "kept").await });
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(relay.is_met());
        assert!(!kept.is_finished(), "{:?}", kept.await);
        relay.lead_to(&server);
        let kept = kept.await.unwrap().unwrap();
        assert_eq!(ipam.find(&Find::default()).await.unwrap().items, [kept]);
        assert_eq!(ipam.changes(None, 9).await.unwrap().items.len(), 2, "it was done once");
    });
}
