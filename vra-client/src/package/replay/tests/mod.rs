#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod kills;
mod limits;
mod script;
mod secrets;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Replay, ReplayError};
use crate::package::archive::{self, Content, Entry, Packed};
use crate::package::{Package, files};
use crate::plugin::Action;

const SECRET: &str = "vra-Pass1";
const PROGRAM: &str = "ipam-plugin";

/// Returns false, and says so, where the tests of scripts cannot run.
fn python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: python3 is not installed");
    }
    found
}

/// Returns a package of AllocateIP whose action has these files, with this time limit.
fn package(action_files: &[(&str, &str)], seconds: u32) -> Package {
    let entry = |name: &str, content| Entry { name: name.to_owned(), content };
    let files: Vec<_> = action_files
        .iter()
        .map(|(name, text)| {
            (*name, text.as_bytes(), (*name == PROGRAM).then(|| Packed::executable(text.as_bytes()).unwrap()))
        })
        .collect();
    let inner = files
        .iter()
        .map(|(name, text, packed)| entry(name, packed.as_ref().map_or(Content::Text(text), Content::Packed)));
    let inner = archive::write(inner.collect()).unwrap();
    let abx = files::abx("My", Action::AllocateIp, seconds, 600);
    let bundle = [
        entry("My_AllocateIP.abx", Content::Text(abx.as_bytes())),
        entry("My_AllocateIP.zip", Content::Stored(&inner)),
    ];
    let bundle = archive::write(bundle.into()).unwrap();
    Package::from_bytes(archive::write(vec![entry("bundle.zip", Content::Stored(&bundle))]).unwrap())
}

/// Returns the real script of the action, with this time limit of its program.
fn script(seconds: u32) -> String {
    files::script(Action::AllocateIp, PROGRAM, seconds)
}

/// Returns a replay of the real script over a program that is a script itself, too.
fn over_program(program: &str) -> Replay {
    with_credentials(package(&[("source.py", &script(60)), (PROGRAM, program)], 60))
}

/// Returns a replay of a handler, without the script and the program of this crate.
fn over_handler(source: &str) -> Replay {
    with_credentials(package(&[("source.py", source)], 60))
}

fn with_credentials(package: Package) -> Replay {
    let content = json!({"privateKeyId": "vra", "privateKey": SECRET}).to_string();
    Replay::new(package, Action::AllocateIp).with_credentials(json!({"status": 200, "content": content}))
}

fn inputs() -> Value {
    json!({"endpoint": {"authCredentialsLink": "/core/auth/credentials/1"}, "size": "1"})
}

/// Returns a program in Python.
fn python_program(body: &str) -> String {
    format!("#!/usr/bin/env python3\nimport json, os, sys\n{body}\n")
}

fn raised(replay: &Replay) -> String {
    match replay.run(&inputs()).unwrap_err() {
        ReplayError::Raised { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

/// Returns the lines of a file that a process writes, once it has this many.
fn written(path: &Path, lines: usize) -> Vec<String> {
    let begin = Instant::now();
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.matches('\n').count() >= lines {
            return text.lines().map(str::to_owned).collect();
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{} has {text:?}", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns true if there is a process of this number that runs.
fn alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(PathBuf::from("/proc").join(pid).join("stat")).unwrap_or_default();
    // A dead process that its parent has not waited for has the state Z.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Asserts that the process ends soon.
fn assert_ends(pid: &str) {
    let begin = Instant::now();
    while alive(pid) {
        assert!(begin.elapsed() < Duration::from_secs(10), "the process {pid} still runs");
        std::thread::sleep(Duration::from_millis(5));
    }
}
