//! Plan of a claim: the ranges of a request, read and checked before an address is taken, and the choice of addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipam_core::net::{FreeRanges, IpRange, IpSet};
use ipam_core::{Allocate, AllocateLine, Error as CoreError, ErrorKind, Operation, Placement, RangeId, Selection};

use crate::provider::inner::Inner;
use crate::provider::map::error::failed;
use crate::provider::range_view::View;

/// Ranges of a request, and the ranges that hold its exact addresses.
#[derive(Debug)]
pub(crate) struct ClaimPlan {
    pub(crate) views: BTreeMap<RangeId, View>,
    /// For each line with exact addresses, the range that holds them.
    pub(crate) exact: Vec<Option<(RangeId, IpRange)>>,
}

impl ClaimPlan {
    /// Reads the ranges, and finds the range of each exact address.
    ///
    /// # Errors
    /// `NotFound` if a range does not exist, `InvalidInput` if an exact address lies in none of the line's ranges or is
    /// named twice, `Conflict` if it is the gateway, registered in another subnet, or in a range that is marked full.
    pub(crate) async fn new(inner: &Inner, operation: Operation, request: &Allocate) -> ipam_core::Result<Self> {
        let ids = request.lines.iter().flat_map(|line| &line.ranges);
        let mut views = inner.range_views(operation, ids).await?;
        inner.read_elsewhere(&mut views).await.map_err(failed(operation))?;
        let mut exact: Vec<Option<(RangeId, IpRange)>> = Vec::with_capacity(request.lines.len());
        for (index, line) in request.lines.iter().enumerate() {
            let Selection::Exact { first, count } = line.selection else {
                exact.push(None);
                continue;
            };
            let Ok(wanted) = IpRange::starting_at(first, count.into()) else {
                return Err(CoreError::invalid(
                    operation,
                    format_args!("lines[{index}].first"),
                    first,
                    "ask for fewer",
                ));
            };
            let holder = line.ranges.iter().find_map(|id| {
                let view = views.get(id)?;
                view.addresses.contains_range(&wanted).then(|| (id.clone(), view))
            });
            let Some((id, view)) = holder else {
                let remedy = "choose addresses that one of the line's ranges may hand out";
                return Err(CoreError::invalid(operation, format_args!("lines[{index}].first"), first, remedy));
            };
            // Two lines may name one address under two ranges of one address space that overlap.
            let same = |other: &RangeId| {
                other == &id || views.get(other).is_some_and(|other| view.around.iter().any(|at| at.id == other.id))
            };
            if exact.iter().flatten().any(|(other, span)| span.overlaps(&wanted) && same(other)) {
                let remedy = "another line asks for the same address; ask for each once";
                return Err(CoreError::invalid(operation, format_args!("lines[{index}].first"), first, remedy));
            }
            if let Some(gateway) = view.gateway.filter(|gateway| wanted.contains(*gateway)) {
                return Err(taken_error(operation, index, gateway, &id).with_context("reason", "it is the gateway"));
            }
            if view.elsewhere.overlaps(&wanted) {
                let reason = "it is registered in another subnet of the address space";
                return Err(taken_error(operation, index, first, &id).with_context("reason", reason));
            }
            if view.is_full {
                return Err(
                    taken_error(operation, index, first, &id).with_context("reason", "the range is marked full")
                );
            }
            exact.push(Some((id, wanted)));
        }
        Ok(Self { views, exact })
    }

    /// Returns the addresses of a range that a line must not take although they may be free: its exclusions, the exact
    /// addresses of other lines, and what is registered in other subnets.
    pub(crate) fn off_limits(&self, line: &AllocateLine, range: &RangeId) -> IpSet {
        let exact = self.exact.iter().flatten().filter(|(id, _)| id == range).map(|(_, span)| *span);
        let own: IpSet = line.exclude.iter().copied().chain(exact).collect();
        let Some(view) = self.views.get(range) else { return own };
        own.union(&view.elsewhere)
    }

    /// Returns the lines in the order in which they are served: exact lines first, so that no other line takes their
    /// addresses.
    pub(crate) fn order(&self) -> impl Iterator<Item = usize> + '_ {
        let (exact, next): (Vec<usize>, Vec<usize>) =
            (0..self.exact.len()).partition(|index| self.exact.get(*index).is_some_and(Option::is_some));
        exact.into_iter().chain(next)
    }
}

/// Returns the lowest `count` free addresses of `within` in this placement, in ascending order; `None` if there is no
/// room.
pub(crate) fn choose(within: IpRange, taken: &IpSet, count: u32, placement: Placement) -> Option<Vec<IpAddr>> {
    let wanted = usize::try_from(count).ok()?;
    let run = |align| {
        let run = FreeRanges::of_set(within, taken).aligned_run(u128::from(count), align)?;
        Some(run.addresses().collect())
    };
    match placement {
        Placement::Scattered => {
            let addresses: Vec<IpAddr> = FreeRanges::of_set(within, taken).addresses().take(wanted).collect();
            (addresses.len() == wanted).then_some(addresses)
        }
        Placement::Contiguous => run(1),
        Placement::Aligned => run(u128::from(count).next_power_of_two()),
    }
}

/// Error for an exact address that is not free.
pub(crate) fn taken_error(operation: Operation, line: usize, ip: IpAddr, range: &RangeId) -> CoreError {
    CoreError::new(ErrorKind::Conflict, operation, format!("{ip} cannot be allocated: it is taken or reserved"))
        .with_context("line", line)
        .with_context("range", range)
}

/// Error for a line that no range has room for.
pub(crate) fn exhausted_error(operation: Operation, line: usize, ranges: &[RangeId], why: &str) -> CoreError {
    let ranges = ranges.iter().map(RangeId::as_str).collect::<Vec<_>>().join(", ");
    CoreError::new(ErrorKind::Exhausted, operation, format!("no range has room: {why}"))
        .with_context("line", line)
        .with_context("ranges", ranges)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::provider::map::mark::address_list;

    #[test]
    fn the_lowest_in_the_asked_shape() {
        let within: IpRange = "10.0.0.1-10.0.0.14".parse().unwrap();
        let taken: IpSet = ["10.0.0.1", "10.0.0.4"].iter().map(|ip| ip.parse::<IpAddr>().unwrap()).collect();
        let texts = |count, placement| choose(within, &taken, count, placement).map(address_list);
        assert_eq!(texts(3, Placement::Scattered).unwrap(), "10.0.0.2-10.0.0.3,10.0.0.5");
        assert_eq!(texts(3, Placement::Contiguous).unwrap(), "10.0.0.5-10.0.0.7");
        assert_eq!(texts(3, Placement::Aligned).unwrap(), "10.0.0.8-10.0.0.10");
        assert_eq!(texts(13, Placement::Scattered), None);
        assert_eq!(texts(11, Placement::Contiguous), None);
    }
}
