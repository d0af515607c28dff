//! Processes of a replay: started in a group of their own, and killed with it.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

use super::error::ReplayError;
use super::limits::Limits;
use super::report::{Report, Told};
use super::unpack::make_removable;

const RUNNER: &str = include_str!("runner.py");
/// Limit of the report, which is the result and a few bytes.
const MAX_RESULT: usize = 16 << 20;
/// Limit of the log.
const MAX_LOG: usize = 64 << 10;
/// Time for the end of killed processes and of their output.
const GRACE: Duration = Duration::from_secs(2);

/// Directories of a replay, which are removed with it.
pub(super) struct Workspace(TempDir);

impl Workspace {
    /// Makes the directories: one for the action, one to work in, one for temporary files.
    pub(super) fn new() -> Result<Self, ReplayError> {
        let failed = "the directory of the replay cannot be made";
        let directory = tempfile::Builder::new().prefix("ipam-replay-").tempdir();
        let this = Self(directory.map_err(ReplayError::system(failed))?);
        for path in [this.action(), this.work(), this.temporary()] {
            std::fs::create_dir(path).map_err(ReplayError::system(failed))?;
        }
        Ok(this)
    }

    pub(super) fn action(&self) -> PathBuf {
        self.0.path().join("action")
    }

    fn work(&self) -> PathBuf {
        self.0.path().join("work")
    }

    /// Temporary files of the action. It is killed at its time limit and cannot remove them by itself.
    fn temporary(&self) -> PathBuf {
        self.0.path().join("tmp")
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        make_removable(self.0.path());
    }
}

/// Parts of a replay that is about to start.
pub(super) struct Job {
    pub(super) action: &'static str,
    pub(super) python: PathBuf,
    /// Input of the runner. It has the credentials, so it is neither an argument nor a file.
    pub(super) call: Vec<u8>,
    pub(super) secrets: Vec<String>,
    pub(super) limits: Limits,
    pub(super) workspace: Workspace,
}

/// Result of an action that was replayed.
///
/// [`Replay`](super::Replay) has an example.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Replayed {
    /// Result of the action, as vRA gets it.
    pub result: Value,
    /// Beginning of what the action printed, which vRA shows as its log. The credentials are hidden.
    pub log: String,
    /// Time of the handler, with the program and without the start of Python.
    pub handler_time: Duration,
    /// Time of all, with the start of Python.
    pub wall_time: Duration,
}

enum Event {
    /// Report of the runner is complete.
    Report(Vec<u8>),
    /// Report is larger than its limit.
    TooLarge,
    /// Log is complete.
    Log(Vec<u8>),
    /// Caller stops the replay.
    Stop,
}

