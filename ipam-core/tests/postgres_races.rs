//! Other transactions, other programs and another server between two statements of a request.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod postgres_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ipam_core::{
    Allocate, AllocateLine, ChangeKind, Deallocate, DefineRange, ErrorKind, Find, IpamProvider, IpamProviderExt,
    PostgresProvider, RangePolicy,
};
use postgres_support::relay::{COMMIT, Fate, Relay};
use postgres_support::{runtime, shared};

fn lan() -> DefineRange {
    DefineRange::new("lan", "10.0.0.0/16".parse().unwrap())
}

/// First write of a transaction.
const WRITE: &str = "INSERT INTO event";

/// A released address is taken and quarantined again by another host, while a request is about to release it.
#[test]
fn the_quarantine_of_another_allocation_is_not_removed() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let ahead = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&ahead);
        let config = relay.fresh().with_clock_offset(move || Duration::from_secs(clock.load(Ordering::SeqCst)));
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        let policy = RangePolicy::default().with_quarantine(Duration::from_secs(60));
        ipam.define_range(&lan().with_policy(policy)).await.unwrap();
        let gone = ipam.allocate_one("lan", "vm").await.unwrap();
        ipam.deallocate(&Deallocate::id(gone.id)).await.unwrap();
        ahead.store(100, Ordering::SeqCst);
        let mut held = relay.hold(WRITE);
        let other = ipam.clone();
        let taken = tokio::spawn(async move { other.allocate_one("lan", "vm").await.unwrap() });
        held.reached().await;
        let client = server.client().await;
        let again = format!(
            "UPDATE {}.quarantine SET allocation = '9999-0a000001-default', until = until + 3600000000",
            config.schema
        );
        assert_eq!(client.execute(&again, &[]).await.unwrap(), 1);
        held.release();
        let taken = taken.await.unwrap();
        assert_ne!(taken.address, gone.address, "it is in quarantine");
        let left = client.query(&format!("SELECT allocation FROM {}.quarantine", config.schema), &[]).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].get::<_, &str>(0), "9999-0a000001-default");
    });
}

/// Two hosts give back one address each of the same request: it remembers both.
#[test]
fn a_request_remembers_what_several_hosts_gave_back() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let config = relay.fresh();
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        let other = PostgresProvider::open(server.config(&config.schema)).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        // In pages of their own, so that the two do not wait for each other.
        let exact = |third: u8| AllocateLine::exactly("lan", [10, 0, third, 1].into());
        let request = Allocate::new("vm").with_line(exact(1)).with_line(exact(2)).with_line(exact(3)).with_key("k");
        let taken = ipam.allocate(&request).await.unwrap();
        let ids: Vec<_> = taken.iter().map(|one| one.id.clone()).collect();
        let mut held = relay.hold(WRITE);
        let (first, asked) = (Deallocate::id(ids[0].clone()), ipam.clone());
        let first = tokio::spawn(async move { asked.deallocate(&first).await.unwrap() });
        held.reached().await;
        other.deallocate(&Deallocate::id(ids[1].clone())).await.unwrap();
        held.release();
        assert_eq!(first.await.unwrap().freed().count(), 1);
        let error = ipam.allocate(&request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        for address in ["10.0.1.1", "10.0.2.1"] {
            assert!(error.message().contains(address), "{error}");
        }
    });
}

/// The address is taken by another host after its page was read, and before its allocation is.
#[test]
fn a_page_that_was_read_too_early_is_noticed() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let config = relay.fresh();
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        let other = PostgresProvider::open(server.config(&config.schema)).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        ipam.allocate_one("lan", "first").await.unwrap();
        let mut held = relay.hold("FROM allocation t WHERE (t.space, t.address) IN");
        let asked = ipam.clone();
        let address = [10, 0, 0, 9].into();
        let freed = tokio::spawn(async move { asked.deallocate(&Deallocate::address("lan", address)).await.unwrap() });
        held.reached().await;
        let exact = Allocate::new("vm").with_line(AllocateLine::exactly("lan", address));
        other.allocate(&exact).await.unwrap();
        held.release();
        assert_eq!(freed.await.unwrap().freed().count(), 1);
        let usage = ipam.usage(&["lan".into()]).await.unwrap().remove(0);
        assert_eq!(usage.allocated, 1, "{usage:?}");
        // Its bit is clear again, so that it can be had.
        ipam.allocate(&exact).await.unwrap();
    });
}

