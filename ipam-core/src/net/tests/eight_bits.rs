//! The generic maths on 8-bit numbers, small enough to try everything against a list of 256 booleans.

use std::cmp::Reverse;

use crate::net::bits::{Cover, Interval, Steps, common_len};
use crate::net::free::{Remaining, aligned, first_prefix};
use crate::net::plan::Room;
use crate::net::runs::{CoverAll, Runs};
use crate::net::split::Parts;

/// Set of 8-bit numbers as a list of booleans.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Naive([bool; 256]);

impl Naive {
    fn of(intervals: &[Interval<u8>]) -> Self {
        Self::from_fn(|n| intervals.iter().any(|i| i.first <= n && n <= i.last))
    }

    fn from_fn(member: impl Fn(u8) -> bool) -> Self {
        let mut all = [false; 256];
        (0..=u8::MAX).for_each(|n| all[usize::from(n)] = member(n));
        Self(all)
    }

    fn has(&self, n: u8) -> bool {
        self.0[usize::from(n)]
    }

    /// Its intervals, found by walking along it.
    fn intervals(&self) -> Vec<Interval<u8>> {
        let mut out: Vec<Interval<u8>> = Vec::new();
        for n in (0..=u8::MAX).filter(|n| self.has(*n)) {
            match out.last_mut() {
                Some(run) if run.last + 1 == n => run.last = n,
                _ => out.push(interval(n, n)),
            }
        }
        out
    }
}

fn interval(first: u8, last: u8) -> Interval<u8> {
    Interval::new(first, last).unwrap()
}

fn every_interval() -> impl Iterator<Item = Interval<u8>> {
    (0..=u8::MAX).flat_map(|first| (first..=u8::MAX).map(move |last| interval(first, last)))
}

/// Intervals whose ends are where carries, borrows and overflow happen.
fn telling_intervals() -> Vec<Interval<u8>> {
    let ends = [0, 1, 2, 3, 7, 8, 9, 31, 32, 63, 64, 65, 127, 128, 129, 191, 192, 240, 252, 253, 254, 255];
    every_interval().filter(|i| ends.contains(&i.first) && ends.contains(&i.last)).collect()
}

fn every_prefix() -> impl Iterator<Item = (u8, u8)> {
    (0..=8).flat_map(|len| {
        let size = 1_u16 << (8 - len);
        (0..256 / size).map(move |n| (u8::try_from(n * size).unwrap(), len))
    })
}

/// Six neighbouring cells: at the bottom, at the top, across the middle, and over the whole space.
fn layouts() -> Vec<Vec<Interval<u8>>> {
    let single = |from: u8| (from..=from + 5).map(|n| interval(n, n)).collect();
    let whole = (0..6_u8).map(|n| interval(n * 42, if n == 5 { 255 } else { n * 42 + 41 })).collect();
    vec![single(0), single(250), single(125), whole]
}

/// Every set that can be made of the cells, as its intervals, unmerged.
fn every_choice(cells: &[Interval<u8>]) -> Vec<Vec<Interval<u8>>> {
    let choose =
        |mask: u32| cells.iter().enumerate().filter(|(n, _)| mask >> n & 1 == 1).map(|(_, cell)| *cell).collect();
    (0..1 << cells.len()).map(choose).collect()
}

fn runs(intervals: &[Interval<u8>]) -> Runs<u8> {
    Runs::from_unsorted(intervals.to_vec())
}

/// Same members, and the fewest intervals in order.
fn assert_same(found: &Runs<u8>, expected: &Naive) {
    assert_eq!(found.as_slice(), expected.intervals());
}

