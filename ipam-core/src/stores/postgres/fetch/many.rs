//! Several reads at once: one statement for those of a kind that come in numbers.

use std::collections::{BTreeSet, HashMap};

use tokio_postgres::types::Type;

use super::super::errors::Failure;
use super::super::rows::{Columns, block_around, net_columns, range_columns};
use super::super::view::{Kind, View};
use super::bulk::MOST_LOCKS;
use super::pages::number;
use super::prefixes::Prefix;
use crate::RangeId;
use crate::engine::replay::{Read, Replay, Value};

const RANGES: &str = concat!("SELECT ", range_columns!(), ", ", block_around!(), " FROM range t WHERE t.id = ANY($1)");
const PAGES: &str = "SELECT p.range, p.no, p.bits FROM unnest($1::text[], $2::bytea[]) AS x(range, no) \
                     JOIN page p ON p.range = x.range AND p.no = x.no";
const LOCK: &str = "SELECT pg_advisory_xact_lock(k) FROM unnest($1::int8[]) AS t(k)";

impl View<'_> {
    /// Does several reads, and provides the result of each.
    pub(super) async fn fetch_many(&mut self, reads: Vec<Read>, replay: &mut Replay) -> Result<(), Failure> {
        let (mut keys, mut ids, mut pages) = (Vec::new(), Vec::new(), Vec::new());
        let (mut requests, mut places) = (Vec::new(), BTreeSet::new());
        let (mut overlapping, mut within, mut around) = (Vec::new(), Vec::new(), Vec::new());
        for read in reads {
            match read {
                Read::Request(key) => keys.push(key),
                // An allocation reads ranges without the block around them, and locks a page that it names.
                Read::Range(id) if self.kind != Kind::Write => ids.push(id),
                Read::Page { range, no } if self.kind != Kind::Write => pages.push((range, no)),
                Read::AllocationsOfKey(key) => requests.push(key),
                // Both are read for each of them.
                Read::AllocationAt { space, address } | Read::QuarantinedAt { space, address } => {
                    places.insert((space, address));
                }
                Read::RangesOverlapping { space, net } => overlapping.push((space, net)),
                Read::NetsWithin { space, net } => within.push((space, net)),
                Read::BlockAround { space, net } => around.push((space, net)),
                other => self.fetch_one(other, replay).await?,
            }
        }
        if !keys.is_empty() {
            self.requests(&keys.iter().collect(), replay).await?;
        }
        if !ids.is_empty() {
            self.ranges(ids, replay).await?;
        }
        if !pages.is_empty() {
            self.pages_of(pages, replay).await?;
        }
        if !requests.is_empty() {
            self.allocations_of_keys(&requests.iter().collect(), replay).await?;
        }
        let places: Vec<_> = places.into_iter().collect();
        self.used(&places, replay).await?;
        self.around_prefixes(overlapping, within, around, replay).await
    }

    async fn around_prefixes(
        &mut self,
        overlapping: Vec<Prefix>,
        within: Vec<Prefix>,
        around: Vec<Prefix>,
        replay: &mut Replay,
    ) -> Result<(), Failure> {
        let found = self.ranges_overlapping(&overlapping).await?;
        for ((space, net), ranges) in overlapping.into_iter().zip(found) {
            replay.provide(Read::RangesOverlapping { space, net }, Value::Ranges(ranges));
        }
        let found = self.nets_within(&within).await?;
        for ((space, net), nets) in within.into_iter().zip(found) {
            replay.provide(Read::NetsWithin { space, net }, Value::Nets(nets));
        }
        let found = self.blocks_around(&around).await?;
        for ((space, net), block) in around.into_iter().zip(found) {
            replay.provide(Read::BlockAround { space, net }, Value::BlockId(block));
        }
        Ok(())
    }

    async fn ranges(&mut self, ids: Vec<RangeId>, replay: &mut Replay) -> Result<(), Failure> {
        if self.kind == Kind::Structure {
            // Locked before they are read, as each one alone would be.
            let free: Vec<RangeId> = ids.iter().filter(|id| !self.seen.locked.contains(*id)).cloned().collect();
            if (1..=MOST_LOCKS).contains(&free.len()) {
                let mut locks: Vec<i64> = free.iter().map(|id| self.locks.range(id)).collect();
                locks.sort_unstable();
                self.rows(LOCK, &[(&locks, Type::INT8_ARRAY)]).await?;
                self.seen.locked.extend(free);
            }
        }
        let texts: Vec<&str> = ids.iter().map(RangeId::as_str).collect();
        let found = self.all(RANGES, &[(&texts, Type::TEXT_ARRAY)], |row| row.range()).await?;
        for id in &ids {
            replay.provide(Read::Range(id.clone()), Value::Range(None));
        }
        for stored in found {
            let id = stored.range.id.clone();
            self.seen.ranges.insert(id.clone(), stored.clone());
            replay.provide(Read::Range(id), Value::Range(Some(stored)));
        }
        Ok(())
    }

    async fn pages_of(&mut self, pages: Vec<(RangeId, u128)>, replay: &mut Replay) -> Result<(), Failure> {
        let ids: Vec<&str> = pages.iter().map(|(range, _)| range.as_str()).collect();
        let numbers: Vec<Vec<u8>> = pages.iter().map(|(_, no)| number(*no)).collect();
        let read = |row: Columns<'_>| Ok(((RangeId::from(row.get::<String>(0)?), row.number(1)?), row.page(2)?));
        let found = self.all(PAGES, &[(&ids, Type::TEXT_ARRAY), (&numbers, Type::BYTEA_ARRAY)], read).await?;
        let mut found: HashMap<_, _> = found.into_iter().collect();
        for (range, no) in pages {
            let page = found.remove(&(range.clone(), no));
            self.seen.saw_page(&range, no, page)?;
            replay.provide(Read::Page { range, no }, Value::Page(page));
        }
        Ok(())
    }
}
