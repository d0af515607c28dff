//! Check of the server: its rights and settings.

use super::connect::{begin, connection};
use super::errors::Failure;
use super::provider::PostgresProvider;
use crate::{Error, ErrorKind, Operation, Result};

/// Rights on the tables, and settings on which the promises of the provider rest.
const SQL: &str = "SELECT pg_is_in_recovery(), \
                   (SELECT count(*) FROM unnest(ARRAY['ipam_schema', 'block', 'range', 'page', 'request', 'allocation', \
                   'quarantine', 'event']) AS t(name) WHERE NOT (has_table_privilege(t.name, 'SELECT') AND \
                   has_table_privilege(t.name, 'INSERT') AND has_table_privilege(t.name, 'UPDATE') AND \
                   has_table_privilege(t.name, 'DELETE'))), \
                   current_setting('fsync'), current_setting('synchronous_commit'), \
                   current_setting('full_page_writes')";

/// Checks that the server can be reached and grants what the provider needs. Returns warnings.
pub(super) async fn probe(provider: &PostgresProvider) -> Result<Vec<String>> {
    if provider.is_closed() {
        return Err(super::errors::closed(Operation::Check));
    }
    let provider = provider.clone();
    // A task of its own, so that a dropped future does not leave a transaction open.
    let task =
        tokio::spawn(async move { probe_now(&provider).await.map_err(|failure| failure.error(Operation::Check)) });
    task.await.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Unavailable, Operation::Check, "the runtime of the provider has ended"))
    })
}

async fn probe_now(provider: &PostgresProvider) -> Result<Vec<String>, Failure> {
    let shared = provider.shared();
    let client = connection(&shared.pool, &shared.config, Operation::Check).await?;
    client.batch(&begin(&shared.config, "ISOLATION LEVEL READ COMMITTED READ ONLY")).await?;
    let rows = client.query(SQL, &[]).await;
    let ended = client.end("COMMIT").await;
    let rows = rows?;
    ended?;
    let row = rows.first().ok_or_else(|| super::errors::unsound(Operation::Check, "no row"))?;
    let mut warnings = Vec::new();
    if !provider.is_read_only() {
        if row.try_get::<_, bool>(0)? {
            let message = "the server is a standby, which only reads; connect to the primary, or open read-only";
            return Err(Error::new(ErrorKind::PermissionDenied, Operation::Check, message).into());
        }
        let missing = row.try_get::<_, i64>(1)?;
        if missing > 0 {
            let message = format!(
                "the user lacks rights on {missing} tables of the schema {:?}; grant SELECT, INSERT, UPDATE and DELETE",
                shared.config.schema
            );
            return Err(Error::new(ErrorKind::PermissionDenied, Operation::Check, message).into());
        }
        for (index, name) in [(2, "fsync"), (3, "synchronous_commit"), (4, "full_page_writes")] {
            if row.try_get::<_, &str>(index)? == "off" {
                warnings.push(format!(
                    "the server has {name} off: allocations that were acknowledged may be lost when it crashes; turn it on"
                ));
            }
        }
    }
    Ok(warnings)
}
