//! `preview_allocate`: the addresses that an allocation would return now, without taking them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipam_core::net::IpSet;
use ipam_core::{Allocate, Allocation, Candidate, Operation, Placement, Preview, RangeId, Selection};

use crate::provider::claim::plan::{ClaimPlan, choose, exhausted_error, taken_error};
use crate::provider::claim::state::address_count;
use crate::provider::inner::Inner;
use crate::provider::key::resolve::Resolved;
use crate::provider::map::error::failed;
use crate::provider::range_view::{Contents, has_children};

impl Inner {
    pub(crate) async fn preview(&self, request: &Allocate) -> ipam_core::Result<Preview> {
        self.check_request(Operation::PreviewAllocate, request)
            .map_err(|error| error.with_operation(Operation::PreviewAllocate))?;
        self.clean_up().await;
        if let Some(key) = &request.key {
            if let Resolved::Taken(group) = self.resolve_key(Operation::PreviewAllocate, key, request).await? {
                let repeated = self.repeated(request, key.clone(), &group).await?;
                let candidates = |line: Vec<Allocation>| {
                    line.into_iter().map(|one| Candidate::new(one.range, one.address)).collect::<Vec<_>>()
                };
                return Ok(Preview::new(repeated.lines.into_iter().map(candidates).collect()));
            }
            self.must_name_no_range(Operation::PreviewAllocate, key).await?;
        }
        self.probed.address_values.must_allow_addresses(Operation::PreviewAllocate, address_count(request))?;
        // The same plan and the same choice as the claim, so that a preview differs from it only if the state changes
        // in between.
        let plan = ClaimPlan::new(self, Operation::PreviewAllocate, request).await?;
        let mut lists: BTreeMap<RangeId, Contents> = BTreeMap::new();
        let mut lines = vec![Vec::new(); request.lines.len()];
        for index in plan.order() {
            let (Some(line), Some(place)) = (request.lines.get(index), lines.get_mut(index)) else { continue };
            let (count, placement) = match line.selection {
                Selection::Next { count, placement } => (count, placement),
                Selection::Exact { count, .. } => (count, Placement::Contiguous),
            };
            let exact = plan.exact.get(index).and_then(Option::as_ref);
            let ids: Vec<&RangeId> = exact.map_or_else(|| line.ranges.iter().collect(), |(id, _)| vec![id]);
            let mut found = None;
            for id in ids {
                let Some(view) = plan.views.get(id) else { continue };
                if !lists.contains_key(id) {
                    let contents = self.contents(view).await.map_err(failed(Operation::PreviewAllocate))?;
                    let contents = contents.ok_or_else(|| has_children(Operation::PreviewAllocate, id))?;
                    lists.insert(id.clone(), contents);
                }
                let Some(contents) = lists.get_mut(id) else { continue };
                let addresses: Option<Vec<IpAddr>> = match exact {
                    Some((_, span)) => {
                        let excluded: IpSet = line.exclude.iter().copied().collect();
                        if contents.taken.overlaps(span) || excluded.overlaps(span) {
                            return Err(taken_error(Operation::PreviewAllocate, index, span.first(), id));
                        }
                        Some(span.addresses().collect())
                    }
                    None if view.is_full => None,
                    None => {
                        let taken = contents.taken.union(&plan.off_limits(line, id));
                        choose(view.addresses, &taken, count, placement)
                    }
                };
                if let Some(addresses) = addresses {
                    contents.taken.extend(addresses.iter().copied());
                    found = Some((id, addresses));
                    break;
                }
            }
            let Some((id, addresses)) = found else {
                return Err(exhausted_error(Operation::PreviewAllocate, index, &line.ranges, "too few are free"));
            };
            *place = addresses.into_iter().map(|ip| Candidate::new(id.clone(), ip)).collect();
        }
        Ok(Preview::new(lines))
    }
}
