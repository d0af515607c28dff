//! Replay of an action of a package, as vRA's action runtime runs it: any recorded payload can be tried before an import.

mod error;
mod limits;
mod process;
mod report;
#[cfg(test)]
mod tests;
mod unpack;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

pub use self::error::ReplayError;
pub use self::process::{Replayed, Running, Stopper};
pub use self::unpack::FileModes;

use self::limits::{Limits, median_start};
use self::process::{Job, Workspace};
use self::unpack::Found;
use super::Package;
use crate::plugin::Action;

/// Replay of one action of a package.
///
/// The action is unpacked into a new directory, and its handler runs in Python with a stand-in for the context of vRA,
/// as the action runtime does: in an empty environment, in another working directory, with the time and memory limits of
/// the package. The directory is removed and all processes of the action are killed when the replay ends, in whatever way.
///
/// ```
/// use serde_json::json;
/// use vra_client::package::{Package, Replay, ReplayError};
/// use vra_client::plugin::Action;
///
/// # // The smallest static program: an ELF header, and one segment that is loaded.
/// # let mut program = vec![0_u8; 120];
/// # program[..20].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0]);
/// # for (at, value) in [(20, 1), (24, 1), (32, 64), (52, 64), (54, 56), (56, 1), (58, 64), (64, 1)] { program[at] = value; }
/// let package = Package::builder("MyIPAM", "1.0.0", program).build()?;
/// let replay = Replay::new(package, Action::UpdateRecord)
///     .with_credentials(json!({"status": 200, "content": "{\"privateKeyId\": \"vra\", \"privateKey\": \"s3cret\"}"}));
/// match replay.run(&json!({"resourceInfo": {"id": "vm-1"}})) {
///     Ok(done) => println!("{:#} after {:?}", done.result, done.wall_time),
///     // Update is optional, and this package lacks it.
///     Err(ReplayError::NoAction { has, .. }) => assert!(has.contains(&"AllocateIP".to_owned())),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Limits
/// The memory limit is one of address space, and each process of the action has it by itself. Output is limited, too: 16 MiB
/// of result, of which vRA takes less, and the first 64 KiB of the log.
#[derive(Clone)]
#[must_use = "call `run` or `start`"]
pub struct Replay {
    package: Package,
    action: Action,
    credentials: Option<Value>,
    time_limit: Option<Duration>,
    memory_mb: Option<u32>,
    python: PathBuf,
    modes: FileModes,
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("package", &self.package)
            .field("action", &self.action)
            .field("time_limit", &self.time_limit)
            .field("memory_mb", &self.memory_mb)
            .field("python", &self.python)
            .field("modes", &self.modes)
            .finish_non_exhaustive()
    }
}

impl Replay {
    /// Creates the replay of an action. Without credentials, the stand-in for vRA refuses each request with 404.
    pub fn new(package: Package, action: Action) -> Self {
        Self {
            package,
            action,
            credentials: None,
            time_limit: None,
            memory_mb: None,
            python: PathBuf::from("python3"),
            modes: FileModes::default(),
        }
    }

    /// Sets the response to the action's request for the link in `authCredentialsLink` of the inputs:
    /// `{"status": 200, "content": "{\"privateKeyId\": …, \"privateKey\": …}"}`. All other links are refused with 404.
    pub fn with_credentials(mut self, response: Value) -> Self {
        self.credentials = Some(response);
        self
    }

    /// Sets the time limit; by default that of the package.
    pub const fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Sets the memory limit of each process, in MB, 64 or more; by default that of the package.
    pub const fn with_memory_mb(mut self, megabytes: u32) -> Self {
        self.memory_mb = Some(megabytes);
        self
    }

    /// Sets the interpreter, as a path or as a name that is looked up in `PATH`; `python3` by default.
    pub fn with_python(mut self, python: impl Into<PathBuf>) -> Self {
        self.python = python.into();
        self
    }

