//! Waiting for what a server does in its own time.

use std::future::Future;
use std::time::Duration;

use ipam_core::ErrorKind;
use ipam_core::http::ListLimits;
use serde_json::Value;
use tokio::time::Instant;

use crate::error::{Error, WaitError, WaitReason, as_object};

/// How often to ask, and for how long.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Wait {
    /// The pause before the second question. Pauses grow by half from one to the next.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// When to give up.
    pub deadline: Duration,
}

impl Default for Wait {
    /// Two seconds at first, fifteen at most, for one hour: provisioning a machine takes minutes, and the server has
    /// nothing better than being asked.
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(2),
            longest_pause: Duration::from_secs(15),
            deadline: Duration::from_secs(3600),
        }
    }
}

impl Wait {
    /// The defaults with another deadline.
    #[must_use]
    pub fn up_to(deadline: Duration) -> Self {
        Self { deadline, ..Self::default() }
    }

    /// With other pauses.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest.max(first);
        self
    }
}

/// What one answer says about what is waited for.
#[derive(Debug)]
pub(crate) enum Progress {
    Pending,
    Done,
    Failed,
    Unknown,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Poll<T> {
    pub(crate) value: T,
    pub(crate) progress: Progress,
    pub(crate) state: String,
    pub(crate) details: Option<String>,
    /// When the server asks to be asked again.
    pub(crate) pause: Option<Duration>,
}

/// Asks until the progress is final. `json` turns the last answer into what the error keeps.
///
/// The deadline covers the questions too: one that hangs is dropped when it passes.
pub(crate) async fn wait<T, F, A>(
    operation: &str,
    limits: &Wait,
    json: impl Fn(&T) -> Value + Send + Sync,
    mut ask: F,
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
        // Through the meter rather than a timer, which panics without a runtime.
        let mut meter = ListLimits::new().with_time(left).meter();
        let answer = match meter.wait(ask()).await {
            Ok(answer) => answer,
            Err(error) if error.kind() == ErrorKind::Timeout => return Err(give_up(WaitReason::Deadline, last, polls)),
            Err(source) => Err(Error::Transport { operation: operation.to_owned(), source }),
        };
        polls = polls.saturating_add(1);
        let poll = match answer {
            Ok(poll) => poll,
            Err(error) => return Err(give_up(WaitReason::Call(Box::new(error)), last, polls)),
        };
        match poll.progress {
            Progress::Done => return Ok(poll.value),
            Progress::Failed => return Err(give_up(WaitReason::Failed, Some(poll), polls)),
            Progress::Unknown => return Err(give_up(WaitReason::UnknownState, Some(poll), polls)),
            Progress::Pending => {}
        }
        let next = poll.pause.unwrap_or(pause);
        pause = pause.mul_f32(1.5).min(limits.longest_pause);
        last = Some(poll);
        if started.elapsed() + next >= limits.deadline {
            tokio::time::sleep(limits.deadline.saturating_sub(started.elapsed())).await;
            return Err(give_up(WaitReason::Deadline, last, polls));
        }
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
    async fn it_ends_with_the_last_answer() {
        assert_eq!(run(&["RUNNING", "RUNNING", "DONE"], &Wait::default()).await.unwrap(), "DONE");
    }

    #[tokio::test(start_paused = true)]
    async fn failures_and_unknown_states_are_told_with_the_answer() {
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
    async fn a_question_that_hangs_is_dropped_at_the_deadline() {
        let limits = Wait::up_to(Duration::from_secs(5));
        let result = wait("GET /r", &limits, |_| Value::Null, std::future::pending::<Result<Poll<()>, Error>>).await;
        let Err(Error::Wait(error)) = result else { panic!("{result:?}") };
        assert_eq!((error.polls, error.last_state), (0, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_question_ends_the_waiting() {
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
