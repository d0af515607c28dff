//! Defects of making ranges out of blocks.

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
            Defect::ForgetsCarveKeys => request.key = None,
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
            Defect::CarvesWithoutDetails => {
                request.name.clear();
                request.tags.clear();
            }
            Defect::CarvesFirstFit | Defect::CarvesAtRandom => {
                if let ChildPrefix::PrefixLen(len) = request.prefix {
                    let blocks: Vec<Block> = self.inner.blocks(ListBlocks::all()).try_collect().await?;
                    for block in blocks.iter().filter(|block| request.blocks.contains(&block.id)) {
                        let subnets: Vec<_> = match block.net.subnets(len) {
                            Ok(subnets) if len < 60 => subnets.take(300).collect(),
                            _ => Vec::new(),
                        };
                        let skip = usize::from(self.is(Defect::CarvesAtRandom));
                        for net in subnets.into_iter().skip(skip) {
                            let mut exact = request.clone();
                            exact.prefix = ChildPrefix::Exact(net);
                            if let Ok(answer) = self.inner.allocate_range(&exact).await {
                                return Ok(answer);
                            }
                        }
                    }
                }
            }
            Defect::CarvesShorter => {
                if let ChildPrefix::PrefixLen(len) = &mut request.prefix {
                    *len = (*len).clamp(24, 32);
                }
            }
            Defect::CarvesOnlyIpv4 => {
                let blocks: Vec<Block> = self.inner.blocks(ListBlocks::all()).try_collect().await?;
                if blocks.iter().any(|b| request.blocks.contains(&b.id) && matches!(b.net, ipnet::IpNet::V6(_))) {
                    return Err(Error::new(ErrorKind::Exhausted, Operation::AllocateRange, "no room"));
                }
            }
            _ => {}
        }
        let mut answer = match self.inner.allocate_range(&request).await {
            Err(error) if self.is(Defect::CarvesTwice) && (error.is_exhausted() || error.is_conflict()) => {
                let ranges: Vec<Range> = self.inner.ranges(ListRanges::all()).try_collect().await?;
                let carved = ranges.into_iter().find(|range| range.key.is_some());
                AllocatedRange::new("twice".into(), carved.ok_or(error)?, false)
            }
            answer => answer.map_err(|error| self.spoil_error(error))?,
        };
        if let (Defect::KeepsKeysApart, Some(key)) = (self.defect, asked.key) {
            answer.key = key;
        }
        if self.is(Defect::NeverSaysRepeated) {
            answer.repeated = false;
        }
        answer.range = self.spoil_range(answer.range);
        Ok(answer)
    }

    pub(super) async fn deallocate_range_badly(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        let mut request = request.clone();
        match self.defect {
            Defect::GivesBackAnything => {
                request.with_allocations = true;
                request.precondition = Precondition::Anyone;
            }
            Defect::IgnoresExpect => request.precondition = Precondition::Anyone,
            Defect::GivesBackNothing => return Ok(RemovedRange::default()),
            _ => {}
        }
        match self.inner.deallocate_range(&request).await {
            Err(error) if self.is(Defect::GivesBackAnything) && error.is_conflict() => Ok(RemovedRange::default()),
            Ok(removed) if self.is(Defect::RefusesRepeatedRemoval) && removed.was_free() => {
                Err(Error::not_found(Operation::DeallocateRange, "range", "that"))
            }
            answer => answer.map_err(|error| self.spoil_error(error)),
        }
    }
}