/// Action that runs. Dropping it kills all of its processes and removes its files.
///
/// [`Replay::start`](super::Replay::start) returns it.
pub struct Running {
    // Dropped in this order: the processes end before their files are removed.
    group: Group,
    events: Receiver<Event>,
    stopper: Stopper,
    begin: Instant,
    action: &'static str,
    python: String,
    /// Texts that are hidden in messages and in the log.
    pub(super) secrets: Vec<String>,
    limits: Limits,
    _workspace: Workspace,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("action", &self.action).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Handle that stops a running replay from another thread.
///
/// [`Running::stopper`] returns it.
#[derive(Debug, Clone)]
pub struct Stopper(Sender<Event>);

impl Stopper {
    /// Stops the replay: [`Running::wait`] kills all processes and returns `Stopped`. No effect on one that has ended.
    pub fn stop(&self) {
        // The receiver is gone when the replay has ended.
        let _ = self.0.send(Event::Stop);
    }
}

impl Running {
    pub(super) fn start(job: Job) -> Result<Self, ReplayError> {
        let python = job.python.display().to_string();
        let refuse = |problem: String| ReplayError::Python { python: python.clone(), problem };
        // A path is relative to the working directory of the caller, not to that of the action.
        let path = if job.python.components().count() > 1 {
            std::path::absolute(&job.python).map_err(|error| refuse(error.to_string()))?
        } else {
            job.python.clone()
        };
        let begin = Instant::now();
        let child = Command::new(path)
            // Isolated: neither variables nor the directories of the user change what the action sees.
            .args(["-I", "-B", "-c", RUNNER])
            .env_clear()
            .env("PATH", search_path())
            .env("TMPDIR", job.workspace.temporary())
            .current_dir(job.workspace.work())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => refuse("not found".to_owned()),
                _ => refuse(format!("cannot be started: {error}")),
            })?;
        let mut group = Group { child, ended: false };
        let (sender, events) = mpsc::channel();
        let pipes = (group.child.stdin.take(), group.child.stdout.take(), group.child.stderr.take());
        if let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes {
            let call = job.call;
            // The threads end with the pipes, which end with the processes.
            thread::spawn(move || {
                // An interpreter that ended early does not read; its exit code says why.
                let _ = stdin.write_all(&call);
            });
            let reports = sender.clone();
            thread::spawn(move || {
                let event = match read(stdout, MAX_RESULT) {
                    (bytes, false) => Event::Report(bytes),
                    (_, true) => Event::TooLarge,
                };
                let _ = reports.send(event);
            });
            let logs = sender.clone();
            thread::spawn(move || {
                let _ = logs.send(Event::Log(read_all(stderr, MAX_LOG)));
            });
        }
        Ok(Self {
            group,
            events,
            stopper: Stopper(sender),
            begin,
            action: job.action,
            python,
            secrets: job.secrets,
            limits: job.limits,
            _workspace: job.workspace,
        })
    }

    /// Returns a handle that stops this replay.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Waits for the end of the action, at most until its time limit, and kills all that is left of it.
    ///
    /// # Errors
    /// `Raised` if the handler raised an exception, `TimedOut`, `OutOfMemory`, `NotJson` or `TooLarge` for those
    /// causes, `Ended` if the interpreter ended without a report, `Python` if it is too old, `Stopped` after
    /// [`Stopper::stop`], and `System` if the end of the process cannot be read.
    pub fn wait(mut self) -> Result<Replayed, ReplayError> {
        let action = self.action.to_owned();
        let mut log = None;
        let report = loop {
            let left = self.limits.time.saturating_sub(self.begin.elapsed());
            match self.events.recv_timeout(left) {
                Ok(Event::Report(bytes)) => break bytes,
                Ok(Event::TooLarge) => return Err(ReplayError::TooLarge { action, bytes: MAX_RESULT }),
                Ok(Event::Log(bytes)) => log = Some(bytes),
                Ok(Event::Stop) => return Err(ReplayError::Stopped { action }),
                // The second cannot be: this value has a sender itself.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(ReplayError::TimedOut { action, seconds: self.limits.time.as_secs_f64() });
                }
            }
        };
        let wall_time = self.begin.elapsed();
        let status = self.group.end().map_err(ReplayError::system("the end of the interpreter cannot be read"))?;
        let log = log.unwrap_or_else(|| self.rest_of_log());
        let log = String::from_utf8_lossy(&log);
        let python = std::mem::take(&mut self.python);
        let told = Told { action: self.action, python, limits: self.limits, log: &log, secrets: &self.secrets };
        if report.is_empty() {
            return Err(told.ended(status));
        }
        let (result, handler_time) = Report::read(&report, &told)?;
        Ok(Replayed { result, log: told.hide(&log), handler_time, wall_time })
    }

    /// Returns the log of processes that have ended.
    fn rest_of_log(&self) -> Vec<u8> {
        let deadline = Instant::now() + GRACE;
        loop {
            match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Event::Log(bytes)) => return bytes,
                Ok(_) => {}
                Err(_) => return Vec::new(),
            }
        }
    }
}

/// Reads up to `limit` bytes. True if there is more.
fn read(input: impl Read, limit: usize) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    // What was read before an error is the report, and is checked like any other.
    let _ = input.take(most).read_to_end(&mut bytes);
    let more = bytes.len() > limit;
    bytes.truncate(limit);
    (bytes, more)
}

/// Reads to the end and returns the first `limit` bytes: a writer must not wait for a reader.
fn read_all(mut input: impl Read, limit: usize) -> Vec<u8> {
    let (bytes, _) = read(&mut input, limit);
    let _ = io::copy(&mut input, &mut io::sink());
    bytes
}

/// Process that leads a group, and all other processes of the group.
struct Group {
    child: Child,
    ended: bool,
}

impl Group {
    /// Kills the group and returns the end of its leader. A leader that had ended before keeps its exit code.
    fn end(&mut self) -> io::Result<ExitStatus> {
        if !self.ended {
            self.ended = true;
            let group = Pid::from_child(&self.child);
            // Before the leader is waited for: until then, its number belongs to no other process.
            let _ = kill_process_group(group, Signal::KILL);
            let status = self.child.wait()?;
            let deadline = Instant::now() + GRACE;
            while test_kill_process_group(group).is_ok() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(2));
            }
            return Ok(status);
        }
        self.child.wait()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The error could only be told by a panic.
        let _ = self.end();
    }
}

/// Returns the search path of the interpreter: the only variable that an action gets from this process.
fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into())
}
