//! Short constructors of values that the cases use often.

use std::fmt::Debug;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use super::outcome::{CaseResult, fail};
use crate::net::IpRange;
use crate::{Allocated, Allocation, Deallocated, Preview};

/// Parses a literal of a case.
fn literal<T: FromStr<Err: Debug>>(text: &str) -> T {
    #[expect(clippy::expect_used, reason = "the texts are literals of this module's cases")]
    text.parse().expect("a literal")
}

pub(super) fn ip(text: &str) -> IpAddr {
    literal(text)
}

pub(super) fn net(text: &str) -> IpNet {
    literal(text)
}

pub(super) fn span(text: &str) -> IpRange {
    literal(text)
}

/// Returns the addresses, line by line.
pub(super) fn lines(result: &Allocated) -> Vec<Vec<String>> {
    result.lines.iter().map(texts).collect()
}

/// Returns the addresses as one list.
pub(super) fn texts<'a>(allocations: impl IntoIterator<Item = &'a Allocation>) -> Vec<String> {
    allocations.into_iter().map(|allocation| allocation.address.to_string()).collect()
}

/// Returns the addresses in ascending order.
pub(super) fn sorted<'a>(allocations: impl IntoIterator<Item = &'a Allocation>) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = allocations.into_iter().map(|allocation| allocation.address).collect();
    addresses.sort_unstable();
    addresses
}

/// Returns the addresses of a preview, line by line.
pub(super) fn candidates(preview: &Preview) -> Vec<Vec<String>> {
    preview.lines.iter().map(|line| line.iter().map(|candidate| candidate.address.to_string()).collect()).collect()
}

/// Returns the deallocated addresses, target by target.
pub(super) fn freed(result: &Deallocated) -> Vec<Vec<String>> {
    result.targets.iter().map(|target| texts(&target.freed)).collect()
}

/// Returns the only item of a list. Fails the case if there are none or several.
#[track_caller]
pub(super) fn only<T: Debug>(items: Vec<T>) -> CaseResult<T> {
    let count = items.len();
    match (count, items.into_iter().next()) {
        // The count is taken first: the message needs it, and the iterator is consumed.
        (1, Some(item)) => Ok(item),
        _ => fail(format_args!("one item was expected, there are {count}")),
    }
}