#[test]
fn intervals_against_membership() {
    let prefixes: Vec<_> = every_prefix().map(|(first, len)| (Interval::prefix(first, len), len)).collect();
    for a in every_interval() {
        let members: Vec<u8> = (0..=u8::MAX).filter(|n| a.contains(*n)).collect();
        assert_eq!(members.first(), Some(&a.first));
        assert_eq!(members.last(), Some(&a.last));
        assert_eq!(a.size(), Some(members.len() as u128));
        assert_eq!(a.nth(3), members.get(3).copied());
        assert_eq!(a.nth(members.len() as u128), None);
        let prefix = prefixes.iter().find(|(prefix, _)| *prefix == a);
        assert_eq!(a.prefix_len(), prefix.map(|(_, len)| *len));
    }
    let telling = telling_intervals();
    for a in &telling {
        for b in &telling {
            let both = Naive::from_fn(|n| a.contains(n) && b.contains(n)).intervals();
            assert_eq!(a.intersection(*b), both.first().copied());
            assert_eq!(a.overlaps(*b), !both.is_empty());
            assert_eq!(a.covers(*b), both == [*b]);
        }
    }
}

#[test]
fn prefixes_hold_the_addresses_that_begin_alike() {
    for addr in 0..=u8::MAX {
        for len in 0..=8 {
            let alike = Naive::from_fn(|n| (u16::from(n) >> (8 - len)) == (u16::from(addr) >> (8 - len)));
            assert_eq!(vec![Interval::prefix(addr, len)], alike.intervals());
        }
        for other in 0..=u8::MAX {
            let common = (0..=8).rev().find(|len| Interval::prefix(addr, *len).contains(other));
            assert_eq!(Some(common_len(addr, other)), common);
        }
    }
}

#[test]
fn steps_from_both_ends_meet() {
    for a in every_interval() {
        let expected: Vec<u8> = (a.first..=a.last).collect();
        assert!(Steps::new(a).eq(expected.iter().copied()));
        assert!(Steps::new(a).rev().eq(expected.iter().rev().copied()));
        let (mut steps, mut model) = (Steps::new(a), expected.iter().copied());
        for skip in [0, 2, 1, 0, 7, 60, 60] {
            assert_eq!(steps.size_hint(), model.size_hint());
            assert_eq!(steps.nth(skip), model.nth(skip));
            assert_eq!(steps.nth_back(skip), model.nth_back(skip));
        }
    }
}

#[test]
fn a_cover_is_exact_ordered_and_smallest() {
    for a in every_interval() {
        let cover: Vec<(u8, u8)> = Cover::new(a).collect();
        let mut next = Some(a.first);
        for (first, len) in &cover {
            assert_eq!(next, Some(*first));
            let block = Interval::prefix(*first, *len);
            assert_eq!(block.first, *first);
            // A block whose parent also fits would be one too many.
            assert!(*len == 0 || !a.covers(Interval::prefix(*first, len - 1)));
            next = block.last.checked_add(1);
        }
        assert_eq!(next, a.last.checked_add(1));
        assert!(cover.len() <= Cover::new(a).size_hint().1.unwrap());
    }
}

#[test]
fn set_algebra_of_every_pair() {
    for cells in layouts() {
        let sets: Vec<(Runs<u8>, Naive)> = every_choice(&cells).iter().map(|i| (runs(i), Naive::of(i))).collect();
        for (a, x) in &sets {
            assert_same(a, x);
            assert_same(&Runs::from(Interval::FULL).difference(a), &Naive::from_fn(|n| !x.has(n)));
            let count = (0..=u8::MAX).filter(|n| x.has(*n)).count();
            assert_eq!(a.size(), Some(count as u128));
            for n in 0..=u8::MAX {
                assert_eq!(a.find(n), x.intervals().into_iter().find(|i| i.contains(n)));
            }
            let blocks: Vec<_> = CoverAll::new(a.as_slice().iter().copied()).collect();
            let expected: Vec<_> = x.intervals().into_iter().flat_map(Cover::new).collect();
            assert_eq!(blocks, expected);
            for (b, y) in &sets {
                assert_same(&a.union(b), &Naive::from_fn(|n| x.has(n) || y.has(n)));
                assert_same(&a.intersection(b), &Naive::from_fn(|n| x.has(n) && y.has(n)));
                assert_same(&a.difference(b), &Naive::from_fn(|n| x.has(n) && !y.has(n)));
                assert_same(&a.symmetric_difference(b), &Naive::from_fn(|n| x.has(n) != y.has(n)));
                assert_eq!(a.is_subset(b), (0..=u8::MAX).all(|n| !x.has(n) || y.has(n)));
            }
        }
    }
}

