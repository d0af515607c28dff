//! The program `nft`: one run with a time limit.

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use super::super::FirewallError;

/// Longest time of a run; one takes 0.04 s, and 5 000 rules 0.1 s. Another program may hold the kernel's lock.
const LIMIT: Duration = Duration::from_secs(10);
/// A map of all 65 535 ports is listed in about 4 MB.
const MAX_OUTPUT: u64 = 16 << 20;
/// Faults are shown with this much of the words of nft.
const MAX_WORDS: u64 = 4 << 10;

/// The program.
#[derive(Debug)]
pub(super) struct Nft {
    program: PathBuf,
}

/// Fault of a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// The table does not exist.
    Missing,
    /// The kernel or the program refused the transaction, all of it.
    Refused {
        /// Line at fault, from 1.
        line: Option<usize>,
        said: String,
        /// The kernel said that it has an element with another value.
        exists: bool,
    },
    /// Nothing was started, or no right to it.
    Failed(FirewallError),
    /// The run did not come to its end.
    Cut(String),
}

impl Problem {
    /// The error of a change.
    pub(super) fn changed(self) -> FirewallError {
        match self {
            Self::Missing => {
                FirewallError::Refused("another program removed the gateway's table; try again".to_owned())
            }
            Self::Refused { said, .. } => FirewallError::Refused(said),
            Self::Failed(error) => error,
            Self::Cut(reason) => FirewallError::Unknown(reason),
        }
    }

    /// The error of a run that changes nothing.
    pub(super) fn unchanged(self) -> FirewallError {
        match self {
            Self::Cut(reason) => FirewallError::Unavailable(reason),
            other => other.changed(),
        }
    }
}

impl Nft {
    pub(super) fn new(program: PathBuf) -> Self {
        Self { program }
    }

    /// Runs a transaction. With `check` the kernel tries it and takes it back.
    pub(super) async fn run(&self, script: &str, check: bool) -> Result<(), Problem> {
        let arguments: &[&str] = if check { &["--check", "-f", "-"] } else { &["-f", "-"] };
        self.start(arguments, script).await.map(drop)
    }

    /// Lists a table as JSON.
    pub(super) async fn list(&self, table: &str) -> Result<Vec<u8>, Problem> {
        self.start(&["-j", "list", "table", "ip", table], "").await
    }

    async fn start(&self, arguments: &[&str], input: &str) -> Result<Vec<u8>, Problem> {
        let program = self.program.display();
        let mut child = Command::new(&self.program)
            .args(arguments)
            // The words of the kernel are compared.
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A dropped future leaves no process; the kernel has the transaction as a whole or not at all.
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Problem::Failed(not_started(&program.to_string(), &error)))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let run = async {
            let write = async {
                if let Some(mut stdin) = stdin {
                    // It may end before it has read all; its words tell why.
                    let _ = stdin.write_all(input.as_bytes()).await;
                    let _ = stdin.shutdown().await;
                }
            };
            let ((), output, words) = tokio::join!(write, read(stdout, MAX_OUTPUT), read(stderr, MAX_WORDS));
            let status = child.wait().await?;
            Ok::<_, io::Error>((status, output?, words?))
        };
        let (status, output, words) = match timeout(LIMIT, run).await {
            Err(_) => return Err(Problem::Cut(format!("{program} did not end within {LIMIT:?}, and was stopped"))),
            Ok(Err(error)) => return Err(Problem::Cut(format!("{program}: {error}"))),
            Ok(Ok(ended)) => ended,
        };
        if status.success() { Ok(output) } else { Err(classify(&program.to_string(), status, &words)) }
    }
}

/// Reads an output to its end, and keeps at most `limit` bytes of it, so that the program is never blocked.
async fn read(output: Option<impl AsyncRead + Unpin>, limit: u64) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut output) = output {
        (&mut output).take(limit).read_to_end(&mut kept).await?;
        tokio::io::copy(&mut output, &mut tokio::io::sink()).await?;
    }
    Ok(kept)
}

fn not_started(program: &str, error: &io::Error) -> FirewallError {
    FirewallError::Unavailable(match error.kind() {
        io::ErrorKind::NotFound => {
            format!("{program:?} is not installed; apt-get install nftables, or set firewall.nft to its path")
        }
        io::ErrorKind::PermissionDenied => format!("{program:?} may not be started ({error}); check its mode"),
        _ => format!("{program:?} cannot be started: {error}"),
    })
}

