//! What a request asks for, checked against the ranges before anything is taken.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipam_core::net::{IpRange, IpSet};
use ipam_core::{Allocate, AllocateLine, Error as CoreError, RangeId, What};

use super::refuse::taken_error;
use crate::provider::Inner;
use crate::provider::map::error::failed;
use crate::provider::range_view::View;

/// What the lines of a request ask for, checked against the ranges.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) views: BTreeMap<RangeId, View>,
    /// For each line that names exact addresses, the range that has them.
    pub(crate) exact: Vec<Option<(RangeId, IpRange)>>,
}

impl Plan {
    /// Reads the ranges and finds out which of them has the exact addresses.
    pub(crate) async fn new(inner: &Inner, operation: &'static str, request: &Allocate) -> ipam_core::Result<Self> {
        let ids = request.lines.iter().flat_map(|line| &line.ranges);
        let mut views = inner.range_views(operation, ids).await?;
        inner.read_elsewhere(&mut views).await.map_err(failed(operation))?;
        let mut exact: Vec<Option<(RangeId, IpRange)>> = Vec::with_capacity(request.lines.len());
        for (index, line) in request.lines.iter().enumerate() {
            let What::Exactly { first, count } = line.what else {
                exact.push(None);
                continue;
            };
            let Some(wanted) = span(first, count) else {
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

    /// What a line must leave alone in a range beside what is taken: what it excludes, and what other lines name.
    pub(crate) fn left_alone(&self, line: &AllocateLine, range: &RangeId) -> IpSet {
        let exact = self.exact.iter().flatten().filter(|(id, _)| id == range).map(|(_, span)| *span);
        let own: IpSet = line.exclude.iter().copied().chain(exact).collect();
        let Some(view) = self.views.get(range) else { return own };
        own.union(&view.elsewhere)
    }
}

/// The `count` addresses from `first` on.
pub(crate) fn span(first: IpAddr, count: u32) -> Option<IpRange> {
    let more = count.checked_sub(1)?;
    let last = match first {
        IpAddr::V4(ip) => IpAddr::V4(u32::from(ip).checked_add(more)?.into()),
        IpAddr::V6(ip) => IpAddr::V6(u128::from(ip).checked_add(more.into())?.into()),
    };
    IpRange::new(first, last).ok()
}

/// The lines in the order in which they are served.
pub(crate) fn order(plan: &Plan) -> impl Iterator<Item = usize> + '_ {
    let (exact, next): (Vec<usize>, Vec<usize>) =
        (0..plan.exact.len()).partition(|index| plan.exact.get(*index).is_some_and(Option::is_some));
    exact.into_iter().chain(next)
}
