//! Spool: batches on disk until the collector has them, and how far the log was read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::file::{PART, sync_directory, write_whole};
use super::record::now;
use super::{LogError, Position};

/// Ending of a batch.
const BATCH: &str = "batch";
const STATE: &str = "state.json";

/// Limits of a spool.
///
/// ```
/// use lab_gateway::log::SpoolLimits;
///
/// assert_eq!(SpoolLimits::default().max_bytes, 64 << 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolLimits {
    /// Most bytes of all batches: 64 MiB, some 400 000 records.
    pub max_bytes: u64,
    /// Most batches: 10 000, half a day of one every 5 s.
    pub max_batches: usize,
}

impl Default for SpoolLimits {
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_batches: 10_000 }
    }
}

/// Directory of batches, for one process. Files are written as a whole and synchronised before anything relies on them.
///
/// When it is full, the oldest batches are dropped; their records are counted, and the count is a part of the stream.
///
/// ```
/// use lab_gateway::log::{Spool, SpoolLimits};
///
/// # let directory = tempfile::tempdir().unwrap();
/// let spool = Spool::open(directory.path(), SpoolLimits::default())?;
/// assert_eq!(spool.len(), 0);
/// assert!(Spool::open(directory.path(), SpoolLimits::default()).is_err(), "it is open already");
/// # Ok::<(), lab_gateway::log::LogError>(())
/// ```
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    limits: SpoolLimits,
    inner: Mutex<Inner>,
    /// Holds the lock until the spool is dropped.
    _lock: File,
}

#[derive(Debug)]
struct Inner {
    batches: BTreeMap<u64, Stored>,
    bytes: u64,
    state: State,
    /// The batch that is being sent is not dropped.
    sending: Option<u64>,
}

#[derive(Debug, Clone)]
struct Stored {
    path: PathBuf,
    bytes: u64,
    header: Header,
}

/// First line of the file of a batch. It holds no record.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Header {
    id: String,
    records: u64,
    /// Lost records that this batch reports.
    reports: Option<Dropped>,
    position: Option<Position>,
}

/// Records that were dropped and are not reported yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dropped {
    pub(super) count: u64,
    pub(super) from: u64,
    pub(super) until: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// Number of the last batch.
    last: u64,
    position: Option<Position>,
    /// Time until which the kernel's log was heard.
    heard: Option<u64>,
    unreported: Option<Dropped>,
    dropped_total: u64,
    /// Batches whose records are counted, and whose files are about to be removed.
    removing: Vec<u64>,
}

/// Batch to send.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) body: Vec<u8>,
}

/// Batch to keep.
#[derive(Debug)]
pub(super) struct Incoming<'a> {
    pub(super) id: &'a str,
    pub(super) records: u64,
    pub(super) reports: Option<Dropped>,
    pub(super) position: Option<Position>,
    pub(super) heard: Option<u64>,
    pub(super) body: &'a [u8],
}

