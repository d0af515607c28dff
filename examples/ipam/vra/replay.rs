//! `ipam vra replay`: an action of a package, run as vRA runs it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use vra_client::package::{Package, Replay, ReplayError, Stopper};
use vra_client::plugin::Action;

use crate::closing::{Ended, stoppable};
use crate::exit::Failure;
use crate::output::Output;
use crate::progress::{Progress, note};

/// Largest package that is read; vRA refuses smaller ones.
const MAX_PACKAGE: u64 = 1 << 30;
/// Largest inputs that are read; those of vRA have a few kilobytes.
const MAX_INPUTS: u64 = 16 << 20;

/// Arguments of `ipam vra replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Package, the file that `ipam vra package` wrote
    package: PathBuf,
    /// Name of the action, such as AllocateIP or allocate-ip
    action: Action,
    /// File with the inputs of the action as JSON, as vRA's log of the action shows them
    inputs: PathBuf,
    /// File with the response to the request for the credentials, needed if the inputs have an authCredentialsLink:
    /// {"status": 200, "content": "{\"privateKeyId\": \"USER\", \"privateKey\": \"PASSWORD\"}"}
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    /// Time limit; by default that of the package
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Memory limit of each process; by default that of the package
    #[arg(long, value_name = "MB")]
    memory: Option<u32>,
    /// Python 3.7 or later
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
}

