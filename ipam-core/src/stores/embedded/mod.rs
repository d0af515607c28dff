//! Provider in one SQLite file (feature `embedded`, on by default): durable, and shared by the processes of one host.
//!
//! [`EmbeddedProvider`] needs no server and no async runtime: its own threads do all the work, and its futures run on
//! any executor. The schema and the rules behind the promises are in [`design`].
//!
//! - **Durable.** A write returns after its transaction was committed and synced to the disk. One thread writes; it
//!   commits all queued requests in one transaction. A lone caller does not wait for others.
//! - **Several processes** can use one file at the same time. A writer that finds the store locked waits up to
//!   [`EmbeddedConfig::with_busy_timeout`], then fails with `Busy`.
//! - **Reads** do not wait for writes. They see committed data only.
//! - **A dropped future** may have been carried out. An allocation with a key of the caller's stays, and a repetition
//!   with that key returns it. An allocation without a key, of addresses or of a child prefix, is undone. If the store
//!   is busy or fails, the undo is repeated until it succeeds or the store is closed;
//!   [`close`](crate::IpamProvider::close) then fails with `Unavailable` and lists the addresses that are still
//!   allocated, with the keys to deallocate them.
//! - **A failed commit** (full or broken disk) leaves the outcome unknown: the error has
//!   [`Retry::IfIdempotent`](crate::Retry::IfIdempotent). Repeat the request with the same key, or look the key up.
//! - **The feed of changes** keeps the newest 1 000 000 entries by default: see [`EmbeddedConfig::with_keep_changes`].
//!
//! # Errors
//! Methods of an open store also fail with these kinds:
//!
//! - `Busy`: another process held the store's lock for longer than the busy timeout.
//! - `Unavailable`: the store was closed; its files were deleted, moved or replaced while it was open; the disk is full
//!   or failed; or the outcome of a commit is unknown.
//! - `PermissionDenied`: the store was opened read-only, or the permissions of its file or directory do not allow it.
//! - `Corrupt`: the file is damaged, or a newer program has changed its schema.
//!
//! # Files
//! The path of the store is its database file. SQLite keeps a write-ahead log (`-wal`) and a shared index (`-shm`)
//! beside it while the store is open, and after a crash.
//!
//! - Keep the file on a local disk. Network file systems do not lock reliably; [`check`](crate::IpamProvider::check)
//!   warns of those it recognizes.
//! - Do not delete, move or replace any of the files while the store is open. A provider that notices it fails with
//!   `Unavailable` until it is closed, and reports a commit in progress as unknown.
//! - Do not copy a file without its log, and do not combine a file with the log of another one. Copy a store with
//!   [`EmbeddedProvider::backup_to`], and replace it with [`EmbeddedProvider::restore`]. A log that does not continue
//!   the changes of its file is refused with `Corrupt`. The check compares the numbers of changes only. It does not
//!   notice a log of another store that continues with the same number, or a file that is a few changes older than its
//!   log; such a pair can be damaged, which [`EmbeddedProvider::check_store`] reports.
//! - Do not open the file in the same process with another copy of SQLite or as a plain file. Closing it would drop the
//!   locks by which other processes know that the store is in use (POSIX locks belong to the process).
//! - A file with several names (hard links) is refused, because each name would get a log of its own.

mod backup;
mod check;
mod closing;
mod codec;
mod config;
mod connection;
mod events;
mod files;
mod job;
mod lock_holder;
mod lock_wait;
mod log_match;
mod methods;
mod open_files;
mod open_store;
mod provider;
mod queue;
mod readers;
mod restore;
mod schema;
mod sqlite_errors;
mod store;
mod threads;
mod undos;
mod unlocked;
mod writer;

#[doc = include_str!("../../../DESIGN.md")]
pub mod design {}

pub use crate::stores::report::StoreReport;
pub use config::EmbeddedConfig;
pub use provider::EmbeddedProvider;
