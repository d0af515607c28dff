//! Limits of a replay, and the time in which a program starts.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::error::ReplayError;
use super::unpack::Found;

/// Smallest memory: below it, Python itself does not start.
const MIN_MEMORY_MB: u32 = 64;
/// Limits of packages that name none: those of vRA.
const DEFAULT_SECONDS: u32 = 600;
const DEFAULT_MEMORY_MB: u32 = 600;
/// Longest start of a program that is measured.
const LONGEST_START: Duration = Duration::from_secs(10);
const RUNS: usize = 5;

/// Time and memory of an action.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) time: Duration,
    pub(super) memory_mb: u32,
}

impl Limits {
    /// Returns the limits of the caller, or those of the package.
    pub(super) fn new(found: &Found, time: Option<Duration>, memory_mb: Option<u32>) -> Result<Self, ReplayError> {
        let packaged = found.timeout_seconds.unwrap_or(DEFAULT_SECONDS);
        let time = time.unwrap_or(Duration::from_secs(packaged.into()));
        let memory_mb = memory_mb.or(found.memory_mb).unwrap_or(DEFAULT_MEMORY_MB);
        if time.is_zero() {
            return Err(ReplayError::input("time limit", "0 s; give the action more time"));
        }
        if memory_mb < MIN_MEMORY_MB {
            return Err(ReplayError::input("memory", format!("{memory_mb} MB; give {MIN_MEMORY_MB} MB or more")));
        }
        Ok(Self { time, memory_mb })
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        u64::from(self.memory_mb) << 20
    }
}

/// Returns the median time in which a program without arguments starts and ends.
pub(super) fn median_start(program: &Path) -> Result<Duration, ReplayError> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        times.push(start(program).map_err(ReplayError::system("the program cannot be started"))?);
    }
    times.sort_unstable();
    Ok(times.get(RUNS / 2).copied().unwrap_or_default())
}

fn start(program: &Path) -> std::io::Result<Duration> {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let first = Instant::now();
    let (begin, mut child) = loop {
        // Before the start: a small program may have ended when `spawn` returns.
        let begin = Instant::now();
        match command.spawn() {
            // Another thread that starts a process just now holds the file, which was written a moment ago.
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy && first.elapsed() < LONGEST_START => {
                thread::sleep(Duration::from_millis(1));
            }
            started => break (begin, started?),
        }
    };
    loop {
        if child.try_wait()?.is_some() {
            return Ok(begin.elapsed());
        }
        if begin.elapsed() > LONGEST_START {
            child.kill()?;
            child.wait()?;
            return Err(std::io::Error::other("it did not end within 10 s"));
        }
        // Short beside a start, which is what is measured.
        thread::sleep(Duration::from_micros(200));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_start_of_a_program_is_measured_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program");
        write(&path, "#!/bin/sh\nsleep 0.03\n").unwrap();
        set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        assert!(median_start(&path).unwrap() >= Duration::from_millis(30));
        assert!(median_start(&directory.path().join("nothing")).is_err());
    }
}
