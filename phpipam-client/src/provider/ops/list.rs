//! `list_ranges` and `list_blocks`: pages of a [`Snapshot`].

use ipam_core::{Block, ListBlocks, ListRanges, Operation, Page, Range, RangeId, Result};

use super::page::page;
use crate::provider::inner::Inner;
use crate::provider::map::error::failed;
use crate::provider::snapshot::Snapshot;

fn number(id: &str) -> u64 {
    id.parse().unwrap_or(0)
}

impl Inner {
    pub(crate) async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        // An invalid token is refused before a request is sent.
        page(Operation::ListRanges, &request.page, self.config.page_size, std::iter::empty::<u64>(), |id| *id)?;
        self.clean_up().await;
        let snapshot = Snapshot::load(self).await.map_err(failed(Operation::ListRanges))?;
        let ranges = snapshot.ranges(self).map(|(row, net)| snapshot.range(self, row, net));
        let ranges = ranges.filter(|range| request.filter.matches(range));
        page(Operation::ListRanges, &request.page, self.config.page_size, ranges, |range| number(range.id.as_str()))
    }

    /// Returns one range as `list_ranges` does.
    pub(crate) async fn range_now(&self, operation: Operation, id: &RangeId) -> Result<Option<Range>> {
        // The whole snapshot for one range: its gateway and address space depend on the subnets around it.
        let snapshot = Snapshot::load(self).await.map_err(failed(operation))?;
        let found = snapshot.ranges(self).find(|(row, _)| row.id.to_string() == id.as_str());
        Ok(found.map(|(row, net)| snapshot.range(self, row, net)))
    }

    pub(crate) async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        page(Operation::ListBlocks, &request.page, self.config.page_size, std::iter::empty::<u64>(), |id| *id)?;
        let snapshot = Snapshot::load(self).await.map_err(failed(Operation::ListBlocks))?;
        let blocks = snapshot.blocks(self).map(|(row, net)| snapshot.block(row, net, self));
        let blocks = blocks.filter(|block| request.filter.matches(block));
        page(Operation::ListBlocks, &request.page, self.config.page_size, blocks, |block| number(block.id.as_str()))
    }
}