/// Old changes are removed while a caller reads the feed from its beginning, wherever that is.
#[test]
fn the_feed_is_read_from_its_beginning_while_old_changes_are_removed() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let config = relay.fresh();
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        for _ in 0..4 {
            ipam.allocate_one("lan", "vm").await.unwrap();
        }
        let all = ipam.changes(None, 9).await.unwrap();
        for since in [None, Some(all.items[0].position.clone())] {
            let mut held = relay.hold("FROM event WHERE (turn, seq) >");
            let (reader, position) = (ipam.clone(), since.clone());
            let read = tokio::spawn(async move { reader.changes(position.as_ref(), 9).await });
            held.reached().await;
            let client = server.client().await;
            let trim = "WITH old AS (SELECT turn, seq FROM SCHEMA.event ORDER BY turn, seq LIMIT 2), \
                        gone AS (DELETE FROM SCHEMA.event e USING old WHERE (e.turn, e.seq) = (old.turn, old.seq) \
                        RETURNING e.turn, e.seq), last AS (SELECT turn, seq FROM gone ORDER BY turn DESC, seq DESC \
                        LIMIT 1) UPDATE SCHEMA.ipam_schema SET removed_turn = last.turn, removed_seq = last.seq FROM last";
            client.batch_execute(&trim.replace("SCHEMA", &config.schema)).await.unwrap();
            held.release();
            let read = read.await.unwrap();
            match since {
                None => assert_eq!(read.unwrap().items, all.items[2..]),
                Some(_) => assert!(read.unwrap_err().message().contains("no longer kept"), "a gap is not passed over"),
            }
        }
    });
}

/// The data was put back on a server whose transaction ids are behind, while the provider was open.
#[test]
fn the_feed_continues_after_changes_of_another_server() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = server.fresh();
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        ipam.allocate_one("lan", "before").await.unwrap();
        let client = server.client().await;
        let moved = format!("UPDATE {}.event SET turn = turn + 1000000", config.schema);
        client.batch_execute(&moved).await.unwrap();
        let after = ipam.allocate_one("lan", "after").await.unwrap();
        let changes = ipam.changes(None, 9).await.unwrap();
        assert_eq!(changes.items.len(), 3);
        let last = &changes.items[2];
        assert_eq!((last.kind, last.address), (ChangeKind::Allocated, Some(after.address)));
        ipam.deallocate(&Deallocate::id(after.id)).await.unwrap();
        let next = ipam.changes(Some(&changes.next), 9).await.unwrap().items;
        assert_eq!(next.iter().map(|change| change.kind).collect::<Vec<_>>(), [ChangeKind::Deallocated]);
    });
}

#[test]
fn a_clock_that_is_out_of_range_is_named() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let ahead = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&ahead);
        let config = server.fresh().with_clock_offset(move || Duration::from_secs(clock.load(Ordering::SeqCst)));
        let ipam = PostgresProvider::open(config).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        ahead.store(u64::MAX, Ordering::SeqCst);
        let errors =
            [ipam.allocate_one("lan", "vm").await.unwrap_err(), ipam.find(&Find::default()).await.unwrap_err()];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert!(error.message().contains("clock") && error.message().contains("set it right"), "{error}");
        }
        ahead.store(0, Ordering::SeqCst);
        ipam.allocate_one("lan", "vm").await.unwrap();
    });
}

