//! Sorted, disjoint intervals of one integer type. Each set operation is one linear merge.

use super::bits::{Bits, Cover, Interval};

/// Set of integers as sorted intervals, with at least one integer missing between two of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Runs<B>(Vec<Interval<B>>);

impl<B> Default for Runs<B> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<B: Bits> From<Interval<B>> for Runs<B> {
    fn from(interval: Interval<B>) -> Self {
        Self(vec![interval])
    }
}

impl<B: Bits> Runs<B> {
    /// Creates the set from intervals in any order, which may overlap.
    pub(super) fn from_unsorted(mut intervals: Vec<Interval<B>>) -> Self {
        if intervals.len() >= RADIX_FROM
            && !intervals.is_sorted_by_key(|i| i.first)
            && let Some(merged) = merge_packed(&intervals)
        {
            return Self(merged);
        }
        sort(&mut intervals);
        merge(&mut intervals);
        Self(intervals)
    }

    pub(super) fn as_slice(&self) -> &[Interval<B>] {
        &self.0
    }

    pub(super) fn into_vec(self) -> Vec<Interval<B>> {
        self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the intervals that share a member with `within`.
    pub(super) fn overlapping(&self, within: Interval<B>) -> &[Interval<B>] {
        let from = self.0.partition_point(|run| run.last < within.first);
        let rest = &self.0[from..];
        &rest[..rest.partition_point(|run| run.first <= within.last)]
    }

    /// Returns the interval that holds the value.
    pub(super) fn find(&self, value: B) -> Option<Interval<B>> {
        let after = self.0.partition_point(|run| run.first <= value);
        let run = *self.0.get(after.checked_sub(1)?)?;
        (value <= run.last).then_some(run)
    }

    pub(super) fn covers(&self, interval: Interval<B>) -> bool {
        self.find(interval.first).is_some_and(|run| interval.last <= run.last)
    }

    /// Returns the number of members; `None` for 2^128.
    pub(super) fn size(&self) -> Option<u128> {
        self.0.iter().try_fold(0_u128, |sum, run| sum.checked_add(run.size()?))
    }

    pub(super) fn insert(&mut self, new: Interval<B>) {
        // Intervals that overlap the new one or are adjacent to it lie in from..to; one interval replaces them. `up` is
        // `None` at the maximum, where nothing can be adjacent above.
        let from = self.0.partition_point(|run| run.last.up().is_some_and(|next| next < new.first));
        let to = match new.last.up() {
            Some(next) => from + self.0[from..].partition_point(|run| run.first <= next),
            None => self.0.len(),
        };
        let Some((head, tail)) = self.0[from..to].first().zip(self.0[from..to].last()) else {
            self.0.insert(from, new);
            return;
        };
        self.0[from] = Interval { first: head.first.min(new.first), last: tail.last.max(new.last) };
        self.0.drain(from + 1..to);
    }

    pub(super) fn remove(&mut self, old: Interval<B>) {
        let from = self.0.partition_point(|run| run.last < old.first);
        let to = from + self.0[from..].partition_point(|run| run.first <= old.last);
        let Some((head, tail)) = self.0[from..to].first().zip(self.0[from..to].last()) else {
            return;
        };
        let left = old.first.down().and_then(|last| Interval::new(head.first, last));
        let right = old.last.up().and_then(|first| Interval::new(first, tail.last));
        self.0.splice(from..to, left.into_iter().chain(right));
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.as_slice(), other.as_slice());
        let mut out = Vec::with_capacity(a.len() + b.len());
        loop {
            let next = match (a.split_first(), b.split_first()) {
                (Some((x, rest)), Some((y, _))) if x.first <= y.first => {
                    a = rest;
                    *x
                }
                (_, Some((y, rest))) => {
                    b = rest;
                    *y
                }
                (Some((x, rest)), None) => {
                    a = rest;
                    *x
                }
                (None, None) => return Self(out),
            };
            push(&mut out, next);
        }
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let (Some(a), Some(b)) = (self.hull(), other.hull()) else {
            return Self::default();
        };
        // Intervals outside of the other set's hull are cut off by binary search, so that the intersection of a small
        // set with a large one is cheap.
        let (mut a, mut b) = (self.overlapping(b), other.overlapping(a));
        let mut out = Vec::with_capacity(a.len().max(b.len()));
        while let (Some((x, rest_a)), Some((y, rest_b))) = (a.split_first(), b.split_first()) {
            // Two intervals of one set have a hole between them, and so have the results: `push` is not needed.
            out.extend(x.intersection(*y));
            if x.last <= y.last {
                a = rest_a;
            } else {
                b = rest_b;
            }
        }
        Self(out)
    }

