//! A log file that is written, rotated, copied, truncated and removed.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write as _;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

struct Log {
    directory: TempDir,
    written: u32,
}

impl Log {
    fn new() -> Self {
        let log = Self { directory: tempfile::tempdir().unwrap(), written: 0 };
        File::create(log.path("kern.log")).unwrap();
        log
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn append(&self, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(self.path("kern.log")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) {
        self.written += 1;
        self.append(&format!("line {}\n", self.written));
    }

    /// What logrotate does with `create`.
    fn rotate(&self) {
        for number in (1..9).rev() {
            let _ =
                fs::rename(self.path(&format!("kern.log.{number}")), self.path(&format!("kern.log.{}", number + 1)));
        }
        fs::rename(self.path("kern.log"), self.path("kern.log.1")).unwrap();
        // The next file is written later, also for a clock that ticks every few milliseconds.
        std::thread::sleep(Duration::from_millis(12));
        File::create(self.path("kern.log")).unwrap();
    }

    /// What logrotate does with `copytruncate`.
    fn copy_and_truncate(&self) {
        for number in (1..9).rev() {
            let _ =
                fs::rename(self.path(&format!("kern.log.{number}")), self.path(&format!("kern.log.{}", number + 1)));
        }
        fs::copy(self.path("kern.log"), self.path("kern.log.1")).unwrap();
        std::thread::sleep(Duration::from_millis(12));
        fs::OpenOptions::new().write(true).open(self.path("kern.log")).unwrap().set_len(0).unwrap();
    }

    fn open(&self, position: Option<&Position>) -> (Tail, Vec<Event>) {
        let (mut tail, lost) = Tail::open(&self.path("kern.log"), position).unwrap();
        tail.grace = Duration::ZERO;
        (tail, lost)
    }
}

fn all(tail: &mut Tail) -> (Vec<String>, Vec<Event>) {
    let (mut lines, mut lost) = (Vec::new(), Vec::new());
    for _ in 0..1_000 {
        let chunk = tail.next().unwrap();
        lines.extend(chunk.lines);
        lost.extend(chunk.lost);
        if !chunk.more {
            return (lines, lost);
        }
    }
    panic!("it reads for ever: {} lines", lines.len());
}

#[test]
fn more_rotated_files_than_are_usual_are_read_once() {
    for (lines, restarts) in [(0, false), (0, true), (1, false), (1, true)] {
        let mut log = Log::new();
        let (mut tail, _) = log.open(None);
        let mut position = tail.position();
        for _ in 0..14 {
            (0..lines).for_each(|_| log.line());
            log.rotate();
            assert_eq!(all(&mut tail).0.len(), lines);
            // There is none while an empty file has the number of one that was removed.
            position = tail.position().or(position);
            if restarts {
                // The time of a position is a whole second, within which much of this happens.
                (tail, _) = log.open(position.as_ref());
            }
        }
        log.line();
        assert_eq!(all(&mut tail), (numbers(log.written..=log.written), vec![]));
    }
}

fn numbers(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|number| format!("line {number}")).collect()
}

#[test]
fn it_starts_at_the_end_and_waits_for_whole_lines() {
    let mut log = Log::new();
    log.line();
    let (mut tail, _) = log.open(None);
    assert!(all(&mut tail).0.is_empty());
    log.append("line ");
    assert!(all(&mut tail).0.is_empty());
    log.append("2\nline 3\nli");
    assert_eq!(all(&mut tail).0, numbers(2..=3));
}

#[test]
fn a_file_that_comes_later_is_read_from_its_start() {
    let mut log = Log::new();
    fs::remove_file(log.path("kern.log")).unwrap();
    let (mut tail, _) = log.open(None);
    assert!(tail.next().is_err());
    log.line();
    assert_eq!(all(&mut tail).0, numbers(1..=1));
}

#[test]
fn rotation_loses_nothing_with_or_without_a_restart() {
    let mut log = Log::new();
    let (mut tail, _) = log.open(None);
    log.line();
    assert_eq!(all(&mut tail).0, numbers(1..=1));
    log.line();
    log.rotate();
    log.line();
    assert_eq!(all(&mut tail), (numbers(2..=3), vec![]));
    let position = tail.position().unwrap();
    drop(tail);
    // Three rotations while the gateway is down.
    for _ in 0..3 {
        log.line();
        log.rotate();
    }
    log.line();
    let (mut tail, lost) = log.open(Some(&position));
    assert_eq!((all(&mut tail).0, lost), (numbers(4..=7), vec![]));
}

#[test]
fn a_writer_that_goes_on_in_the_renamed_file_is_waited_for() {
    let mut log = Log::new();
    let (mut tail, _) = log.open(None);
    tail.grace = Duration::from_millis(200);
    log.line();
    let mut old = fs::OpenOptions::new().append(true).open(log.path("kern.log")).unwrap();
    log.rotate();
    assert_eq!(all(&mut tail).0, numbers(1..=1));
    old.write_all(b"line 2\n").unwrap();
    log.written = 2;
    log.line();
    assert_eq!(all(&mut tail).0, numbers(2..=2));
    std::thread::sleep(Duration::from_millis(250));
    assert_eq!(all(&mut tail).0, numbers(3..=3));
}

#[test]
fn copy_and_truncate_loses_nothing() {
    let mut log = Log::new();
    let (mut tail, _) = log.open(None);
    log.line();
    log.line();
    assert_eq!(all(&mut tail).0, numbers(1..=2));
    let position = tail.position().unwrap();
    log.line();
    log.copy_and_truncate();
    log.line();
    assert_eq!(all(&mut tail), (numbers(3..=4), vec![]));
    // The same after a restart.
    let (mut tail, lost) = log.open(Some(&position));
    assert_eq!((all(&mut tail).0, lost), (numbers(3..=4), vec![]));
}

/// The file is as long as before, or longer, when it is looked at again: its length tells nothing.
#[test]
fn a_truncated_file_that_has_grown_again_is_noticed() {
    // Less than the bytes by which a file is known, and more.
    for before in [2, 200] {
        let mut log = Log::new();
        let (mut tail, _) = log.open(None);
        (0..before).for_each(|_| log.line());
        assert_eq!(all(&mut tail).0, numbers(1..=before));
        let position = tail.position().unwrap();
        log.line();
        log.copy_and_truncate();
        (0..before * 3).for_each(|_| log.line());
        let expected = (numbers(before + 1..=before * 4 + 1), vec![]);
        assert_eq!(all(&mut tail), expected);
        let (mut tail, lost) = log.open(Some(&position));
        assert_eq!((all(&mut tail), lost), (expected, vec![]), "after a restart");
    }
}

#[test]
fn a_copy_of_lines_that_were_read_is_not_read_again() {
    for before in [1, 200] {
        let mut log = Log::new();
        let (mut tail, _) = log.open(None);
        (0..before).for_each(|_| log.line());
        if before > 1 {
            assert_eq!(all(&mut tail).0, numbers(1..=before));
        }
        fs::copy(log.path("kern.log"), log.path("kern.log.1")).unwrap();
        // It comes between the copy and the truncation, and is read in time.
        log.line();
        assert_eq!(all(&mut tail).0.last(), numbers(before + 1..=before + 1).last());
        let position = tail.position().unwrap();
        fs::write(log.path("kern.log"), "").unwrap();
        log.line();
        let expected = numbers(before + 2..=before + 2);
        let (lines, lost) = all(&mut tail);
        assert_eq!(lines, expected);
        // Of a few bytes that were read, it does not show that the copy has them.
        assert_eq!(lost.len(), usize::from(before == 1), "{lost:?}");
        let (mut tail, lost) = log.open(Some(&position));
        assert_eq!(all(&mut tail).0, expected);
        assert_eq!(lost.len(), usize::from(before == 1), "{lost:?}");
    }
}

#[test]
fn a_file_in_the_place_of_another_is_read_from_its_start() {
    for before in [1, 200] {
        let mut log = Log::new();
        let (mut tail, _) = log.open(None);
        (0..before).for_each(|_| log.line());
        all(&mut tail);
        let position = tail.position().unwrap();
        // The same file for the system, and none of its lines.
        fs::write(log.path("kern.log"), "").unwrap();
        (0..before * 2).for_each(|_| log.line());
        let (lines, lost) = all(&mut tail);
        assert_eq!(lines, numbers(before + 1..=before * 3));
        assert!(matches!(lost[..], [Event::Lost { lost: Loss::FileRemoved, .. }]), "{lost:?}");
        let (mut tail, lost) = log.open(Some(&position));
        assert_eq!(all(&mut tail).0, numbers(before + 1..=before * 3));
        assert!(matches!(lost[..], [Event::Lost { lost: Loss::FileRemoved, .. }]), "{lost:?}");
        // Another file for the system.
        let position = tail.position().unwrap();
        fs::remove_file(log.path("kern.log")).unwrap();
        log.line();
        assert_eq!(all(&mut tail), (numbers(before * 3 + 1..=before * 3 + 1), vec![]));
        let (mut tail, lost) = log.open(Some(&position));
        assert_eq!(all(&mut tail).0, numbers(before * 3 + 1..=before * 3 + 1));
        assert!(matches!(lost[..], [Event::Lost { lost: Loss::FileRemoved, .. }]), "{lost:?}");
    }
}

#[test]
fn what_was_removed_or_compressed_is_dated() {
    let mut log = Log::new();
    let (mut tail, _) = log.open(None);
    log.line();
    all(&mut tail);
    let position = tail.position().unwrap();
    log.rotate();
    log.line();
    fs::remove_file(log.path("kern.log.1")).unwrap();
    let (mut tail, lost) = log.open(Some(&position));
    assert!(matches!(lost[..], [Event::Lost { lost: Loss::FileRemoved, count: None, .. }]), "{lost:?}");
    assert_eq!(all(&mut tail).0, numbers(2..=2));

    let position = tail.position().unwrap();
    log.rotate();
    log.line();
    log.rotate();
    fs::rename(log.path("kern.log.1"), log.path("kern.log.1.gz")).unwrap();
    log.line();
    let (mut tail, lost) = log.open(Some(&position));
    assert_eq!(lost, vec![]);
    let (lines, lost) = all(&mut tail);
    assert_eq!(lines, numbers(4..=4));
    assert!(matches!(lost[..], [Event::Lost { lost: Loss::FileRemoved, .. }]), "{lost:?}");
}

#[test]
fn a_line_without_end_is_left_out_and_counted_once() {
    let mut log = Log::new();
    let (mut tail, _) = log.open(None);
    log.append(&"x".repeat(3 * READ));
    log.append("\n");
    log.line();
    let (lines, lost) = all(&mut tail);
    assert_eq!(lines, numbers(1..=1));
    assert!(matches!(lost[..], [Event::Lost { lost: Loss::Unreadable, count: Some(1), .. }]), "{lost:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_line_is_read_once_over_any_rotations_and_restarts(
        // A file is rotated in one of two ways, as logrotate is set up for it. One after the other between two reads is not
        // recognised: an emptied file that is renamed at once is read before its copy is looked for.
        copies in prop::bool::ANY,
        steps in prop::collection::vec(0u8..6, 1..25),
    ) {
        let mut log = Log::new();
        let (mut tail, _) = log.open(None);
        let mut read = Vec::new();
        let mut position = tail.position();
        let mut rotations = 0;
        for step in steps {
            match step {
                0..=2 => log.line(),
                // A rotated file is kept for a while.
                3 if rotations < 7 => {
                    if copies { log.copy_and_truncate() } else { log.rotate() }
                    rotations += 1;
                }
                3 => {}
                4 => {
                    let (lines, lost) = all(&mut tail);
                    prop_assert!(lost.is_empty());
                    read.extend(lines);
                    position = tail.position();
                    rotations = 0;
                }
                _ => {
                    let (again, lost) = log.open(position.as_ref());
                    prop_assert!(lost.is_empty());
                    tail = again;
                }
            }
        }
        read.extend(all(&mut tail).0);
        prop_assert_eq!(read, numbers(1..=log.written));
    }
}
