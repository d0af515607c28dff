//! Waiting for the end of a request by polling it.

use std::future::Future;
use std::time::Duration;

use ipam_core::ErrorKind;
use ipam_core::http::ListLimits;
use serde_json::Value;
// Tokio's clock and not the one of std: tests pause it.
use tokio::time::Instant;

use crate::error::{Error, WaitError, WaitReason, as_object};

/// Pacing and time limit of waiting: [`Catalog::wait_for`](crate::v7::Catalog::wait_for) of version 7, and
/// [`RequestTrackers::wait_for`](crate::v8::RequestTrackers::wait_for),
/// [`Deployments::wait_for`](crate::v8::Deployments::wait_for) and [`Abx::wait_for`](crate::v8::Abx::wait_for) of
/// version 8.
///
/// The first poll is sent at once. Each pause is 1.5 times the one before, up to the longest.
///
/// ```
/// use std::time::Duration;
/// use vra_client::poll::Wait;
///
/// let wait = Wait::default();
/// assert_eq!((wait.first_pause.as_secs(), wait.longest_pause.as_secs(), wait.deadline.as_secs()), (2, 15, 3600));
/// let short = Wait::up_to(Duration::from_secs(60)).with_pauses(Duration::from_secs(1), Duration::from_secs(5));
/// assert_eq!(short.deadline, Duration::from_secs(60));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Wait {
    /// Pause between the first poll and the second. Default: 2 s.
    pub first_pause: Duration,
    /// Longest pause between two polls. Default: 15 s.
    pub longest_pause: Duration,
    /// Time from the start after which waiting ends, a poll in flight included. Default: 1 h.
    pub deadline: Duration,
}

impl Default for Wait {
    /// Returns a first pause of 2 s, a longest pause of 15 s and a deadline of 1 h.
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(2),
            longest_pause: Duration::from_secs(15),
            deadline: Duration::from_secs(3600),
        }
    }
}

impl Wait {
    /// Returns the defaults with another deadline.
    #[must_use]
    pub fn up_to(deadline: Duration) -> Self {
        Self { deadline, ..Self::default() }
    }

    /// Sets the pauses. If `longest` is shorter than `first`, all pauses are `first`.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest.max(first);
        self
    }
}

/// Progress of a request, as one poll shows it.
#[derive(Debug)]
pub(crate) enum Progress {
    Pending,
    Done,
    Failed,
    Unknown,
}

/// Result of one poll.
#[derive(Debug)]
pub(crate) struct Poll<T> {
    pub(crate) value: T,
    pub(crate) progress: Progress,
    pub(crate) state: String,
    pub(crate) details: Option<String>,
    /// Pause that the server asks for.
    pub(crate) pause: Option<Duration>,
}

