//! A migration that is cut off at any of its calls, and run again, gives the same as one run.

use std::sync::Arc;

use ipam_core::plan::Migration;
use ipam_core::{Find, IpamProvider, MemoryProvider};
use ipam_tests::cut::{Cut, CutProvider};

use crate::site::{self, Site};
use crate::stations::{all, differences, move_all, open};

/// Number of addresses of a batch: small, so that few of them make several batches, of which one can be there and the
/// others not.
const BATCH: usize = 4;

/// Runs a migration whose call number `at` of the target is cut off. Returns true if it was.
async fn cut_off(source: &dyn IpamProvider, target: &Arc<dyn IpamProvider>, cut: Cut, at: u32) -> bool {
    let target = CutProvider::new(Arc::clone(target), cut, at);
    let migration = Migration::new(source, &target).with_batch(BATCH);
    let run = async {
        let checked = migration.check().await?;
        migration.apply(&checked).await
    };
    tokio::select! {
        biased;
        () = target.died() => {}
        // An error ends the program.
        _ = run => {}
    }
    target.calls() > at
}

#[tokio::test]
async fn a_migration_is_resumed_at_every_call() {
    let source = MemoryProvider::new();
    site::fill(&source, 12).await;
    for cut in [Cut::Before, Cut::After, Cut::Death] {
        let mut at = 0;
        loop {
            let directory = tempfile::tempdir().unwrap();
            let mut was_cut = false;
            for url in all(directory.path()) {
                let target = open(&url).await;
                was_cut |= cut_off(&source, &target, cut, at).await;
                move_all(&source, &*target).await;
                assert_eq!(differences(&source, &*target).await, [""; 0], "{url}, {cut:?} at call {at}");
                target.close().await.unwrap();
            }
            if !was_cut {
                break;
            }
            at += 1;
        }
        assert!(at > 10, "{cut:?}: only {at} calls");
    }
}

#[tokio::test]
async fn a_migration_to_a_phpipam_is_resumed_at_every_call() {
    let old = Site::start().await;
    let source = MemoryProvider::new();
    let start = open(&old.url()).await;
    start.allocate(&old.three()).await.unwrap();
    move_all(&*start, &source).await;
    for cut in [Cut::Before, Cut::After, Cut::Death] {
        let mut at = 0;
        loop {
            // The same subnets, which a provider cannot make there.
            let new = Site::start().await;
            let target = open(&new.url()).await;
            let was_cut = cut_off(&source, &target, cut, at).await;
            let migration = Migration::new(&source, &*target);
            let checked = migration.check().await.unwrap();
            assert_eq!(checked.conflicts(), [""; 0], "{cut:?} at call {at}");
            migration.apply(&checked).await.unwrap();
            let found = target.find(&Find::default().with_key("vm-42")).await.unwrap().items;
            assert_eq!(found.len(), 3, "{cut:?} at call {at}");
            let all = target.find(&Find::default()).await.unwrap().items;
            assert_eq!(all.len(), 5, "{cut:?} at call {at}: {all:?}");
            if !was_cut {
                break;
            }
            at += 1;
        }
        assert!(at > 3, "{cut:?}: only {at} calls");
    }
}
