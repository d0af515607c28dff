//! First reads of a transaction, sent together with its begin.

use std::collections::BTreeSet;
use std::time::SystemTime;

use futures_util::future::{join, join5};
use tokio_postgres::types::Type;

use super::clock::server_time;
use super::config::PostgresConfig;
use super::errors::{Failure, unsound};
use super::fetch::bulk::{REQUESTS, when};
use super::hint::Hint;
use super::rows::{RANGE_COLUMNS, net_columns, range_columns};
use super::schema::{self, VERSION};
use super::session::Hot;
use super::view::{Kind, View};
use crate::engine::replay::{Read, Replay, Value};
use crate::stores::columns;
use crate::{AllocationKey, RangeId};

/// Time of the server, the versions of the schema, the first expiry of an allocation, a turn that has not passed, and true
/// if the feed has one that has not begun.
// Not `min` and `max`, which take the server longer to plan.
const STATE: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8, version, oldest_program, \
                     (SELECT expires FROM allocation WHERE expires IS NOT NULL ORDER BY expires LIMIT 1), \
                     pg_snapshot_xmin(pg_current_snapshot())::text::int8 + turn_offset, \
                     coalesce((SELECT turn FROM event ORDER BY turn DESC LIMIT 1), 0) >= \
                     pg_snapshot_xmax(pg_current_snapshot())::text::int8 + turn_offset FROM ipam_schema";
const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8";
const LOCK: &str = "SELECT pg_advisory_xact_lock(k) FROM unnest($1::int8[]) AS t(k)";
const LOCK_SHARED: &str = "SELECT pg_advisory_xact_lock_shared(k) FROM unnest($1::int8[]) AS t(k)";
/// Ranges, each with its first release time and with its lowest open page that no other transaction has locked.
const RANGES: &str = concat!(
    "SELECT ",
    range_columns!(),
    ", NULL::text, (SELECT q.until FROM quarantine q WHERE q.range = t.id ORDER BY q.until LIMIT 1), p.no, p.bits \
     FROM unnest($1::text[], $2::int8[]) AS x(id, seed) JOIN range t ON t.id = x.id LEFT JOIN LATERAL \
     (SELECT o.no, o.bits FROM (SELECT no, bits FROM page WHERE range = t.id AND open ORDER BY no LIMIT 64) o \
     WHERE pg_try_advisory_xact_lock(hashtextextended(encode(o.no, 'hex'), x.seed)) LIMIT 1) p \
     ON t.address_order <> 'random'"
);

/// Statements that nearly every transaction begins with.
const HOT: [Hot<'static>; 4] = [
    (LOCK_SHARED, &[Type::INT8_ARRAY]),
    (STATE, &[]),
    (REQUESTS, &[Type::TEXT_ARRAY]),
    (RANGES, &[Type::TEXT_ARRAY, Type::INT8_ARRAY]),
];

/// Begins a transaction that only reads. Returns the time of the server.
pub(super) async fn now(view: &View<'_>, config: &PostgresConfig, begin: &str) -> Result<SystemTime, Failure> {
    let (begun, rows) = join(view.client.batch(begin), view.client.query(NOW, &[])).await;
    begun?;
    let rows = rows?;
    let row = rows.first().ok_or_else(|| unsound(view.operation, "the server's clock"))?;
    Ok(server_time(view.operation, row.try_get(0)?, config)?)
}

/// Numbers of entries that the engine asks for when it looks for what has expired: of all ranges, and of one.
const SWEEPS: (usize, usize) = (64, 1024);

