//! Quarantined addresses of one range.

use std::collections::BTreeSet;
use std::time::SystemTime;

use hashbrown::HashMap;

/// Start and end of the quarantine of an address, and the serial number of its last allocation.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuarantineEntry {
    pub(super) since: SystemTime,
    pub(super) until: SystemTime,
    pub(super) serial: u64,
}

/// Quarantined addresses by number, with queues by end and by start of their quarantine.
// Entries are released by their end and handed out by their start. One set could not serve both orders without reading
// entries that are not released; moving each entry once from one set to the other costs the same for all of them.
#[derive(Debug, Default)]
pub(super) struct QuarantineQueue {
    entries: HashMap<u128, QuarantineEntry>,
    /// Entries by end whose quarantine was not over at the last read.
    waiting: BTreeSet<(SystemTime, u128)>,
    /// Entries by start whose quarantine was over at the last read.
    over: BTreeSet<(SystemTime, u128)>,
}

impl QuarantineQueue {
    pub(super) fn insert(&mut self, number: u128, entry: QuarantineEntry) {
        self.remove(number);
        self.entries.insert(number, entry);
        self.waiting.insert((entry.until, number));
    }

    pub(super) fn remove(&mut self, number: u128) {
        if let Some(entry) = self.entries.remove(&number) {
            self.waiting.remove(&(entry.until, number));
            self.over.remove(&(entry.since, number));
        }
    }

    pub(super) fn get(&self, number: u128) -> Option<QuarantineEntry> {
        self.entries.get(&number).copied()
    }

    /// Returns at most `limit` entries whose quarantine is over at `now`, the longest quarantined first.
    pub(super) fn over(&mut self, now: SystemTime, limit: usize) -> Vec<(u128, QuarantineEntry)> {
        // Each entry moves once, so that reading costs what is released and not what waits.
        while let Some((until, number)) = self.waiting.first().copied() {
            if until > now {
                break;
            }
            self.waiting.pop_first();
            if let Some(entry) = self.entries.get(&number) {
                self.over.insert((entry.since, number));
            }
        }
        // If the clock was set back, some entries of `over` are not released any more.
        let found = self.over.iter().filter_map(|(_, number)| Some((*number, self.get(*number)?)));
        found.filter(|(_, entry)| entry.until <= now).take(limit).collect()
    }

    /// Returns the number of entries, and of those whose quarantine is not over at `now`.
    pub(super) fn count(&self, now: SystemTime) -> (u128, u128) {
        let waiting = self.waiting.iter().rev().take_while(|(until, _)| *until > now).count();
        let early =
            self.over.iter().filter(|(_, number)| self.get(*number).is_some_and(|entry| entry.until > now)).count();
        (self.entries.len() as u128, (waiting + early) as u128)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_longest_quarantined_comes_first_and_early_ones_wait() {
        let mut queue = QuarantineQueue::default();
        for (number, since, until) in [(1u128, 10, 100), (2, 5, 30), (3, 20, 25), (4, 1, 500)] {
            queue.insert(number, QuarantineEntry { since: at(since), until: at(until), serial: 0 });
        }
        let numbers =
            |found: Vec<(u128, QuarantineEntry)>| found.into_iter().map(|(number, _)| number).collect::<Vec<_>>();
        assert_eq!(numbers(queue.over(at(24), 9)), []);
        assert_eq!(numbers(queue.over(at(30), 9)), [2, 3]);
        assert_eq!(numbers(queue.over(at(100), 2)), [2, 1]);
        assert_eq!(queue.count(at(100)), (4, 1));
        // The clock goes back.
        assert_eq!(numbers(queue.over(at(26), 9)), [3]);
        assert_eq!(queue.count(at(26)), (4, 3));
        queue.remove(3);
        assert_eq!(numbers(queue.over(at(1000), 9)), [4, 2, 1]);
        assert_eq!(queue.count(at(1000)), (3, 0));
    }
}
