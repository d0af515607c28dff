//! Connection of the pool, each of whose round trips has a deadline.
//!
//! The server stops a statement after the statement timeout. A server that hangs, or a network that loses what it is
//! given, stops nothing, and the connection looks sound: only a clock on this side ends the wait.

use std::future::Future;
use std::time::Duration;

use deadpool_postgres::Object;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error as ServerError, Row};

use super::config::PostgresConfig;
use super::errors::Failure;

/// Time of the way to the server and back, which is added to the statement timeout so that the server's own error comes
/// first.
const WAY: Duration = Duration::from_secs(1);

/// Parameter of a statement with its type. Types are always given: the server is not asked for them, so that no named
/// statement is needed, which a transaction-pooling proxy would lose.
pub(super) type Param<'p> = (&'p (dyn ToSql + Sync), Type);

/// Connection of the pool.
pub(super) struct Session {
    client: Object,
    limit: Duration,
    prepares: bool,
}

/// Statement that is done again and again, and the types of its parameters.
pub(super) type Hot<'s> = (&'static str, &'s [Type]);

impl Session {
    pub(super) fn new(client: Object, config: &PostgresConfig) -> Self {
        let limit = config.statement_timeout.saturating_add(WAY);
        Self { client, limit, prepares: config.prepared_statements }
    }

    // Statements that are sent together have their deadlines together, too: each begins when it is first polled.
    async fn bounded<T>(&self, trip: impl Future<Output = Result<T, ServerError>>) -> Result<T, Failure> {
        match tokio::time::timeout(self.limit, trip).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(Failure::Silent(self.limit)),
        }
    }

    /// Does statements without parameters.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        self.bounded(self.client.batch_execute(sql)).await
    }

    /// Does a statement, and returns its rows.
    pub(super) async fn query(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        self.bounded(self.client.query_typed(sql, params)).await
    }

    /// Does a statement whose rows are of no interest.
    pub(super) async fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<(), Failure> {
        self.bounded(self.client.execute_typed(sql, params)).await.map(|_| ())
    }

    /// Returns true if the statements are still to be prepared, on a connection that prepares.
    // These are the first ones that it prepares.
    pub(super) fn lacks(&self, statements: &[Hot<'_>]) -> bool {
        self.prepares && self.client.statement_cache.size() < statements.len()
    }

    /// Prepares statements, unless they are, on a connection that prepares.
    // Before they are sent together: one that had to be prepared first would come after those behind it.
    pub(super) async fn prepare(&self, statements: &[Hot<'_>]) -> Result<(), Failure> {
        if self.prepares {
            for (sql, types) in statements {
                self.bounded(self.client.prepare_typed_cached(sql, types)).await?;
            }
        }
        Ok(())
    }

    /// Does a statement that was prepared, on a connection that prepares.
    pub(super) async fn hot(&self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        if !self.prepares {
            return self.query(sql, params).await;
        }
        let types: Vec<Type> = params.iter().map(|(_, kind)| kind.clone()).collect();
        let values: Vec<&(dyn ToSql + Sync)> = params.iter().map(|(value, _)| *value).collect();
        self.bounded(async {
            let statement = self.client.prepare_typed_cached(sql, &types).await?;
            self.client.query(&statement, &values).await
        })
        .await
    }

    /// Ends the transaction with `sql`, and gives the connection back to the pool, unless the end failed.
    pub(super) async fn end(self, sql: &str) -> Result<(), Failure> {
        let ended = self.batch(sql).await;
        if ended.is_err() {
            self.discard();
        }
        ended
    }

    /// Closes the connection.
    pub(super) fn discard(self) {
        drop(Object::take(self.client));
    }
}
