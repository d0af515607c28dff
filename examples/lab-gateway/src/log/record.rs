//! Records of forwarded connections, and notices of what is missing among them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// First packet of a forwarded connection.
///
/// ```
/// use lab_gateway::log::Record;
///
/// let record = Record { time: 1_700_000_000, source: "10.0.0.5".parse()?, target: "192.0.2.9".parse()?, user: "alice".into() };
/// let json = r#"{"time":1700000000,"source":"10.0.0.5","target":"192.0.2.9","user":"alice"}"#;
/// assert_eq!(serde_json::to_string(&record)?, json);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Seconds since 1970 in UTC.
    pub time: u64,
    /// Address that the connection comes from.
    pub source: IpAddr,
    /// Address that it goes to.
    pub target: IpAddr,
    /// Owner of the lab.
    pub user: String,
}

/// Cause of a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Loss {
    /// The gateway did not listen.
    Downtime,
    /// The kernel dropped messages, since the gateway did not read them in time.
    Kernel,
    /// A part of the log file was removed before it was read.
    FileRemoved,
    /// Lines or packets of the log could not be understood.
    Unreadable,
    /// The spool was full, and its oldest batches were dropped; or the collector refused them for good.
    Spool,
}

/// Notice that records are missing.
///
/// ```
/// use lab_gateway::log::{Loss, Notice};
///
/// let notice = Notice { lost: Loss::Kernel, count: Some(12), from: 1_700_000_000, until: 1_700_000_060, user: "alice".into() };
/// assert!(serde_json::to_string(&notice)?.contains(r#""lost":"kernel","count":12"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Cause.
    pub lost: Loss,
    /// Number of records, if it is known.
    pub count: Option<u64>,
    /// Start of the time in which they were lost, in seconds since 1970.
    pub from: u64,
    /// End of that time.
    pub until: u64,
    /// Owner of the lab.
    pub user: String,
}

/// Entry of the stream.
///
/// ```
/// use lab_gateway::log::Entry;
///
/// let entry: Entry = serde_json::from_str(r#"{"time":1,"source":"10.0.0.5","target":"192.0.2.9","user":"alice"}"#)?;
/// assert!(matches!(entry, Entry::Record(_)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Entry {
    /// A connection.
    Record(Record),
    /// Something is missing.
    Notice(Notice),
}

/// What a source read: without the owner, who is the same for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Connection { time: u64, source: IpAddr, target: IpAddr },
    Lost { lost: Loss, count: Option<u64>, from: u64, until: u64 },
}

impl Event {
    pub(super) fn of(self, user: &str) -> Entry {
        let user = user.to_owned();
        match self {
            Self::Connection { time, source, target } => Entry::Record(Record { time, source, target, user }),
            Self::Lost { lost, count, from, until } => Entry::Notice(Notice { lost, count, from, until, user }),
        }
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    seconds(std::time::SystemTime::now())
}

/// Seconds from 1970 to this time.
pub(super) fn seconds(time: std::time::SystemTime) -> u64 {
    time.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
