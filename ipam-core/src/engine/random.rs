//! Random numbers.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::splitmix::splitmix64;

/// Source of random numbers, which tests can choose.
pub(crate) trait Random {
    /// Returns 128 random bits.
    fn next(&mut self) -> u128;
}

/// Returns a number below `bound`; 0 for a bound of 0.
// The remainder favours low numbers, by at most one part in 2^64 for bounds below 2^64. That is far below what a range
// could show.
pub(crate) fn below(random: &mut dyn Random, bound: u128) -> u128 {
    random.next().checked_rem(bound).unwrap_or(0)
}

/// Random bits of the operating system, read in advance.
// 64 numbers for each system call, which would otherwise be most of the cost of a key (bars M1 to M3).
#[derive(Default)]
pub(crate) struct SystemRandom {
    words: Vec<u128>,
}

impl Random for SystemRandom {
    fn next(&mut self) -> u128 {
        // Each number is handed out once: it is removed before it is returned.
        if let Some(word) = self.words.pop() {
            return word;
        }
        let mut bytes = [0u8; 1024];
        if getrandom::fill(&mut bytes).is_ok() {
            let (words, _) = bytes.as_chunks::<16>();
            self.words.extend(words.iter().map(|word| u128::from_le_bytes(*word)));
        }
        // If the system call fails, the seeds of hash maps, which come from the system too, are the next best source. A
        // key must not be predictable or repeat, and allocation cannot fail for the lack of one.
        let hash = || u128::from(RandomState::new().hash_one(0u8));
        self.words.pop().unwrap_or_else(|| hash() << 64 | hash())
    }
}

impl std::fmt::Debug for SystemRandom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SystemRandom")
    }
}

/// Predictable numbers from a seed, for tests and simulations.
#[derive(Debug, Clone)]
pub(crate) struct SeededRandom(u64);

impl SeededRandom {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }
}

impl Random for SeededRandom {
    fn next(&mut self) -> u128 {
        u128::from(splitmix64(&mut self.0)) << 64 | u128::from(splitmix64(&mut self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_the_system_does_not() {
        let (mut one, mut two) = (SeededRandom::new(7), SeededRandom::new(7));
        assert_eq!(one.next(), two.next());
        assert_ne!(one.next(), one.next());
        let mut system = SystemRandom::default();
        let mut seen = std::collections::HashSet::new();
        assert!((0..1000).all(|_| seen.insert(system.next())));
    }
}