/// Tells the fault of a run by the words of nft.
fn classify(program: &str, status: ExitStatus, words: &[u8]) -> Problem {
    let words = String::from_utf8_lossy(words);
    let has = |text: &str| words.contains(text);
    if status.code().is_none() {
        return Problem::Cut(format!("{program} was stopped ({status})"));
    }
    if has("Operation not permitted") || has("Permission denied") {
        return Problem::Failed(FirewallError::Unavailable(format!(
            "{program} has no right to the rules: run the gateway as root, or with CAP_NET_ADMIN ({})",
            first_line(&words)
        )));
    }
    if has("Operation not supported") || has("Protocol not supported") {
        return Problem::Failed(FirewallError::Unavailable(format!(
            "the kernel lacks a part of nftables: modprobe nft_chain_nat nft_masq nft_fib_ipv4 nft_log ({})",
            first_line(&words)
        )));
    }
    let line = line_of(&words);
    // A listing has no line, and its only fault of this kind is the table.
    if line.is_none() && has("No such file or directory") {
        return Problem::Missing;
    }
    Problem::Refused { line, said: format!("{program}: {}", first_line(&words)), exists: has("File exists") }
}

fn first_line(words: &str) -> String {
    let line = words.lines().find(|line| line.contains("Error")).or_else(|| words.lines().next());
    line.unwrap_or("it gave no reason").trim().to_owned()
}

/// Line of the script in `/dev/stdin:LINE:FROM-TO: Error: …`.
fn line_of(words: &str) -> Option<usize> {
    let line = words.lines().find(|line| line.contains("Error"))?;
    line.split(": ").next()?.split(':').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use std::os::unix::process::ExitStatusExt as _;

    use proptest::prelude::*;

    use super::*;

    fn of(words: &str) -> Problem {
        classify("nft", ExitStatus::from_raw(1 << 8), words.as_bytes())
    }

    #[test]
    fn the_words_of_nft_1_0_6_are_told_apart() {
        let exists =
            "/dev/stdin:3:36-40: Error: Could not process rule: File exists\nadd element ip t ports …\n   ^^^^^\n";
        assert!(matches!(of(exists), Problem::Refused { line: Some(3), exists: true, .. }));
        let missing = "Error: No such file or directory\nlist table ip nope\n              ^^^^\n";
        assert_eq!(of(missing), Problem::Missing);
        let gone = "/dev/stdin:1:16-19: Error: No such file or directory\nadd element ip nope ports\n";
        assert!(matches!(of(gone), Problem::Refused { line: Some(1), exists: false, .. }));
        let right = "/dev/stdin:1:1-15: Error: Could not process rule: Operation not permitted\nadd table ip x\n";
        assert!(
            matches!(of(right), Problem::Failed(FirewallError::Unavailable(said)) if said.contains("CAP_NET_ADMIN"))
        );
        let right = "Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation \
                     not permitted\n";
        assert!(matches!(of(right), Problem::Failed(FirewallError::Unavailable(_))));
        let syntax = "/dev/stdin:1:6-6: Error: syntax error, unexpected newline, expecting string\nbogus\n";
        assert!(
            matches!(of(syntax), Problem::Refused { line: Some(1), exists: false, said } if said.contains("syntax"))
        );
        assert!(matches!(classify("nft", ExitStatus::from_raw(9), b""), Problem::Cut(_)));
    }

    #[tokio::test]
    async fn a_missing_program_is_named_with_its_package() {
        let fault = Nft::new("/nonexistent/nft".into()).run("", false).await.unwrap_err();
        let Problem::Failed(FirewallError::Unavailable(said)) = fault else { panic!("{fault:?}") };
        assert!(said.contains("/nonexistent/nft") && said.contains("apt-get install nftables"), "{said}");
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_stopped_with_the_future() {
        let directory = tempfile::tempdir().unwrap();
        let (program, pid) = (directory.path().join("nft"), directory.path().join("pid"));
        let script = format!("#!/bin/sh\necho $$ > {}.part && mv {0}.part {0}\nexec sleep 60\n", pid.display());
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let nft = Nft::new(program);
        let started = async {
            while !pid.exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            ended = nft.run("x", false) => panic!("{ended:?}"),
            () = started => {}
        }
        let process = format!("/proc/{}/stat", std::fs::read_to_string(&pid).unwrap().trim());
        for _ in 0..1000 {
            match std::fs::read_to_string(&process) {
                Ok(stat) if !stat.contains(") Z ") => tokio::time::sleep(Duration::from_millis(5)).await,
                _ => return,
            }
        }
        panic!("it runs on");
    }

    proptest! {
        #[test]
        fn any_words_have_a_meaning(words in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = classify("nft", ExitStatus::from_raw(1 << 8), &words);
        }
    }
}
