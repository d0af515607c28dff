//! Progress of a run: a bar on a terminal, lines elsewhere.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use phpipam_client::scan::{Event, Progress as ScanProgress};

use super::tables;
use crate::progress::{self, Progress, note};

/// Receiver of the events of a run.
#[derive(Debug)]
pub(super) struct Shown {
    bar: Progress,
    finished: AtomicU64,
}

impl Shown {
    pub(super) fn new() -> Self {
        Self { bar: Progress::new("scanning subnets", 0), finished: AtomicU64::new(0) }
    }

    /// Runs the work and shows its progress.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        self.bar.during(work).await
    }
}

/// Returns true if each step gets a line.
fn is_listed() -> bool {
    !progress::is_terminal() && !progress::is_quiet()
}

impl ScanProgress for Shown {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Planned { plan, cache_miss } => {
                self.bar.set_total(plan.subnets.len());
                if is_listed() {
                    let read = cache_miss.map(|reason| format!(", read from the server: {reason}")).unwrap_or_default();
                    note(format_args!("plan: {} subnets{read}", plan.subnets.len()));
                }
            }
            Event::Finished { report, .. } => {
                self.bar.set(self.finished.fetch_add(1, Ordering::Relaxed) + 1);
                if is_listed() {
                    note(tables::line(report));
                }
            }
            Event::Warning { text } => note(format_args!("warning: {text}")),
            _ => {}
        }
    }
}
