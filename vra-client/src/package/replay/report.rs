//! Report of the runner about an action.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::error::ReplayError;
use super::limits::Limits;

/// Report of the runner: one of the members is there.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    // A result of `null` is a result, so its presence is what counts.
    #[serde(default, deserialize_with = "present")]
    result: Option<Value>,
    raised: Option<Raised>,
    not_json: Option<String>,
    too_old: Option<String>,
    #[serde(default)]
    seconds: f64,
}

#[derive(Debug, Deserialize)]
struct Raised {
    exception: String,
    message: String,
    out_of_memory: bool,
    place: Option<String>,
}

/// Facts about an action for its messages.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) action: &'a str,
    pub(super) python: String,
    pub(super) limits: Limits,
    /// Output of the action beside its result.
    pub(super) log: &'a str,
    /// Texts that are hidden.
    pub(super) secrets: &'a [String],
}

fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

impl Report {
    /// Returns the result of the action, and the time that its handler took.
    pub(super) fn read(bytes: &[u8], told: &Told<'_>) -> Result<(Value, Duration), ReplayError> {
        let action = told.action.to_owned();
        let report: Self = match serde_json::from_slice(bytes) {
            Ok(report) => report,
            // Python's JSON may have what JSON in general has not, such as half a character, or is nested too deeply.
            Err(error) => return Err(ReplayError::NotJson { action, problem: told.hide(&error.to_string()) }),
        };
        if let Some(version) = report.too_old {
            return Err(ReplayError::Python { python: told.python.clone(), problem: format!("has version {version}") });
        }
        if let Some(problem) = report.not_json {
            return Err(ReplayError::NotJson { action, problem: told.hide(&problem) });
        }
        if let Some(raised) = report.raised {
            let message = told.hide(&raised.message);
            if raised.out_of_memory {
                let message = if message.is_empty() { raised.exception } else { message };
                return Err(ReplayError::OutOfMemory { action, megabytes: told.limits.memory_mb, message });
            }
            let place = raised.place;
            return Err(ReplayError::Raised {
                action,
                exception: raised.exception,
                message,
                place,
                log: told.hide(told.log),
            });
        }
        let Some(result) = report.result else {
            return Err(ReplayError::NotJson { action, problem: "the report of the runner is empty".to_owned() });
        };
        Ok((result, Duration::try_from_secs_f64(report.seconds).unwrap_or_default()))
    }
}

impl Told<'_> {
    /// Returns the text without the secrets.
    pub(super) fn hide(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "REDACTED"))
    }

    /// Error of an interpreter that ended without a report.
    pub(super) fn ended(&self, status: ExitStatus) -> ReplayError {
        let action = self.action.to_owned();
        let log = self.hide(self.log);
        // Python reports this by itself where it still can; in the middle of its own start it cannot.
        if log.contains("MemoryError") || log.contains("memory allocation of") {
            let message = log.lines().next_back().unwrap_or_default().to_owned();
            return ReplayError::OutOfMemory { action, megabytes: self.limits.memory_mb, message };
        }
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "unknown end".to_owned(),
        };
        // The end of a long log says why; a message is no place for all of it.
        let start = log.char_indices().rev().nth(1000).map_or(0, |(at, _)| at);
        ReplayError::Ended { action, how, log: log.get(start..).unwrap_or_default().to_owned() }
    }
}
