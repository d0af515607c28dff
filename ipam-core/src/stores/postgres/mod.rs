//! Provider on PostgreSQL (feature `postgres`): durable, and shared by any number of hosts.
//!
//! [`PostgresProvider`] needs a tokio runtime and PostgreSQL 13 or newer. The tables are in a schema of their own, which
//! it creates.
//!
//! - **Many hosts.** Any number of programs can use one database at the same time. Constraints of the database decide
//!   in the end: an address has one allocation, a key one request.
//! - **Durable.** A write returns after its transaction was committed. [`check`](crate::IpamProvider::check) warns if
//!   the server is set up to lose commits.
//! - **Order.** The default order takes the lowest free address. Of callers at the same time, each takes the lowest free
//!   address of the lowest page of 256 addresses that no other one is taking from.
//! - **Batches.** The requests of one process that wait are done in one transaction. A lone caller does not wait for
//!   others.
//! - **Clock.** Expiry and quarantine follow the clock of the server. That of the host does not matter.
//! - **A dropped future** may have been carried out. An allocation with a key of the caller's stays, and a repetition
//!   with that key returns it. One without a key is undone. If the server cannot be reached, the undo is repeated until
//!   it succeeds or the provider is closed; [`close`](crate::IpamProvider::close) then fails with `Unavailable` and
//!   lists the addresses that are still allocated.
//! - **The feed of changes** is in the order in which transactions depend on each other. A change appears when all older
//!   transactions of the server have ended; a transaction of another program that stays open delays it.
//! - **Proxies** that pool transactions, such as PgBouncer, can be in between: there are no named statements, and no
//!   setting outlives its transaction.
//!
//! # Other databases with the protocol of PostgreSQL
//! The tests run on PostgreSQL. The schema has a range type, GiST indexes and an exclusion constraint, by which the addresses
//! of two ranges never overlap, and the feed relies on the ids and snapshots of transactions. The
//! [documentation of YugabyteDB](https://docs.yugabyte.com/latest/explore/ysql-language-features/postgresql-compatibility/)
//! lists exclusion constraints and GiST indexes as not supported, and that of
//! [CockroachDB](https://www.cockroachlabs.com/docs/stable/sql-feature-support) has no range types among its types. Where one
//! of these is missing, the schema cannot be created: opening fails, and leaves nothing behind.
//!
//! The locks between transactions are advisory. A database that ignores them hands out no address twice, because each
//! write is compared with what was read, and constraints decide; but transactions are begun anew more often, a range can be
//! changed while addresses are taken from it, and a lost commit may be looked up too early. Do not use such a database.
//!
//! # Errors
//! Methods also fail with these kinds:
//!
//! - `Busy`: another transaction held a lock for longer than the lock timeout, or came first again and again.
//! - `Timeout`: a statement took longer than the statement timeout, or the server did not respond at all for a second
//!   longer than that.
//! - `Unavailable`: the server cannot be reached, its disk is full, it has no connection left, the provider was closed,
//!   or the outcome of a commit is unknown.
//! - `PermissionDenied`: the provider was opened read-only, the user lacks a right, or the server is a standby.
//! - `Config`: the clock of the server is at a time that cannot be used.
//! - `Corrupt`: a record cannot be read, or a newer program has changed the schema.

mod check;
mod clock;
mod config;
mod connect;
mod errors;
mod events;
mod feed;
mod fetch;
mod hint;
mod job;
mod locks;
mod methods;
mod prefetch;
mod probe;
mod provider;
mod queue;
mod resolve;
mod rows;
mod schema;
mod session;
mod submit;
mod transaction;
mod view;
mod worker;
mod writes;

pub use config::PostgresConfig;
pub use provider::PostgresProvider;

pub use crate::tls::TlsOptions;
