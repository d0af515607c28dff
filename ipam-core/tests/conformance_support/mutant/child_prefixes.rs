//! Defects of `allocate_range` and `deallocate_range`.

use futures_util::TryStreamExt;
use ipam_core::{
    AllocateRange, AllocatedRange, Block, ChildPrefix, DeallocateRange, Error, ErrorKind, IpamProviderExt, ListBlocks,
    ListRanges, Operation, Precondition, Range, RemovedRange, Result,
};

use super::Mutant;
use super::defect::Defect;

impl Mutant {
    pub(super) async fn allocate_range_badly(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        let mut request = request.clone();
        let asked = request.clone();
        match self.defect {
            Defect::ForgetsPrefixKeys => request.key = None,
            Defect::KeepsKeysApart => request.key = request.key.map(|key| format!("range/{key}").into()),
            Defect::TriesOneBlock => request.blocks.truncate(1),
            Defect::StopsAtFirstBlockAround => {
                if let ChildPrefix::Exact(net) = request.prefix {
                    let blocks: Vec<Block> = self.inner.blocks(ListBlocks::all()).try_collect().await?;
                    let around = |id: &_| blocks.iter().any(|block| block.id == *id && block.net.contains(&net));
                    if let Some(first) = request.blocks.iter().position(around) {
                        request.blocks = vec![request.blocks.swap_remove(first)];
                    }
                }
            }
            Defect::AllocatesPrefixWithoutDetails => {
                request.name.clear();
                request.tags.clear();
            }
            Defect::AllocatesPrefixFirstFit | Defect::SkipsLowestPrefix => {
                if let ChildPrefix::PrefixLen(len) = request.prefix {
                    let blocks: Vec<Block> = self.inner.blocks(ListBlocks::all()).try_collect().await?;
                    for block in blocks.iter().filter(|block| request.blocks.contains(&block.id)) {
                        let subnets: Vec<_> = match block.net.subnets(len) {
                            Ok(subnets) if len < 60 => subnets.take(300).collect(),
                            _ => Vec::new(),
                        };
                        let skip = usize::from(self.is(Defect::SkipsLowestPrefix));
                        for net in subnets.into_iter().skip(skip) {
                            let mut exact = request.clone();
                            exact.prefix = ChildPrefix::Exact(net);
                            if let Ok(result) = self.inner.allocate_range(&exact).await {
                                return Ok(result);
                            }
                        }
                    }
                }
            }
            Defect::ClampsPrefixLength => {
                if let ChildPrefix::PrefixLen(len) = &mut request.prefix {
                    *len = (*len).clamp(24, 32);
                }
            }
            Defect::AllocatesOnlyIpv4Prefixes => {
                let blocks: Vec<Block> = self.inner.blocks(ListBlocks::all()).try_collect().await?;
                if blocks.iter().any(|b| request.blocks.contains(&b.id) && matches!(b.net, ipnet::IpNet::V6(_))) {
                    return Err(Error::new(ErrorKind::Exhausted, Operation::AllocateRange, "no room"));
                }
            }
            _ => {}
        }
        let mut result = match self.inner.allocate_range(&request).await {
            Err(error) if self.is(Defect::AllocatesPrefixTwice) && (error.is_exhausted() || error.is_conflict()) => {
                let ranges: Vec<Range> = self.inner.ranges(ListRanges::all()).try_collect().await?;
                let child = ranges.into_iter().find(|range| range.key.is_some());
                AllocatedRange::new("twice".into(), child.ok_or(error)?, false)
            }
            result => result.map_err(|error| self.corrupt_error(error))?,
        };
        if let (Defect::KeepsKeysApart, Some(key)) = (self.defect, asked.key) {
            result.key = key;
        }
        if self.is(Defect::NeverSaysRepeated) {
            result.repeated = false;
        }
        result.range = self.corrupt_range(result.range);
        Ok(result)
    }

    pub(super) async fn deallocate_range_badly(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        let mut request = request.clone();
        match self.defect {
            Defect::DeallocatesAnyRange => {
                request.with_allocations = true;
                request.precondition = Precondition::Anyone;
            }
            Defect::IgnoresPrecondition => request.precondition = Precondition::Anyone,
            Defect::DeallocatesNoRange => return Ok(RemovedRange::default()),
            _ => {}
        }
        match self.inner.deallocate_range(&request).await {
            Err(error) if self.is(Defect::DeallocatesAnyRange) && error.is_conflict() => Ok(RemovedRange::default()),
            Ok(removed) if self.is(Defect::RefusesRepeatedRemoval) && removed.was_free() => {
                Err(Error::not_found(Operation::DeallocateRange, "range", "that"))
            }
            result => result.map_err(|error| self.corrupt_error(error)),
        }
    }
}
