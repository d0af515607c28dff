//! A provider kept in one SQLite file: durable, and shared by the processes of one host.
//!
//! [`EmbeddedProvider`] needs no server and no runtime: its futures run on any executor, because all of its work is done
//! by threads of its own. `DESIGN.md` of this crate has the schema and the rules that keep the promises.
//!
//! - **What was answered is on the disk.** One thread writes; it takes everything that is queued, does it in one
//!   transaction, syncs, and answers all. A lone caller waits for nobody.
//! - **Several processes** can use one file at the same time. Who finds the store locked waits for as long as
//!   [`EmbeddedConfig::with_busy_timeout`] says, and is then told `Busy`.
//! - **Reading** never waits for writing. It sees what is committed.
//! - **A caller that goes away** before the answer leaves the allocation standing if it gave a key. Without one, the
//!   allocation is taken back: repeatedly where the store is busy or fails, until it is done or the store is closed.
//!   [`close`](crate::IpamProvider::close) then returns an error that names what stands.
//! - **A commit that fails** (a full disk, a broken one) leaves the outcome unknown, and the error says so: see
//!   [`Retry::IfIdempotent`](crate::Retry::IfIdempotent).
//! - **The feed of changes** keeps the newest 1 000 000 entries, or as many as
//!   [`EmbeddedConfig::with_keep_changes`] says.
//!
//! A file and its log belong together: do not put another file beside a log. A log that does not go on from where the file
//! ends is refused, as far as the numbers of changes tell. SQLite keeps no other link between the two: the log of another
//! store that happens to go on at the same number passes, and so does a file that is a few changes older than its log.
//!
//! The file belongs on a local disk. File systems over a network do not lock reliably;
//! [`check`](crate::IpamProvider::check) warns of those it knows. Do not delete, move or replace the file or
//! what lies beside it (`-wal`, `-shm`) while it is open; a provider that finds one of them gone refuses to go on, and reports
//! what it was committing as unknown. Do not open the file in the same process by other means than this crate or the same
//! SQLite: closing it drops the locks by which other processes know that it is in use. A file has one name: one with hard
//! links is refused. Copy it with [`EmbeddedProvider::backup_to`],
//! and put a copy in its place with [`EmbeddedProvider::restore`].

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

pub use check::StoreReport;
pub use config::EmbeddedConfig;
pub use provider::EmbeddedProvider;
