//! Schema of the database: its identification, its version, and the upgrade from older versions.

use tokio_postgres::types::Type;

use super::config::PostgresConfig;
use super::connect::{begin, quoted};
use super::errors::Failure;
use super::events;
use super::locks::Locks;
use super::session::Session;
use crate::{Error, ErrorKind, Operation, Result};

/// Statements that upgrade a schema from version `n - 1` to `n`, and the oldest version whose programs may go on using
/// it then.
const MIGRATIONS: [(&str, i32); 3] = [
    (include_str!("migrations/0001_initial.sql"), 1),
    (include_str!("migrations/0002_states.sql"), 1),
    (include_str!("migrations/0003_prefixes.sql"), 1),
];

/// Version that this program reads and writes.
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "there are few")]
pub(super) const VERSION: i32 = MIGRATIONS.len() as i32;

/// Name in the schema by which it is recognized.
const APPLICATION: &str = "ipam-core";

/// Versions of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    version: i32,
    /// Programs of this version and newer ones may use it.
    oldest_program: i32,
}

/// Checks the schema, and creates or upgrades it.
pub(super) async fn prepare(client: &Session, config: &PostgresConfig) -> Result<(), Failure> {
    client.batch(&begin(config, "ISOLATION LEVEL READ COMMITTED")).await?;
    let result = prepare_in_transaction(client, config).await;
    // A server that only reads refuses nothing here, because nothing was written there.
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = client.batch(end).await;
    result?;
    ended
}

async fn prepare_in_transaction(client: &Session, config: &PostgresConfig) -> Result<(), Failure> {
    let found = look(client, config).await?;
    if found.is_some_and(|found| found.version >= VERSION) {
        return Ok(());
    }
    if config.read_only || !config.create {
        return Err(missing(config, found).into());
    }
    // Of several programs, one creates or upgrades it; the others find it done.
    let lock = Locks::new(&config.schema).upgrade();
    client.query("SELECT pg_advisory_xact_lock($1)", &[(&lock, Type::INT8)]).await?;
    let found = look(client, config).await?;
    let from = found.map_or(0, |found| found.version);
    if from >= VERSION {
        return Ok(());
    }
    if found.is_none() {
        let exists =
            client.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[(&config.schema, Type::TEXT)]).await?;
        if exists.is_empty() {
            client.batch(&format!("CREATE SCHEMA {}", quoted(&config.schema))).await?;
        }
    }
    let mut oldest = 1;
    for (statements, program) in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or(0)) {
        client.batch(statements).await?;
        oldest = oldest.max(*program);
    }
    let sql = "INSERT INTO ipam_schema (application, version, oldest_program, turn_offset, removed_turn, removed_seq) \
               VALUES ($1, $2, $3, 0, 0, 0) \
               ON CONFLICT (one) DO UPDATE SET version = $2, oldest_program = greatest(ipam_schema.oldest_program, $3)";
    let params = [(&APPLICATION as _, Type::TEXT), (&VERSION as _, Type::INT4), (&oldest as _, Type::INT4)];
    client.execute(sql, &params).await?;
    Ok(())
}

/// Returns the versions of the schema, or `None` if it has no tables.
async fn look(client: &Session, config: &PostgresConfig) -> Result<Option<Found>, Failure> {
    let sql = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = $1 ORDER BY c.relname = 'ipam_schema' DESC LIMIT 1";
    let tables = client.query(sql, &[(&config.schema, Type::TEXT)]).await?;
    let Some(first) = tables.first() else { return Ok(None) };
    if first.try_get::<_, String>(0)? != "ipam_schema" {
        return Err(foreign(config).into());
    }
    let sql = "SELECT application, version, oldest_program FROM ipam_schema";
    let rows = client.query(sql, &[]).await?;
    let Some(row) = rows.first() else { return Err(foreign(config).into()) };
    if row.try_get::<_, String>(0)? != APPLICATION {
        return Err(foreign(config).into());
    }
    let found = Found { version: row.try_get(1)?, oldest_program: row.try_get(2)? };
    if found.oldest_program > VERSION {
        return Err(newer(found.version, &config.schema).into());
    }
    Ok(Some(found))
}

fn missing(config: &PostgresConfig, found: Option<Found>) -> Error {
    let message = match found {
        None => {
            format!("the database has no schema {:?}; open it once with `create`, and not read-only", config.schema)
        }
        Some(found) => format!(
            "the schema {:?} has version {}, and this program needs {VERSION}; open it once with `create`, and not \
             read-only",
            config.schema, found.version
        ),
    };
    Error::new(ErrorKind::Config, Operation::Open, message)
}

fn foreign(config: &PostgresConfig) -> Error {
    let message = format!(
        "the schema {:?} has tables of another program; it was left as it is: name another schema, which is created if it \
         does not exist",
        config.schema
    );
    Error::new(ErrorKind::Corrupt, Operation::Open, message)
}

/// Returns the error of a schema that a newer program has upgraded.
pub(super) fn newer(version: i32, schema: &str) -> Error {
    let message = format!(
        "the schema {schema:?} has version {version}, and this program supports versions up to {VERSION}; use a newer \
         program"
    );
    Error::new(ErrorKind::Corrupt, Operation::Open, message)
        .with_context("found", version)
        .with_context("supported", VERSION)
}

/// Adapts the turns of the feed, if the data has come from a server whose transaction ids are ahead of this one's.
///
/// A turn of this server is always that of a transaction that has begun. One that has not is that of another server, and
/// no reader would ever reach it.
pub(super) async fn adapt_turns(client: &Session, config: &PostgresConfig) -> Result<(), Failure> {
    if config.read_only {
        return Ok(());
    }
    client.batch(&begin(config, "ISOLATION LEVEL READ COMMITTED")).await?;
    let lock = Locks::new(&config.schema).upgrade();
    client.query("SELECT pg_advisory_xact_lock($1)", &[(&lock, Type::INT8)]).await?;
    let sql = "SELECT 1 FROM ipam_schema WHERE (SELECT coalesce(max(turn), 0) FROM event) >= \
               pg_snapshot_xmax(pg_current_snapshot())::text::int8 + turn_offset";
    let behind = !client.query(sql, &[]).await?.is_empty();
    if behind {
        let sql = "UPDATE ipam_schema SET turn_offset = (SELECT max(turn) + 1 FROM event) - \
                   pg_snapshot_xmin(pg_current_snapshot())::text::int8";
        client.execute(sql, &[]).await?;
    }
    client.batch(if behind { "COMMIT" } else { "ROLLBACK" }).await?;
    if behind {
        events::feed_continued();
    }
    Ok(())
}