#[test]
fn every_interval_put_in_and_taken_out() {
    let start =
        [interval(0, 0), interval(5, 9), interval(11, 11), interval(100, 127), interval(200, 253), interval(255, 255)];
    for intervals in [&start[..], &start[1..5], &[]] {
        let (set, model) = (runs(intervals), Naive::of(intervals));
        // All of them once; into the other sets, those that matter.
        let put = if intervals.len() == start.len() { every_interval().collect() } else { telling_intervals() };
        for a in put {
            let (mut more, mut less) = (set.clone(), set.clone());
            more.insert(a);
            assert_same(&more, &Naive::from_fn(|n| model.has(n) || a.contains(n)));
            less.remove(a);
            assert_same(&less, &Naive::from_fn(|n| model.has(n) && !a.contains(n)));
            assert_eq!(set.covers(a), (a.first..=a.last).all(|n| model.has(n)));
            let touched: Vec<_> = model.intervals().into_iter().filter(|i| i.overlaps(a)).collect();
            assert_eq!(set.overlapping(a), touched);
        }
    }
}

#[test]
fn sets_from_any_order_and_overlap() {
    let telling = telling_intervals();
    for a in &telling {
        for b in &telling {
            let three = [*a, *b, interval(60, 70)];
            assert_same(&runs(&three), &Naive::of(&three));
        }
    }
}

#[test]
fn gaps_from_front_back_and_both() {
    for cells in layouts() {
        for taken in every_choice(&cells) {
            for (from, first) in cells.iter().enumerate() {
                for last in &cells[from..] {
                    let within = interval(first.first, last.last);
                    let gaps =
                        Naive::from_fn(|n| within.contains(n) && !taken.iter().any(|t| t.contains(n))).intervals();

                    let (mut rest, mut front) = (Remaining(Some(within)), taken.iter().copied());
                    let found: Vec<_> = std::iter::from_fn(|| rest.next(front.by_ref())).collect();
                    assert_eq!(found, gaps);

                    let (mut rest, mut back) = (Remaining(Some(within)), taken.iter().copied().rev());
                    let mut found: Vec<_> = std::iter::from_fn(|| rest.next_back(back.by_ref())).collect();
                    found.reverse();
                    assert_eq!(found, gaps);

                    let (mut rest, mut both, mut model) =
                        (Remaining(Some(within)), taken.iter().copied(), gaps.into_iter());
                    for _ in 0..4 {
                        assert_eq!(rest.next(both.by_ref()), model.next());
                        assert_eq!(rest.next_back(both.by_ref().rev()), model.next_back());
                    }
                }
            }
        }
    }
}

#[test]
fn gaps_between_taken_ranges_that_overlap() {
    for a in telling_intervals() {
        for b in [interval(0, 8), interval(7, 200), interval(64, 64), interval(130, 255)] {
            let mut taken = [a, b];
            taken.sort_by_key(|i| (i.first, Reverse(i.last)));
            let within = interval(3, 253);
            let gaps = Naive::from_fn(|n| within.contains(n) && !a.contains(n) && !b.contains(n)).intervals();
            let (mut rest, mut taken) = (Remaining(Some(within)), taken.into_iter());
            assert_eq!(std::iter::from_fn(|| rest.next(taken.by_ref())).collect::<Vec<_>>(), gaps);
        }
    }
}

#[test]
fn runs_and_prefixes_inside_a_gap() {
    let counts = [1, 2, 3, 4, 5, 8, 16, 17, 64, 128, 255, 256, 257, 1 << 40];
    for gap in telling_intervals().into_iter().step_by(2) {
        for count in counts {
            for align in [0, 1, 2, 3, 8, 10, 64, 200, 256, 1 << 100] {
                let begins = |first: &u8| u128::from(*first) % align.max(1) == 0;
                let fits = |first: &u8| u128::from(*first) + count - 1 <= u128::from(gap.last);
                let expected = (gap.first..=gap.last).find(|first| begins(first) && fits(first));
                assert_eq!(aligned(gap, count - 1, align).map(|i| i.first), expected);
            }
        }
    }
    for gap in every_interval() {
        for len in 0..=8 {
            let inside = |(first, of): &(u8, u8)| *of == len && gap.covers(Interval::prefix(*first, *of));
            assert_eq!(first_prefix(gap, len), every_prefix().find(inside).map(|(first, _)| first));
        }
    }
}

