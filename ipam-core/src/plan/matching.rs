//! Pairs of the ranges, and of the blocks, of two providers: by space and prefix, not by id.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{Block, Range, SpaceId};

/// Items of two lists: pairs, and those that only one of them has. In the order of space and prefix.
#[derive(Debug)]
pub(super) enum Pair<'a, T> {
    Both(&'a T, &'a T),
    First(&'a T),
    Second(&'a T),
}

type Place<'a> = (&'a SpaceId, IpNet, Option<(IpAddr, IpAddr)>);

fn range_place(range: &Range) -> Place<'_> {
    (&range.space, range.net, Some((range.addresses.first(), range.addresses.last())))
}

fn block_place(block: &Block) -> Place<'_> {
    (&block.space, block.net, None)
}

/// Pairs blocks of the same prefix.
pub(super) fn blocks<'a>(first: &'a [Block], second: &'a [Block]) -> Vec<Pair<'a, Block>> {
    pairs(first, second, block_place)
}

/// Pairs ranges of the same addresses; or of the same prefix, if each side has one range more there.
pub(super) fn ranges<'a>(first: &'a [Range], second: &'a [Range]) -> Vec<Pair<'a, Range>> {
    let mut paired: Vec<Pair<'a, Range>> = Vec::new();
    for group in pairs(first, second, range_place).into_iter() {
        // A range whose first or last address was changed is one range that differs, and not two.
        let other = match (&group, paired.last()) {
            (Pair::Second(second), Some(Pair::First(first))) => Some((*first, *second)),
            (Pair::First(first), Some(Pair::Second(second))) => Some((*first, *second)),
            _ => None,
        };
        match other.filter(|(one, other)| (&one.space, one.net) == (&other.space, other.net)) {
            Some((first, second)) => {
                paired.pop();
                paired.push(Pair::Both(first, second));
            }
            None => paired.push(group),
        }
    }
    paired
}

fn pairs<'a, T>(first: &'a [T], second: &'a [T], place: impl Fn(&T) -> Place<'_>) -> Vec<Pair<'a, T>> {
    let sorted = |items: &'a [T]| {
        let mut items: Vec<&T> = items.iter().collect();
        items.sort_by(|one, other| place(one).cmp(&place(other)));
        items
    };
    let (first, second) = (sorted(first), sorted(second));
    let (mut first, mut second) = (first.into_iter().peekable(), second.into_iter().peekable());
    let mut all = Vec::with_capacity(first.len().max(second.len()));
    loop {
        let order = match (first.peek(), second.peek()) {
            (Some(one), Some(other)) => place(one).cmp(&place(other)),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return all,
        };
        match order {
            std::cmp::Ordering::Less => all.extend(first.next().map(Pair::First)),
            std::cmp::Ordering::Greater => all.extend(second.next().map(Pair::Second)),
            std::cmp::Ordering::Equal => all.extend(first.next().zip(second.next()).map(|(a, b)| Pair::Both(a, b))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn range(id: &str, net: &str, addresses: &str) -> Range {
        Range::new(id, "default", net.parse().unwrap(), addresses.parse().unwrap())
    }

    #[test]
    fn ranges_are_paired_by_their_addresses_and_not_by_id() {
        let first = [
            range("a", "10.0.0.0/24", "10.0.0.1-10.0.0.9"),
            range("b", "10.0.0.0/24", "10.0.0.10-10.0.0.19"),
            range("c", "10.0.1.0/24", "10.0.1.1-10.0.1.9"),
            range("d", "10.0.2.0/24", "10.0.2.1-10.0.2.9"),
        ];
        let second = [
            range("c", "10.0.0.0/24", "10.0.0.1-10.0.0.9"),
            range("x", "10.0.1.0/24", "10.0.1.2-10.0.1.9"),
            range("y", "10.0.3.0/24", "10.0.3.1-10.0.3.9"),
        ];
        let names: Vec<String> = ranges(&first, &second)
            .iter()
            .map(|pair| match pair {
                Pair::Both(one, other) => format!("{}={}", one.id, other.id),
                Pair::First(one) => format!("{}-", one.id),
                Pair::Second(one) => format!("{}+", one.id),
            })
            .collect();
        assert_eq!(names, ["a=c", "b-", "c=x", "d-", "y+"]);
    }
}