/// Polls until the progress is final. `json` turns the last value into the form that the error keeps.
///
/// The deadline covers the polls too: one that hangs is dropped when it passes.
pub(crate) async fn wait<T, F, A>(
    operation: &str,
    limits: &Wait,
    json: impl Fn(&T) -> Value + Send + Sync,
    mut poll: F,
) -> Result<T, Error>
where
    T: Send,
    F: FnMut() -> A + Send,
    A: Future<Output = Result<Poll<T>, Error>> + Send,
{
    let started = Instant::now();
    let mut pause = limits.first_pause;
    let mut last: Option<Poll<T>> = None;
    let mut polls = 0_u32;
    let give_up = |reason, last: Option<Poll<T>>, polls| {
        let (last_state, details, value) = match last {
            Some(poll) => (Some(poll.state), poll.details, as_object(json(&poll.value))),
            None => (None, None, None),
        };
        let operation = operation.to_owned();
        let waited = started.elapsed();
        Error::Wait(Box::new(WaitError { operation, reason, last_state, details, last: value, waited, polls }))
    };
    loop {
        let left = limits.deadline.saturating_sub(started.elapsed());
        // Through the meter rather than `tokio::time::timeout`, which panics without a runtime with timers; the meter
        // returns an error there.
        let mut meter = ListLimits::new().with_time(left).meter();
        let polled = match meter.wait(poll()).await {
            Ok(polled) => polled,
            Err(error) if error.kind() == ErrorKind::Timeout => return Err(give_up(WaitReason::Deadline, last, polls)),
            Err(source) => Err(Error::Transport { operation: operation.to_owned(), source }),
        };
        polls = polls.saturating_add(1);
        let current = match polled {
            Ok(current) => current,
            // No second chance here: the transport has repeated the GET already, as its configuration allows.
            Err(error) => return Err(give_up(WaitReason::Call(Box::new(error)), last, polls)),
        };
        match current.progress {
            Progress::Done => return Ok(current.value),
            Progress::Failed => return Err(give_up(WaitReason::Failed, Some(current), polls)),
            // Not guessed: treated as pending it could wait for an hour in a final state, and treated as final it could
            // end in the middle.
            Progress::Unknown => return Err(give_up(WaitReason::UnknownState, Some(current), polls)),
            Progress::Pending => {}
        }
        // A pause that the server asks for wins, also over the longest one.
        let next = current.pause.unwrap_or(pause);
        // Grows, so that a quick action is seen within seconds and a slow machine costs four calls a minute. Published
        // clients poll every 5 to 15 s.
        pause = pause.mul_f32(1.5).min(limits.longest_pause);
        last = Some(current);
        // A poll after the deadline would be dropped at once. The remaining time is still waited, so that the caller
        // sees the deadline that it set and not an earlier end.
        if started.elapsed() + next >= limits.deadline {
            tokio::time::sleep(limits.deadline.saturating_sub(started.elapsed())).await;
            return Err(give_up(WaitReason::Deadline, last, polls));
        }
        // No jitter: one caller waits for one request.
        tokio::time::sleep(next).await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    fn poll(state: &str) -> Result<Poll<String>, Error> {
        let progress = match state {
            "RUNNING" => Progress::Pending,
            "DONE" => Progress::Done,
            "FAILED" => Progress::Failed,
            _ => Progress::Unknown,
        };
        let state = state.to_owned();
        Ok(Poll { value: state.clone(), progress, details: Some("details".into()), pause: None, state })
    }

    async fn run(states: &[&str], limits: &Wait) -> Result<String, Error> {
        let mut states = states.iter().chain(std::iter::repeat(&"RUNNING"));
        wait(
            "GET /r",
            limits,
            |value| serde_json::json!({"state": value}),
            || std::future::ready(poll(states.next().unwrap())),
        )
        .await
    }

    fn reason(result: Result<String, Error>) -> WaitError {
        match result {
            Err(Error::Wait(error)) => *error,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_last_value() {
        assert_eq!(run(&["RUNNING", "RUNNING", "DONE"], &Wait::default()).await.unwrap(), "DONE");
    }

    #[tokio::test(start_paused = true)]
    async fn failures_and_unknown_states_keep_the_last_value() {
        let failed = reason(run(&["RUNNING", "FAILED"], &Wait::default()).await);
        assert!(matches!(failed.reason, WaitReason::Failed));
        assert_eq!((failed.polls, failed.details.as_deref()), (2, Some("details")));
        assert_eq!(failed.last.unwrap().get("state").unwrap(), "FAILED");
        let unknown = reason(run(&["PAUSED"], &Wait::default()).await);
        assert!(matches!(unknown.reason, WaitReason::UnknownState));
        assert!(unknown.to_string().contains("PAUSED"), "{unknown}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_holds_the_last_state() {
        let limits = Wait::up_to(Duration::from_secs(60));
        let started = Instant::now();
        let late = reason(run(&[], &limits).await);
        assert!(matches!(late.reason, WaitReason::Deadline));
        assert_eq!(late.last_state.as_deref(), Some("RUNNING"));
        assert_eq!(started.elapsed().as_secs(), 60);
        // 2, 3, 4.5, 6.75, 10.1, 15, 15: the pauses grow and stop growing.
        assert_eq!(late.polls, 8);
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_that_hangs_is_dropped_at_the_deadline() {
        let limits = Wait::up_to(Duration::from_secs(5));
        let result = wait("GET /r", &limits, |_| Value::Null, std::future::pending::<Result<Poll<()>, Error>>).await;
        let Err(Error::Wait(error)) = result else { panic!("{result:?}") };
        assert_eq!((error.polls, error.last_state), (0, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_poll_ends_the_waiting() {
        let result = wait(
            "GET /r",
            &Wait::default(),
            |_| Value::Null,
            || std::future::ready(Err::<Poll<()>, _>(Error::invalid("a", "b", "c"))),
        )
        .await;
        let Err(Error::Wait(error)) = result else { panic!("{result:?}") };
        assert!(matches!(error.reason, WaitReason::Call(_)));
    }
}