    /// Sets the modes of the unpacked files; they are lost by default.
    pub const fn with_file_modes(mut self, modes: FileModes) -> Self {
        self.modes = modes;
        self
    }

    /// Runs the action and returns its result. The thread waits.
    ///
    /// # Errors
    /// `Raised`, `TimedOut`, `OutOfMemory`, `NotJson`, `TooLarge` or `Ended` for an action that failed, otherwise those of
    /// [`start`](Self::start).
    pub fn run(&self, inputs: &Value) -> Result<Replayed, ReplayError> {
        self.start(inputs)?.wait()
    }

    /// Starts the action. Dropping what is returned kills it.
    ///
    /// # Errors
    /// `Package` if the package cannot be read, `NoAction` if it lacks the action, `Input` if the inputs or the credentials
    /// are not an object or a limit is too small, `Python` if the interpreter cannot be started, `System` if a file or a
    /// process cannot be made.
    pub fn start(&self, inputs: &Value) -> Result<Running, ReplayError> {
        if !inputs.is_object() {
            return Err(ReplayError::input("inputs", "not a JSON object; give the inputs of the action"));
        }
        if self.credentials.as_ref().is_some_and(|response| !response.is_object()) {
            let problem = "not a JSON object; write {\"status\": 200, \"content\": \"{\\\"privateKeyId\\\": …}\"}";
            return Err(ReplayError::input("credentials", problem));
        }
        let found = Found::read(&self.package, self.action)?;
        let limits = Limits::new(&found, self.time_limit, self.memory_mb)?;
        let workspace = Workspace::new()?;
        found.unpack(&workspace.action(), self.modes)?;
        let call = json!({
            "directory": workspace.action(),
            "entrypoint": found.entrypoint,
            "memory_bytes": limits.memory_bytes(),
            "read_only": self.modes == FileModes::ReadOnly,
            // The stand-in knows one link at most, so that an action that asks for another is noticed.
            "link": if self.credentials.is_some() { link(inputs) } else { None },
            "response": self.credentials,
            "inputs": inputs,
        });
        Running::start(Job {
            action: self.action.name(),
            python: self.python.clone(),
            call: call.to_string().into_bytes(),
            secrets: self.credentials.as_ref().map(secrets).unwrap_or_default(),
            limits,
            workspace,
        })
    }

    /// Returns the time in which the program of the action starts and ends: the median of five runs without arguments.
    ///
    /// `None` if the action has no program beside its script.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) for the package, and `System` if the program cannot be started or does not end within
    /// ten seconds.
    pub fn measure_program_start(&self) -> Result<Option<Duration>, ReplayError> {
        let found = Found::read(&self.package, self.action)?;
        let workspace = Workspace::new()?;
        found.unpack(&workspace.action(), FileModes::Kept)?;
        let Some(program) = unpack::program(&workspace.action()) else { return Ok(None) };
        unpack::make_executable(&program)?;
        median_start(&program).map(Some)
    }
}

/// Returns the link of the credentials in the inputs of an action.
fn link(inputs: &Value) -> Option<&Value> {
    // ValidateEndpoint has it at the top; all other actions have it in the endpoint.
    inputs.get("authCredentialsLink").or_else(|| inputs.get("endpoint")?.get("authCredentialsLink"))
}

/// Returns the texts that no message may show.
fn secrets(response: &Value) -> Vec<String> {
    let parsed;
    let content = match response.get("content").unwrap_or(response) {
        Value::String(text) => {
            parsed = serde_json::from_str(text).unwrap_or(Value::Null);
            &parsed
        }
        other => other,
    };
    let Some(secret) = content.get("privateKey").and_then(Value::as_str).filter(|secret| !secret.is_empty()) else {
        return Vec::new();
    };
    // An action may show it as it is, or in JSON.
    let quoted = Value::from(secret).to_string();
    let mut secrets = vec![secret.to_owned()];
    secrets.extend(quoted.get(1..quoted.len().saturating_sub(1)).map(str::to_owned));
    secrets.dedup();
    secrets
}
