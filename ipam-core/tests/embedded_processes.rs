//! Several processes on one store.
#![cfg(feature = "embedded")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod embedded_support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use embedded_support::{Said, Worker, store, work};
use futures_executor::block_on;
use ipam_core::{
    Allocate, DefineRange, EmbeddedConfig, EmbeddedProvider, ErrorKind, Find, IpamProvider, IpamProviderExt, Retry,
};

/// Process that the tests below start, not a test.
#[test]
fn worker() {
    work();
}

#[test]
fn eight_processes_share_one_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = store(directory.path(), "10.0.0.0/20");
    let said = Arc::new(Mutex::new(Said::default()));
    let mut workers: Vec<Worker> =
        (0..8).map(|number| Worker::start(&path, &format!("w{number}"), 90, &said, &[])).collect();
    assert!(workers.iter_mut().all(Worker::finish));
    let said = said.lock().unwrap();
    assert_eq!(said.taken.len(), 8 * 90, "no request was refused");
    assert_eq!(said.gone.len(), 8 * 30);
    said.verify(&path);
}

#[test]
fn processes_that_start_together_create_one_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ipam.db");
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let path = path.clone();
            std::thread::spawn(move || {
                block_on(async {
                    let config = EmbeddedConfig::new(path).with_busy_timeout(Duration::from_secs(30));
                    let provider = EmbeddedProvider::open(config).await.unwrap();
                    let range = DefineRange::new(format!("r{number}"), format!("10.{number}.0.0/24").parse().unwrap());
                    provider.define_range(&range).await.unwrap();
                });
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let ranges = block_on(async {
        let provider = EmbeddedProvider::open(path).await.unwrap();
        provider.list_ranges(&ipam_core::ListRanges::all()).await.unwrap().items.len()
    });
    assert_eq!(ranges, 8, "each defined its own in the same store");
}

#[test]
fn a_wait_for_the_lock_ends_at_the_timeout() {
    let directory = tempfile::tempdir().unwrap();
    let path = store(directory.path(), "10.0.0.0/24");
    let wait = Duration::from_millis(200);
    block_on(async {
        let config = EmbeddedConfig::new(&path).with_busy_timeout(wait);
        let provider = EmbeddedProvider::open(config).await.unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();

        let begun = Instant::now();
        let error = provider.allocate_one("lan", "vm").await.unwrap_err();
        let waited = begun.elapsed();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Busy, Retry::Safe), "{error}");
        assert!(waited >= wait && waited < Duration::from_secs(5), "{waited:?}");
        if cfg!(target_os = "linux") {
            let me = format!("this process ({})", std::process::id());
            assert_eq!(error.context("held by"), Some(me.as_str()), "{error}");
        }
        assert_eq!(provider.check().await.unwrap_err().kind(), ErrorKind::Busy, "a check needs the lock, too");
        assert!(provider.find(&Find::default()).await.unwrap().items.is_empty(), "reading does not wait");

        other.execute_batch("ROLLBACK").unwrap();
        provider.allocate_one("lan", "vm").await.unwrap();
    });
}

#[test]
fn a_lock_that_is_released_in_time_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let path = store(directory.path(), "10.0.0.0/24");
    block_on(async {
        let config = EmbeddedConfig::new(&path).with_busy_timeout(Duration::from_secs(30));
        let provider = EmbeddedProvider::open(config).await.unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let holder = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            other.execute_batch("ROLLBACK").unwrap();
        });
        let begun = Instant::now();
        provider.allocate(&Allocate::one("vm", "lan")).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(250), "it waited for the lock");
        holder.join().unwrap();
    });
}
