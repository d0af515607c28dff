//! Reads of what is around and inside of prefixes: any number of them in one statement of each kind.

use std::net::IpAddr;

use ipnet::IpNet;
use tokio_postgres::types::Type;

use super::super::errors::Failure;
use super::super::rows::{Columns, RANGE_COLUMNS, block_around, net_columns, range_columns};
use super::super::view::{Param, View};
use crate::engine::StoredRange;
use crate::{BlockId, Result, SpaceId};

/// Prefix in a space.
pub(super) type Prefix = (SpaceId, IpNet);

/// Prefixes `x` with their last addresses and their places in the list, made of the lists `$1` to `$3`.
macro_rules! prefixes {
    () => {
        "unnest($1::text[], $2::text[], $3::inet[]) WITH ORDINALITY AS x(space, net, last, place)"
    };
}

/// Ranges whose prefixes are in `x` or around it.
// Prefixes in `x` follow it in the order of the index, up to its last address. Those around it are looked up by each
// shorter length: an index that serves `&&` reads nearly all of its entries where they lie side by side. `OFFSET` has the
// server look them up one by one, which it would otherwise not do for a table that has grown since it was analyzed.
const OVERLAPPING: &str = concat!(
    "SELECT ",
    range_columns!(),
    ", ",
    block_around!(),
    ", x.place FROM ",
    prefixes!(),
    " CROSS JOIN LATERAL (SELECT r.id FROM range r WHERE r.space = x.space AND r.net BETWEEN x.net::cidr AND x.last \
     UNION ALL SELECT a.id FROM generate_series(0, masklen(x.net::cidr) - 1) AS s(length) CROSS JOIN LATERAL \
     (SELECT r.id FROM range r WHERE r.space = x.space AND r.net = set_masklen(x.net::cidr, s.length) OFFSET 0) a) o \
     JOIN range t ON t.id = o.id ORDER BY x.place, t.net, t.address_first"
);
const WITHIN: &str = concat!(
    "SELECT t.net::text, x.place FROM ",
    prefixes!(),
    " CROSS JOIN LATERAL (SELECT r.net FROM range r WHERE r.space = x.space AND r.net BETWEEN x.net::cidr AND x.last \
     UNION SELECT b.net FROM block b WHERE b.space = x.space AND b.net > x.net::cidr AND b.net <= x.last) t \
     ORDER BY x.place, t.net"
);
const AROUND: &str = concat!(
    "SELECT (SELECT b.id FROM block b WHERE b.net >>= x.net::cidr AND b.space = x.space \
     ORDER BY masklen(b.net) DESC LIMIT 1), x.place FROM ",
    prefixes!()
);

impl View<'_> {
    /// Returns the ranges whose prefixes overlap each of the prefixes.
    // Without their locks. All changes of ranges have the lock of the structure.
    pub(super) async fn ranges_overlapping(&self, prefixes: &[Prefix]) -> Result<Vec<Vec<StoredRange>>, Failure> {
        let place = RANGE_COLUMNS + 1;
        self.by_prefix(OVERLAPPING, prefixes, |row| Ok((row.place(place)?, row.range()?))).await
    }

    /// Returns the prefixes of ranges and blocks in each of the prefixes: also that of a range that is the same.
    pub(super) async fn nets_within(&self, prefixes: &[Prefix]) -> Result<Vec<Vec<IpNet>>, Failure> {
        self.by_prefix(WITHIN, prefixes, |row| Ok((row.place(1)?, row.net(0)?))).await
    }

    /// Returns the smallest block around each of the prefixes.
    pub(super) async fn blocks_around(&self, prefixes: &[Prefix]) -> Result<Vec<Option<BlockId>>, Failure> {
        let found = self.by_prefix(AROUND, prefixes, |row| Ok((row.place(1)?, row.get::<Option<String>>(0)?))).await?;
        Ok(found.into_iter().map(|found| found.into_iter().next().flatten().map(BlockId::from)).collect())
    }

    async fn by_prefix<T>(
        &self,
        sql: &str,
        prefixes: &[Prefix],
        read: impl Fn(Columns<'_>) -> Result<(usize, T)>,
    ) -> Result<Vec<Vec<T>>, Failure> {
        let mut groups: Vec<Vec<T>> = prefixes.iter().map(|_| Vec::new()).collect();
        if prefixes.is_empty() {
            return Ok(groups);
        }
        let spaces: Vec<&str> = prefixes.iter().map(|(space, _)| space.as_str()).collect();
        let nets: Vec<String> = prefixes.iter().map(|(_, net)| net.trunc().to_string()).collect();
        let lasts: Vec<IpAddr> = prefixes.iter().map(|(_, net)| net.broadcast()).collect();
        let params: [Param<'_>; 3] =
            [(&spaces, Type::TEXT_ARRAY), (&nets, Type::TEXT_ARRAY), (&lasts, Type::INET_ARRAY)];
        for (place, item) in self.all(sql, &params, read).await? {
            if let Some(group) = groups.get_mut(place) {
                group.push(item);
            }
        }
        Ok(groups)
    }
}
