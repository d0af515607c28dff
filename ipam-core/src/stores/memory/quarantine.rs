//! Quarantined addresses of one range.

use std::collections::BTreeSet;
use std::time::SystemTime;

use hashbrown::HashMap;

/// When the quarantine of an address began, when it ends, and which allocation it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuarantineEntry {
    pub(super) since: SystemTime,
    pub(super) until: SystemTime,
    pub(super) serial: u64,
}

/// Quarantined addresses by number, in the order of their release.
#[derive(Debug, Default)]
pub(super) struct QuarantineQueue {
    entries: HashMap<u128, QuarantineEntry>,
    /// By end: those whose quarantine was not over when last asked.
    waiting: BTreeSet<(SystemTime, u128)>,
    /// By start: those whose quarantine was over when last asked.
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

    /// At most `limit` whose quarantine is over at `now`, the longest quarantined first.
    pub(super) fn over(&mut self, now: SystemTime, limit: usize) -> Vec<(u128, QuarantineEntry)> {
        while let Some((until, number)) = self.waiting.first().copied() {
            if until > now {
                break;
            }
            self.waiting.pop_first();
            if let Some(entry) = self.entries.get(&number) {
                self.over.insert((entry.since, number));
            }
        }
        // A clock that was set back makes some of them too early again.
        let found = self.over.iter().filter_map(|(_, number)| Some((*number, self.get(*number)?)));
        found.filter(|(_, entry)| entry.until <= now).take(limit).collect()
    }

    /// How many there are, and of how many the quarantine is not over at `now`.
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
    fn the_longest_rested_comes_first_and_early_ones_wait() {
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
