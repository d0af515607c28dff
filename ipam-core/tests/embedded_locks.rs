//! Locks of an open store are kept, so that no other process takes its log for abandoned and deletes it.
//!
//! Closing any descriptor of a file drops all locks that the process has on it (POSIX). The tests verify that the provider
//! never does so, with an old SQLite as the other process: a newer one checks twice before it deletes a log.
#![cfg(all(feature = "embedded", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod embedded_support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use embedded_support::store;
use futures_executor::block_on;
use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, Allocation, EmbeddedConfig, EmbeddedProvider, ErrorKind, Find, IpamProvider, IpamProviderExt,
};

/// Environment variable with the path of the store, for a child.
const STORE: &str = "IPAM_TEST_LOCKS_STORE";

/// Result of `open` in a child.
const OPEN: &str = "OPEN";

/// Process that the tests below start, not a test: it does what each line says, `open`, `find` or `take KEY`, and prints
/// the result.
#[test]
fn child() {
    let Ok(path) = std::env::var(STORE) else { return };
    let say = |line: &str| {
        let mut out = std::io::stdout().lock();
        out.write_all(format!("\nSAYS {line}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    let mut provider = None;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let result = match line.split_once(' ').unwrap_or((&line, "")) {
            ("open", _) => block_on(EmbeddedProvider::open(path.as_str())).map(|opened| {
                provider = Some(opened);
                OPEN.to_owned()
            }),
            ("find", _) => block_on(provider.as_ref().unwrap().find(&Find::default())).map(|_| "FOUND".to_owned()),
            (_, key) => {
                let request = Allocate::one("child", "lan").with_key(key);
                let result = block_on(provider.as_ref().unwrap().allocate(&request));
                result.map(|result| result.iter().next().unwrap().address.to_string())
            }
        };
        say(&result.unwrap_or_else(|error| format!("ERROR {:?} {error}", error.retry())));
    }
}

/// Process that has a store open.
struct Other {
    process: Child,
    input: ChildStdin,
    output: Receiver<String>,
}

impl Other {
    fn start(path: &Path, wrapper: &[&str]) -> Self {
        let mut words: Vec<PathBuf> = wrapper.iter().map(PathBuf::from).collect();
        words.push(std::env::current_exe().unwrap());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(["--exact", "child", "--nocapture", "--test-threads=1"]).env(STORE, path);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, output) = channel();
        let lines = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if let Some(said) = line.strip_prefix("SAYS ") {
                    let _ = sender.send(said.to_owned());
                }
            }
        });
        let input = process.stdin.take().unwrap();
        Self { process, input, output }
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        self.output.recv_timeout(Duration::from_secs(60)).unwrap()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns true if a process has the lock on the store by which others know that it is in use. The inode alone identifies
/// the file, because `stat` and `/proc/locks` do not always agree on the device.
fn is_locked(path: &Path, process: u32) -> bool {
    /// Offset of SQLite's shared lock.
    const SHARED: u64 = 0x4000_0002;
    let inode = format!(":{}", fs::metadata(path).unwrap().ino());
    let listed = || {
        let locks = fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, "POSIX", _, "READ", pid, file, first, ..] = words[..] else { return false };
            pid == process.to_string() && file.ends_with(&inode) && first.parse() == Ok(SHARED)
        })
    };
    // The kernel gives the list in pieces, and a piece may leave out a lock while other tests take and release theirs. A lock
    // that is gone is in none of the lists.
    (0..50).any(|_| listed())
}

fn assert_locked(path: &Path, when: &str) {
    assert!(is_locked(path, std::process::id()), "the lock is gone {when}");
}

/// Returns a program with a version of SQLite that deletes the log of a process that has lost its locks.
fn old_sqlite() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("old-sqlite");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/old-sqlite/Cargo.toml");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--locked", "--manifest-path"]).arg(manifest).arg("--target-dir").arg(&target);
        // Its own lints and profiles, not those that this run was started with.
        cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        assert!(cargo.status().unwrap().success(), "tests/old-sqlite is built");
        target.join("debug/old-sqlite")
    })
}

