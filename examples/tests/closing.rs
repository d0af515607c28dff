//! How a run of the program ends: what it leaves behind, its exit codes, and what it says to programs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use support::{Shell, command, ran, run};

/// What a copy of the store's file alone has, without the log beside it.
fn copied(shell: &Shell) -> Value {
    let copy = shell.path("copy.db");
    std::fs::copy(shell.path("ipam.db"), &copy).unwrap();
    let found = run(Some(&format!("embedded:{}", copy.display())), &["find", "--json"]);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(shell.path(&format!("copy.db{suffix}")));
    }
    assert_eq!(found.code, 0, "{found:?}");
    serde_json::from_str(&found.out).unwrap()
}

fn leaves_no_log(shell: &Shell, after: &str) {
    let log = std::fs::metadata(shell.path("ipam.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "after {after} a part of the store is in its log only");
}

#[test]
fn the_file_alone_has_everything_after_each_run() {
    let shell = Shell::with_lan();
    leaves_no_log(&shell, "ranges add");
    shell.ok(&["allocate", "lan", "--owner", "a"]);
    leaves_no_log(&shell, "allocate");
    assert_eq!(copied(&shell).as_array().unwrap().len(), 1);
    // Also where the work fails after it has written.
    assert_eq!(shell.run(&["allocate", "lan", "--owner", "b", "--count", "14"]).code, 3);
    leaves_no_log(&shell, "a failure");
    let plan = shell.file("plan.csv", "kind,id,net\nrange,dmz,10.0.9.0/24\n");
    shell.ok(&["plan", "import", &plan]);
    leaves_no_log(&shell, "plan import");
    let bad = shell.file("bad.csv", "kind,id,net\nrange,dmz,10.0.8.0/24\n");
    assert_eq!(shell.run(&["plan", "import", &bad]).code, 1);
    leaves_no_log(&shell, "a plan import that conflicts");
    shell.ok(&["store", "check"]);
    leaves_no_log(&shell, "store check");
    let kept = shell.path("kept.db").display().to_string();
    assert_eq!(run(None, &["quickstart", "--store", &kept]).code, 0);
    assert_eq!(std::fs::metadata(shell.path("kept.db-wal")).map_or(0, |log| log.len()), 0);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_run_with_its_code_and_closes_the_store() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let shell = Shell::with_lan();
        shell.ok(&["allocate", "lan", "--owner", "before"]);
        let lock = rusqlite::Connection::open(shell.path("ipam.db")).unwrap();
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut waiting = command(Some(&shell.url()), &["allocate", "lan", "--owner", "late", "--json"]);
        let child = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(1_500));
        let killed = std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        std::thread::sleep(Duration::from_millis(200));
        lock.execute_batch("ROLLBACK").unwrap();
        drop(lock);
        let ended = ran(child.wait_with_output().unwrap());
        assert_eq!(ended.code, code, "{ended:?}");
        let error: Value = serde_json::from_str(&ended.err).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
        assert_eq!((&error["error"]["kind"], &error["error"]["exit_code"]), (&"stopped".into(), &code.into()));
        leaves_no_log(&shell, signal);
        shell.ok(&["store", "check"]);
    }
}

#[test]
fn a_backup_is_a_store_and_never_replaces_a_file() {
    let shell = Shell::with_lan();
    shell.ok(&["allocate", "lan", "--owner", "a"]);
    let backup = shell.path("backup.db").display().to_string();
    shell.ok(&["store", "backup", &backup]);
    let found = run(Some(&format!("embedded:{backup}")), &["find", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&found.out).unwrap().as_array().unwrap().len(), 1);
    shell.ok(&["allocate", "lan", "--owner", "later"]);
    shell.ok(&["store", "restore", &backup]);
    assert_eq!(shell.json(&["find"]).as_array().unwrap().len(), 1, "the store is what the backup was");
    shell.ok(&["store", "check"]);
    assert_eq!(shell.run(&["store", "restore", "/nowhere/backup.db"]).code, 4);
    let not_one = shell.file("text.db", "no store");
    assert_eq!(shell.run(&["store", "restore", &not_one]).code, 1);
    assert_eq!(shell.json(&["find"]).as_array().unwrap().len(), 1, "a refused backup changes nothing");
    let again = shell.run(&["store", "backup", &backup]);
    assert!(again.code == 1 && again.err.contains("already"), "{again:?}");
    assert_eq!(run(Some("memory:"), &["store", "backup", &backup]).code, 2);
    assert_eq!(run(Some("embedded:/nowhere/x.db"), &["store", "backup", &backup]).code, 4);
}

