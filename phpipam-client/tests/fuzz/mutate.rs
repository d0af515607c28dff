//! Changes to a text: bytes, slices, and values of JSON members.

use ipam_core::testing::splitmix64;

/// Values that stand where another kind of value is expected.
const VALUES: [&str; 20] = [
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "12.5",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "\"\"",
    "\"0\"",
    "\"-0\"",
    "\"x\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"256.1.1.1\"",
    "\"0000-00-00 00:00:00\"",
    "{}",
    "[]",
    "[[[]]]",
    "{\"a\":{\"a\":null}}",
];

/// Generator of changes. The same seed makes the same changes.
pub(crate) struct Mutator(u64);

impl Mutator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below `limit`, or 0 if that is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap().max(1);
        usize::try_from(splitmix64(&mut self.0) % limit).unwrap()
    }

    pub(crate) fn one<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Returns a text with one to four changes; `other` is a text to take pieces from.
    pub(crate) fn changed(&mut self, text: &[u8], other: &[u8]) -> Vec<u8> {
        let mut out = text.to_vec();
        for _ in 0..=self.below(4) {
            self.change(&mut out, other);
        }
        out
    }

    fn change(&mut self, out: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(out.len() + 1);
        let end = (at + self.below(40)).min(out.len());
        match self.below(10) {
            0 if at < out.len() => out[at] = u8::try_from(self.below(256)).unwrap(),
            1 => out.insert(at, u8::try_from(self.below(256)).unwrap()),
            2 => drop(out.drain(at..end)),
            3 => {
                let piece = out[at..end].to_vec();
                out.splice(at..at, piece);
            }
            4 => out.truncate(at),
            5 => {
                let from = self.below(other.len() + 1);
                let piece = other[from..(from + self.below(200)).min(other.len())].to_vec();
                out.splice(at..end, piece);
            }
            // Deeper than a recursive reader may go, and longer than a buffer may be.
            6 if self.below(20) == 0 => drop(out.splice(at..at, vec![b'['; 5_000])),
            6 if self.below(20) == 0 => drop(out.splice(at..at, vec![b'9'; 70_000])),
            _ => self.change_value(out),
        }
    }

    /// Replaces the value of a member of a JSON object.
    fn change_value(&mut self, out: &mut Vec<u8>) {
        let colons: Vec<usize> = out.iter().enumerate().filter(|(_, b)| **b == b':').map(|(at, _)| at + 1).collect();
        if colons.is_empty() {
            return;
        }
        let start = *self.one(&colons);
        let length = out[start..].iter().position(|b| matches!(b, b',' | b'}' | b']')).unwrap_or(0);
        let value = *self.one(&VALUES);
        out.splice(start..start + length, value.bytes());
    }
}
