//! Parts that run together: if one ends before its time, all of them do.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::timeout;

use super::{Stop, Stopper, note};

/// Longest wait for the parts when the service stops.
const ENDING: Duration = Duration::from_secs(30);

/// Part that ended although the service was to go on.
///
/// ```
/// use lab_gateway::background::{Parts, Stopper};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let mut parts = Parts::new();
/// parts.spawn("ddns", async {});
/// let (_stopper, stop) = Stopper::new();
/// let ended = parts.run(&stop).await.unwrap_err();
/// assert_eq!(ended.part(), "ddns");
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the part {part:?} of the service {how}; the service stops, and can be started again")]
pub struct PartEnded {
    part: &'static str,
    how: String,
}

impl PartEnded {
    /// Name of the part.
    #[must_use]
    pub const fn part(&self) -> &'static str {
        self.part
    }
}

/// Parts of the service, each a task with a name. [`PartEnded`] has an example.
#[derive(Debug)]
pub struct Parts {
    tasks: JoinSet<()>,
    names: HashMap<Id, &'static str>,
    stopper: Stopper,
    stop: Stop,
}

impl Default for Parts {
    fn default() -> Self {
        Self::new()
    }
}

impl Parts {
    /// Makes a list without parts.
    #[must_use]
    pub fn new() -> Self {
        let (stopper, stop) = Stopper::new();
        Self { tasks: JoinSet::new(), names: HashMap::new(), stopper, stop }
    }

    /// Returns the signal by which the parts are told to end.
    #[must_use]
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Starts a part.
    pub fn spawn(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn(part);
        self.names.insert(task.id(), name);
    }

    /// Waits for the signal to stop, then lets the parts end; they have 30 s for that.
    ///
    /// # Errors
    /// [`PartEnded`] if a part ends or panics before the signal. The others were ended, too.
    pub async fn run(mut self, stop: &Stop) -> Result<(), PartEnded> {
        let early = tokio::select! {
            biased;
            () = stop.stopped() => None,
            Some(ended) = self.tasks.join_next_with_id() => Some(self.ended(ended)),
        };
        if let Some(ended) = &early {
            note(format_args!("error: {ended}"));
        }
        self.stopper.stop();
        let mut panicked = None;
        let ending = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                if ended.is_err() {
                    panicked = Some(ended);
                }
            }
        };
        if timeout(ENDING, ending).await.is_err() {
            note(format_args!("the parts took longer than {} s to end", ENDING.as_secs()));
            self.tasks.shutdown().await;
        }
        // A panic on the way to the end may have left work undone.
        let late = panicked.map(|ended| self.ended(ended));
        early.or(late).map_or(Ok(()), Err)
    }

    fn ended(&self, ended: Result<(Id, ()), JoinError>) -> PartEnded {
        let (id, how) = match ended {
            Ok((id, ())) => (id, "ended by itself".to_owned()),
            Err(error) => (error.id(), how(error)),
        };
        PartEnded { part: self.names.get(&id).copied().unwrap_or("?"), how }
    }
}

/// Says why a task ended before its work.
fn how(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            format!("panicked: {}", text.unwrap_or_else(|| "no message".to_owned()))
        }
        Err(error) => format!("was ended: {error}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A part that runs to the signal, and counts its end.
    fn waiting(parts: &mut Parts, ends: &Arc<AtomicUsize>) {
        let (stop, ends) = (parts.stop(), Arc::clone(ends));
        parts.spawn("waiting", async move {
            stop.stopped().await;
            ends.fetch_add(1, Ordering::SeqCst);
        });
    }

    #[tokio::test]
    async fn a_part_that_ends_or_panics_stops_all_and_is_named() {
        let ends = Arc::new(AtomicUsize::new(0));
        for (text, panics) in [("ended by itself", false), ("panicked: out of 7 ideas", true)] {
            let mut parts = Parts::new();
            waiting(&mut parts, &ends);
            parts.spawn("broken", async move {
                tokio::task::yield_now().await;
                assert!(!panics, "out of {} ideas", 7);
            });
            let (_stopper, stop) = Stopper::new();
            let ended = parts.run(&stop).await.unwrap_err();
            assert_eq!(ended.part(), "broken");
            assert!(ended.to_string().contains(text) && ended.to_string().contains("\"broken\""), "{ended}");
        }
        assert_eq!(ends.load(Ordering::SeqCst), 2, "the other parts came to their end");
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_signal_each_part_ends_and_none_for_ever() {
        let ends = Arc::new(AtomicUsize::new(0));
        let mut parts = Parts::new();
        waiting(&mut parts, &ends);
        parts.spawn("hanging", std::future::pending());
        let (stopper, stop) = Stopper::new();
        stopper.stop();
        parts.run(&stop).await.unwrap();
        assert_eq!(ends.load(Ordering::SeqCst), 1);

        // A panic on the way out is an error, too.
        let mut parts = Parts::new();
        let told = parts.stop();
        parts.spawn("late", async move {
            told.stopped().await;
            panic!("no disk");
        });
        assert_eq!(parts.run(&stop).await.unwrap_err().part(), "late");
    }
}
