//! Reads of many ranges that a restore adds, in one statement of each kind.

use std::collections::HashMap;

use tokio_postgres::types::Type;

use super::super::errors::Failure;
use super::super::hint::NewRange;
use super::super::rows::{RANGE_COLUMNS, block_around, net_columns, range_columns};
use super::super::view::{Param, View};
use crate::engine::StoredRange;
use crate::engine::replay::{Read, Replay, Value};
use crate::{BlockId, RangeId};

const BY_ID: &str = concat!("SELECT ", range_columns!(), ", ", block_around!(), " FROM range t WHERE t.id = ANY($1)");
const OVERLAPPING: &str = concat!(
    "SELECT ",
    range_columns!(),
    ", ",
    block_around!(),
    ", x.place FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS x(space, net, place) \
     JOIN range t ON t.net && x.net::cidr AND t.space = x.space ORDER BY x.place, t.net, t.address_first"
);
const WITHIN: &str = "SELECT t.net::text, x.place FROM unnest($1::text[], $2::text[]) WITH ORDINALITY \
                      AS x(space, net, place) CROSS JOIN LATERAL (\
                      SELECT net FROM range r WHERE r.net <<= x.net::cidr AND r.space = x.space UNION \
                      SELECT net FROM block b WHERE b.net << x.net::cidr AND b.space = x.space) t \
                      ORDER BY x.place, t.net";
const AROUND: &str = "SELECT (SELECT b.id FROM block b WHERE b.net >>= x.net::cidr AND b.space = x.space \
                      ORDER BY masklen(b.net) DESC LIMIT 1), x.place \
                      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS x(space, net, place)";

impl View<'_> {
    /// Reads what the addition of ranges needs: those of the same names, and what is around and inside of them.
    // Without their locks. All changes of ranges have the lock of the structure, which is held here.
    pub(super) async fn new_ranges(&mut self, ranges: &[&NewRange], replay: &mut Replay) -> Result<(), Failure> {
        if ranges.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = ranges.iter().map(|range| range.id.as_str()).collect();
        let spaces: Vec<&str> = ranges.iter().map(|range| range.space.as_str()).collect();
        let nets: Vec<String> = ranges.iter().map(|range| range.net.trunc().to_string()).collect();
        let params: [Param<'_>; 2] = [(&spaces, Type::TEXT_ARRAY), (&nets, Type::TEXT_ARRAY)];
        let found = self.all(BY_ID, &[(&ids, Type::TEXT_ARRAY)], |row| row.range()).await?;
        let mut found: HashMap<RangeId, StoredRange> =
            found.into_iter().map(|stored| (stored.range.id.clone(), stored)).collect();
        let overlapping =
            self.all(OVERLAPPING, &params, |row| Ok((row.place(RANGE_COLUMNS + 1)?, row.range()?))).await?;
        let mut overlapping = by_place(overlapping, ranges.len());
        let within = self.all(WITHIN, &params, |row| Ok((row.place(1)?, row.net(0)?))).await?;
        let mut within = by_place(within, ranges.len());
        let around = self.all(AROUND, &params, |row| Ok((row.place(1)?, row.get::<Option<String>>(0)?))).await?;
        let mut around = by_place(around, ranges.len());
        for (place, range) in ranges.iter().enumerate() {
            let NewRange { id, space, net } = *range;
            replay.provide(Read::Range(id.clone()), Value::Range(found.remove(id)));
            let at = || (space.clone(), *net);
            let (space, net) = at();
            replay.provide(Read::RangesOverlapping { space, net }, Value::Ranges(taken(&mut overlapping, place)));
            let (space, net) = at();
            replay.provide(Read::NetsWithin { space, net }, Value::Nets(taken(&mut within, place)));
            let (space, net) = at();
            let block = taken(&mut around, place).into_iter().next().flatten();
            replay.provide(Read::BlockAround { space, net }, Value::BlockId(block.map(BlockId::from)));
        }
        Ok(())
    }
}

/// Groups rows by their places.
fn by_place<T>(rows: Vec<(usize, T)>, places: usize) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = (0..places).map(|_| Vec::new()).collect();
    for (place, row) in rows {
        if let Some(group) = groups.get_mut(place) {
            group.push(row);
        }
    }
    groups
}

fn taken<T>(groups: &mut [Vec<T>], place: usize) -> Vec<T> {
    groups.get_mut(place).map(std::mem::take).unwrap_or_default()
}