#[test]
fn a_backup_takes_no_name_of_the_stores_own_and_read_only_is_kept() {
    let shell = Shell::with_lan();
    for side in ["-wal", "-shm", "-journal"] {
        let target = format!("{}{side}", shell.path("ipam.db").display());
        let refused = shell.run(&["store", "backup", &target]);
        assert!(refused.code != 0 && !shell.path("ipam.db-journal").exists(), "{refused:?}");
    }
    let backup = shell.path("backup.db").display().to_string();
    shell.ok(&["store", "backup", &backup]);
    let url = format!("embedded:{}?read_only=true", shell.path("ipam.db").display());
    let refused = run(Some(&url), &["store", "restore", &backup]);
    assert!(refused.code == 2 && refused.err.contains("read_only"), "{refused:?}");
}

#[test]
fn sweeping_a_store_finds_nothing_to_undo() {
    let shell = Shell::with_lan();
    shell.ok(&["allocate", "lan", "--owner", "a"]);
    let swept = shell.json(&["sweep", "--older-than", "1h", "--dry-run"]);
    assert_eq!((&swept["claims"], &swept["more"]), (&serde_json::json!([]), &Value::from(false)));
    assert!(shell.ok(&["sweep"]).contains("no abandoned claims"));
    assert_eq!(shell.run(&["sweep", "--older-than", "soon"]).code, 2);
    assert_eq!(shell.json(&["find"]).as_array().unwrap().len(), 1);
}

#[test]
fn wrong_arguments_are_json_for_programs() {
    let cases: [(&[&str], &str); 6] = [
        (&["--json"], "Usage"),
        (&["allocate", "--json"], "--owner"),
        (&["find", "10.0.0", "--json"], "10.0.0.7"),
        (&["--json", "fnid"], "fnid"),
        (&["ranges", "list", "--json", "--frobnicate"], "--frobnicate"),
        (&["ranges", "list", "--json"], "--provider"),
    ];
    for (arguments, words) in cases {
        let ran = run(None, arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {ran:?}");
        let error: Value = serde_json::from_str(&ran.err).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {ran:?}"));
        assert_eq!((&error["error"]["kind"], &error["error"]["exit_code"]), (&"invalid input".into(), &2.into()));
        assert!(error["error"]["message"].as_str().unwrap().contains(words), "{arguments:?}: {error}");
    }
    for arguments in [["--json", "--help"], ["--json", "--version"]] {
        let ran = run(None, &arguments);
        assert!(ran.code == 0 && ran.err.is_empty() && ran.out.contains("ipam"), "{ran:?}");
    }
    let people = run(None, &["allocate"]);
    assert!(people.code == 2 && people.err.starts_with("error: "), "{people:?}");
}

#[test]
fn waiting_leaves_standard_error_readable_for_programs() {
    let shell = Shell::with_lan();
    let lock = rusqlite::Connection::open(shell.path("ipam.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let url = format!("embedded:{}?busy_timeout=1500ms", shell.path("ipam.db").display());
    let busy = run(Some(&url), &["allocate", "lan", "--owner", "a", "--json"]);
    let error: Value = serde_json::from_str(&busy.err).unwrap_or_else(|error| panic!("{error}: {busy:?}"));
    assert_eq!((&error["error"]["kind"], busy.code), (&"busy".into(), 1), "{busy:?}");
    let people = run(Some(&url), &["allocate", "lan", "--owner", "a"]);
    assert!(people.err.contains("waiting for the provider"), "{people:?}");
}

#[test]
fn usage_counts_ranges_of_any_size() {
    let shell = Shell::new();
    shell.ok(&["ranges", "add", "lan", "10.0.0.0/24"]);
    shell.ok(&["ranges", "add", "pool", "2001:db8:1::/64", "--pool"]);
    shell.ok(&["ranges", "add", "site", "2001:db8:2::/48"]);
    let table = shell.ok(&["usage"]);
    assert!(["lan", "pool", "site"].iter().all(|range| table.contains(range)), "{table}");
    let usage = shell.json(&["usage"]);
    let total = |range: &str| {
        let rows = usage.as_array().unwrap();
        rows.iter().find(|row| row["range"] == range).unwrap_or_else(|| panic!("{usage}"))["total"].clone()
    };
    assert_eq!(total("lan"), 254);
    assert_eq!(total("pool"), "18446744073709551616");
    assert_eq!(total("site"), ((1_u128 << 80) - 1).to_string());
}

#[test]
fn usage_counts_the_whole_of_ipv6() {
    let shell = Shell::new();
    shell.ok(&["ranges", "add", "all", "::/0", "--addresses", "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]);
    shell.ok(&["usage"]);
    assert_eq!(shell.json(&["usage"])[0]["total"], u128::MAX.to_string());
}
