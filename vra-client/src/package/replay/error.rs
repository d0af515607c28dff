//! Errors of a replay.

use crate::package::PackageError;

/// Error of replaying an action.
///
/// No message shows the credentials, even where the action itself puts them into its exception.
///
/// ```
/// use vra_client::package::ReplayError;
///
/// let error = ReplayError::TimedOut { action: "AllocateIP".to_owned(), seconds: 600.0 };
/// assert!(error.to_string().starts_with("AllocateIP was killed at its time limit of 600 s"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The package cannot be read.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The package has no such action.
    #[error("the package has no action {action}; it has {}", listed(.has))]
    NoAction {
        /// Name of the action that was asked for.
        action: String,
        /// Names of the actions that the package has.
        has: Vec<String>,
    },
    /// The inputs, the credentials or a limit cannot be used.
    #[error("{part}: {problem}")]
    Input {
        /// Name of what is wrong, such as `inputs`.
        part: &'static str,
        /// Problem and remedy.
        problem: String,
    },
    /// Python is missing, too old or not what was named.
    #[error("{python}: {problem}; install Python 3.7 or later, or name another interpreter")]
    Python {
        /// Interpreter that was started.
        python: String,
        /// Problem, such as `not found`.
        problem: String,
    },
    /// The action raised an exception: vRA shows its message to the user.
    #[error("{action} raised {exception}: {message}{}", shown_place(.place))]
    Raised {
        /// Name of the action.
        action: String,
        /// Type of the exception.
        exception: String,
        /// Message of the exception.
        message: String,
        /// Innermost place of the script in the traceback, such as `source.py:40 in handler`.
        place: Option<String>,
        /// Beginning of what it printed before.
        log: String,
    },
    /// The action was killed at its time limit, with all processes that it had started.
    #[error("{action} was killed at its time limit of {seconds} s; give it more time, or repeat it")]
    TimedOut {
        /// Name of the action.
        action: String,
        /// Time limit in seconds.
        seconds: f64,
    },
    /// The action ran out of memory.
    #[error("{action} ran out of its {megabytes} MB of memory: {message}; give it more memory")]
    OutOfMemory {
        /// Name of the action.
        action: String,
        /// Memory limit of each process, in MB.
        megabytes: u32,
        /// Message of the action.
        message: String,
    },
    /// The result of the action has no form in JSON, so vRA could not read it.
    #[error("{action} returned something that is not JSON: {problem}")]
    NotJson {
        /// Name of the action.
        action: String,
        /// Problem that Python names.
        problem: String,
    },
    /// The result of the action is too large.
    #[error("{action} returned more than {bytes} bytes")]
    TooLarge {
        /// Name of the action.
        action: String,
        /// Limit in bytes.
        bytes: usize,
    },
    /// The interpreter ended without a result.
    #[error("{action} ended without a result ({how}){}", shown_log(.log))]
    Ended {
        /// Name of the action.
        action: String,
        /// Exit code or signal.
        how: String,
        /// Beginning of what it printed.
        log: String,
    },
    /// The replay was stopped by its caller.
    #[error("{action} was stopped")]
    Stopped {
        /// Name of the action.
        action: String,
    },
    /// A file or a process of the replay failed.
    #[error("{what}")]
    System {
        /// Step that failed.
        what: &'static str,
        /// Error of the operating system.
        #[source]
        source: std::io::Error,
    },
}

impl ReplayError {
    /// Error of an input that cannot be used.
    pub(super) fn input(part: &'static str, problem: impl Into<String>) -> Self {
        Self::Input { part, problem: problem.into() }
    }

    /// Returns the conversion of an error of the operating system in this step.
    pub(super) fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn shown_place(place: &Option<String>) -> String {
    place.as_ref().map_or_else(String::new, |place| format!(" (at {place})"))
}

fn shown_log(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