/// Returns other programs that open a store and close it again, by name.
fn programs() -> Vec<(&'static str, Vec<PathBuf>)> {
    let mut programs = vec![("old-sqlite", vec![old_sqlite().to_owned()])];
    if Command::new("sqlite3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        programs.push(("sqlite3", vec![PathBuf::from("sqlite3")]));
    } else {
        println!("skipped: the program sqlite3 is not installed");
    }
    programs
}

/// Has the program open the store, read it, and close it. Returns the number of entries in its feed.
fn visit(program: &[PathBuf], path: &Path) -> usize {
    let output = Command::new(&program[0]).args(&program[1..]).arg(path).arg("SELECT count(*) FROM event;").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().lines().last().unwrap().parse().unwrap()
}

fn open(config: impl Into<EmbeddedConfig>) -> EmbeddedProvider {
    block_on(EmbeddedProvider::open(config)).unwrap()
}

/// Allocates an address.
fn take(provider: &EmbeddedProvider, key: &str) -> IpAddr {
    let result = block_on(provider.allocate(&Allocate::one("vm", "lan").with_key(key))).unwrap();
    result.iter().next().unwrap().address
}

fn all(path: &Path) -> BTreeMap<String, IpAddr> {
    block_on(async {
        let provider = EmbeddedProvider::open(path).await.unwrap();
        assert_eq!(provider.check_store().await.unwrap().violations, Vec::<String>::new());
        let found: Vec<Allocation> = provider.find_all(Find::default()).try_collect().await.unwrap();
        provider.close().await.unwrap();
        found.into_iter().map(|allocation| (allocation.key.unwrap().to_string(), allocation.address)).collect()
    })
}

