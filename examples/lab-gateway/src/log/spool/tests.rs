//! Spool on a real directory, with killed writers, a full spool and lost files.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

fn position(offset: u64) -> Position {
    Position::at(offset)
}

fn put(spool: &Spool, id: &str, records: u64, offset: u64, body: &[u8]) -> Result<(), LogError> {
    let reports = spool.unreported();
    spool.put(&Incoming { id, records, reports, position: Some(position(offset)), heard: Some(7), body })
}

fn open(directory: &Path, max_bytes: u64) -> Spool {
    Spool::open(directory, SpoolLimits { max_bytes, max_batches: 100 }).unwrap()
}

#[test]
fn batches_and_the_position_survive_and_leave_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path(), 1 << 20);
    put(&spool, "a", 2, 10, b"first").unwrap();
    put(&spool, "b", 3, 20, b"second").unwrap();
    drop(spool);
    fs::write(directory.path().join("00000000000000000009.part"), b"half").unwrap();

    let spool = open(directory.path(), 1 << 20);
    assert_eq!((spool.len(), spool.position(), spool.heard()), (2, Some(position(20)), Some(7)));
    assert!(!directory.path().join("00000000000000000009.part").exists());
    let first = spool.oldest().unwrap().unwrap();
    assert_eq!((first.id.as_str(), first.body.as_slice()), ("a", b"first".as_slice()));
    spool.not_sent(first.number, false).unwrap();
    let first = spool.oldest().unwrap().unwrap();
    assert_eq!(first.id, "a");
    spool.sent(first.number).unwrap();
    assert_eq!(spool.oldest().unwrap().unwrap().id, "b");
    // The position stays when the batches are gone.
    let second = spool.oldest().unwrap().unwrap();
    spool.sent(second.number).unwrap();
    drop(spool);
    let spool = open(directory.path(), 1 << 20);
    assert_eq!((spool.len(), spool.bytes(), spool.position()), (0, 0, Some(position(20))));
}

#[test]
fn a_process_killed_between_batch_and_state_neither_repeats_nor_skips() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path(), 1 << 20);
    put(&spool, "a", 1, 10, b"x").unwrap();
    let before = fs::read(directory.path().join(STATE)).unwrap();
    put(&spool, "b", 1, 20, b"y").unwrap();
    drop(spool);
    // The state is that of the time before the second batch.
    fs::write(directory.path().join(STATE), before).unwrap();
    let spool = open(directory.path(), 1 << 20);
    assert_eq!((spool.len(), spool.position()), (2, Some(position(20))));
    put(&spool, "c", 1, 30, b"z").unwrap();
    assert_eq!(spool.len(), 3);
}

#[test]
fn a_full_spool_drops_the_oldest_and_counts_them_until_they_are_reported() {
    let directory = tempfile::tempdir().unwrap();
    let body = [b'x'; 400];
    let spool = open(directory.path(), 2_000);
    for (number, id) in ["a", "b", "c"].into_iter().enumerate() {
        put(&spool, id, 10, u64::try_from(number).unwrap(), &body).unwrap();
    }
    assert_eq!((spool.len(), spool.unreported()), (3, None));
    // The batch that is being sent stays.
    let sending = spool.oldest().unwrap().unwrap();
    for id in ["d", "e"] {
        spool.put(&Incoming { id, records: 10, reports: None, position: None, heard: None, body: &body }).unwrap();
    }
    assert_eq!(sending.id, "a");
    let dropped = spool.dropped();
    assert!(dropped >= 10 && spool.bytes() <= 2_000, "{dropped} {}", spool.bytes());
    assert_eq!(spool.unreported().unwrap().count, dropped);
    spool.not_sent(sending.number, false).unwrap();
    drop(spool);

    // A batch that reports the loss, and is dropped itself, leaves it to the next one.
    let spool = open(directory.path(), 2_000);
    assert_eq!(spool.unreported().unwrap().count, dropped);
    while let Some(batch) = spool.oldest().unwrap() {
        spool.sent(batch.number).unwrap();
    }
    put(&spool, "f", 5, 6, &body).unwrap();
    assert_eq!(spool.unreported(), None);
    let reporting = spool.oldest().unwrap().unwrap();
    assert_eq!(reporting.id, "f");
    spool.not_sent(reporting.number, true).unwrap();
    assert_eq!(spool.unreported().unwrap().count, dropped + 5);
    assert_eq!(spool.dropped(), dropped + 5);
}

#[test]
fn files_removed_or_broken_by_others_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path(), 1 << 20);
    put(&spool, "a", 4, 1, b"x").unwrap();
    put(&spool, "b", 4, 2, b"y").unwrap();
    fs::remove_file(directory.path().join(format!("{:020}.{BATCH}", 1))).unwrap();
    assert_eq!(spool.oldest().unwrap().unwrap().id, "b");
    assert_eq!(spool.dropped(), 4);
    drop(spool);
    fs::write(directory.path().join(format!("{:020}.{BATCH}", 2)), b"\0\0\0").unwrap();
    let spool = open(directory.path(), 1 << 20);
    assert_eq!((spool.len(), spool.dropped()), (0, 5));
    drop(spool);
    fs::write(directory.path().join(STATE), b"{").unwrap();
    let fault = Spool::open(directory.path(), SpoolLimits::default()).unwrap_err();
    assert!(fault.to_string().contains("state.json"), "{fault}");
}

#[test]
fn a_spool_that_cannot_be_written_keeps_what_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path(), 1 << 20);
    put(&spool, "a", 1, 1, b"x").unwrap();
    // A directory in the way of the next batch is an error of any user, root too.
    let next = directory.path().join(format!("{:020}.{BATCH}", 2));
    fs::create_dir(&next).unwrap();
    assert!(put(&spool, "b", 1, 2, b"y").is_err());
    assert_eq!((spool.len(), spool.position()), (1, Some(position(1))));
    fs::remove_dir(&next).unwrap();
    put(&spool, "b", 1, 2, b"y").unwrap();
    assert_eq!((spool.len(), spool.position()), (2, Some(position(2))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_record_is_sent_dropped_or_kept(steps in prop::collection::vec((0u8..5, 1u64..50, 1usize..600), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = open(directory.path(), 2_000);
        let (mut put_in, mut sent, mut reported) = (0, 0, 0);
        for (step, records, size) in steps {
            match step {
                0..=2 => {
                    let pending = spool.unreported();
                    put(&spool, &format!("{records}"), records, records, &vec![b'x'; size]).unwrap();
                    put_in += records;
                    // A report counts when its batch is sent; here it is in the spool, and comes back if it is dropped.
                    reported += pending.map_or(0, |dropped| dropped.count);
                }
                3 => {
                    if let Some(batch) = spool.oldest().unwrap() {
                        sent += batch.id.parse::<u64>().unwrap();
                        spool.sent(batch.number).unwrap();
                    }
                }
                _ => {
                    drop(spool);
                    spool = open(directory.path(), 2_000);
                }
            }
            let kept: u64 = spool.inner().batches.values().map(|stored| stored.header.records).sum();
            prop_assert_eq!(put_in, sent + kept + spool.dropped());
            prop_assert!(spool.bytes() <= 2_000);
            prop_assert!(spool.unreported().map_or(0, |dropped| dropped.count) <= spool.dropped() + reported);
        }
    }
}
