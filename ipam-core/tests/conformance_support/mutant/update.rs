//! Defects of `update`, `usage` and `changes`.

use futures_util::TryStreamExt;
use ipam_core::{
    Allocation, ChangePosition, Changes, Error, ErrorKind, Find, IpamProviderExt, ListRanges, Operation, Patch, Range,
    RangeId, Result, Update, Usage,
};

use super::defect::Defect;
use super::{Mutant, clear, keep};

impl Mutant {
    pub(super) async fn update_badly(&self, request: &Update) -> Result<Allocation> {
        let mut request = request.clone();
        request.allocation = self.real_id(&request.allocation).await?;
        match self.defect {
            Defect::ClearsUnnamed => {
                clear(&mut request.hostname);
                clear(&mut request.description);
                clear(&mut request.mac);
            }
            Defect::IgnoresClear => {
                keep(&mut request.hostname);
                keep(&mut request.description);
                keep(&mut request.mac);
                keep(&mut request.tags);
                keep(&mut request.expiry);
            }
            Defect::ReturnsUpdatesUnstored => {
                request.validate()?;
                let found = self.all(&Find::default().with_id(Some(request.allocation.clone()))).await?;
                let mut allocation = found
                    .into_iter()
                    .next()
                    .ok_or_else(|| Error::not_found(Operation::Update, "allocation", &request.allocation))?;
                allocation.labels.hostname = request.hostname.apply(allocation.labels.hostname);
                allocation.labels.description = request.description.apply(allocation.labels.description);
                allocation.labels.mac = request.mac.apply(allocation.labels.mac);
                allocation.labels.tags = request.tags.apply_or_default(allocation.labels.tags);
                return Ok(allocation);
            }
            Defect::NeverRenews => request.expiry = Patch::Keep,
            _ => {}
        }
        match self.inner.update(&request).await {
            Err(error) if self.is(Defect::UpdatesWhatIsGone) && error.is_not_found() => {
                let address = std::net::IpAddr::from([10, 20, 0, 1]);
                Ok(Allocation::new(request.allocation, ipam_core::SpaceId::default(), "lan", address))
            }
            result => result.map_err(|error| self.corrupt_error(error)).map(|a| self.corrupt_allocation(a)),
        }
    }

    pub(super) async fn usage_badly(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        let mut ranges = ranges.to_vec();
        if self.is(Defect::ReturnsUsageSorted) {
            ranges.sort();
        }
        if self.is(Defect::SkipsUnknownInUsage) {
            let known: Vec<Range> = self.inner.ranges(ListRanges::all()).try_collect().await?;
            ranges.retain(|id| known.iter().any(|range| range.id == *id));
        }
        let mut usage = self.inner.usage(&ranges).await.map_err(|error| self.corrupt_error(error))?;
        for usage in &mut usage {
            match self.defect {
                Defect::CountsReservedTwice => {
                    usage.reserved += usage.reserved.min(1);
                    usage.free = usage.free.saturating_sub(usage.reserved.min(1));
                }
                Defect::CountsQuarantinedAsFree => usage.free += std::mem::take(&mut usage.quarantined),
                Defect::CountsIn64Bits => {
                    usage.total = usage.total.min(u128::from(u32::MAX));
                    usage.free = usage.free.min(u128::from(u32::MAX));
                }
                Defect::FreesNothing => usage.allocated += 1,
                _ => {}
            }
        }
        Ok(usage)
    }

    pub(super) async fn changes_badly(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
        let asked = if self.is(Defect::IgnoresLimit) { 100 } else { limit };
        let mut changes = match self.inner.changes(since, asked).await {
            Err(error) if self.is(Defect::AcceptsAnyPosition) && error.kind() == ErrorKind::InvalidInput => {
                self.inner.changes(None, limit).await?
            }
            result => result.map_err(|error| self.corrupt_error(error))?,
        };
        match self.defect {
            Defect::LosesChanges if changes.items.len() > 2 => drop(changes.items.pop()),
            Defect::RepeatsChanges => {
                if let (Some(first), true) = (since, changes.items.len() > 1) {
                    changes.next = first.clone();
                }
                if let Some(first) = changes.items.first().cloned() {
                    changes.items.insert(0, first);
                }
            }
            Defect::ReversesChanges => changes.items.reverse(),
            Defect::ReportsOnlyAddresses => {
                changes.items.retain(|change| {
                    matches!(change.kind, ipam_core::ChangeKind::Allocated | ipam_core::ChangeKind::Deallocated)
                });
            }
            Defect::ForgetsDetailsOfChanges => changes.items.iter_mut().for_each(|change| change.owner = None),
            _ => {}
        }
        Ok(changes)
    }
}
