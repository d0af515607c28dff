//! Permissions of files and directories, tried as an ordinary user: the superuser may do everything.
#![cfg(all(feature = "embedded", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod embedded_support;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use embedded_support::store;
use futures_executor::block_on;
use ipam_core::{Allocate, EmbeddedConfig, EmbeddedProvider, Find, IpamProvider, IpamProviderExt};
use tempfile::TempDir;

/// Environment variable with the path of the store, for the process of the ordinary user.
const STORE: &str = "IPAM_TEST_RIGHTS_STORE";

/// Process of the ordinary user, not a test: opens the store as each line says, `read` or `write`, or reads it again
/// (`find`), and prints the result.
#[test]
fn ordinary_user() {
    let Ok(path) = std::env::var(STORE) else { return };
    let mut provider: Option<EmbeddedProvider> = None;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let result = block_on(async {
            if line != "find" {
                let config = EmbeddedConfig::new(path.as_str()).with_read_only(line == "read");
                provider = Some(EmbeddedProvider::open(config).await?);
            }
            let opened = provider.as_ref().unwrap();
            opened.check().await?;
            assert!(opened.check_store().await?.is_sound());
            opened.find(&Find::default()).await.map(|page| page.items.len())
        });
        let result = result.map_or_else(|error| error.to_string(), |found| format!("found {found}"));
        std::io::stdout().write_all(format!("\nSAYS {result}\n").as_bytes()).unwrap();
    }
}

/// Process of an ordinary user.
struct User {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Copy of this program that any user can reach.
    _program: TempDir,
}

impl User {
    fn start(path: &Path) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let program = directory.path().join("program");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let mut command = if is_superuser(directory.path()) {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
            command
        } else {
            Command::new(&program)
        };
        command.args(["--exact", "ordinary_user", "--nocapture", "--test-threads=1"]).env(STORE, path);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("setpriv is installed");
        let (input, output) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, input, output, _program: directory }
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the ordinary user has gone");
            if let Some(said) = line.strip_prefix("SAYS ") {
                return said.trim_end().to_owned();
            }
        }
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns true if permissions do not bind this user.
fn is_superuser(directory: &Path) -> bool {
    let file = directory.join("locked");
    fs::write(&file, "x").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
    fs::read(&file).is_ok()
}

fn modes(path: &Path, file: u32, directory: u32) {
    fs::set_permissions(path, Permissions::from_mode(file)).unwrap();
    fs::set_permissions(path.parent().unwrap(), Permissions::from_mode(directory)).unwrap();
}

fn new_store() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = store(directory.path(), "10.0.0.0/24");
    take(&path);
    (directory, path)
}

fn take(path: &Path) {
    block_on(async {
        let provider = EmbeddedProvider::open(path).await.unwrap();
        provider.allocate_one("lan", "vm").await.unwrap();
        provider.close().await.unwrap();
    });
}

#[test]
fn a_closed_store_is_read_where_nothing_can_be_written() {
    for (file, directory_mode) in [(0o444, 0o555), (0o644, 0o555), (0o444, 0o755)] {
        let (_directory, path) = new_store();
        modes(&path, file, directory_mode);
        let mut user = User::start(&path);
        assert_eq!(user.ask("read"), "found 1", "{file:o} {directory_mode:o}");
        if directory_mode == 0o555 {
            assert!(!path.with_extension("db-shm").exists());
        }
        drop(user);
        modes(&path, 0o644, 0o755);
    }
}

#[test]
fn writes_of_others_are_seen_without_locks() {
    let (_directory, path) = new_store();
    modes(&path, 0o644, 0o555);
    let mut user = User::start(&path);
    assert_eq!(user.ask("read"), "found 1");
    modes(&path, 0o644, 0o755);
    take(&path);
    modes(&path, 0o644, 0o555);
    assert_eq!(user.ask("find"), "found 2");
    // Now with a writer that stays, and a log.
    modes(&path, 0o644, 0o755);
    block_on(async {
        let provider = EmbeddedProvider::open(&path).await.unwrap();
        provider.allocate(&Allocate::one("vm", "lan").with_key("k")).await.unwrap();
        modes(&path, 0o644, 0o555);
        assert_eq!(user.ask("find"), "found 3");
        modes(&path, 0o644, 0o755);
        provider.close().await.unwrap();
    });
}

#[test]
fn writing_without_permission_is_refused() {
    let (_directory, path) = new_store();
    modes(&path, 0o444, 0o555);
    let mut user = User::start(&path);
    let said = user.ask("write");
    assert!(said.contains("permission denied") && said.contains("check the permissions of"), "{said}");
    modes(&path, 0o000, 0o755);
    for how in ["read", "write"] {
        let said = user.ask(how);
        assert!(said.contains("permission denied") && said.contains("check the permissions of"), "{how}: {said}");
    }
    drop(user);
    modes(&path, 0o644, 0o755);
}

#[test]
fn a_log_that_no_process_has_open_needs_a_writer() {
    let (directory, path) = new_store();
    let left = directory.path().join("left.db");
    block_on(async {
        let provider = EmbeddedProvider::open(&path).await.unwrap();
        provider.allocate_one("lan", "vm").await.unwrap();
        fs::copy(path.with_extension("db-wal"), left.with_extension("db-wal")).unwrap();
        provider.close().await.unwrap();
    });
    fs::copy(&path, &left).unwrap();
    modes(&left, 0o444, 0o555);
    let said = User::start(&left).ask("read");
    assert!(said.contains("log") && said.contains("open the store once to write"), "{said}");
    modes(&left, 0o644, 0o755);
}
