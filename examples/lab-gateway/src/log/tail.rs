//! End of a log file, over rotation and restarts. Blocking, in short reads of a local file.

use std::collections::VecDeque;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::LogError;
use super::record::{Event, Loss, now, seconds};

/// Most bytes of one read. A longer line is left out and counted.
const READ: usize = 64 * 1024;
/// Bytes at the start of a file by which it is known again.
const HEAD: u64 = 1024;
/// A writer keeps the renamed file open until it is told of the rotation.
const GRACE: Duration = Duration::from_secs(2);
/// The times of files are those of the last tick of a clock, which is this late at most.
const TICK: Duration = Duration::from_millis(10);
/// Number of files that were read to their end above which those that are gone are forgotten.
const FINISHED: usize = 8;

/// Place in a log file, up to which its lines were read.
///
/// A file is known by its number and by its first bytes: numbers are used again, and a copy has the same bytes.
///
/// ```
/// use lab_gateway::log::Position;
///
/// fn save(position: &Position) -> serde_json::Result<String> {
///     serde_json::to_string(position)
/// }
/// # let _ = save;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    mark: Mark,
    offset: u64,
    saved: u64,
    finished: VecDeque<Mark>,
}

#[cfg(test)]
impl Position {
    pub(super) fn at(offset: u64) -> Self {
        let mark = Mark { device: 1, inode: 2, length: 0, hash: String::new() };
        Self { mark, offset, saved: 0, finished: VecDeque::new() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    device: u64,
    inode: u64,
    /// Bytes that the hash covers.
    length: u64,
    hash: String,
}

impl Mark {
    fn of(metadata: &Metadata, head: &[u8]) -> Self {
        let length = u64::try_from(head.len()).unwrap_or(0);
        Self { device: metadata.dev(), inode: metadata.ino(), length, hash: hash(head) }
    }

    fn is_file(&self, metadata: &Metadata) -> bool {
        (self.device, self.inode) == (metadata.dev(), metadata.ino())
    }

    /// `true` if the file starts with the same bytes.
    fn has_head(&self, file: &File, metadata: &Metadata) -> bool {
        self.length > 0
            && metadata.len() >= self.length
            && head(file, self.length).is_ok_and(|head| hash(&head) == self.hash)
    }
}

fn hash(head: &[u8]) -> String {
    Sha256::digest(head).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// First bytes of a file: those up to `offset`, and at most [`HEAD`].
fn head(file: &File, offset: u64) -> io::Result<Vec<u8>> {
    let mut head = vec![0; usize::try_from(offset.min(HEAD)).unwrap_or(0)];
    file.read_exact_at(&mut head, 0)?;
    Ok(head)
}

/// Reader of a log file.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    current: Option<Current>,
    finished: VecDeque<Mark>,
    /// The path did not exist at the start, so that all of it is new.
    from_start: bool,
    /// Since when the file is read to its end and renamed.
    renamed: Option<Instant>,
    /// In the rest of a line that is too long.
    skipping: bool,
    grace: Duration,
}

#[derive(Debug)]
struct Current {
    file: File,
    offset: u64,
    /// First bytes as they were read, up to the offset: the file may be truncated and written anew.
    head: Vec<u8>,
    /// Time from which on lines are new, for a file of which nothing was read yet.
    since: SystemTime,
}

impl Current {
    fn new(file: File, offset: u64, since: SystemTime) -> io::Result<Self> {
        let head = head(&file, offset)?;
        Ok(Self { file, offset, head, since })
    }

    fn advance(&mut self, bytes: &[u8]) {
        let room = usize::try_from(HEAD).unwrap_or(0).saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(room));
        self.offset += u64::try_from(bytes.len()).unwrap_or(0);
    }

    fn mark(&self) -> io::Result<Mark> {
        Ok(Mark::of(&self.file.metadata()?, &self.head))
    }

    /// Returns false if what was read is not there any more.
    fn is_same(&self) -> io::Result<bool> {
        let now = match head(&self.file, self.offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            now => now?,
        };
        Ok(now == self.head && self.file.metadata()?.len() >= self.offset)
    }
}

/// What one read gave.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) lines: Vec<String>,
    pub(super) lost: Vec<Event>,
    /// `true` if there may be more at once.
    pub(super) more: bool,
}

