//! Provider: opening and closing. The methods of its trait are in `methods`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::oneshot;
use tokio::task::JoinHandle;

use super::check;
use super::config::PostgresConfig;
use super::connect;
use super::errors;
use super::hint::Hint;
use super::job::{self, Request, Undo};
use super::locks::Locks;
use super::queue::Queue;
use super::schema;
use super::submit::submit;
use super::transaction::Shared;
use super::view::{Kind, Serials};
use super::worker;
use crate::engine::Context;
use crate::engine::replay::Replay;
use crate::stores::report::StoreReport;
use crate::{Error, ErrorKind, Operation, Result};

/// Number of transactions that write at a time.
// While one waits for its commit, the requests that come meanwhile gather for the other. More would make smaller batches.
const WRITERS: usize = 2;

/// Provider on PostgreSQL: durable, and shared by any number of hosts. See the [module](super) for its promises and its
/// errors.
///
/// A clone is another handle to the same connections. These end when the provider is
/// [closed](crate::IpamProvider::close) or the last handle is dropped: the requests that are queued are done first.
/// `close` waits for this, and reports what could not be undone.
///
/// ```no_run
/// # async fn example() -> ipam_core::Result<()> {
/// use ipam_core::{Allocate, DefineRange, IpamProvider, PostgresConfig, PostgresProvider};
///
/// let config = PostgresConfig::new("db.example", "ipam").with_user("ipam").with_password("s3cret".to_owned().into());
/// let ipam = PostgresProvider::open(config).await?;
/// ipam.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await?;
/// ipam.allocate(&Allocate::one("vm-42", "lan").with_key("vm-42/eth0")).await?;
/// ipam.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresProvider {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    jobs: Arc<Queue>,
    writers: Mutex<Vec<JoinHandle<()>>>,
    /// Version of the server, for `check`.
    server: String,
}

impl Drop for Inner {
    // The tasks do what is queued, and end then: they hold what they need.
    fn drop(&mut self) {
        self.jobs.close();
    }
}

impl PostgresProvider {
    /// Connects to the server, and creates the schema or upgrades it.
    ///
    /// The provider belongs to the tokio runtime in which it is opened.
    ///
    /// # Errors
    /// - `InvalidInput`: a setting is empty, too long or out of its limits.
    /// - `Config`: there is no such database or schema, or no tokio runtime.
    /// - `Unauthenticated`: the server refuses the user, the password or the client certificate.
    /// - `Untrusted`: the server's certificate is not trusted, or the server does not offer TLS.
    /// - `PermissionDenied`: the user may not create or use the schema, or the server only reads.
    /// - `Corrupt`: the schema belongs to another program, or is one of a newer version.
    /// - `Unavailable`: the server cannot be reached.
    pub async fn open(config: PostgresConfig) -> Result<Self> {
        if tokio::runtime::Handle::try_current().is_err() {
            let message = "there is no tokio runtime; open the provider inside of one";
            return Err(Error::new(ErrorKind::Config, Operation::Open, message));
        }
        let pool = connect::pool(&config)?;
        let server = match prepare(&pool, &config).await {
            Ok(server) => server,
            Err(failure) => {
                pool.close();
                let error = failure.error(Operation::Open);
                return Err(error.with_context("host", &config.host).with_context("schema", &config.schema));
            }
        };
        let locks = Locks::new(&config.schema);
        let read_only = config.read_only;
        let shared = Arc::new(Shared { config, pool, locks, serials: Serials::default() });
        let jobs = Arc::new(Queue::new());
        let writers = if read_only { 0 } else { WRITERS };
        let writers = (0..writers).map(|_| tokio::spawn(worker::run(Arc::clone(&shared), Arc::clone(&jobs))));
        let writers = Mutex::new(writers.collect());
        Ok(Self { inner: Arc::new(Inner { shared, jobs, writers, server }) })
    }