/// A standby ends a read with 40001 if it has to remove what is read.
#[test]
fn a_read_that_was_in_the_way_is_repeated() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = server.fresh();
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        let taken = ipam.allocate_one("lan", "vm").await.unwrap();
        let client = server.client().await;
        let fault = "ALTER TABLE SCHEMA.allocation RENAME TO kept; CREATE TABLE SCHEMA.fault (code text); \
                     CREATE FUNCTION SCHEMA.check_fault() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN \
                     IF EXISTS (SELECT 1 FROM SCHEMA.fault) THEN RAISE EXCEPTION 'conflict with recovery' \
                     USING ERRCODE = (SELECT code FROM SCHEMA.fault); END IF; RETURN true; END $$; \
                     CREATE VIEW SCHEMA.allocation AS SELECT * FROM SCHEMA.kept WHERE SCHEMA.check_fault()";
        client.batch_execute(&fault.replace("SCHEMA", &config.schema)).await.unwrap();
        let set = |code: &str| format!("INSERT INTO {}.fault VALUES ('{code}')", config.schema);
        let clear = format!("DELETE FROM {}.fault", config.schema);
        client.batch_execute(&set("40001")).await.unwrap();
        let reader = ipam.clone();
        let found = tokio::spawn(async move { reader.find(&Find::default()).await });
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(!found.is_finished(), "it is repeated");
        client.batch_execute(&clear).await.unwrap();
        assert_eq!(found.await.unwrap().unwrap().items, [taken]);
        // In the end it is an error, and other faults are at once.
        client.batch_execute(&set("40001")).await.unwrap();
        assert_eq!(ipam.find(&Find::default()).await.unwrap_err().kind(), ErrorKind::Busy);
        client.batch_execute(&clear).await.unwrap();
        client.batch_execute(&set("XX001")).await.unwrap();
        assert_eq!(ipam.find(&Find::default()).await.unwrap_err().kind(), ErrorKind::Corrupt);
    });
}

#[cfg(feature = "tracing")]
mod events {
    use std::fmt::{Debug, Write as _};
    use std::sync::Mutex;

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    /// Keeps every event as text.
    #[derive(Clone, Default)]
    struct Events(Arc<Mutex<Vec<String>>>);

    struct Text<'a>(&'a mut String);

    impl Visit for Text<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            write!(self.0, "{}={value:?} ", field.name()).unwrap();
        }
    }

    impl Subscriber for Events {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target().starts_with("ipam_core")
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut text = event.metadata().level().to_string();
            text.push(' ');
            event.record(&mut Text(&mut text));
            self.0.lock().unwrap().push(text);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    /// The tasks of the provider run on other threads, so that the subscriber is that of the process. Other tests of this
    /// program have events, too.
    #[test]
    fn faults_that_are_waited_for_are_events() {
        let Some(server) = shared() else { return };
        let events = Events::default();
        tracing::subscriber::set_global_default(events.clone()).unwrap();
        runtime().block_on(async {
            let relay = Relay::start(server);
            let config = relay.fresh().with_statement_timeout(Duration::from_millis(500));
            let config = config.with_connect_timeout(Duration::from_millis(300));
            let ipam = PostgresProvider::open(config).await.unwrap();
            ipam.define_range(&lan()).await.unwrap();
            relay.next(COMMIT, Fate::CutAfter);
            ipam.allocate_one("lan", "vm").await.unwrap();
            relay.silence(true);
            ipam.allocate_one("lan", "vm").await.unwrap_err();
        });
        let events = events.0.lock().unwrap().join("\n");
        for expected in [
            "DEBUG message=connected to the server",
            "WARN operation=\"allocate\" message=the response to a commit was lost; it is looked up",
            "INFO committed=true attempts=",
            "WARN waited_ms=1500 message=the server does not respond",
            "DEBUG operation=\"allocate\" attempts=1 kind=Timeout message=a transaction is begun anew",
        ] {
            let words: Vec<&str> = expected.splitn(2, " message=").collect();
            let found = events.lines().any(|line| {
                words.iter().all(|part| part.split(' ').all(|word| line.contains(word)) || line.contains(part))
            });
            assert!(found, "{expected}\nis not in\n{events}");
        }
    }
}