impl Spool {
    /// Opens the directory, and makes it if it does not exist. What a killed process left half-written is removed.
    ///
    /// # Errors
    /// [`LogError::Spool`] if the directory or its state cannot be used, or another process has it open.
    pub fn open(directory: &Path, limits: SpoolLimits) -> Result<Self, LogError> {
        let fault = |path: &Path, reason: String| LogError::Spool { path: path.to_owned(), reason };
        let io = |error: io::Error| fault(directory, error.to_string());
        make_private(directory).map_err(io)?;
        let lock = File::create(directory.join("lock")).map_err(io)?;
        lock.try_lock().map_err(|error| {
            fault(directory, format!("{error}; another gateway uses it: stop that, or name another directory"))
        })?;
        let path = directory.join(STATE);
        let state: State = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                fault(&path, format!("{error}; remove it to start at the end of the log, which may leave records out"))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::default(),
            Err(error) => return Err(fault(&path, error.to_string())),
        };
        let mut inner = Inner { batches: BTreeMap::new(), bytes: 0, state, sending: None };
        load(directory, &mut inner).map_err(io)?;
        Ok(Self { directory: directory.to_owned(), limits, inner: Mutex::new(inner), _lock: lock })
    }

    /// Number of batches.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner().batches.len()
    }

    /// `true` without batches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all batches.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.inner().bytes
    }

    /// Records that were dropped since the spool was made.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.inner().state.dropped_total
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.inner().state.position.clone()
    }

    pub(super) fn heard(&self) -> Option<u64> {
        self.inner().state.heard
    }

    pub(super) fn unreported(&self) -> Option<Dropped> {
        self.inner().state.unreported
    }

    /// Keeps a batch, together with the position behind its entries. It may be sent when this has returned.
    ///
    /// # Errors
    /// [`LogError::Spool`] if it could not be written, such as on a full disk; the spool is as before.
    pub(super) fn put(&self, batch: &Incoming<'_>) -> Result<(), LogError> {
        let mut inner = self.inner();
        let number = inner.state.last + 1;
        let header = Header {
            id: batch.id.to_owned(),
            records: batch.records,
            reports: batch.reports,
            position: batch.position.clone(),
        };
        let mut line = serde_json::to_vec(&header).map_err(|error| self.fault(&error))?;
        line.push(b'\n');
        let bytes = u64::try_from(line.len() + batch.body.len()).unwrap_or(u64::MAX);
        self.make_room(&mut inner, bytes)?;
        let path = self.directory.join(format!("{number:020}.{BATCH}"));
        write_whole(&path, &[&line, batch.body]).map_err(|error| self.fault(&error))?;
        let mut state = inner.state.clone();
        state.last = number;
        advance(&mut state, &header);
        state.heard = batch.heard.or(state.heard);
        if let Err(error) = self.write_state(&state) {
            // Nothing has seen the batch: its entries are still with the caller.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        inner.state = state;
        inner.bytes += bytes;
        inner.batches.insert(number, Stored { path, bytes, header });
        Ok(())
    }

    /// Saves how far the log was read without an entry, and the time until which the kernel's log was heard.
    pub(super) fn save(&self, position: Option<Position>, heard: Option<u64>) -> Result<(), LogError> {
        let mut inner = self.inner();
        let mut state = inner.state.clone();
        state.position = position.or(state.position);
        state.heard = heard.or(state.heard);
        self.write_state(&state)?;
        inner.state = state;
        Ok(())
    }

    /// Returns the oldest batch, which is not dropped until [`sent`](Self::sent) or [`not_sent`](Self::not_sent).
    pub(super) fn oldest(&self) -> Result<Option<Outgoing>, LogError> {
        let mut inner = self.inner();
        loop {
            let Some((number, stored)) = inner.batches.iter().next().map(|(number, stored)| (*number, stored.clone()))
            else {
                return Ok(None);
            };
            match fs::read(&stored.path) {
                Ok(bytes) => {
                    let start = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
                    inner.sending = Some(number);
                    let body = bytes.get(start..).unwrap_or_default().to_vec();
                    return Ok(Some(Outgoing { number, id: stored.header.id, body }));
                }
                // Removed by hand: that is a loss, too.
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.drop_batches(&mut inner, &[number])?,
                Err(error) => return Err(self.fault(&error)),
            }
        }
    }

    /// Removes a batch that the collector has.
    pub(super) fn sent(&self, number: u64) -> Result<(), LogError> {
        let mut inner = self.inner();
        inner.sending = None;
        if let Some(stored) = inner.batches.get(&number) {
            remove(&stored.path).map_err(|error| self.fault(&error))?;
        }
        forget(&mut inner, number);
        Ok(())
    }

    /// Keeps a batch that was not sent. `refused` drops and counts it.
    pub(super) fn not_sent(&self, number: u64, refused: bool) -> Result<(), LogError> {
        let mut inner = self.inner();
        inner.sending = None;
        if refused { self.drop_batches(&mut inner, &[number]) } else { Ok(()) }
    }

    /// Drops the oldest batches until so many bytes fit.
    fn make_room(&self, inner: &mut Inner, bytes: u64) -> Result<(), LogError> {
        let (mut left, mut count) = (inner.bytes, inner.batches.len());
        let mut oldest = Vec::new();
        for (number, stored) in &inner.batches {
            if left.saturating_add(bytes) <= self.limits.max_bytes && count < self.limits.max_batches {
                break;
            }
            if inner.sending != Some(*number) {
                oldest.push(*number);
                left -= stored.bytes;
                count -= 1;
            }
        }
        if oldest.is_empty() { Ok(()) } else { self.drop_batches(inner, &oldest) }
    }

    /// Counts batches as lost, then removes them. A crash in between is made up for on opening.
    fn drop_batches(&self, inner: &mut Inner, numbers: &[u64]) -> Result<(), LogError> {
        let mut state = inner.state.clone();
        for number in numbers {
            if let Some(stored) = inner.batches.get(number) {
                count_lost(&mut state, &stored.header);
            }
        }
        state.removing = numbers.to_vec();
        self.write_state(&state)?;
        inner.state = state;
        for number in numbers {
            if let Some(stored) = inner.batches.get(number) {
                remove(&stored.path).map_err(|error| self.fault(&error))?;
            }
            forget(inner, *number);
        }
        // The list is replaced by the next one; the numbers are not used again.
        Ok(())
    }

    fn write_state(&self, state: &State) -> Result<(), LogError> {
        let bytes = serde_json::to_vec(state).map_err(|error| self.fault(&error))?;
        write_whole(&self.directory.join(STATE), &[&bytes]).map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &dyn std::fmt::Display) -> LogError {
        let reason = format!("{error}; check its rights and the room on the disk");
        LogError::Spool { path: self.directory.clone(), reason }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Each change is made on disk first, and then in one step here.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a directory that only this user may look into.
fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => sync_directory(path),
    }
}

