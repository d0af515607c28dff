//! Feed of changes.
//!
//! The position of a change is its turn, which is the id of the transaction, and its number in it. A reader stops before
//! the oldest transaction that has not ended: all changes before that are there, and none can come before them later.

use std::time::{Duration, Instant};

use tokio_postgres::types::Type;

use super::errors::Failure;
use super::rows::position;
use super::view::{View, limit};
use crate::engine::{dropped_position, unknown_position};
use crate::{Change, ChangePosition, Changes, Error, ErrorKind};

/// Parses a position. Another spelling, such as with leading zeros, is none.
fn parse(text: &ChangePosition) -> Option<(i64, i64)> {
    let (turn, seq) = text.as_str().split_once('-')?;
    let parsed = (turn.parse().ok()?, seq.parse().ok()?);
    (position(parsed.0, parsed.1) == text.as_str()).then_some(parsed)
}

/// Last removed change, and the turn before which all transactions have ended.
const STATE: &str = "SELECT removed_turn, removed_seq, \
                     pg_snapshot_xmin(pg_current_snapshot())::text::int8 + turn_offset FROM ipam_schema";
const EVENTS: &str = "SELECT turn, seq, at, kind, actor, owner, space, range, block, address, allocation, key, \
                      before::text, after::text FROM event WHERE (turn, seq) > ($1, $2) AND turn < $3 ORDER BY turn, seq LIMIT $4";
const LAST_TURN: &str = "SELECT coalesce(max(turn), 0) FROM event";

/// Time between two looks at transactions that have not ended.
const POLL: Duration = Duration::from_millis(2);

/// Longest wait for further changes, if there are some.
const SHORT: Duration = Duration::from_millis(500);

impl View<'_> {
    /// Reads the feed. Each statement has a snapshot of its own.
    pub(super) async fn changes(&self, since: Option<&ChangePosition>, count: usize) -> Result<Changes, Failure> {
        let begun = Instant::now();
        let (removed, end) = self.feed_state().await?;
        let mut after = match since {
            None => removed,
            Some(since) => parse(since)
                .filter(|(turn, seq)| *turn < end && *turn >= 0 && *seq >= 0)
                .ok_or_else(|| unknown_position(since))?,
        };
        let items = loop {
            let items = self.changes_after(after, end, count, begun).await?;
            // Read last: changes may have been removed since the first look.
            let removed = self.feed_state().await?.0;
            if after >= removed {
                break items;
            }
            // The oldest change is another one now, and a caller that has named none gets it.
            if since.is_some() || begun.elapsed() >= self.feed_wait {
                return Err(dropped_position(position(after.0, after.1)).into());
            }
            after = removed;
        };
        let next =
            items.last().map_or_else(|| ChangePosition::from(position(after.0, after.1)), |last| last.position.clone());
        Ok(Changes::new(items, next))
    }

    /// Reads changes after a position and before a turn, and waits a little for those that are to come before it.
    async fn changes_after(
        &self,
        after: (i64, i64),
        mut end: i64,
        count: usize,
        begun: Instant,
    ) -> Result<Vec<Change>, Failure> {
        let mut last = None;
        loop {
            let params = [
                (&after.0 as _, Type::INT8),
                (&after.1 as _, Type::INT8),
                (&end as _, Type::INT8),
                (&limit(count) as _, Type::INT8),
            ];
            let items = self.all(EVENTS, &params, |row| row.change()).await?;
            if items.len() >= count {
                return Ok(items);
            }
            // A change that its caller knows of may have to wait for an older transaction, which ends soon. Those that
            // are there now are waited for, and not those that come meanwhile.
            let last = match last {
                Some(last) => last,
                None => *last.insert(self.one(LAST_TURN, &[], |row| row.get::<i64>(0)).await?),
            };
            let wait = if items.is_empty() { self.feed_wait } else { self.feed_wait.min(SHORT) };
            if last < end || begun.elapsed() >= wait {
                return Ok(items);
            }
            tokio::time::sleep(POLL).await;
            end = self.feed_state().await?.1;
        }
    }

    async fn feed_state(&self) -> Result<((i64, i64), i64), Failure> {
        self.one(STATE, &[], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).await
    }
}

/// Number of changes that one removal deletes at most.
const REMOVAL: i64 = 4096;

impl View<'_> {
    /// Removes the oldest changes if there are more than `keep`. Returns the number of removed ones.
    pub(super) async fn remove_old_changes(&self, keep: u64) -> Result<u64, Failure> {
        let keep = i64::try_from(keep).unwrap_or(i64::MAX).max(1);
        // Numbers have gaps, so that fewer changes than `keep` may be left, by the number of transactions that failed.
        let sql = "WITH last AS (SELECT max(seq) AS seq FROM (SELECT seq FROM event ORDER BY turn DESC, seq DESC LIMIT \
                   64) t), \
                   old AS (SELECT turn, seq FROM event ORDER BY turn, seq LIMIT $2), \
                   gone AS (DELETE FROM event e USING old, last \
                   WHERE e.turn = old.turn AND e.seq = old.seq AND old.seq <= last.seq - $1 \
                   AND e.turn < (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::int8 + turn_offset \
                   FROM ipam_schema) RETURNING e.turn, e.seq), \
                   high AS (SELECT turn, seq FROM gone ORDER BY turn DESC, seq DESC LIMIT 1), \
                   mark AS (UPDATE ipam_schema SET removed_turn = high.turn, removed_seq = high.seq FROM high \
                   WHERE (removed_turn, removed_seq) < (high.turn, high.seq)) \
                   SELECT count(*) FROM gone";
        let params = [(&keep as _, Type::INT8), (&REMOVAL as _, Type::INT8)];
        let removed = self.one(sql, &params, |row| row.get::<i64>(0)).await?;
        u64::try_from(removed).map_err(|_| Error::new(ErrorKind::Corrupt, self.operation, "a count is negative").into())
    }
}
