//! Sources of the log.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::line::Meaning;
use super::nflog::Nflog;
use super::record::{Event, Loss, now};
use super::tail::Tail;
use super::{LineFormat, LogError, Position};

/// Time between two looks at a file without new lines.
const LOOK: Duration = Duration::from_millis(500);

/// Source of the log.
///
/// ```
/// use lab_gateway::log::{LineFormat, LogSource};
///
/// let kernel = LogSource::nflog(5);
/// let file = LogSource::file("/var/log/kern.log", LineFormat::new("lab-gateway forward: "));
/// # let _ = (kernel, file);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LogSource {
    /// A group of NFLOG, with the prefix of the log rule. Needs CAP_NET_ADMIN.
    Nflog {
        /// Number of the group.
        group: u16,
        /// Prefix of the packets to take.
        prefix: String,
    },
    /// A log file that the system's log daemon writes and rotates.
    File {
        /// The file.
        path: PathBuf,
        /// Form of its lines.
        format: LineFormat,
    },
}

impl LogSource {
    /// Group to which the rules of this crate log.
    #[must_use]
    pub fn nflog(group: u16) -> Self {
        Self::Nflog { group, prefix: crate::firewall::LOG_PREFIX.to_owned() }
    }

    /// Log file with lines of this form.
    pub fn file(path: impl Into<PathBuf>, format: LineFormat) -> Self {
        Self::File { path: path.into(), format }
    }

    /// Starts to read: a file at the position, NFLOG at the present.
    pub(super) async fn open(&self, position: Option<&Position>) -> Result<(Reader, Vec<Event>), LogError> {
        match self {
            Self::Nflog { group, prefix } => {
                Ok((Reader::Nflog(Box::new(Nflog::open(*group, prefix).await?)), Vec::new()))
            }
            Self::File { path, format } => {
                let (tail, lost) = Tail::open(path, position)?;
                Ok((Reader::File(tail, format.clone()), lost))
            }
        }
    }
}

/// Reader of a source.
#[derive(Debug)]
pub(super) enum Reader {
    Nflog(Box<Nflog>),
    File(Tail, LineFormat),
}

impl Reader {
    /// Returns the next events; none after a while without any. Dropping the future loses none.
    pub(super) async fn next(&mut self) -> Result<Vec<Event>, LogError> {
        match self {
            Self::Nflog(nflog) => nflog.next().await,
            Self::File(tail, format) => {
                let chunk = tail.next()?;
                let mut events = chunk.lost;
                let time = Timestamp::now();
                for line in &chunk.lines {
                    match format.read(line, time) {
                        Meaning::Other => {}
                        Meaning::Connection(event) => events.push(event),
                        Meaning::Unreadable => {
                            let now = now();
                            events.push(Event::Lost { lost: Loss::Unreadable, count: Some(1), from: now, until: now });
                        }
                    }
                }
                // Nothing may come between the read and the return of its events.
                if events.is_empty() {
                    if chunk.more { yield_now().await } else { sleep(LOOK).await }
                }
                Ok(events)
            }
        }
    }

    /// The position behind the events that were returned.
    pub(super) fn position(&self) -> Option<Position> {
        match self {
            Self::Nflog(_) => None,
            Self::File(tail, _) => tail.position(),
        }
    }

    /// `true` if what happens while nothing reads is lost.
    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Nflog(_))
    }
}