fn forget(inner: &mut Inner, number: u64) {
    if let Some(stored) = inner.batches.remove(&number) {
        inner.bytes = inner.bytes.saturating_sub(stored.bytes);
    }
}

/// Takes over what a kept batch says.
fn advance(state: &mut State, header: &Header) {
    state.position = header.position.clone().or(state.position.take());
    if let (Some(left), Some(reported)) = (state.unreported, header.reports) {
        // More may have been dropped since the batch was made.
        let count = left.count.saturating_sub(reported.count);
        state.unreported = (count > 0).then_some(Dropped { count, ..left });
    }
}

/// Counts the records of a batch as lost, and what it was to report as not reported.
fn count_lost(state: &mut State, header: &Header) {
    let now = now();
    state.dropped_total += header.records;
    let mut add = |dropped: Dropped| {
        let before = state.unreported.unwrap_or(Dropped { count: 0, ..dropped });
        let (from, until) = (before.from.min(dropped.from), before.until.max(dropped.until));
        state.unreported = Some(Dropped { count: before.count + dropped.count, from, until });
    };
    add(Dropped { count: header.records, from: now, until: now });
    header.reports.map(&mut add);
}

/// Reads the directory: removes what is half-written or was to be removed, and takes the newest batch as the state if the
/// state was not written after it.
fn load(directory: &Path, inner: &mut Inner) -> io::Result<()> {
    let mut unreadable = 0;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending == Some(PART) {
            fs::remove_file(&path)?;
        }
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        let (Some(BATCH), Some(number)) = (ending, number) else { continue };
        if inner.state.removing.contains(&number) {
            fs::remove_file(&path)?;
            continue;
        }
        let content = fs::read(&path)?;
        let line = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match serde_json::from_slice::<Header>(line) {
            Ok(header) => {
                let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
                inner.bytes += bytes;
                inner.batches.insert(number, Stored { path, bytes, header });
            }
            // Written as a whole and still not readable: a fault of the disk.
            Err(_) => {
                fs::remove_file(&path)?;
                unreadable += 1;
            }
        }
    }
    for _ in 0..unreadable {
        // At least one record; the count in the file is lost with it.
        count_lost(&mut inner.state, &Header { id: String::new(), records: 1, reports: None, position: None });
    }
    let newer: Vec<(u64, Header)> =
        inner.batches.range(inner.state.last + 1..).map(|(number, stored)| (*number, stored.header.clone())).collect();
    for (number, header) in newer {
        inner.state.last = number;
        advance(&mut inner.state, &header);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