    pub(super) fn difference(&self, other: &Self) -> Self {
        // Bar S3 (a /8 minus 100 000 prefixes): one walk over both lists, each interval is visited once.
        let mut taken = match self.hull() {
            Some(hull) => other.overlapping(hull),
            None => return Self::default(),
        };
        let mut out = Vec::with_capacity(self.0.len() + taken.len());
        for run in &self.0 {
            let mut rest = Some(*run);
            while let (Some(left), Some((hole, later))) = (rest, taken.split_first()) {
                if hole.first > left.last {
                    break;
                }
                out.extend(hole.first.down().and_then(|last| Interval::new(left.first, last)));
                // The part of `left` above the hole. A hole that reaches further stays for the next interval.
                rest = hole.last.up().and_then(|first| Interval::new(first.max(left.first), left.last));
                if hole.last > left.last {
                    break;
                }
                taken = later;
            }
            out.extend(rest);
        }
        Self(out)
    }

    pub(super) fn symmetric_difference(&self, other: &Self) -> Self {
        self.difference(other).union(&other.difference(self))
    }

    /// Returns true if every member is in the other set.
    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().all(|run| other.covers(*run))
    }

    /// Returns the interval from the lowest member to the highest.
    fn hull(&self) -> Option<Interval<B>> {
        let (head, tail) = self.0.first().zip(self.0.last())?;
        Some(Interval { first: head.first, last: tail.last })
    }
}

/// Appends an interval that starts no earlier than the last one, merging the two where they touch.
#[inline]
fn push<B: Bits>(out: &mut Vec<Interval<B>>, next: Interval<B>) {
    match out.last_mut() {
        // A run up to the maximum has no number after it, and holds whatever begins later.
        Some(run) if run.last.up().is_none_or(|up| next.first <= up) => run.last = run.last.max(next.last),
        _ => out.push(next),
    }
}

/// Merges sorted intervals in place.
fn merge<B: Bits>(sorted: &mut Vec<Interval<B>>) {
    sorted.dedup_by(|next, run| {
        let touches = run.last.up().is_none_or(|up| next.first <= up);
        if touches {
            run.last = run.last.max(next.last);
        }
        touches
    });
}

/// Number of intervals from which a radix sort is faster than a comparison sort (bar S1).
const RADIX_FROM: usize = 1 << 14;

/// Largest number of varying bytes for a radix sort. Each costs one pass over the intervals; with more passes, a
/// comparison sort is faster.
const RADIX_BYTES: usize = 8;

/// Sorts by the first member alone, which is all that merging needs.
// Input that is sorted already, as a routing table often is, costs one pass.
fn sort<B: Bits>(intervals: &mut Vec<Interval<B>>) {
    if intervals.is_sorted_by_key(|i| i.first) {
        return;
    }
    sort_by_bytes(intervals, |i| i.first);
}

/// Sorts by the bytes of the key, or by comparison if that is faster.
fn sort_by_bytes<T: Copy, K: Bits>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
    // Bytes that are the same in all keys are skipped: prefixes of one network share their leading bytes, and /24s have
    // no lowest one.
    let (all, any) = items.iter().map(&key).fold((K::MAX, K::ZERO), |(all, any), k| (all & k, any | k));
    let varying: Vec<u8> = (0..K::WIDTH / 8).filter(|&n| all.byte(n) != any.byte(n)).collect();
    if items.len() < RADIX_FROM || varying.len() > RADIX_BYTES {
        items.sort_unstable_by_key(key);
    } else {
        radix_sort(items, &varying, key);
    }
}

/// Sorts by the given bytes of the key, which are listed least significant first.
pub(super) fn radix_sort<T: Copy, K: Bits>(items: &mut Vec<T>, bytes: &[u8], key: impl Fn(&T) -> K) {
    // Two buffers that swap roles with each byte. Counting first gives each byte value its place, so that no bucket has
    // to grow, and equal bytes keep the order of the passes before.
    let mut sorted = items.clone();
    for &byte in bytes {
        let mut place = [0_usize; 256];
        for item in items.iter() {
            place[usize::from(key(item).byte(byte))] += 1;
        }
        let mut before = 0;
        for slot in &mut place {
            before += std::mem::replace(slot, before);
        }
        for item in items.iter() {
            let slot = &mut place[usize::from(key(item).byte(byte))];
            sorted[*slot] = *item;
            *slot += 1;
        }
        std::mem::swap(items, &mut sorted);
    }
}

