//! Reads of the engine as statements.

mod allocations;
mod blocks;
pub(super) mod bulk;
mod conditions;
mod find;
mod many;
mod pages;
mod prefixes;
mod quarantine;
mod ranges;

pub(super) use pages::number;

use super::errors::Failure;
use super::view::View;
use crate::Operation;
use crate::engine::replay::{Read, Replay, Value};
use crate::net::best_fit;

impl View<'_> {
    /// Does a read, and provides its result, and others that came with it.
    pub(super) async fn fetch(&mut self, read: Read, replay: &mut Replay) -> Result<(), Failure> {
        match read {
            Read::Many(reads) => self.fetch_many(reads, replay).await,
            // One statement for one of them and for many.
            Read::RangesOverlapping { .. } | Read::NetsWithin { .. } | Read::BlockAround { .. } => {
                self.fetch_many(vec![read], replay).await
            }
            read => self.fetch_one(read, replay).await,
        }
    }

    async fn fetch_one(&mut self, read: Read, replay: &mut Replay) -> Result<(), Failure> {
        let value = match &read {
            Read::Range(id) => Value::Range(self.range(id).await?),
            Read::ListRanges { filter, after, limit } => {
                let ranges = self.list_ranges(filter, after.as_ref(), *limit).await?;
                if self.operation == Operation::ListRecords {
                    let keys = ranges.iter().filter_map(|range| range.key.as_ref()).collect();
                    self.requests(&keys, replay).await?;
                }
                Value::RangeList(ranges)
            }
            Read::RangeOfKey(key) => Value::Range(self.range_of_key(key).await?),
            Read::Block(id) => Value::Block(self.block(id).await?),
            Read::FreeChild { space, net, prefix_len } => {
                let nets = self.nets_within(&[(space.clone(), *net)]).await?;
                Value::Net(best_fit(*net, &nets.into_iter().flatten().collect(), *prefix_len))
            }
            Read::BlockOfNet { space, net } => Value::Block(self.block_of_net(space, *net).await?),
            Read::ListBlocks { filter, after, limit } => {
                Value::BlockList(self.list_blocks(filter, after.as_ref(), *limit).await?)
            }
            Read::Page { range, no } => Value::Page(self.page(range, *no).await?),
            Read::NextOpenPage { range, from } => Value::NumberedPage(self.next_open_page(range, *from).await?),
            Read::LockOpenPage { range, from } => {
                let found = self.lock_open_page(range, *from).await?;
                // The operation takes an address of this page, and reads it by its number then.
                if let Some((no, page)) = found {
                    replay.provide(Read::Page { range: range.clone(), no }, Value::Page(Some(page)));
                }
                Value::NumberedPage(found)
            }
            Read::Pages { range, from, limit } => Value::Pages(self.pages(range, *from, *limit).await?),
            Read::UsedBits(range) => Value::Number(self.used_bits(range).await?),
            Read::AllocationAt { space, address } => Value::Record(self.allocation_at(space, *address).await?),
            Read::Allocation(id) => Value::Record(self.allocation(id).await?),
            Read::AllocationsOfKey(key) => Value::Records(self.allocations_of_key(key).await?),
            Read::CountOfKey(key) => Value::Count(self.count_of_key(key).await?),
            Read::AllocationsIn { range, from, limit } => {
                Value::Records(self.allocations_in(range, *from, *limit).await?)
            }
            Read::NewAllocationIds(places) => Value::AllocationIds(self.new_allocation_ids(places).await?),
            Read::Find { request, now, after, limit } => {
                let found = self.find(request, *now, after.as_ref(), *limit).await?;
                if self.operation == Operation::ListRecords {
                    self.listed(&found, replay).await?;
                }
                Value::Allocations(found)
            }
            Read::Expired { range, now, limit } => {
                let found = self.expired(range.as_ref(), *now, *limit).await?;
                let waits = self.operation == Operation::Deallocate;
                self.around(&found, waits, replay).await?;
                Value::Records(found)
            }
            Read::CountExpired { range, now } => Value::Number(self.count_expired(range, *now).await?),
            Read::Request(key) => Value::Request(self.request(key).await?),
            Read::QuarantinedAt { space, address } => Value::Quarantined(self.quarantined_at(space, *address).await?),
            Read::Released { range, now, limit } => Value::Released(self.released(range, *now, *limit).await?),
            Read::CountQuarantined { range, now } => Value::Numbers(self.count_quarantined(range, *now).await?),
            Read::Changes { since, limit } => Value::Changes(self.changes(since.as_ref(), *limit).await?),
            // Done by `fetch_many`; those of several are not nested.
            Read::RangesOverlapping { .. } | Read::NetsWithin { .. } | Read::BlockAround { .. } | Read::Many(_) => {
                return Ok(());
            }
        };
        replay.provide(read, value);
        Ok(())
    }
}
