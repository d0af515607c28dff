//! Backups, and stores restored from them.
#![cfg(feature = "embedded")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod embedded_support;

use std::fs;
use std::path::{Path, PathBuf};

use embedded_support::store;
use futures_executor::block_on;
use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, Allocation, EmbeddedConfig, EmbeddedProvider, ErrorKind, Find, IpamProvider, IpamProviderExt, Operation,
};

fn open(path: &Path) -> EmbeddedProvider {
    block_on(EmbeddedProvider::open(path)).unwrap()
}

fn take(provider: &EmbeddedProvider, key: &str) {
    block_on(provider.allocate(&Allocate::one("vm", "lan").with_key(key))).unwrap();
}

/// Returns the keys in a store, which has to be sound.
fn keys(path: &Path) -> Vec<String> {
    block_on(async {
        let provider = EmbeddedProvider::open(path).await.unwrap();
        assert_eq!(provider.check_store().await.unwrap().violations, Vec::<String>::new());
        let found: Vec<Allocation> = provider.find_all(Find::default()).try_collect().await.unwrap();
        provider.close().await.unwrap();
        found.into_iter().map(|allocation| allocation.key.unwrap().to_string()).collect()
    })
}

fn side(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Returns a store with "a", its backup, and then "b".
fn with_backup(directory: &Path) -> (PathBuf, PathBuf) {
    let path = store(directory, "10.0.0.0/16");
    let backup = directory.join("backup.db");
    let provider = open(&path);
    take(&provider, "a");
    block_on(provider.backup_to(&backup)).unwrap();
    take(&provider, "b");
    block_on(provider.close()).unwrap();
    (path, backup)
}

fn nothing_left(directory: &Path) {
    let names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_str().unwrap().contains("part")), "{names:?}");
}

#[test]
fn a_closed_store_is_whole_in_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = with_backup(directory.path());
    let copy = directory.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    assert_eq!(keys(&copy), ["a", "b"]);
    // Also where another handle stays open, of this process or another one.
    let (first, second) = (open(&path), open(&path));
    take(&first, "c");
    block_on(second.find(&Find::default())).unwrap();
    block_on(first.close()).unwrap();
    let copy = directory.path().join("copy2.db");
    block_on(second.find(&Find::default())).unwrap();
    // Not through this process, whose locks would go.
    let copied = std::process::Command::new("cp").arg(&path).arg(&copy).status().unwrap();
    assert!(copied.success());
    assert_eq!(keys(&copy), ["a", "b", "c"]);
    drop(second);
}

#[test]
fn a_store_is_restored() {
    let directory = tempfile::tempdir().unwrap();
    let (path, backup) = with_backup(directory.path());
    block_on(EmbeddedProvider::restore(&backup, &path)).unwrap();
    assert_eq!(keys(&path), ["a"]);
    assert_eq!(keys(&backup), ["a"]);
    let new = directory.path().join("new.db");
    block_on(EmbeddedProvider::restore(&backup, &new)).unwrap();
    assert_eq!(keys(&new), ["a"]);
    nothing_left(directory.path());
}

#[test]
fn the_old_log_goes_with_the_old_store() {
    let directory = tempfile::tempdir().unwrap();
    let (path, backup) = with_backup(directory.path());
    // As a crash leaves it: file, log and index.
    let provider = open(&path);
    for number in 0..50 {
        take(&provider, &format!("c{number}"));
    }
    let crashed = directory.path().join("crashed.db");
    for suffix in ["-wal", "-shm", ""] {
        let copied = std::process::Command::new("cp").arg(side(&path, suffix)).arg(side(&crashed, suffix)).status();
        assert!(copied.unwrap().success());
    }
    drop(provider);
    block_on(EmbeddedProvider::restore(&backup, &crashed)).unwrap();
    assert!(!side(&crashed, "-wal").exists() && !side(&crashed, "-shm").exists());
    assert_eq!(keys(&crashed), ["a"]);
}

#[test]
fn a_store_in_use_is_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let (path, backup) = with_backup(directory.path());
    for read_only in [false, true] {
        let config = EmbeddedConfig::new(&path).with_read_only(read_only);
        let provider = block_on(EmbeddedProvider::open(config)).unwrap();
        let error = block_on(EmbeddedProvider::restore(&backup, &path)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(error.message().contains("close it everywhere"), "{error}");
        assert_eq!(block_on(provider.find(&Find::default())).unwrap().items.len(), 2);
        if !read_only {
            take(&provider, "c");
            block_on(provider.deallocate(&ipam_core::Deallocate::key("c"))).unwrap();
        }
        block_on(provider.close()).unwrap();
    }
    assert_eq!(keys(&path), ["a", "b"]);
    nothing_left(directory.path());
}

#[test]
fn a_store_that_another_process_has_open_is_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let (path, backup) = with_backup(directory.path());
    let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\nc.execute('select count(*) from event').fetchone()\n\
                  print('open',flush=True)\nsys.stdin.read()";
    let mut command = std::process::Command::new("python3");
    command.args(["-c", script]).arg(&path).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let Ok(mut other) = command.spawn() else {
        println!("skipped: python3 is not installed");
        return;
    };
    let mut said = [0; 4];
    std::io::Read::read_exact(other.stdout.as_mut().unwrap(), &mut said).unwrap();
    let error = block_on(EmbeddedProvider::restore(&backup, &path)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    drop(other.stdin.take());
    other.wait().unwrap();
    block_on(EmbeddedProvider::restore(&backup, &path)).unwrap();
    assert_eq!(keys(&path), ["a"]);
}

