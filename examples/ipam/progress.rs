//! Messages on standard error: progress of slow work, and notes beside a result.

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(1);
const THEN: Duration = Duration::from_secs(2);
/// Time between two drawings of a bar.
const DRAW: Duration = Duration::from_millis(250);
/// Characters of a bar.
const WIDTH: usize = 20;

/// True if a program reads standard error, which then has errors only.
static FOR_PROGRAMS: AtomicBool = AtomicBool::new(false);

/// True if progress is not shown.
static QUIET: AtomicBool = AtomicBool::new(false);

/// True while the last line of the terminal is a bar.
static DRAWN: AtomicBool = AtomicBool::new(false);

/// Keeps standard error for errors, which are JSON.
pub(crate) fn be_silent() {
    FOR_PROGRAMS.store(true, Ordering::Relaxed);
}

fn is_silent() -> bool {
    FOR_PROGRAMS.load(Ordering::Relaxed)
}

/// Shows no progress. Notes stay.
pub(crate) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Returns true if progress is not shown.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Prints a line to standard error, whatever the form of the output.
pub(crate) fn print(text: impl std::fmt::Display) {
    erase();
    // A terminal that is gone or a disk that is full is no reason to end the work.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints a note for people. Prints nothing if the output is JSON.
pub(crate) fn note(text: impl std::fmt::Display) {
    if !is_silent() {
        print(text);
    }
}

/// Returns true if progress is a bar that is drawn over, and not lines.
pub(crate) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Removes the bar, so that something else can be printed.
fn erase() {
    if DRAWN.swap(false, Ordering::Relaxed) {
        let _ = write!(io::stderr().lock(), "\r\x1b[K");
    }
}

/// Progress of one piece of work. Prints nothing in the first second.
#[derive(Debug)]
pub(crate) struct Progress {
    label: &'static str,
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Work of `total` steps; 0 if the number is unknown.
    pub(crate) fn new(label: &'static str, total: usize) -> Self {
        Self { label, done: AtomicU64::new(0), total: AtomicU64::new(total as u64) }
    }

    /// Sets the number of all steps, once it is known.
    pub(crate) fn set_total(&self, total: usize) {
        self.total.store(total as u64, Ordering::Relaxed);
    }

    /// Sets the number of steps that are done.
    pub(crate) fn set(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    /// Runs `work` and shows its progress after one second: as a bar on a terminal, as a line every two seconds elsewhere.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let mut work = std::pin::pin!(work);
        let mut wait = FIRST;
        let bar = is_terminal();
        // Also where the work is dropped half-way.
        let _erased = Erased;
        loop {
            match tokio::time::timeout(wait, work.as_mut()).await {
                Ok(result) => return result,
                Err(_) if is_quiet() => {}
                Err(_) if bar => self.draw(start.elapsed()),
                Err(_) => note(self.line(start.elapsed())),
            }
            wait = if bar { DRAW } else { THEN };
        }
    }

    fn draw(&self, elapsed: Duration) {
        if is_silent() {
            return;
        }
        let _ = write!(io::stderr().lock(), "\r\x1b[K{}{}", self.bar(), self.line(elapsed));
        DRAWN.store(true, Ordering::Relaxed);
    }

    /// Returns the bar; nothing if the number of steps is unknown.
    fn bar(&self) -> String {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        if total == 0 {
            return String::new();
        }
        let width = WIDTH as u64;
        let full = usize::try_from(done.min(total).saturating_mul(width) / total).unwrap_or(WIDTH);
        format!("[{}{}] ", "#".repeat(full), "-".repeat(WIDTH - full))
    }

    fn line(&self, elapsed: Duration) -> String {
        let done = self.done.load(Ordering::Relaxed);
        let seconds = elapsed.as_secs();
        match (done, self.total.load(Ordering::Relaxed)) {
            (0, 0) => format!("{} … {seconds} s", self.label),
            (done, 0) => format!("{} … {done}, {seconds} s", self.label),
            (done, total) => format!("{} … {done} of {total}, {seconds} s", self.label),
        }
    }
}

/// Removes the bar when the work ends.
struct Erased;

impl Drop for Erased {
    fn drop(&mut self) {
        erase();
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
        assert_eq!(progress.bar(), "[##------------------] ");
        progress.set(11);
        assert_eq!(progress.bar(), "[####################] ");
        progress.set_total(0);
        assert_eq!(progress.bar(), "");
        assert_eq!(Progress::new("waiting", 0).line(Duration::from_secs(1)), "waiting … 1 s");
    }
}
