//! Messages on standard error: progress of slow work, and notes beside a result.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(1);
const THEN: Duration = Duration::from_secs(2);

/// True if a program reads standard error, which then has errors only.
static FOR_PROGRAMS: AtomicBool = AtomicBool::new(false);

/// Keeps standard error for errors, which are JSON.
pub(crate) fn be_silent() {
    FOR_PROGRAMS.store(true, Ordering::Relaxed);
}

fn is_silent() -> bool {
    FOR_PROGRAMS.load(Ordering::Relaxed)
}

/// Prints a note for people. Prints nothing if the output is JSON.
pub(crate) fn note(text: impl std::fmt::Display) {
    if !is_silent() {
        eprintln!("{text}");
    }
}

/// Progress of one piece of work. Prints nothing in the first second.
#[derive(Debug)]
pub(crate) struct Progress {
    label: &'static str,
    done: AtomicU64,
    total: u64,
}

impl Progress {
    /// Work of `total` steps; 0 if the number is unknown.
    pub(crate) fn new(label: &'static str, total: usize) -> Self {
        Self { label, done: AtomicU64::new(0), total: total as u64 }
    }

    /// Sets the number of steps that are done.
    pub(crate) fn set(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    /// Runs `work` and prints its progress after one second and then every two seconds.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let mut work = std::pin::pin!(work);
        let mut wait = FIRST;
        loop {
            match tokio::time::timeout(wait, work.as_mut()).await {
                Ok(result) => return result,
                Err(_) => note(self.line(start.elapsed())),
            }
            wait = THEN;
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let done = self.done.load(Ordering::Relaxed);
        let seconds = elapsed.as_secs();
        match (done, self.total) {
            (0, 0) => format!("{} … {seconds} s", self.label),
            (done, 0) => format!("{} … {done}, {seconds} s", self.label),
            (done, total) => format!("{} … {done} of {total}, {seconds} s", self.label),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_is_known() {
        let progress = Progress::new("importing", 10);
        progress.set(1);
        assert_eq!(progress.line(Duration::from_secs(3)), "importing … 1 of 10, 3 s");
        assert_eq!(Progress::new("waiting", 0).line(Duration::from_secs(1)), "waiting … 1 s");
    }
}
