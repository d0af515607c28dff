//! Defects of what looks after the plan: ranges and blocks.

use ipam_core::{
    Block, DefineBlock, DefineRange, Error, ErrorKind, Operation, Range, RemoveBlock, RemoveRange, RemovedRange,
    Result, UpdateBlock, UpdateRange,
};

use super::defect::Defect;
use super::harness::spoil;
use super::{Mutant, clear};

impl Mutant {
    pub(super) async fn define_range_badly(&self, request: &DefineRange) -> Result<Range> {
        let mut request = request.clone();
        spoil(self.defect, &mut request);
        let imagined = || {
            let mut range =
                Range::new(request.id.clone(), request.space.clone(), request.net, request.resolved_addresses());
            range.network = request.network.clone();
            range
        };
        match self.inner.define_range(&request).await {
            Err(error) if self.is(Defect::RedefinesRanges) && error.kind() == ErrorKind::AlreadyExists => {
                Ok(imagined())
            }
            Err(error) if self.is(Defect::AcceptsOverlaps) && error.is_conflict() => Ok(imagined()),
            Err(error) if self.is(Defect::AcceptsBadPlans) && error.kind() == ErrorKind::InvalidInput => Ok(imagined()),
            answer => answer.map_err(|error| self.spoil_error(error)).map(|range| self.spoil_range(range)),
        }
    }

    pub(super) async fn update_range_badly(&self, request: &UpdateRange) -> Result<Range> {
        let mut request = request.clone();
        match self.defect {
            Defect::ClearsUnnamedOfPlan => {
                clear(&mut request.description);
                clear(&mut request.dns_servers);
                clear(&mut request.tags);
            }
            Defect::IgnoresPlanUpdates => {
                let id = request.id.clone();
                request = UpdateRange::new(id);
            }
            _ => {}
        }
        match self.inner.update_range(&request).await {
            Err(error) if self.is(Defect::ForcesPlanUpdates) && error.is_conflict() => {
                self.inner.update_range(&UpdateRange::new(request.id)).await
            }
            answer => answer.map_err(|error| self.spoil_error(error)).map(|range| self.spoil_range(range)),
        }
    }

    pub(super) async fn remove_range_badly(&self, request: &RemoveRange) -> Result<RemovedRange> {
        let mut request = request.clone();
        match self.defect {
            Defect::RemovesInUse => request.with_allocations = true,
            Defect::RemovesNothing => return Ok(RemovedRange::default()),
            _ => {}
        }
        let removed = self.inner.remove_range(&request).await.map_err(|error| self.spoil_error(error))?;
        if self.is(Defect::RefusesRepeatedRemoval) && removed.was_free() {
            return Err(Error::not_found(Operation::RemoveRange, "range", request.id));
        }
        Ok(removed)
    }

    pub(super) async fn define_block_badly(&self, request: &DefineBlock) -> Result<Block> {
        let imagined = || Block::new(request.id.clone(), request.space.clone(), request.net);
        match self.inner.define_block(request).await {
            Err(error) if self.is(Defect::RedefinesBlocks) && error.kind() == ErrorKind::AlreadyExists => {
                Ok(imagined())
            }
            Err(error) if self.is(Defect::AcceptsBlocksAnywhere) && error.is_conflict() => Ok(imagined()),
            Err(error) if self.is(Defect::AcceptsBadPlans) && error.kind() == ErrorKind::InvalidInput => Ok(imagined()),
            answer => answer.map_err(|error| self.spoil_error(error)),
        }
    }

    pub(super) async fn update_block_badly(&self, request: &UpdateBlock) -> Result<Block> {
        let mut request = request.clone();
        match self.defect {
            Defect::ClearsUnnamedOfPlan => {
                clear(&mut request.description);
                clear(&mut request.tags);
            }
            Defect::IgnoresPlanUpdates => request = UpdateBlock::new(request.id),
            _ => {}
        }
        self.inner.update_block(&request).await.map_err(|error| self.spoil_error(error))
    }

    pub(super) async fn remove_block_badly(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        if self.is(Defect::RemovesNothing) {
            return Ok(None);
        }
        self.inner.remove_block(request).await.map_err(|error| self.spoil_error(error))
    }
}