#[test]
fn subnets_of_every_prefix() {
    for (first, own) in every_prefix() {
        let whole = Interval::prefix(first, own);
        for len in own..=8 {
            let expected: Vec<_> = every_prefix().filter(|(at, of)| *of == len && whole.contains(*at)).collect();
            assert_eq!(Parts::new(whole, len).collect::<Vec<_>>(), expected);
            assert_eq!(Parts::new(whole, len).size_hint(), (expected.len(), Some(expected.len())));
            assert_eq!(Parts::new(whole, len).nth(5), expected.get(5).copied());
            assert!(Parts::new(whole, len).rev().eq(expected.iter().rev().copied()));
            let (mut parts, mut model) = (Parts::new(whole, len), expected.into_iter());
            for skip in [0, 1, 0, 9, 40] {
                assert_eq!(parts.nth(skip), model.nth(skip));
                assert_eq!(parts.nth_back(skip), model.nth_back(skip));
                assert_eq!(parts.size_hint(), model.size_hint());
            }
        }
    }
}

/// Returns true if prefixes of these lengths fit into the free addresses, found by trying every place for each.
fn can_fit(free: &Naive, lens: &[u8]) -> bool {
    let Some((len, others)) = lens.split_first() else {
        return true;
    };
    every_prefix().filter(|(_, of)| of == len).any(|(first, of)| {
        let block = Interval::prefix(first, of);
        let room = (block.first..=block.last).all(|n| free.has(n));
        room && can_fit(&Naive::from_fn(|n| free.has(n) && !block.contains(n)), others)
    })
}

#[test]
fn a_plan_is_found_whenever_there_is_one() {
    let block = interval(248, 255);
    let lens: Vec<Vec<u8>> = (5..=8)
        .flat_map(|a| (a..=9).flat_map(move |b| (b..=9).map(move |c| vec![b, a, c])))
        // 9 stands for nothing asked.
        .map(|lens| lens.into_iter().filter(|len| *len < 9).collect())
        .collect();
    for mask in 0..=u8::MAX {
        let taken = Naive::from_fn(|n| block.contains(n) && mask >> (n - 248) & 1 == 1);
        let free = Naive::from_fn(|n| block.contains(n) && !taken.has(n));
        for lens in &lens {
            let placed = Room::new(vec![block], &runs(&taken.intervals())).take_all(lens);
            assert_eq!(placed.iter().all(Option::is_some), can_fit(&free, lens), "{lens:?} beside {mask:08b}");
            let mut left = free.clone();
            for (first, len) in placed.into_iter().zip(lens).filter_map(|(first, len)| Some((first?, *len))) {
                let subnet = Interval::prefix(first, len);
                assert_eq!(subnet.first, first);
                for n in subnet.first..=subnet.last {
                    assert!(std::mem::take(&mut left.0[usize::from(n)]), "{n} was not free");
                }
            }
        }
    }
}

#[test]
fn blocks_that_touch_stay_apart_and_nested_ones_count_once() {
    let halves = vec![interval(128, 255), interval(0, 127)];
    assert_eq!(Room::new(halves.clone(), &Runs::default()).take_all(&[0]), [None]);
    assert_eq!(Room::new(halves, &Runs::default()).take_all(&[1, 1, 8]), [Some(0), Some(128), None]);
    let nested = vec![interval(64, 127), interval(0, 255), interval(0, 127), interval(0, 255)];
    assert_eq!(Room::new(nested, &Runs::default()).take_all(&[2, 1, 2, 8]), [Some(128), Some(0), Some(192), None]);
}
