//! `ipam diff`, `ipam migrate`, `ipam plan export` and `ipam changes --follow`, as people run them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

struct Stores(TempDir);

impl Stores {
    /// Two files, of which the first has a range and an address.
    fn new() -> Self {
        let stores = Self(tempfile::tempdir().unwrap());
        let old = stores.url("old.db");
        assert!(run(&["--provider", &old, "ranges", "add", "lan", "192.0.2.0/24"]).status.success());
        assert!(stores.allocate("vm-1").status.success());
        stores
    }

    fn url(&self, name: &str) -> String {
        format!("embedded:{}", self.0.path().join(name).display())
    }

    fn allocate(&self, owner: &str) -> Output {
        run(&["--provider", &self.url("old.db"), "allocate", "lan", "--owner", owner, "--key", owner])
    }
}

fn ipam(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipam"));
    command.env_remove("IPAM_PROVIDER").env_remove("RUST_BACKTRACE").args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    ipam(arguments).output().unwrap()
}

/// The result as JSON, and the exit code.
fn json(arguments: &[&str]) -> (Value, i32) {
    let ran = run(&[arguments, &["--json"]].concat());
    let error = String::from_utf8_lossy(&ran.stderr);
    (serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{error}")), ran.status.code().unwrap())
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_store_is_moved_compared_and_moved_again() {
    let stores = Stores::new();
    let (old, new) = (stores.url("old.db"), stores.url("new.db"));
    let dry = run(&["migrate", &old, &new, "--dry-run"]);
    assert!(dry.status.success(), "{}", String::from_utf8_lossy(&dry.stderr));
    assert!(text(&dry).contains("dry run: 0 blocks, 1 ranges and 1 addresses to write, 0 are there"), "{}", text(&dry));
    assert!(!stores.0.path().join("new.db").exists());

    let (moved, code) = json(&["migrate", &old, &new]);
    assert_eq!((&moved["written"]["addresses"], code), (&1.into(), 0), "{moved:#}");
    let same = run(&["diff", &old, &new]);
    assert_eq!(
        (same.status.code(), text(&same).trim()),
        (Some(0), "0 differences in 0 blocks, 1 ranges and 1 addresses")
    );

    assert!(stores.allocate("vm-2").status.success());
    let (differs, code) = json(&["diff", &old, &new]);
    assert_eq!((&differs["same"], code), (&false.into(), 6));
    let item = &differs["items"][0];
    assert_eq!((&item["name"], &item["status"]), (&"192.0.2.2".into(), &"only-first".into()), "{differs:#}");
    let (moved, _) = json(&["migrate", &old, &new]);
    assert_eq!((&moved["written"]["addresses"], &moved["unchanged_addresses"]), (&1.into(), &1.into()));
    assert_eq!(run(&["diff", &new, &old]).status.code(), Some(0));
}

#[test]
fn what_is_in_the_way_or_lost_stops_a_migration() {
    let stores = Stores::new();
    let (old, new) = (stores.url("old.db"), stores.url("new.db"));
    assert!(run(&["--provider", &new, "ranges", "add", "lan", "192.0.2.0/24", "--name", "Office"]).status.success());
    let lossy = run(&["migrate", &old, &new]);
    assert_eq!(lossy.status.code(), Some(1));
    assert!(text(&lossy).contains("lost: range: 1 are in the target with other values, which stay (lan 192.0.2.0/24)"));
    assert!(text(&lossy).contains("--accept-losses"), "{}", text(&lossy));
    assert!(run(&["migrate", &old, &new, "--accept-losses"]).status.success());

    assert!(run(&["--provider", &new, "allocate", "lan", "--owner", "other"]).status.success());
    assert!(stores.allocate("vm-2").status.success());
    let (refused, code) = json(&["migrate", &old, &new, "--accept-losses"]);
    assert_eq!((code, &refused["migrated"]), (1, &false.into()));
    assert!(refused["conflicts"][0].as_str().unwrap().starts_with("192.0.2.2: the target has it with another key"));
}

#[test]
fn a_provider_is_exported_as_a_plan() {
    let stores = Stores::new();
    let old = stores.url("old.db");
    let csv = run(&["--provider", &old, "plan", "export"]);
    assert!(text(&csv).contains("allocation,"), "{}", text(&csv));
    let file = stores.0.path().join("plan.json");
    std::fs::write(&file, text(&run(&["--provider", &old, "plan", "export", "--to", "json"]))).unwrap();
    let imported = run(&["--provider", &stores.url("new.db"), "plan", "import", file.to_str().unwrap()]);
    assert!(text(&imported).contains("imported: 2 added"), "{}", text(&imported));
}

#[cfg(unix)]
#[test]
fn changes_are_followed_until_the_program_is_stopped() {
    let stores = Stores::new();
    let mut follower = ipam(&["--provider", &stores.url("old.db"), "changes", "--follow", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["kind"], "range-defined");
    assert_eq!(next()["owner"], "vm-1");
    // One that comes while it waits.
    assert!(stores.allocate("vm-2").status.success());
    assert_eq!(next()["owner"], "vm-2");
    let killed = Command::new("kill").args(["-INT", &follower.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(follower.wait().unwrap().code(), Some(130));
}