impl Tail {
    /// Goes on at a position, or starts at the end of the file.
    pub(super) fn open(path: &Path, position: Option<&Position>) -> Result<(Self, Vec<Event>), LogError> {
        let mut tail = Self {
            path: path.to_owned(),
            current: None,
            finished: VecDeque::new(),
            from_start: false,
            renamed: None,
            skipping: false,
            grace: GRACE,
        };
        let mut lost = Vec::new();
        match position {
            Some(position) => {
                tail.finished.clone_from(&position.finished);
                lost.extend(tail.resume(position).map_err(|error| tail.fault(&error))?);
            }
            None => match File::open(path) {
                Ok(file) => {
                    let current = file
                        .metadata()
                        .and_then(|metadata| Current::new(file, metadata.len(), SystemTime::now() - TICK));
                    tail.current = Some(current.map_err(|error| tail.fault(&error))?);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => tail.from_start = true,
                Err(error) => return Err(tail.fault(&error)),
            },
        }
        Ok((tail, lost))
    }

    /// Reads further lines. What has no line end yet stays for the next time.
    pub(super) fn next(&mut self) -> Result<Chunk, LogError> {
        let mut chunk = Chunk::default();
        self.read(&mut chunk).map_err(|error| self.fault(&error))?;
        Ok(chunk)
    }

    /// The position behind the lines that were read.
    pub(super) fn position(&self) -> Option<Position> {
        let current = self.current.as_ref()?;
        let (mark, finished) = (current.mark().ok()?, self.finished.clone());
        Some(Position { mark, offset: current.offset, saved: now(), finished })
    }

    fn fault(&self, error: &io::Error) -> LogError {
        LogError::File { path: self.path.clone(), reason: error.to_string() }
    }

    fn read(&mut self, chunk: &mut Chunk) -> io::Result<()> {
        let Some(current) = &mut self.current else {
            // The first open failed, or the file was away at a rotation.
            let file = File::open(&self.path)?;
            let offset = if self.from_start { 0 } else { file.metadata()?.len() };
            self.current = Some(Current::new(file, offset, SystemTime::now() - TICK)?);
            chunk.more = true;
            return Ok(());
        };
        let mut buffer = vec![0; READ];
        let length = current.file.read_at(&mut buffer, current.offset)?;
        buffer.truncate(length);
        // Looked at after the read, so that what was read is of the same file as what was read before.
        if !current.is_same()? {
            return self.truncated(chunk);
        }
        // An empty file may have been truncated.
        let is_begun = length > 0 || current.file.metadata()?.modified()? >= current.since;
        if current.offset == 0 && is_begun && self.has_earlier(chunk)? {
            return Ok(());
        }
        let Some(current) = &mut self.current else { return Ok(()) };
        let end = buffer.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        match end {
            Some(end) => {
                let whole = buffer.get(..end).unwrap_or_default();
                current.advance(whole);
                let mut lines = whole.split_inclusive(|byte| *byte == b'\n').map(text);
                if std::mem::take(&mut self.skipping) {
                    lines.next();
                }
                chunk.lines.extend(lines);
                chunk.more = true;
                self.renamed = None;
            }
            None if length == READ => {
                if !std::mem::replace(&mut self.skipping, true) {
                    let now = now();
                    chunk.lost.push(Event::Lost { lost: Loss::Unreadable, count: Some(1), from: now, until: now });
                }
                current.advance(&buffer);
                chunk.more = true;
            }
            None => self.at_end(&buffer, chunk)?,
        }
        Ok(())
    }

    /// Looks for a rotation. `rest` is a line without its end.
    fn at_end(&mut self, rest: &[u8], chunk: &mut Chunk) -> io::Result<()> {
        let Some(current) = &self.current else { return Ok(()) };
        let own = current.file.metadata()?;
        let renamed = match fs::metadata(&self.path) {
            Ok(metadata) => (metadata.dev(), metadata.ino()) != (own.dev(), own.ino()),
            // Renamed, and the new file does not exist yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if !renamed {
            self.renamed = None;
            return Ok(());
        }
        if self.renamed.get_or_insert_with(Instant::now).elapsed() < self.grace {
            return Ok(());
        }
        if !rest.is_empty() && !std::mem::take(&mut self.skipping) {
            chunk.lines.push(text(rest));
        }
        // With the rest that was just taken.
        let mark = Mark::of(&own, &head(&current.file, own.len())?);
        // Of an empty file it does not show that it was copied and truncated before; the copy is older than it.
        let after = if current.offset == 0 { current.since } else { own.modified()? };
        self.finish(mark);
        chunk.lost.extend(self.follow(after)?);
        chunk.more = true;
        Ok(())
    }

    /// Goes on in the copy that was made before the file was truncated, or written anew.
    fn truncated(&mut self, chunk: &mut Chunk) -> io::Result<()> {
        if let Some(position) = self.position() {
            chunk.lost.extend(self.resume(&position)?);
        }
        chunk.more = true;
        Ok(())
    }

    /// Before the first line of a file is taken: turns to one with earlier lines, if there is one. A file that was copied
    /// and truncated before anything of it was read has no bytes by which that shows.
    fn has_earlier(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        let Some(current) = &self.current else { return Ok(false) };
        let (own, since) = (current.file.metadata()?, current.since);
        let beginning = head(&current.file, own.len())?;
        let is_own = |metadata: &Metadata| (metadata.dev(), metadata.ino()) == (own.dev(), own.ino());
        // One that is renamed already may soon be removed.
        if !fs::metadata(&self.path).is_ok_and(|metadata| is_own(&metadata)) {
            return Ok(false);
        }
        loop {
            let lost = self.follow(since)?;
            let Some(next) = &self.current else { return Ok(true) };
            let metadata = next.file.metadata()?;
            if is_own(&metadata) {
                return Ok(false);
            }
            let copy = head(&next.file, metadata.len())?;
            if copy.is_empty() || !beginning.starts_with(&copy) {
                chunk.lost.extend(lost);
                chunk.more = true;
                return Ok(true);
            }
            // A copy of this file, which is not truncated yet: its lines are still here.
            self.finish(Mark::of(&metadata, &copy));
        }
    }

    /// Remembers a file that was read to its end.
    fn finish(&mut self, mark: Mark) {
        self.finished.push_back(mark);
    }

    /// Opens the file of a position, or a copy of it; else the oldest one that was written since, with a notice.
    fn resume(&mut self, position: &Position) -> io::Result<Option<Event>> {
        self.renamed = None;
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(position.saved) - TICK;
        if position.offset == 0 {
            return self.follow(since);
        }
        let (mut copy, mut shorter) = (None, None);
        for path in self.siblings()? {
            let Ok(file) = File::open(&path) else { continue };
            let metadata = file.metadata()?;
            let same = position.mark.is_file(&metadata);
            if metadata.len() < position.offset {
                if !same && position.mark.has_head(&file, &metadata) {
                    shorter = Some(Mark::of(&metadata, &head(&file, metadata.len())?));
                }
                continue;
            }
            if position.mark.has_head(&file, &metadata) {
                copy = Some(file);
                if same {
                    break;
                }
            }
        }
        if let Some(file) = copy {
            self.current = Some(Current::new(file, position.offset, since)?);
            return Ok(None);
        }
        if let Some(copy) = shorter {
            // All of it was read before it was copied.
            self.finish(copy);
            return self.follow(since);
        }
        self.follow(since)?;
        Ok(Some(Event::Lost { lost: Loss::FileRemoved, count: None, from: position.saved, until: now() }))
    }

    /// Opens the file that was written next. Returns a notice if one in between was compressed.
    fn follow(&mut self, after: SystemTime) -> io::Result<Option<Event>> {
        self.renamed = None;
        self.skipping = false;
        let mut next: Option<(SystemTime, File)> = None;
        let mut compressed = Vec::new();
        let mut there = vec![false; self.finished.len()];
        for path in self.siblings()? {
            let Ok(file) = File::open(&path) else { continue };
            let metadata = file.metadata()?;
            let modified = metadata.modified()?;
            let last = path == self.path;
            if is_compressed(&path) {
                if modified > after {
                    compressed.push(modified);
                }
                continue;
            }
            // An empty file has no bytes by which it is known.
            let as_empty = |mark: &Mark| mark.length == 0 && metadata.len() == 0;
            let known = |mark: &Mark| mark.is_file(&metadata) && (as_empty(mark) || mark.has_head(&file, &metadata));
            let marks = self.finished.iter().zip(&mut there);
            let is_finished = marks.filter(|(mark, _)| known(mark)).map(|(_, there)| *there = true).count() > 0;
            if is_finished || (modified < after && !last) {
                continue;
            }
            // The present file comes after all others, whatever its time is.
            let replaces = next.as_ref().is_none_or(|(time, _)| modified < *time);
            if next.is_none() || (replaces && !last) {
                next = Some((modified, file));
            }
        }
        // One that is still there would be read again, and again after the others.
        if self.finished.len() > FINISHED {
            let mut there = there.into_iter();
            self.finished.retain(|_| there.next().unwrap_or(true));
        }
        let until = next.as_ref().map_or_else(SystemTime::now, |(time, _)| *time);
        self.current = next.map(|(_, file)| Current::new(file, 0, after)).transpose()?;
        self.from_start = true;
        let gap = compressed.iter().any(|time| *time <= until);
        Ok(gap.then(|| Event::Lost {
            lost: Loss::FileRemoved,
            count: None,
            from: seconds(after),
            until: seconds(until),
        }))
    }

    /// The log file and its rotated predecessors, such as `kern.log.1` and `kern.log-20261129`; the file itself is last.
    fn siblings(&self) -> io::Result<Vec<PathBuf>> {
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut found = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let rest =
                path.file_name().and_then(|other| other.to_str()).and_then(|other| other.strip_prefix(name.as_str()));
            if rest.is_some_and(|rest| rest.starts_with(['.', '-'])) && path.is_file() {
                found.push(path);
            }
        }
        found.sort();
        if self.path.is_file() {
            found.push(self.path.clone());
        }
        Ok(found)
    }
}

fn is_compressed(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ["gz", "xz", "bz2", "zst", "lz4", "Z"].contains(&ending))
}

/// Text of a line, without its end.
fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end_matches(['\n', '\r']).to_owned()
}

#[cfg(test)]
mod tests;
