//! Run of a program whose output is bounded, and that ends with the future that waits for it.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::join3;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Number of bytes of the error output that are kept, its end.
const ERRORS: usize = 16 << 10;

/// Variables of the environment that the program gets. The others may be passwords of this process.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "NMAPDIR",
    "NMAP_PRIVILEGED",
    "NMAP_UNPRIVILEGED",
    "SystemRoot",
    "windir",
];

/// Result of a run.
#[derive(Debug)]
pub(super) struct Ended {
    /// End of the run.
    pub(super) end: End,
    /// Output, as far as it came.
    pub(super) output: Vec<u8>,
    /// Last part of the error output.
    pub(super) errors: String,
}

/// End of a run.
#[derive(Debug)]
pub(super) enum End {
    /// The program ended by itself, or by a signal of another process.
    Exited(ExitStatus),
    /// The time limit was reached.
    TimedOut,
    /// The output was longer than permitted.
    TooMuch,
    /// The operating system failed.
    Failed(io::Error),
}

/// Process that is killed, with all that it started, when it is dropped before its end.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // `None` after the end: then the number may belong to another process.
        #[cfg(unix)]
        if let Some(id) = self.0.id().and_then(|id| i32::try_from(id).ok()) {
            let group = nix::unistd::Pid::from_raw(id);
            // It may be gone already, which is what is wanted.
            let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        }
    }
}

/// Runs a program with this input, for at most `limit`, and keeps at most `bytes` of its output.
///
/// # Errors
/// The error of starting it; [`io::ErrorKind::NotFound`] if there is no such program.
pub(super) async fn run(mut command: Command, input: Vec<u8>, limit: Duration, bytes: usize) -> io::Result<Ended> {
    let kept = |name: &OsString| KEPT.iter().any(|kept| name == kept);
    command.env_clear().envs(std::env::vars_os().filter(|(name, _)| kept(name)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut group = Group(command.spawn()?);
    let (stdin, stdout, stderr) = (group.0.stdin.take(), group.0.stdout.take(), group.0.stderr.take());
    let mut output = Vec::new();
    let mut errors = Vec::new();
    let work = async {
        let write = async {
            if let Some(mut stdin) = stdin {
                // A program that ends early closes its input; its exit status tells more.
                let _ = stdin.write_all(&input).await;
            }
        };
        let ((), read, _) = join3(write, read(stdout, &mut output, bytes), read_end(stderr, &mut errors)).await;
        match read {
            Ok(true) => match group.0.wait().await {
                Ok(status) => End::Exited(status),
                Err(error) => End::Failed(error),
            },
            Ok(false) => End::TooMuch,
            Err(error) => End::Failed(error),
        }
    };
    let end = timeout(limit, work).await.unwrap_or(End::TimedOut);
    Ok(Ended { end, output, errors: String::from_utf8_lossy(&errors).into_owned() })
}

/// Reads to the end. Returns false if there is more than `bytes`; the pipe is closed then.
async fn read(pipe: Option<impl AsyncRead + Unpin>, output: &mut Vec<u8>, bytes: usize) -> io::Result<bool> {
    if let Some(pipe) = pipe {
        let limit = u64::try_from(bytes).unwrap_or(u64::MAX);
        pipe.take(limit.saturating_add(1)).read_to_end(output).await?;
    }
    let whole = output.len() <= bytes;
    output.truncate(bytes);
    Ok(whole)
}

/// Reads to the end, and keeps the last part.
async fn read_end(pipe: Option<impl AsyncRead + Unpin>, output: &mut Vec<u8>) -> io::Result<()> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    let mut buffer = [0; 4096];
    loop {
        let length = pipe.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        output.extend_from_slice(buffer.get(..length).unwrap_or_default());
        output.drain(..output.len().saturating_sub(ERRORS));
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::time::Instant;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    async fn ended(script: &str, input: &str, limit: u64, bytes: usize) -> Ended {
        run(shell(script), input.as_bytes().to_vec(), Duration::from_millis(limit), bytes).await.unwrap()
    }

    #[tokio::test]
    async fn input_output_and_errors_flow_together() {
        // More than a pipe holds, in each direction at once.
        let input = "x".repeat(300_000);
        let ended = ended(
            "cat; echo first >&2; head -c 50000 /dev/zero >&2; echo; echo last >&2; exit 3",
            &input,
            20_000,
            1 << 20,
        )
        .await;
        assert!(matches!(ended.end, End::Exited(status) if status.code() == Some(3)), "{:?}", ended.end);
        assert_eq!(ended.output.len(), 300_001);
        assert!(ended.errors.ends_with("last\n") && ended.errors.len() <= ERRORS);
    }

    #[tokio::test]
    async fn the_environment_is_not_handed_on() {
        // Cargo sets many variables for its tests.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let ended = ended("env", "", 20_000, 1 << 20).await;
        let text = String::from_utf8(ended.output).unwrap();
        assert!(text.contains("PATH=") && !text.contains("CARGO"), "{text}");
    }

    #[tokio::test]
    async fn output_is_bounded() {
        let ended = ended("yes", "", 20_000, 1000).await;
        assert!(matches!(ended.end, End::TooMuch), "{:?}", ended.end);
        assert_eq!(ended.output.len(), 1000);
    }

    #[tokio::test]
    async fn the_time_limit_ends_the_whole_group_and_keeps_the_output() {
        let started = Instant::now();
        let ended = ended("echo $$; sleep 300 & sleep 300", "", 300, 1000).await;
        assert!(matches!(ended.end, End::TimedOut), "{:?}", ended.end);
        assert!(started.elapsed() < Duration::from_secs(100));
        let group = String::from_utf8(ended.output).unwrap().trim().to_owned();
        assert!(gone(&group).await, "processes of group {group} are left");
    }

    #[tokio::test]
    async fn a_dropped_future_ends_the_whole_group() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("group");
        let script = format!("echo $$ > {0}.new && mv {0}.new {0}; sleep 300 & sleep 300", file.display());
        let task = tokio::spawn(run(shell(&script), Vec::new(), Duration::from_secs(300), 1000));
        let group = loop {
            if let Ok(text) = std::fs::read_to_string(&file) {
                break text.trim().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(gone(&group).await, "processes of group {group} are left");
    }

    /// Waits until no process of a group runs.
    async fn gone(group: &str) -> bool {
        for _ in 0..500 {
            let left = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).any(|entry| {
                let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
                // `pid (name) state parent group`
                let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
                fields.next().is_some_and(|state| state != "Z") && fields.nth(1) == Some(group)
            });
            if !left {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    #[tokio::test]
    async fn a_missing_program_is_told_apart() {
        let error = run(Command::new("/nonexistent/nmap"), Vec::new(), Duration::from_secs(1), 10).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
