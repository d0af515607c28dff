//! Words on standard error: about what takes over a second, and notes beside a result.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(1);
const THEN: Duration = Duration::from_secs(2);

/// Whether standard error is for programs, so that nothing but errors may stand there.
static FOR_PROGRAMS: AtomicBool = AtomicBool::new(false);

/// Keeps standard error for errors, which are JSON then.
pub(crate) fn be_silent() {
    FOR_PROGRAMS.store(true, Ordering::Relaxed);
}

fn is_silent() -> bool {
    FOR_PROGRAMS.load(Ordering::Relaxed)
}

/// Tells people something beside the result. Programs read the result alone.
pub(crate) fn note(text: impl std::fmt::Display) {
    if !is_silent() {
        eprintln!("{text}");
    }
}

/// How far a piece of work has come. Silent for the first second.
#[derive(Debug)]
pub(crate) struct Progress {
    label: &'static str,
    done: AtomicU64,
    total: u64,
}

impl Progress {
    /// Work of `total` steps; 0 where that is not known.
    pub(crate) fn new(label: &'static str, total: usize) -> Self {
        Self { label, done: AtomicU64::new(0), total: total as u64 }
    }

    /// So many steps are done.
    pub(crate) fn set(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    /// Runs `work` and says how far it is, after a second and then every other second.
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
