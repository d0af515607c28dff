//! Shared parts of the tests of stores in files: a worker process, which is the test binary itself, and its reports.
#![allow(dead_code, reason = "each of the test files uses a part of it")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_executor::block_on;
use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, Allocation, Deallocate, DefineRange, EmbeddedConfig, EmbeddedProvider, Find, IpamProvider,
    IpamProviderExt, Retry,
};

/// Environment variable with the path of the store. A test binary that has it is a worker.
const STORE: &str = "IPAM_TEST_STORE";
/// Environment variable with the prefix of a worker's keys.
const NAME: &str = "IPAM_TEST_NAME";
/// Environment variable with the number of addresses that a worker allocates.
const COUNT: &str = "IPAM_TEST_COUNT";

/// Reports of the workers.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Addresses of acknowledged allocations, by key.
    pub(crate) taken: BTreeMap<String, IpAddr>,
    /// Keys that were about to be deallocated: they may be gone.
    pub(crate) leaving: Vec<String>,
    /// Keys whose deallocation was acknowledged: they are gone.
    pub(crate) gone: Vec<String>,
    /// Keys whose outcome is unknown.
    pub(crate) unknown: Vec<String>,
    /// Unexpected errors.
    pub(crate) errors: Vec<String>,
}

/// Process that allocates from the range "lan" and reports the results.
pub(crate) struct Worker {
    child: Child,
    listener: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts one. `wrapper` may start it through another program.
    pub(crate) fn start(store: &Path, name: &str, count: usize, said: &Arc<Mutex<Said>>, wrapper: &[&str]) -> Self {
        let binary = std::env::current_exe().unwrap();
        let mut command = match wrapper.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(binary);
                command
            }
            None => Command::new(binary),
        };
        command.args(["--exact", "worker", "--nocapture", "--test-threads=1"]);
        command.env(STORE, store).env(NAME, name).env(COUNT, count.to_string());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let said = Arc::clone(said);
        let listener = std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                said.lock().unwrap().hear(&line);
            }
        });
        Self { child, listener: Some(listener) }
    }

    /// Kills it (SIGKILL on Unix), and waits until all that it said was heard.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.listen();
    }

    /// Waits until it has ended. Returns true if it succeeded.
    pub(crate) fn finish(&mut self) -> bool {
        let status = self.child.wait().unwrap();
        self.listen();
        status.success()
    }

    fn listen(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.join().unwrap();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // A failed test leaves no process behind.
        if self.listener.is_some() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Said {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["TOOK", key, address, "."] => {
                self.taken.insert(key.to_owned(), address.parse().unwrap());
            }
            ["LEAVES", key, "."] => self.leaving.push(key.to_owned()),
            ["LEFT", key, "."] => self.gone.push(key.to_owned()),
            ["UNKNOWN", key, "."] => self.unknown.push(key.to_owned()),
            ["ERROR", ..] => self.errors.push(line.to_owned()),
            // What the test harness prints, and lines cut off by a kill.
            _ => {}
        }
    }

    /// Asserts that the store has each acknowledged address once, and is sound.
    pub(crate) fn verify(&self, store: &Path) {
        let (report, found) = block_on(async {
            let provider = EmbeddedProvider::open(store).await.unwrap();
            let report = provider.check_store().await.unwrap();
            let found: Vec<Allocation> = provider.find_all(Find::default()).try_collect().await.unwrap();
            provider.close().await.unwrap();
            (report, found)
        });
        assert_eq!(report.violations, Vec::<String>::new());
        let mut by_key = BTreeMap::new();
        for allocation in &found {
            let key = allocation.key.as_ref().unwrap().to_string();
            assert_eq!(by_key.insert(key, allocation.address), None, "one address for each key: {allocation:?}");
        }
        for (key, address) in &self.taken {
            match by_key.get(key) {
                Some(found) => assert_eq!(found, address, "the address of {key}"),
                None => assert!(self.leaving.contains(key), "{key} was acknowledged with {address}, and is lost"),
            }
        }
        for key in &self.gone {
            assert!(!by_key.contains_key(key), "{key} was deallocated, and is there");
        }
        assert_eq!(self.errors, Vec::<String>::new());
    }
}

/// Creates a store with the range "lan".
pub(crate) fn store(directory: &Path, net: &str) -> PathBuf {
    let path = directory.join("ipam.db");
    block_on(async {
        let provider = EmbeddedProvider::open(&path).await.unwrap();
        provider.define_range(&DefineRange::new("lan", net.parse().unwrap())).await.unwrap();
        provider.close().await.unwrap();
    });
    path
}

/// Body of the test named `worker` of each binary: does nothing unless the binary was started as a worker.
pub(crate) fn work() {
    let Ok(store) = std::env::var(STORE) else { return };
    let name = std::env::var(NAME).unwrap();
    let count: usize = std::env::var(COUNT).unwrap().parse().unwrap();
    let say = |line: String| {
        // One write, so that a kill cuts lines off, and mixes none.
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes()).unwrap();
        out.flush().unwrap();
    };
    // The test harness has begun a line.
    say("\n".to_owned());
    block_on(async {
        let config = EmbeddedConfig::new(store).with_busy_timeout(Duration::from_secs(30)).with_actor(name.as_str());
        let provider = EmbeddedProvider::open(config).await.unwrap();
        for number in 0..count {
            let key = format!("{name}/{number}");
            match provider.allocate(&Allocate::one(name.as_str(), "lan").with_key(key.as_str())).await {
                Ok(taken) => say(format!("TOOK {key} {} .\n", taken.iter().next().unwrap().address)),
                Err(error) if error.retry() == Retry::IfIdempotent => say(format!("UNKNOWN {key} .\n")),
                Err(error) => say(format!("ERROR {error}\n")),
            }
            if number % 3 == 1 {
                say(format!("LEAVES {key} .\n"));
                match provider.deallocate(&Deallocate::key(key.as_str())).await {
                    Ok(_) => say(format!("LEFT {key} .\n")),
                    Err(error) if error.retry() == Retry::IfIdempotent => {}
                    Err(error) => say(format!("ERROR {error}\n")),
                }
            }
        }
        provider.close().await.unwrap();
    });
}
