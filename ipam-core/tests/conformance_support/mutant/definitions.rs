//! Defects of the definition of ranges and blocks.

use ipam_core::{
    Block, DefineBlock, DefineRange, Error, ErrorKind, Operation, Range, RemoveBlock, RemoveRange, RemovedRange,
    Result, UpdateBlock, UpdateRange,
};

use super::defect::Defect;
use super::harness::corrupt_definition;
use super::{Mutant, clear};

impl Mutant {
    pub(super) async fn define_range_badly(&self, request: &DefineRange) -> Result<Range> {
        let mut request = request.clone();
        corrupt_definition(self.defect, &mut request);
        let invented = || {
            let mut range =
                Range::new(request.id.clone(), request.space.clone(), request.net, request.resolved_addresses());
            range.network = request.network.clone();
            range
        };
        match self.inner.define_range(&request).await {
            Err(error) if self.is(Defect::RedefinesRanges) && error.kind() == ErrorKind::AlreadyExists => {
                Ok(invented())
            }
            Err(error) if self.is(Defect::AcceptsOverlaps) && error.is_conflict() => Ok(invented()),
            Err(error) if self.is(Defect::AcceptsInvalidDefinitions) && error.kind() == ErrorKind::InvalidInput => {
                Ok(invented())
            }
            result => result.map_err(|error| self.corrupt_error(error)).map(|range| self.corrupt_range(range)),
        }
    }

    pub(super) async fn update_range_badly(&self, request: &UpdateRange) -> Result<Range> {
        let mut request = request.clone();
        match self.defect {
            Defect::ClearsUnnamedOfDefinitions => {
                clear(&mut request.description);
                clear(&mut request.dns_servers);
                clear(&mut request.tags);
            }
            Defect::IgnoresUpdatesOfDefinitions => {
                let id = request.id.clone();
                request = UpdateRange::new(id);
            }
            _ => {}
        }
        match self.inner.update_range(&request).await {
            Err(error) if self.is(Defect::AcceptsConflictingUpdates) && error.is_conflict() => {
                self.inner.update_range(&UpdateRange::new(request.id)).await
            }
            result => result.map_err(|error| self.corrupt_error(error)).map(|range| self.corrupt_range(range)),
        }
    }

    pub(super) async fn remove_range_badly(&self, request: &RemoveRange) -> Result<RemovedRange> {
        let mut request = request.clone();
        match self.defect {
            Defect::RemovesInUse => request.with_allocations = true,
            Defect::RemovesNothing => return Ok(RemovedRange::default()),
            _ => {}
        }
        let removed = self.inner.remove_range(&request).await.map_err(|error| self.corrupt_error(error))?;
        if self.is(Defect::RefusesRepeatedRemoval) && removed.was_free() {
            return Err(Error::not_found(Operation::RemoveRange, "range", request.id));
        }
        Ok(removed)
    }

    pub(super) async fn define_block_badly(&self, request: &DefineBlock) -> Result<Block> {
        let invented = || Block::new(request.id.clone(), request.space.clone(), request.net);
        match self.inner.define_block(request).await {
            Err(error) if self.is(Defect::RedefinesBlocks) && error.kind() == ErrorKind::AlreadyExists => {
                Ok(invented())
            }
            Err(error) if self.is(Defect::AcceptsBlocksAnywhere) && error.is_conflict() => Ok(invented()),
            Err(error) if self.is(Defect::AcceptsInvalidDefinitions) && error.kind() == ErrorKind::InvalidInput => {
                Ok(invented())
            }
            result => result.map_err(|error| self.corrupt_error(error)),
        }
    }

    pub(super) async fn update_block_badly(&self, request: &UpdateBlock) -> Result<Block> {
        let mut request = request.clone();
        match self.defect {
            Defect::ClearsUnnamedOfDefinitions => {
                clear(&mut request.description);
                clear(&mut request.tags);
            }
            Defect::IgnoresUpdatesOfDefinitions => request = UpdateBlock::new(request.id),
            _ => {}
        }
        self.inner.update_block(&request).await.map_err(|error| self.corrupt_error(error))
    }

    pub(super) async fn remove_block_badly(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        if self.is(Defect::RemovesNothing) {
            return Ok(None);
        }
        self.inner.remove_block(request).await.map_err(|error| self.corrupt_error(error))
    }
}
