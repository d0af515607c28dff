//! Commits of unknown outcome: the connection broke before the response.

use deadpool_postgres::Pool;
use tokio_postgres::types::Type;

use super::config::PostgresConfig;
use super::connect::{begin, connection};
use super::errors::{Failure, only_reads};
use super::session::Session;
use crate::engine::replay::Write;
use crate::stores::columns;
use crate::{Change, Operation};

/// First change of a transaction, by which its commit is recognized in the feed.
// One change is enough, because a transaction is kept as a whole. Its time and its names are those of no other one.
pub(super) struct Mark {
    change: Option<Box<Change>>,
    /// Turn below which the transaction is not.
    turn: i64,
    /// Lock that the transaction holds until it ends, and no other one.
    pub(super) lock: i64,
}

impl Mark {
    pub(super) fn of(log: &[Write], turn: i64, lock: i64) -> Self {
        let change = log.iter().find_map(|write| match write {
            Write::AppendChange(change) => Some(change.clone()),
            _ => None,
        });
        Self { change, turn, lock }
    }
}

const LOCK: &str = "SELECT pg_advisory_xact_lock($1)";
const LOOK: &str = "SELECT EXISTS (SELECT 1 FROM event WHERE turn >= $1 AND at = $2 AND kind = $3 AND space = $4 \
                    AND range IS NOT DISTINCT FROM $5 AND block IS NOT DISTINCT FROM $6 \
                    AND allocation IS NOT DISTINCT FROM $7 AND key IS NOT DISTINCT FROM $8)";

/// Returns true if the transaction with this mark was committed.
pub(super) async fn was_committed(pool: &Pool, config: &PostgresConfig, mark: &Mark) -> Result<bool, Failure> {
    // Without a change there is only the removal of what was released, which any later request repeats.
    let Some(change) = &mark.change else { return Ok(false) };
    let client = connection(pool, config, Operation::Check).await?;
    let found = look(&client, config, change, mark).await;
    match &found {
        Err(failure) if failure.is_broken() => client.discard(),
        _ => {
            let _ = client.end("ROLLBACK").await;
        }
    }
    found
}

async fn look(client: &Session, config: &PostgresConfig, change: &Change, mark: &Mark) -> Result<bool, Failure> {
    client.batch(&begin(config, "ISOLATION LEVEL READ COMMITTED")).await?;
    // A standby may not have what the primary has committed. It would say no to what was kept.
    let standby = client.query("SELECT pg_is_in_recovery()", &[]).await?;
    if standby.first().map(|row| row.try_get(0)).transpose()? != Some(false) {
        return Err(only_reads(Operation::Check, "it is in recovery").into());
    }
    // The server may still be working on the lost transaction.
    client.query(LOCK, &[(&mark.lock, Type::INT8)]).await?;
    let kind = columns::KINDS.iter().find(|(known, _)| *known == change.kind).map(|(_, text)| *text);
    let at = columns::micros(change.at);
    let (range, block) =
        (change.range.as_ref().map(AsRef::<str>::as_ref), change.block.as_ref().map(AsRef::<str>::as_ref));
    let (allocation, key) =
        (change.allocation.as_ref().map(AsRef::<str>::as_ref), change.key.as_ref().map(AsRef::<str>::as_ref));
    let params = [
        (&mark.turn as _, Type::INT8),
        (&at as _, Type::INT8),
        (&kind as _, Type::TEXT),
        (&change.space.as_str() as _, Type::TEXT),
        (&range as _, Type::TEXT),
        (&block as _, Type::TEXT),
        (&allocation as _, Type::TEXT),
        (&key as _, Type::TEXT),
    ];
    let rows = client.query(LOOK, &params).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default())
}
