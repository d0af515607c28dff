//! `list_ranges` and `list_blocks`: pages of a [`Snapshot`], and single ranges by their ids.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::{Block, ListBlocks, ListRanges, Operation, Page, Range, RangeId, Result};

use super::page::{Cursor, id};
use crate::error::Result as ClientResult;
use crate::models::{Subnet, SubnetId};
use crate::provider::inner::{Inner, MAX_CONCURRENT};
use crate::provider::map::error::failed;
use crate::provider::map::joined::Joined;
use crate::provider::snapshot::Snapshot;

/// Largest number of ranges that are read by their ids. For more of them the lists are less work for both sides.
const MAX_SINGLE: usize = 8;

impl Inner {
    pub(crate) async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        // An invalid token is refused before a request is sent.
        let cursor = Cursor::read(Operation::ListRanges, &request.page, self.config.page_size, id)?;
        self.clean_up().await;
        let ids = &request.filter.ids;
        let after = cursor.after.unwrap_or(0);
        if !ids.is_empty() && ids.len() <= MAX_SINGLE {
            let mut numbers: Vec<u64> = ids.iter().filter_map(number).filter(|id| *id > after).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let ranges: Vec<Option<Range>> = stream::iter(numbers)
                .map(|id| async move { self.single_range(SubnetId::new(id)).await })
                .buffered(MAX_CONCURRENT)
                .try_collect()
                .await
                .map_err(failed(Operation::ListRanges))?;
            let ranges = ranges.into_iter().flatten().filter(|range| request.filter.matches(range));
            return Ok(cursor.page(ranges, |range| number(&range.id).unwrap_or(0)));
        }
        let snapshot = self.listed(&cursor).await.map_err(failed(Operation::ListRanges))?;
        let ranges = snapshot.ranges().filter(|row| row.id.get() > after).map(|row| snapshot.range(row));
        let ranges = ranges.filter(|range| request.filter.matches(range));
        let page = cursor.page(ranges, |range| number(&range.id).unwrap_or(0));
        self.keep(&cursor, &snapshot, page.next.is_some());
        Ok(page)
    }

    /// Returns the snapshot of a listing: the one that its first page was read from, if it is still kept.
    async fn listed(&self, cursor: &Cursor<u64>) -> ClientResult<Arc<Snapshot>> {
        match self.kept.get(cursor.listing) {
            Some(snapshot) => Ok(snapshot),
            None => self.snapshot().await,
        }
    }

    fn keep(&self, cursor: &Cursor<u64>, snapshot: &Arc<Snapshot>, more: bool) {
        match more {
            true => self.kept.put(cursor.listing, snapshot, snapshot.len()),
            false => self.kept.remove(cursor.listing),
        }
    }

    /// Returns one range as `list_ranges` does.
    pub(crate) async fn range_now(&self, operation: Operation, id: &RangeId) -> Result<Option<Range>> {
        let Some(id) = number(id) else { return Ok(None) };
        self.single_range(SubnetId::new(id)).await.map_err(failed(operation))
    }

    /// Reads one range: its row, the subnets around it, and its VLAN. If no gateway is registered in it, also the
    /// addresses of enclosing subnets.
    async fn single_range(&self, id: SubnetId) -> ClientResult<Option<Range>> {
        let subnet = match self.read(|| async { self.client.subnets().get(id).await }).await {
            Err(error) if error.is_not_found() => return Ok(None),
            subnet => subnet?,
        };
        let Some(net) = subnet.network().filter(|_| self.may_be_range(&subnet)) else { return Ok(None) };
        let vlan = async {
            let Some(vlan) = subnet.vlan_id else { return Ok(None) };
            match self.read(|| async { self.client.vlans().get(vlan).await }).await {
                // A deleted VLAN.
                Err(error) if error.is_not_found() => Ok(None),
                vlan => vlan.map(Some),
            }
        };
        let around = self.overlapping(net);
        let (vlan, around) = futures_util::future::try_join(vlan, around).await?;
        let mut joined = Joined::default();
        joined.vlans.extend(vlan.map(|vlan| (vlan.id, vlan)));
        let has_gateway = subnet.gateway_ip().is_some_and(|gateway| net.contains(&gateway));
        let around = around.into_iter().filter(|row| row.id != id && self.serves_section(row.section_id));
        let rows: Vec<Subnet> = around.chain([subnet]).collect();
        let mut snapshot = self.snapshot_of(rows.iter().cloned(), Joined::default());
        let Some(row) = snapshot.get(id).filter(|row| snapshot.is_range(row)) else { return Ok(None) };
        if !has_gateway {
            let ancestors: Vec<_> = snapshot.around(row.id).into_iter().filter(|subnet| subnet.is_ancestor).collect();
            for gateway in self.elsewhere(net, &ancestors).await?.rows.iter().filter(|row| row.is_gateway) {
                if let (Some(subnet), Some(ip)) = (gateway.subnet_id, gateway.ip) {
                    joined.gateways.entry(subnet).or_default().push(ip);
                }
            }
        }
        snapshot = self.snapshot_of(rows, joined);
        Ok(snapshot.get(id).map(|row| snapshot.range(row)))
    }

    pub(crate) async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        let cursor = Cursor::read(Operation::ListBlocks, &request.page, self.config.page_size, id)?;
        let snapshot = self.listed(&cursor).await.map_err(failed(Operation::ListBlocks))?;
        let after = cursor.after.unwrap_or(0);
        let blocks = snapshot.blocks().filter(|row| row.id.get() > after).map(|row| snapshot.block(row));
        let blocks = blocks.filter(|block| request.filter.matches(block));
        let page = cursor.page(blocks, |block| id(block.id.as_str()).unwrap_or(0));
        self.keep(&cursor, &snapshot, page.next.is_some());
        Ok(page)
    }
}

/// Returns the number of a range. An id that no subnet can have, such as `07`, is none.
fn number(range: &RangeId) -> Option<u64> {
    id(range.as_str()).filter(|number| *number > 0 && number.to_string() == range.as_str())
}