/// Kills the action when the command ends before it.
struct StopOnDrop(Stopper);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Replays the action. With `--json` the output has the times and the log, too.
pub(crate) async fn run(args: Args) -> Result<Ended<Output>, Failure> {
    let action = args.action;
    let inputs = value(&args.inputs)?;
    if args.context.is_none() && has_credentials_link(&inputs) {
        // Without this, the action would fail with vRA's 404, and name a remedy that is of no use here.
        let message = "--context CREDENTIALS.json is missing: the inputs have an authCredentialsLink, from which the \
                       action fetches the credentials; see `ipam vra replay --help` for the file";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut replay =
        Replay::new(Package::from_bytes(bytes(&args.package, MAX_PACKAGE)?), action).with_python(args.python);
    if let Some(path) = &args.context {
        replay = replay.with_credentials(value(path)?);
    }
    if let Some(limit) = args.timeout {
        replay = replay.with_time_limit(limit);
    }
    if let Some(megabytes) = args.memory {
        replay = replay.with_memory_mb(megabytes);
    }
    let running = replay.start(&inputs).map_err(failure)?;
    let stop = StopOnDrop(running.stopper());
    let waiting = Progress::new("waiting for the action", 0);
    // The wait is one of a thread. When a signal drops this future, the thread ends the action, and the runtime waits for it.
    let done = stoppable(async {
        let _stop = stop;
        let waited = waiting.during(tokio::task::spawn_blocking(move || running.wait())).await;
        waited.map_err(|error| Failure::Failed(format!("the replay broke off: {error}")))?.map_err(failure)
    })
    .await
    .map_err(|failure| match failure {
        // The replay leaves no process, but what its action did in the IPAM stays done.
        Failure::Cancelled(signal) => Failure::Stopped(signal),
        other => other,
    })?;
    let start = replay.measure_program_start().map_err(failure)?;
    note(times(action, done.wall_time, done.handler_time, start));
    notes_of_log(&done.log);
    let json = json!({
        "result": done.result,
        "seconds": done.wall_time.as_secs_f64(),
        "handler_seconds": done.handler_time.as_secs_f64(),
        "program_start_seconds": start.map(|start| start.as_secs_f64()),
        "log": done.log,
    });
    Ok(Ended { value: Output::new(format!("{:#}", done.result), &json)?, closing: None })
}

/// Returns true if the action fetches credentials: the link is in the endpoint, or beside the form of ValidateEndpoint.
fn has_credentials_link(inputs: &Value) -> bool {
    [Some(inputs), inputs.get("endpoint")].into_iter().flatten().any(|object| {
        object.get("authCredentialsLink").and_then(Value::as_str).is_some_and(|link| !link.trim().is_empty())
    })
}

/// Returns the times in words.
fn times(action: Action, wall: Duration, handler: Duration, start: Option<Duration>) -> String {
    let seconds = |time: Duration| time.as_secs_f64();
    let start =
        start.map_or_else(String::new, |start| format!("; its program starts in {:.1} ms", 1000.0 * seconds(start)));
    format!("{action}: {:.2} s, of these {:.2} s without the start of Python{start}", seconds(wall), seconds(handler))
}

fn notes_of_log(log: &str) {
    for line in log.lines() {
        // What an action prints may have the control characters of a terminal.
        note(format_args!("log: {}", line.replace(char::is_control, "\u{fffd}")));
    }
}

/// Returns the failure of a replay: wrong use where the arguments or their files are the cause.
fn failure(error: ReplayError) -> Failure {
    let text = match &error {
        ReplayError::System { source, .. } => format!("{error}: {source}"),
        ReplayError::Raised { log, .. } => {
            notes_of_log(log);
            error.to_string()
        }
        other => other.to_string(),
    };
    match error {
        ReplayError::Package(_)
        | ReplayError::NoAction { .. }
        | ReplayError::Input { .. }
        | ReplayError::Python { .. } => Failure::Usage(text),
        _ => Failure::Failed(text),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let refuse = || "write a number of seconds, such as 600 or 0.5".to_owned();
    let seconds = text.parse::<f64>().map_err(|_| refuse())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| refuse())
}

fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let refuse = |problem: String| Failure::Usage(format!("{}: {problem}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| refuse(error.to_string()))?;
    let mut bytes = Vec::new();
    // A directory or a device is no file of a known size, so what is read is counted.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| refuse(error.to_string()))?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read <= limit) {
        return Ok(bytes);
    }
    Err(refuse(format!("more than {limit} bytes")))
}

/// Reads a file of JSON. The error shows the position only: the file may hold the credentials.
fn value(path: &Path) -> Result<Value, Failure> {
    serde_json::from_slice(&bytes(path, MAX_INPUTS)?).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::Usage(format!("{}: not JSON (line {line}, column {column})", path.display()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::exit::{FAILED, WRONG_USE};

    #[test]
    fn wrong_use_is_told_from_a_failed_action() {
        let no_action = ReplayError::NoAction { action: "Update".to_owned(), has: Vec::new() };
        assert_eq!(failure(no_action).code(), WRONG_USE);
        let late = ReplayError::TimedOut { action: "AllocateIP".to_owned(), seconds: 0.5 };
        assert_eq!(failure(late).code(), FAILED);
    }

    #[test]
    fn files_that_cannot_be_read_are_named_without_their_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("credentials.json");
        std::fs::write(&path, "{\"privateKey\": s3cret").unwrap();
        let text = value(&path).unwrap_err().text();
        assert!(text.contains("credentials.json: not JSON (line 1") && !text.contains("s3cret"), "{text}");
        assert!(value(&directory.path().join("nothing")).unwrap_err().text().contains("nothing"));
        assert!(bytes(&path, 3).unwrap_err().text().contains("more than 3 bytes"));
    }

    #[tokio::test]
    async fn credentials_that_the_inputs_need_are_asked_for_before_anything_is_run() {
        let directory = tempfile::tempdir().unwrap();
        for (inputs, needed) in [
            (json!({"endpoint": {"authCredentialsLink": "/core/auth/credentials/a"}}), true),
            (json!({"authCredentialsLink": "/core/auth/credentials/a"}), true),
            (json!({"endpoint": {"authCredentialsLink": ""}, "authCredentialsLink": null}), false),
            (json!({"endpoint": null}), false),
            (json!([]), false),
        ] {
            let path = directory.path().join("inputs.json");
            std::fs::write(&path, inputs.to_string()).unwrap();
            let args = Args {
                package: directory.path().join("nothing.zip"),
                action: Action::GetIpRanges,
                inputs: path,
                context: None,
                timeout: None,
                memory: None,
                python: "python3".into(),
            };
            let failure = run(args).await.err().unwrap();
            assert_eq!(failure.code(), WRONG_USE);
            let text = failure.text();
            // What needs no credentials goes on to the package, which is not there.
            assert!(
                text.contains(if needed { "--context CREDENTIALS.json is missing" } else { "nothing.zip" }),
                "{text}"
            );
        }
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("-1").is_err() && seconds("x").is_err() && seconds("NaN").is_err());
    }
}
