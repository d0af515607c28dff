//! Sorted, disjoint intervals of one integer type: the set algebra, each operation one linear merge.

use super::bits::{Bits, Cover, Interval};

/// A set of integers: its intervals in order, with at least one integer missing between two of them.
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
    /// From intervals in any order, which may overlap.
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

    /// The intervals that share a member with `within`.
    pub(super) fn overlapping(&self, within: Interval<B>) -> &[Interval<B>] {
        let from = self.0.partition_point(|run| run.last < within.first);
        let rest = &self.0[from..];
        &rest[..rest.partition_point(|run| run.first <= within.last)]
    }

    /// The interval that holds the value.
    pub(super) fn find(&self, value: B) -> Option<Interval<B>> {
        let after = self.0.partition_point(|run| run.first <= value);
        let run = *self.0.get(after.checked_sub(1)?)?;
        (value <= run.last).then_some(run)
    }

    pub(super) fn covers(&self, interval: Interval<B>) -> bool {
        self.find(interval.first).is_some_and(|run| interval.last <= run.last)
    }

    /// `None` stands for 2^128.
    pub(super) fn size(&self) -> Option<u128> {
        self.0.iter().try_fold(0_u128, |sum, run| sum.checked_add(run.size()?))
    }

    pub(super) fn insert(&mut self, new: Interval<B>) {
        // What overlaps or touches the new interval lies in from..to and is replaced by one.
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
        // What lies beside the other set is cut off by search, so that a small set against a large one is cheap.
        let (mut a, mut b) = (self.overlapping(b), other.overlapping(a));
        let mut out = Vec::with_capacity(a.len().max(b.len()));
        while let (Some((x, rest_a)), Some((y, rest_b))) = (a.split_first(), b.split_first()) {
            // Two intervals of one set have a hole between them, and so have the results: no merging is needed.
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
                // The part of `left` above the hole; where the hole reaches further, it also bites the next interval.
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

    /// Whether every member is one of the other set.
    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().all(|run| other.covers(*run))
    }

    /// From the lowest member to the highest.
    fn hull(&self) -> Option<Interval<B>> {
        let (head, tail) = self.0.first().zip(self.0.last())?;
        Some(Interval { first: head.first, last: tail.last })
    }
}

/// Appends an interval that starts no earlier than the last one, merging the two where they touch.
#[inline]
fn push<B: Bits>(out: &mut Vec<Interval<B>>, next: Interval<B>) {
    match out.last_mut() {
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

/// Below this many intervals comparing is as quick as counting.
const RADIX_FROM: usize = 1 << 14;

/// Each byte that varies costs one pass over the intervals; with more than this many, comparing is quicker.
const RADIX_BYTES: usize = 8;

/// Sorts by the first member alone, which is all that merging needs.
fn sort<B: Bits>(intervals: &mut Vec<Interval<B>>) {
    if intervals.is_sorted_by_key(|i| i.first) {
        return;
    }
    sort_by_bytes(intervals, |i| i.first);
}

/// Sorts by counting the bytes of the key, or by comparing where that is quicker.
fn sort_by_bytes<T: Copy, K: Bits>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let (all, any) = items.iter().map(&key).fold((K::MAX, K::ZERO), |(all, any), k| (all & k, any | k));
    let varying: Vec<u8> = (0..K::WIDTH / 8).filter(|&n| all.byte(n) != any.byte(n)).collect();
    if items.len() < RADIX_FROM || varying.len() > RADIX_BYTES {
        items.sort_unstable_by_key(key);
    } else {
        radix_sort(items, &varying, key);
    }
}

/// Least significant byte first, over the given bytes only.
pub(super) fn radix_sort<T: Copy, K: Bits>(items: &mut Vec<T>, bytes: &[u8], key: impl Fn(&T) -> K) {
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

/// Sorts and merges wide intervals by a key of 64 bits each, which moves a quarter of the memory. `None` where they are
/// not all prefixes, or differ in too many bits for that.
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
    // The key: the bits in which the prefixes differ, then a one, then zeros for the host bits. So it tells the length
    // too. `least` host bits are zero in all of them and left out; what they have in common at the front is left out.
    let high = most.max(B::WIDTH - (all ^ any).leading_zeros());
    let packing = Packing { common: all & !B::low_ones(high), least, window: B::low_ones(high) };
    if high - least < 64 { packing.merge(intervals) } else { None }
}

struct Packing<B> {
    common: B,
    least: u8,
    window: B,
}

impl<B: Bits> Packing<B> {
    fn merge(&self, prefixes: &[Interval<B>]) -> Option<Vec<Interval<B>>> {
        let mut keys: Vec<u64> = prefixes.iter().map(|i| self.pack(*i)).collect::<Option<_>>()?;
        sort_by_bytes(&mut keys, |key| *key);
        let mut out: Vec<Interval<B>> = Vec::new();
        for key in keys {
            let mut next = self.unpack(key)?;
            // By these keys a prefix comes behind those in its left half, so it may swallow several.
            while let Some(run) = out.pop_if(|run| run.last.up().is_none_or(|up| next.first <= up)) {
                next = Interval { first: run.first.min(next.first), last: run.last.max(next.last) };
            }
            out.push(next);
        }
        Some(out)
    }

    /// Every prefix fits, as high and low end of the key were chosen by all of them.
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

/// The prefixes of one interval after another.
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