/// Sorts and merges IPv6 prefixes by a key of 64 bits each. `None` if some are not prefixes, or they differ in too many
/// bits for such a key.
// An IPv6 interval has 32 bytes and its key 8, so that sorting moves a quarter of the memory. That is most of the gain
// over `ipnet::aggregate` for IPv6 (bar S1).
pub(super) fn merge_packed<B: Bits>(intervals: &[Interval<B>]) -> Option<Vec<Interval<B>>> {
    // An IPv4 interval is no larger than its key.
    if B::WIDTH <= 32 {
        return None;
    }
    let (mut all, mut any, mut least, mut most) = (B::MAX, B::ZERO, B::WIDTH, 0);
    for i in intervals {
        let host = B::WIDTH - i.prefix_len()?;
        (all, any, least, most) = (all & i.first, any | i.first, least.min(host), most.max(host));
    }
    // The key is the bits in which the prefixes differ, then a one, then zeros for the host bits, so that the position
    // of the lowest one tells the length. The leading bits that all share, and the `least` host bits that are zero in
    // all, are left out.
    let high = most.max(B::WIDTH - (all ^ any).leading_zeros());
    let packing = Packing { common: all & !B::low_ones(high), least, window: B::low_ones(high) };
    if high - least < 64 { packing.merge(intervals) } else { None }
}

/// Conversion between prefixes and their keys of 64 bits.
struct Packing<B> {
    /// Leading bits that all prefixes share.
    common: B,
    /// Number of host bits that all prefixes have.
    least: u8,
    /// Mask of the bits that are not shared.
    window: B,
}

impl<B: Bits> Packing<B> {
    fn merge(&self, prefixes: &[Interval<B>]) -> Option<Vec<Interval<B>>> {
        let mut keys: Vec<u64> = prefixes.iter().map(|i| self.pack(*i)).collect::<Option<_>>()?;
        sort_by_bytes(&mut keys, |key| *key);
        let mut out: Vec<Interval<B>> = Vec::new();
        for key in keys {
            let mut next = self.unpack(key)?;
            // A key has its one bit in the middle of its host bits, so that a prefix sorts after those in its lower
            // half. It may therefore merge with several results before it.
            while let Some(run) = out.pop_if(|run| run.last.up().is_none_or(|up| next.first <= up)) {
                next = Interval { first: run.first.min(next.first), last: run.last.max(next.last) };
            }
            out.push(next);
        }
        Some(out)
    }

    /// Returns the key of a prefix. Each one fits, because the ends of the key were derived from all of them.
    fn pack(&self, prefix: Interval<B>) -> Option<u64> {
        let host = B::WIDTH - prefix.span().leading_zeros();
        let bits = u64::from_u128((prefix.first & self.window).shr(self.least).to_u128())?;
        Some(bits.shl(1) | u64::ONE.shl(host - self.least))
    }

    fn unpack(&self, key: u64) -> Option<Interval<B>> {
        let host = Bits::trailing_zeros(key);
        let bits = B::from_u128((key & !u64::low_ones(host + 1)).shr(1).to_u128())?;
        let first = self.common | bits.shl(self.least);
        Some(Interval { first, last: first | B::low_ones(host + self.least) })
    }
}

/// Iterator over the prefixes of one interval after another.
#[derive(Clone, Debug)]
pub(super) struct CoverAll<B, I> {
    cover: Cover<B>,
    rest: I,
}

impl<B: Bits, I: Iterator<Item = Interval<B>>> CoverAll<B, I> {
    pub(super) fn new(rest: I) -> Self {
        Self { cover: Cover::empty(), rest }
    }
}

impl<B: Bits, I: Iterator<Item = Interval<B>>> Iterator for CoverAll<B, I> {
    type Item = (B, u8);

    #[inline]
    fn next(&mut self) -> Option<(B, u8)> {
        if let Some(prefix) = self.cover.next() {
            return Some(prefix);
        }
        self.cover = Cover::new(self.rest.next()?);
        self.cover.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // Each interval is at least one prefix.
        let (now, then) = (self.cover.size_hint(), self.rest.size_hint());
        let most = then.1.and_then(|n| n.checked_mul(2 * usize::from(B::WIDTH))?.checked_add(now.1?));
        (now.0.saturating_add(then.0), most)
    }
}
