//! The resting addresses of one range.

use std::collections::BTreeSet;
use std::time::SystemTime;

use hashbrown::HashMap;

/// Since when and until when an address rests, and which allocation it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    pub(super) since: SystemTime,
    pub(super) until: SystemTime,
    pub(super) serial: u64,
}

/// Resting addresses by number, in the order they are due.
#[derive(Debug, Default)]
pub(super) struct Resting {
    rests: HashMap<u128, Rest>,
    /// By end: those whose rest was not over when last asked.
    waiting: BTreeSet<(SystemTime, u128)>,
    /// By start: those whose rest was over when last asked.
    over: BTreeSet<(SystemTime, u128)>,
}

impl Resting {
    pub(super) fn insert(&mut self, number: u128, rest: Rest) {
        self.remove(number);
        self.rests.insert(number, rest);
        self.waiting.insert((rest.until, number));
    }

    pub(super) fn remove(&mut self, number: u128) {
        if let Some(rest) = self.rests.remove(&number) {
            self.waiting.remove(&(rest.until, number));
            self.over.remove(&(rest.since, number));
        }
    }

    pub(super) fn get(&self, number: u128) -> Option<Rest> {
        self.rests.get(&number).copied()
    }

    /// At most `limit` whose rest is over at `now`, the longest rested first.
    pub(super) fn over(&mut self, now: SystemTime, limit: usize) -> Vec<(u128, Rest)> {
        while let Some((until, number)) = self.waiting.first().copied() {
            if until > now {
                break;
            }
            self.waiting.pop_first();
            if let Some(rest) = self.rests.get(&number) {
                self.over.insert((rest.since, number));
            }
        }
        // A clock that was set back makes some of them too early again.
        let found = self.over.iter().filter_map(|(_, number)| Some((*number, self.get(*number)?)));
        found.filter(|(_, rest)| rest.until <= now).take(limit).collect()
    }

    /// How many there are, and of how many the rest is not over at `now`.
    pub(super) fn count(&self, now: SystemTime) -> (u128, u128) {
        let waiting = self.waiting.iter().rev().take_while(|(until, _)| *until > now).count();
        let early =
            self.over.iter().filter(|(_, number)| self.get(*number).is_some_and(|rest| rest.until > now)).count();
        (self.rests.len() as u128, (waiting + early) as u128)
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
        let mut resting = Resting::default();
        for (number, since, until) in [(1u128, 10, 100), (2, 5, 30), (3, 20, 25), (4, 1, 500)] {
            resting.insert(number, Rest { since: at(since), until: at(until), serial: 0 });
        }
        let numbers = |found: Vec<(u128, Rest)>| found.into_iter().map(|(number, _)| number).collect::<Vec<_>>();
        assert_eq!(numbers(resting.over(at(24), 9)), []);
        assert_eq!(numbers(resting.over(at(30), 9)), [2, 3]);
        assert_eq!(numbers(resting.over(at(100), 2)), [2, 1]);
        assert_eq!(resting.count(at(100)), (4, 1));
        // The clock goes back.
        assert_eq!(numbers(resting.over(at(26), 9)), [3]);
        assert_eq!(resting.count(at(26)), (4, 3));
        resting.remove(3);
        assert_eq!(numbers(resting.over(at(1000), 9)), [4, 2, 1]);
        assert_eq!(resting.count(at(1000)), (3, 0));
    }
}