    /// Checks all records: that each page agrees with the allocations and quarantined addresses, that records refer only
    /// to such that exist, that ranges do not overlap, and that counts are right.
    ///
    /// Changes nothing and does not block writers: it reads everything as it was when it began. The time is that of
    /// reading all tables, and of one request to the server for each range and each quarantined address. Every statement
    /// has the [statement timeout](PostgresConfig::statement_timeout): raise it for a store of millions.
    ///
    /// ```no_run
    /// # async fn example() -> ipam_core::Result<()> {
    /// use ipam_core::{PostgresConfig, PostgresProvider};
    ///
    /// let ipam = PostgresProvider::open(PostgresConfig::new("db.example", "ipam")).await?;
    /// let report = ipam.check_store().await?;
    /// assert!(report.is_sound(), "{:?}", report.violations);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Damage is not an error: it is listed in the report. `Timeout` if a statement takes longer than the statement
    /// timeout; otherwise the [errors of this provider](super#errors).
    pub async fn check_store(&self) -> Result<StoreReport> {
        if self.is_closed() {
            return Err(errors::closed(Operation::CheckStore));
        }
        check::check_store(self.shared()).await
    }

    /// Returns true if the provider was opened to be read only.
    pub(super) fn is_read_only(&self) -> bool {
        self.inner.shared.config.read_only
    }

    pub(super) fn is_closed(&self) -> bool {
        self.inner.jobs.is_closed()
    }

    /// Returns the version of the server.
    pub(super) fn server_version(&self) -> &str {
        &self.inner.server
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Does the queued requests, ends the tasks, and closes the connections.
    pub(super) async fn close_all(&self) -> Result<()> {
        self.inner.jobs.close();
        let writers = std::mem::take(&mut *self.inner.writers.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = futures_util::future::join_all(writers).await;
        self.inner.shared.pool.close();
        self.inner.jobs.close_result()?;
        if ended.iter().any(Result::is_err) {
            let message = "a task of the provider ended early; look the keys of the last requests up";
            return Err(Error::new(ErrorKind::Unavailable, Operation::Close, message));
        }
        Ok(())
    }

    /// Has `work` done in a transaction that only reads.
    pub(super) async fn read<T, F>(&self, operation: Operation, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Replay, &mut Context<'_>) -> Result<T> + Send + 'static,
    {
        if self.inner.jobs.is_closed() {
            return Err(errors::closed(operation));
        }
        let (mut job, result) = job::reading(operation, work);
        let shared = Arc::clone(&self.inner.shared);
        // A task of its own: if the caller drops the future, the transaction still comes to its end, and the connection
        // goes back to the pool as it should.
        let task = async move {
            shared.read(&mut *job).await;
            // Nothing is left to be done after a read.
            let _ = job.finish(Ok(()));
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(task)),
            Err(_) => {
                let message = "there is no tokio runtime; call the provider inside of the one that opened it";
                return Err(Error::new(ErrorKind::Config, operation, message));
            }
        }
        result.await.unwrap_or_else(|oneshot::Canceled| Err(errors::closed(operation)))
    }

    /// Has `work` done by a task that writes. If the caller drops the future, the work is undone with `undo`.
    pub(super) async fn write<T, F>(
        &self,
        operation: Operation,
        kind: Kind,
        hint: Hint,
        undo: Option<Undo<T>>,
        work: F,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Replay, &mut Context<'_>) -> Result<T> + Send + 'static,
    {
        if self.inner.jobs.is_closed() {
            return Err(errors::closed(operation));
        }
        if self.is_read_only() {
            let message = "the provider was opened read-only; open it without `read_only` to write";
            return Err(Error::new(ErrorKind::PermissionDenied, operation, message));
        }
        let config = &self.inner.shared.config;
        let room_wait = config.statement_timeout.saturating_add(config.lock_timeout);
        submit(&self.inner.jobs, room_wait, Request { operation, kind, hint, undo, work }).await
    }
}

/// Prepares the schema. Returns the version of the server.
async fn prepare(pool: &deadpool_postgres::Pool, config: &PostgresConfig) -> Result<String, errors::Failure> {
    let client = connect::connection(pool, config, Operation::Open).await?;
    schema::prepare(&client, config).await?;
    schema::adapt_turns(&client, config).await?;
    let rows = client.query("SELECT current_setting('server_version'), pg_is_in_recovery()", &[]).await?;
    let row = rows.first().ok_or_else(|| errors::unsound(Operation::Open, "the server has no version"))?;
    // Refused here, and not with the first write: there may be none for long.
    if row.try_get(1)? && !config.read_only {
        return Err(errors::only_reads(Operation::Open, "it is in recovery").into());
    }
    Ok(row.try_get(0)?)
}

impl fmt::Debug for PostgresProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresProvider").field("config", &self.inner.shared.config).finish_non_exhaustive()
    }
}
