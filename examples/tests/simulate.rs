//! Runs `ipam simulate`: from Python, with its options, and as the provider of another run.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running simulator. It is killed when a test fails.
struct Simulator {
    child: Child,
    line: Value,
}

impl Simulator {
    fn start(options: &[&str]) -> Self {
        let arguments = [&["simulate", "--json"], options].concat();
        let mut child = support::command(None, &arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, line: serde_json::from_str(&line).unwrap_or_else(|error| panic!("{options:?}: {error}: {line}")) }
    }

    /// Runs the program with the simulator as its provider.
    fn run(&self, arguments: &[&str]) -> support::Ran {
        let text = |name: &str| self.line[name].as_str().unwrap();
        let mut command = support::command(Some(text("provider")), arguments);
        support::ran(command.env(text("password_variable"), text("password")).output().unwrap())
    }

    /// Ends it by a signal, and returns its exit code.
    fn end(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It has ended already, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_python_program_allocates_from_every_version() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("not run: python3 is missing");
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulate.py");
    for version in ["1.4", "1.5", "1.6", "1.7", "1.8"] {
        let ran = Command::new("python3").args([script, env!("CARGO_BIN_EXE_ipam"), version]).output().unwrap();
        let ran = support::ran(ran);
        assert!(ran.code == 0 && ran.out.starts_with(version) && ran.out.contains(" 10.0.1.2"), "{version}: {ran:?}");
    }
}

#[test]
fn the_program_itself_uses_it_as_a_provider_until_a_signal() {
    let options = ["--profile", "1.7", "--lock", "none", "--nested", "--numbers", "strings", "--addresses", "3"];
    let faults =
        ["--fault", "lost-response=0.2", "--fault", "lock-timeout", "--seed", "7", "--required", "ticket=none"];
    let simulator = Simulator::start(&[&options[..], &faults[..]].concat());
    assert_eq!(simulator.line["version"], "1.7.4");
    let taken = simulator.run(&["allocate", "1", "--owner", "web1", "--json"]);
    assert_eq!(taken.code, 0, "{taken:?}");
    assert!(taken.out.contains("\"10.0.0.5\""), "{taken:?}");
    assert_eq!(simulator.end("-INT"), Some(0));
}

#[test]
fn wrong_options_are_named_with_their_remedy() {
    for (options, word) in [
        (["--profile", "1.2"], "1.4.7"),
        (["--fault", "fire"], "no fault fire"),
        (["--fault", "latency=2"], "from 0 to 1"),
        (["--subnets", "0"], "1..=65536"),
    ] {
        let ran = support::run(None, &[&["simulate"][..], &options[..]].concat());
        assert!(ran.code == 2 && ran.err.contains(word), "{options:?}: {ran:?}");
    }
    let simulator = Simulator::start(&[]);
    let port = simulator.line["url"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
    let ran = support::run(None, &["simulate", "--port", &port]);
    assert!(ran.code == 1 && ran.err.contains("--port, or 0"), "{ran:?}");
    assert_eq!(simulator.end("-TERM"), Some(0));
}