/// Begins a transaction that writes, and reads what its jobs will most likely read. Returns the time of the server.
pub(super) async fn begin(
    view: &mut View<'_>,
    begin: &str,
    config: &PostgresConfig,
    hints: &[&Hint],
    replay: &mut Replay,
) -> Result<SystemTime, Failure> {
    let client = view.client;
    // Sorted, so that transactions take the locks in the same order.
    let mut ranges: Vec<&RangeId> = hints.iter().flat_map(|hint| &hint.ranges).collect();
    ranges.sort_unstable();
    ranges.dedup();
    let keys: BTreeSet<&AllocationKey> = hints.iter().flat_map(|hint| &hint.keys).collect();
    let mut alone: Vec<i64> = if view.kind == Kind::Structure { vec![view.locks.structure()] } else { Vec::new() };
    alone.extend(hints.iter().filter_map(|hint| hint.after));
    let mut shared = vec![view.own_lock];
    if view.kind == Kind::Write {
        shared.extend(ranges.iter().map(|range| view.locks.range(range)));
    }
    let ids: Vec<&str> = ranges.iter().map(|range| range.as_str()).collect();
    let seeds: Vec<i64> = ranges.iter().map(|range| view.locks.pages(range)).collect();
    let texts: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    let fresh = client.lacks(&HOT);
    if fresh {
        // The names in a statement are looked up when it is prepared.
        client.batch(begin).await?;
        client.prepare(&HOT).await?;
    }
    // Sent in this order, and done one after the other: a range is read when its lock is held.
    let locks = async {
        let (alone, shared) = join(
            when(!alone.is_empty(), client.query(LOCK, &[(&alone, Type::INT8_ARRAY)])),
            client.hot(LOCK_SHARED, &[(&shared, Type::INT8_ARRAY)]),
        )
        .await;
        alone.and(shared)
    };
    let (begun, locked, state, found_requests, found_ranges) = join5(
        async { if fresh { Ok(()) } else { client.batch(begin).await } },
        locks,
        client.hot(STATE, &[]),
        when(!texts.is_empty(), client.hot(REQUESTS, &[(&texts, Type::TEXT_ARRAY)])),
        when(!ids.is_empty(), client.hot(RANGES, &[(&ids, Type::TEXT_ARRAY), (&seeds, Type::INT8_ARRAY)])),
    )
    .await;
    begun?;
    locked?;
    let state = state?;
    let row = state.first().ok_or_else(|| unsound(view.operation, "the schema has no version"))?;
    // A newer program may have upgraded it meanwhile.
    if row.try_get::<_, i32>(2)? > VERSION {
        return Err(schema::newer(row.try_get(1)?, &config.schema).into());
    }
    if row.try_get(5)? {
        return Err(Failure::Behind);
    }
    let now = server_time(view.operation, row.try_get(0)?, config)?;
    let due = |first: Option<i64>| first.is_some_and(|first| first <= columns::micros(now));
    view.seen.turn = row.try_get(4)?;
    let none_expired = !due(row.try_get(3)?);
    if none_expired {
        replay.provide(Read::Expired { range: None, now, limit: SWEEPS.0 }, Value::Records(Vec::new()));
    }
    let requests = view.provide_requests(&keys, &found_requests?, replay)?;
    for row in &found_ranges? {
        let columns = view.columns(row);
        let stored = columns.range()?;
        let id = stored.range.id.clone();
        let released = due(columns.get(RANGE_COLUMNS + 1)?);
        let page = match columns.get::<Option<&[u8]>>(RANGE_COLUMNS + 2)? {
            Some(_) => Some((columns.number(RANGE_COLUMNS + 2)?, columns.page(RANGE_COLUMNS + 3)?)),
            None => None,
        };
        if none_expired {
            let read = Read::Expired { range: Some(id.clone()), now, limit: SWEEPS.1 };
            replay.provide(read, Value::Records(Vec::new()));
        }
        if !released {
            let read = Read::Released { range: id.clone(), now, limit: SWEEPS.1 };
            replay.provide(read, Value::Released(Vec::new()));
        }
        if let (Some((no, page)), Some(from)) = (page, stored.layout.next_page(0)) {
            view.seen.holds_page = true;
            view.seen.saw_page(&id, no, Some(page))?;
            // A page below is not one of the range any more.
            if no >= from {
                let read = Read::LockOpenPage { range: id.clone(), from };
                replay.provide(read, Value::NumberedPage(Some((no, page))));
                replay.provide(Read::Page { range: id.clone(), no }, Value::Page(Some(page)));
            }
        }
        view.seen.ranges.insert(id.clone(), stored.clone());
        view.seen.locked.insert(id.clone());
        replay.provide(Read::Range(id), Value::Range(Some(stored)));
    }
    view.read_ahead(hints, &requests, replay).await?;
    Ok(now)
}
