//! Choice of addresses for the lines of a request.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipam_core::net::{FreeRanges, IpRange, IpSet};
use ipam_core::{Allocate, AllocateLine, Error, ErrorKind, Operation, Placement, Range, RangeId, Result, Selection};

use super::inner::Inner;

/// Largest number of addresses of a request: each mark lists all of them.
pub(super) const MOST: usize = 256;

/// Addresses that a request can have.
#[derive(Debug)]
pub(super) struct Choice {
    /// Line, range and address, in the order of the lines; the addresses of a line ascend.
    pub(super) places: Vec<(usize, RangeId, IpAddr)>,
    /// True if another call of this process may return addresses that were needed.
    pub(super) must_wait: bool,
}

impl Inner {
    /// Chooses the lowest free addresses for each line, but those that the server refused.
    ///
    /// # Errors
    /// As of `allocate`, without the errors of keys.
    pub(super) async fn choose(
        &self,
        operation: Operation,
        request: &Allocate,
        refused: &BTreeSet<(RangeId, IpAddr)>,
    ) -> Result<Choice> {
        let mut ranges: BTreeMap<RangeId, Arc<Range>> = BTreeMap::new();
        for id in request.lines.iter().flat_map(|line| &line.ranges) {
            if !ranges.contains_key(id) {
                ranges.insert(id.clone(), self.range(operation, id).await?);
            }
        }
        let lines = lines(operation, request, &ranges)?;
        let mut used: BTreeMap<&RangeId, IpSet> = BTreeMap::new();
        let mut places = Vec::new();
        let mut must_wait = false;
        for (index, (line, candidates)) in request.lines.iter().zip(&lines).enumerate() {
            let count = line.selection.count() as usize;
            let mut found = None;
            for range in candidates {
                if !used.contains_key(&range.id) {
                    let mut set = IpSet::new();
                    for record in self.records_once(operation, range).await? {
                        set.insert(record.address);
                    }
                    used.insert(&range.id, set);
                }
                let Some(used) = used.get_mut(&range.id) else { continue };
                let chosen = match exact(line.selection) {
                    Some(wanted) => exact_of(operation, range, wanted, used)?,
                    None => {
                        let flying = self.in_flight(&range.id);
                        let refused = refused.iter().filter(|(id, _)| *id == range.id).map(|(_, address)| *address);
                        let refused: BTreeSet<IpAddr> = refused.collect();
                        let chosen = lowest(line, range, used, &(&flying | &refused));
                        // Room that only calls in progress have may come back, if they fail.
                        must_wait |= chosen.len() < count
                            && !flying.is_empty()
                            && lowest(line, range, used, &refused).len() == count;
                        chosen
                    }
                };
                if chosen.len() == count {
                    chosen.iter().for_each(|address| used.insert(*address));
                    found = Some((range, chosen));
                    break;
                }
            }
            match found {
                Some((range, chosen)) => {
                    places.extend(chosen.into_iter().map(|address| (index, range.id.clone(), address)));
                }
                None if must_wait => return Ok(Choice { places: Vec::new(), must_wait }),
                None => {
                    let message = format!("none of its ranges has {count} free addresses");
                    return Err(Error::new(ErrorKind::Exhausted, operation, message).with_context("line", index));
                }
            }
        }
        Ok(Choice { places, must_wait: false })
    }
}

/// Returns the ranges of each line that it may take its addresses from.
fn lines<'a>(
    operation: Operation,
    request: &Allocate,
    ranges: &'a BTreeMap<RangeId, Arc<Range>>,
) -> Result<Vec<Vec<&'a Range>>> {
    let mut all = Vec::new();
    let mut named: Vec<(&Range, IpRange)> = Vec::new();
    for (index, line) in request.lines.iter().enumerate() {
        let mut of_line: Vec<&Range> =
            line.ranges.iter().filter_map(|id| ranges.get(id)).map(|range| &**range).collect();
        if let Some(wanted) = exact(line.selection) {
            let invalid = |remedy| Error::invalid(operation, format!("lines[{index}].first"), wanted, remedy);
            of_line.retain(|range| range.addresses.contains_range(&wanted));
            of_line.truncate(1);
            let Some(range) = of_line.first() else {
                return Err(invalid("it lies in none of the line's ranges; name its range"));
            };
            if named.iter().any(|(other, run)| other.space == range.space && run.overlaps(&wanted)) {
                return Err(invalid("another line asks for it, too; ask for it once"));
            }
            named.push((range, wanted));
        }
        all.push(of_line);
    }
    Ok(all)
}

fn exact_of(operation: Operation, range: &Range, wanted: IpRange, used: &IpSet) -> Result<Vec<IpAddr>> {
    if let Some(taken) = wanted.addresses().find(|address| !range.can_allocate(*address) || used.contains(*address)) {
        let message = format!("the address {taken} is taken, released less than the release time ago, or the gateway");
        return Err(Error::new(ErrorKind::Conflict, operation, message).with_context("range", &range.id));
    }
    Ok(wanted.addresses().collect())
}

/// Returns the lowest free addresses, as many as the line asks for or fewer.
fn lowest(line: &AllocateLine, range: &Range, used: &IpSet, others: &BTreeSet<IpAddr>) -> Vec<IpAddr> {
    let mut out = used.clone();
    range.reserved.iter().chain(&line.exclude).for_each(|other| out.insert(*other));
    range.network.gateway.into_iter().chain(others.iter().copied()).for_each(|address| out.insert(address));
    let free = FreeRanges::of_set(range.addresses, &out);
    let (count, placement) = match line.selection {
        Selection::Next { count, placement } => (count, placement),
        Selection::Exact { .. } => return Vec::new(),
    };
    let run = match placement {
        Placement::Contiguous => free.run(count.into()),
        Placement::Aligned => free.aligned_run(count.into(), count.next_power_of_two().into()),
        _ => return free.addresses().take(count as usize).collect(),
    };
    run.iter().flat_map(IpRange::addresses).collect()
}

/// Returns the addresses of an exact line; `None` for any other.
pub(super) fn exact(selection: Selection) -> Option<IpRange> {
    let Selection::Exact { first, count } = selection else { return None };
    IpRange::starting_at(first, u128::from(count)).ok()
}