#[test]
fn a_file_that_is_not_a_backup_is_not_restored() {
    let directory = tempfile::tempdir().unwrap();
    let (path, backup) = with_backup(directory.path());
    let named = |name: &str| directory.path().join(name);
    fs::write(named("text"), "10.0.0.1 web1\n".repeat(100)).unwrap();
    fs::write(named("empty"), "").unwrap();
    let whole = fs::read(&backup).unwrap();
    fs::write(named("short"), &whole[..whole.len() / 2]).unwrap();
    let unsound = named("unsound");
    fs::copy(&backup, &unsound).unwrap();
    let connection = rusqlite::Connection::open(&unsound).unwrap();
    connection.execute("DELETE FROM allocation", []).unwrap();
    connection.close().unwrap();
    let foreign = rusqlite::Connection::open(named("foreign")).unwrap();
    foreign.execute_batch("CREATE TABLE t (x)").unwrap();
    foreign.close().unwrap();
    for (name, kind) in [
        ("text", ErrorKind::Corrupt),
        ("empty", ErrorKind::Corrupt),
        ("short", ErrorKind::Corrupt),
        ("unsound", ErrorKind::Corrupt),
        ("foreign", ErrorKind::Corrupt),
        ("missing", ErrorKind::Config),
        ("ipam.db", ErrorKind::Config),
    ] {
        let error = block_on(EmbeddedProvider::restore(named(name), &path)).unwrap_err();
        assert_eq!((error.kind(), error.operation()), (kind, Operation::Restore), "{name}: {error}");
        assert_eq!(keys(&path), ["a", "b"], "{name}");
    }
    // Nor over a file that is not a store.
    for name in ["text", "foreign"] {
        let before = fs::read(named(name)).unwrap();
        let error = block_on(EmbeddedProvider::restore(&backup, named(name))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.message().contains("is not replaced"), "{error}");
        assert!(fs::read(named(name)).unwrap() == before);
    }
    nothing_left(directory.path());
}

#[test]
fn a_store_that_is_cut_short_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let (path, backup) = with_backup(directory.path());
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    block_on(EmbeddedProvider::restore(&backup, &path)).unwrap();
    assert_eq!(keys(&path), ["a"]);
}

/// Process that restores until it is killed, not a test.
#[test]
fn restorer() {
    let Ok(directory) = std::env::var("IPAM_TEST_RESTORE") else { return };
    let named = |name: &str| Path::new(&directory).join(name);
    loop {
        block_on(EmbeddedProvider::restore(named("backup.db"), named("ipam.db"))).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn after_a_kill_one_of_the_two_stores_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let (path, backup) = with_backup(directory.path());
    let crashed = directory.path().join("crashed");
    fs::create_dir(&crashed).unwrap();
    let provider = open(&path);
    take(&provider, "c");
    for suffix in ["", "-wal"] {
        let copied = std::process::Command::new("cp").arg(side(&path, suffix)).arg(&crashed).status();
        assert!(copied.unwrap().success());
    }
    drop(provider);
    let (mut old, mut new) = (0, 0);
    for round in 0..40 {
        let place = directory.path().join(format!("round{round}"));
        fs::create_dir(&place).unwrap();
        fs::copy(&backup, place.join("backup.db")).unwrap();
        for entry in fs::read_dir(&crashed).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), place.join(entry.file_name())).unwrap();
        }
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "restorer"]).env("IPAM_TEST_RESTORE", &place).stdout(std::process::Stdio::null());
        let mut process = command.spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(5 + round * 4));
        process.kill().unwrap();
        process.wait().unwrap();
        match keys(&place.join("ipam.db")).as_slice() {
            [a, b, c] if (a.as_str(), b.as_str(), c.as_str()) == ("a", "b", "c") => old += 1,
            [a] if a == "a" => new += 1,
            other => panic!("{other:?} in round {round}"),
        }
    }
    println!("{old} times the old store, {new} times the new one");
}

/// Files as a crash leaves them, put together from two moments.
fn together(directory: &Path, name: &str, file: &Path, log: &[u8]) -> PathBuf {
    let path = directory.join(name);
    fs::copy(file, &path).unwrap();
    fs::write(side(&path, "-wal"), log).unwrap();
    path
}

#[test]
fn a_log_that_does_not_belong_to_the_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = store(directory.path(), "10.0.0.0/16");
    let (old, new) = (directory.path().join("old.db"), directory.path().join("new.db"));
    let many = |from: usize| {
        let provider = open(&path);
        (from..from + 100).for_each(|number| take(&provider, &format!("k{number:03}")));
        let log = fs::read(side(&path, "-wal")).unwrap();
        block_on(provider.close()).unwrap();
        log
    };
    fs::copy(&path, &old).unwrap();
    let first = many(0);
    let second = many(100);
    let third = many(200);
    fs::copy(&path, &new).unwrap();
    for (name, file, log) in [("a.db", &old, &third), ("b.db", &old, &second), ("c.db", &new, &first)] {
        let pair = together(directory.path(), name, file, log);
        for read_only in [true, false] {
            let config = EmbeddedConfig::new(&pair).with_read_only(read_only);
            let error = block_on(EmbeddedProvider::open(config)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{name}: {error}");
            assert!(error.message().contains("does not belong to its file"), "{name}: {error}");
        }
        assert!(fs::read(&pair).unwrap() == fs::read(file).unwrap(), "{name} is as it was");
        assert!(&fs::read(side(&pair, "-wal")).unwrap() == log, "the log of {name} is as it was");
    }
    // Each of these goes on from its file, or has all that the file has.
    for (name, file, log, count) in [("d.db", &old, &first, 100), ("e.db", &new, &third, 300)] {
        assert_eq!(keys(&together(directory.path(), name, file, log)).len(), count);
    }
}
