//! Events for waits of the store.
#![cfg(all(feature = "embedded", feature = "tracing"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_executor::block_on;
use ipam_core::{Allocate, DefineRange, EmbeddedConfig, EmbeddedProvider, ErrorKind, IpamProvider};
use rusqlite::Connection;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Keeps every event as text.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<(Level, String)>>>);

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
        let mut text = String::new();
        event.record(&mut Text(&mut text));
        self.0.lock().unwrap().push((*event.metadata().level(), text));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Events {
    fn take(&self) -> Vec<(Level, String)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The writer is a thread of its own, so that the subscriber is that of the process.
#[test]
fn a_wait_for_the_lock_is_an_event() {
    let events = Events::default();
    tracing::subscriber::set_global_default(events.clone()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("private-name.db");
    let open = |wait| {
        let config = EmbeddedConfig::new(&path).with_busy_timeout(Duration::from_millis(wait));
        block_on(EmbeddedProvider::open(config)).unwrap()
    };
    let lock = || {
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    };
    let provider = open(30_000);
    block_on(provider.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap()))).unwrap();
    block_on(provider.allocate(&Allocate::one("o", "lan"))).unwrap();
    assert_eq!(events.take(), []);

    let other = lock();
    let unlock = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(120));
        drop(other);
    });
    block_on(provider.allocate(&Allocate::one("o", "lan"))).unwrap();
    unlock.join().unwrap();
    let told = events.take();
    assert_eq!(told.len(), 1, "{told:?}");
    let (level, text) = &told[0];
    assert_eq!(*level, Level::DEBUG);
    assert!(text.contains("waited for the lock of the store") && text.contains("operation=\"write\""), "{text}");
    let waited = text.split("waited_ms=").nth(1).unwrap().split(' ').next().unwrap();
    assert!((50..30_000).contains(&waited.parse::<u64>().unwrap()), "{text}");
    assert!(!text.contains("private-name"), "{text}");
    block_on(provider.close()).unwrap();
    events.take();

    let provider = open(30);
    events.take();
    let other = lock();
    let error = block_on(provider.allocate(&Allocate::one("o", "lan"))).unwrap_err();
    drop(other);
    assert_eq!(error.kind(), ErrorKind::Busy);
    let told = events.take();
    assert!(told.iter().any(|(level, text)| *level == Level::WARN && text.contains("stayed locked")), "{told:?}");
}
