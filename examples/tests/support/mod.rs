//! A store in a temporary directory, and the program over it.
#![allow(dead_code, reason = "not each test file uses all of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A store in a directory of its own, and the program over it.
pub(crate) struct Shell {
    pub(crate) directory: TempDir,
}

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Exit code; -1 if a signal ended it.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// With a range "lan" of 14 addresses but the gateway, and a block "campus".
    pub(crate) fn with_lan() -> Self {
        let shell = Self::new();
        shell.ok(&["blocks", "add", "campus", "10.0.0.0/16", "--name", "Campus", "--tag", "site=prague"]);
        shell.ok(&["ranges", "add", "lan", "10.0.1.0/28", "--gateway", "10.0.1.1", "--dns", "10.0.1.2,10.0.1.3"]);
        shell
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    pub(crate) fn url(&self) -> String {
        format!("embedded:{}?actor=tester&busy_timeout=30s", self.path("ipam.db").display())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(Some(&self.url()), arguments)
    }

    /// Runs it, and wants it to be done.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.out
    }

    /// Runs it with `--json`, wants it to be done, and reads the result.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let out = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
    }

    /// Everything in the store, to see whether something changed.
    pub(crate) fn contents(&self) -> [Value; 4] {
        [
            self.json(&["ranges", "list"]),
            self.json(&["blocks", "list"]),
            self.json(&["find", "--limit", "0"]),
            self.json(&["changes", "--limit", "0"]),
        ]
    }
}

pub(crate) fn run(provider: Option<&str>, arguments: &[&str]) -> Ran {
    ran(command(provider, arguments).output().unwrap())
}

/// The program with these arguments, not yet started.
pub(crate) fn command(provider: Option<&str>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipam"));
    command.env_remove("IPAM_PROVIDER").env_remove("RUST_BACKTRACE").args(arguments);
    if let Some(provider) = provider {
        command.env("IPAM_PROVIDER", provider);
    }
    command
}

pub(crate) fn ran(output: Output) -> Ran {
    let Output { status, stdout, stderr } = output;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
}