fn log_of(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

#[test]
fn a_second_open_in_the_same_process_keeps_the_locks_of_the_first() {
    for (name, program) in programs() {
        for read_only in [false, true] {
            let directory = tempfile::tempdir().unwrap();
            let path = store(directory.path(), "10.0.0.0/24");
            let first = open(&path);
            let mut taken = BTreeMap::from([("a".to_owned(), take(&first, "a"))]);
            assert_locked(&path, "after the first open");
            let second = open(EmbeddedConfig::new(&path).with_read_only(read_only));
            assert_locked(&path, "after the second open");
            block_on(second.find(&Find::default())).unwrap();
            assert_eq!(visit(&program, &path), 2, "{name} sees the range and the address");
            assert_locked(&path, "after a visit");
            taken.insert("b".to_owned(), take(&first, "b"));
            block_on(second.close()).unwrap();
            assert_locked(&path, "after the second was closed");
            assert_eq!(visit(&program, &path), 3);
            assert!(log_of(&path).exists(), "{name} has deleted the log of a store in use");
            taken.insert("c".to_owned(), take(&first, "c"));
            assert_eq!(visit(&program, &path), 4);
            drop(first);
            assert_eq!(all(&path), taken, "what was acknowledged is there, beside {name}");
        }
    }
}

#[test]
fn a_refused_open_in_the_same_process_keeps_the_locks_of_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let path = store(directory.path(), "10.0.0.0/24");
    let first = open(&path);
    take(&first, "a");
    let link = directory.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    block_on(async {
        EmbeddedProvider::open(&link).await.unwrap().close().await.unwrap();
        assert_locked(&path, "after an open by another name");
        assert_eq!(first.backup_to(&link).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_locked(&path, "after a refused backup");
        first.check().await.unwrap();
        first.check_store().await.unwrap();
        first.backup_to(directory.path().join("copy.db")).await.unwrap();
        assert_locked(&path, "after a backup");
    });
    assert_eq!(visit(&[old_sqlite().to_owned()], &path), 2);
    assert!(log_of(&path).exists());
}

/// The log cannot grow, so that commits fail, and the writer opens the store anew while the reader has it open.
#[test]
fn a_writer_that_opens_the_store_anew_keeps_the_locks_of_the_reader() {
    for (name, program) in programs() {
        let directory = tempfile::tempdir().unwrap();
        let path = store(directory.path(), "10.0.0.0/16");
        let script = "trap '' XFSZ; ulimit -S -f 600; exec \"$0\" \"$@\"";
        let mut other = Other::start(&path, &["sh", "-c", script]);
        let pid = other.process.id();
        assert_eq!((other.ask("open"), other.ask("find")), (OPEN.to_owned(), "FOUND".to_owned()));
        let mut taken = BTreeMap::new();
        let failed = (0..500).find(|number| {
            let key = format!("k{number}");
            let result = other.ask(&format!("take {key}"));
            result.parse::<IpAddr>().map(|address| taken.insert(key, address)).is_err()
        });
        assert!(failed.is_some_and(|number| number > 5), "the limit is met: {failed:?}");
        // The next request finds that the connection was given up.
        other.ask("take again");
        assert!(is_locked(&path, pid), "the lock is gone after the store was opened anew");
        visit(&program, &path);
        assert!(log_of(&path).exists(), "{name} has deleted the log of a store in use");
        // There is room again.
        let limit = Command::new("prlimit").args(["--pid", &pid.to_string(), "--fsize=unlimited"]).status();
        if limit.is_ok_and(|status| status.success()) {
            for key in ["x", "y"] {
                taken.insert(key.to_owned(), other.ask(&format!("take {key}")).parse().unwrap());
            }
        }
        drop(other);
        let found = all(&path);
        for (key, address) in taken {
            assert_eq!(found.get(&key), Some(&address), "{key} was acknowledged, and {name} looked in");
        }
    }
}

/// Number of rounds of the next test; the environment variable `IPAM_TEST_ROUNDS` overrides it.
fn rounds() -> usize {
    std::env::var("IPAM_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(25)
}

/// Two processes with a provider, one of them with two handles, and another program that opens and closes the store.
#[test]
fn an_address_never_has_two_owners() {
    let program = [old_sqlite().to_owned()];
    let (mut twice, mut lost) = (0, 0);
    for _ in 0..rounds() {
        let directory = tempfile::tempdir().unwrap();
        let path = store(directory.path(), "10.0.0.0/24");
        let first = open(&path);
        let mut taken = vec![("a".to_owned(), take(&first, "a"))];
        let second = open(EmbeddedConfig::new(&path).with_read_only(true));
        visit(&program, &path);
        let mut other = Other::start(&path, &[]);
        assert_eq!(other.ask("open"), OPEN);
        for number in 0..2 {
            taken.push((format!("here{number}"), take(&first, &format!("here{number}"))));
            let there = format!("there{number}");
            if let Ok(address) = other.ask(&format!("take {there}")).parse() {
                taken.push((there, address));
            }
        }
        drop((first, second, other));
        let addresses: BTreeSet<IpAddr> = taken.iter().map(|(_, address)| *address).collect();
        twice += taken.len() - addresses.len();
        let found = all(&path);
        lost += taken.iter().filter(|(key, address)| found.get(key) != Some(address)).count();
    }
    println!("{} rounds: {twice} addresses acknowledged to two owners, {lost} acknowledged and lost", rounds());
    assert_eq!((twice, lost), (0, 0), "addresses with two owners, allocations that were lost");
}

/// Other code of this process has dropped the locks, or the files were deleted by hand: commits into a deleted log are not
/// acknowledged.
#[test]
fn a_log_that_is_deleted_while_the_store_is_open_is_noticed() {
    for suffix in ["wal", "shm"] {
        for replaced in [false, true] {
            let directory = tempfile::tempdir().unwrap();
            let path = store(directory.path(), "10.0.0.0/24");
            let provider = open(&path);
            take(&provider, "a");
            block_on(provider.find(&Find::default())).unwrap();
            let file = path.with_extension(format!("db-{suffix}"));
            let content = fs::read(&file).unwrap();
            fs::rename(&file, directory.path().join("gone")).unwrap();
            if replaced {
                fs::write(&file, content).unwrap();
            }
            for _ in 0..2 {
                let request = Allocate::one("vm", "lan").with_key("b");
                let error = block_on(provider.allocate(&request)).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                assert!(error.message().contains("log"), "{error}");
                let error = block_on(provider.find(&Find::default())).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            }
            // Back in its place is too late: it is unknown what was done meanwhile.
            fs::rename(directory.path().join("gone"), &file).unwrap();
            assert!(block_on(provider.allocate(&Allocate::one("vm", "lan"))).is_err());
            // A second handle would find the same.
            assert!(block_on(EmbeddedProvider::open(&path)).is_err(), "while the first is open");
        }
    }
}
