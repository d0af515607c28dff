//! Log of forwarded connections: from the kernel, encrypted, to a collector.
//!
//! | step | type |
//! | --- | --- |
//! | read the kernel's log | [`LogSource`]: a group of NFLOG, or a log file |
//! | make records | [`Record`]; what was lost becomes a [`Notice`] in the same stream |
//! | encrypt a batch to the collector's public key | [`CollectorKey`]; the collector reads it with [`SealedBatch::open`] |
//! | keep it on disk until it is sent | [`Spool`] |
//! | send it over HTTPS | [`Collector`] |
//! | all of it | [`Forwarder`] |
//!
//! A batch is sent until the collector confirms it, and may so arrive twice: its id tells. From a file nothing is lost or
//! read twice over a restart, because the position in the file is saved together with the batch. NFLOG cannot be read again:
//! what the kernel dropped is counted, and the time in which the gateway did not listen is dated.

mod batch;
mod collector;
mod error;
mod file;
mod forwarder;
mod line;
mod nflog;
mod record;
mod seal;
mod source;
mod spool;
mod tail;

pub use batch::Batch;
pub use collector::Collector;
pub use error::LogError;
pub use forwarder::{Forwarder, LogState};
pub use line::LineFormat;
pub use record::{Entry, Loss, Notice, Record};
pub use seal::{CollectorKey, SealedBatch};
pub use source::LogSource;
pub use spool::{Spool, SpoolLimits};
pub use tail::Position;
