//! History: what the clients said before and after each request.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use super::{Asked, client};

/// Use of a key.
#[derive(Debug, Default)]
pub(crate) struct Use {
    /// Request for addresses; `None` for a child prefix.
    pub(crate) asked: Option<Asked>,
    /// Addresses that the provider returned.
    pub(crate) took: Option<Vec<IpAddr>>,
    /// Child prefix that the provider returned.
    pub(crate) child_prefix: Option<String>,
    /// True if the request was refused for good.
    pub(crate) refused: bool,
    /// True if it was about to be given back, and true if that was acknowledged.
    pub(crate) leaves: bool,
    pub(crate) left: bool,
    /// The same of single addresses.
    pub(crate) parts: BTreeSet<IpAddr>,
    pub(crate) parted: BTreeSet<IpAddr>,
    /// Host names that were about to be set, and the last one that was acknowledged.
    pub(crate) names: BTreeMap<IpAddr, (Option<String>, String)>,
}

/// History of a run.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) uses: BTreeMap<String, Use>,
    /// Number of calls that returned.
    pub(crate) calls: usize,
    /// Unexpected errors.
    pub(crate) errors: Vec<String>,
}

impl History {
    pub(crate) fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        // A line that a kill has cut off lacks its end.
        let Some((&".", words)) = words.split_last() else { return };
        if matches!(words.first(), Some(&"ERROR")) {
            self.errors.push(line.to_owned());
            return;
        }
        let returned = ["TOOK", "REFUSED", "LEFT", "PARTED", "NAMED", "GOTNET", "DROPPED", "SWEPT", "SAME", "AGAIN"];
        if words.first().is_some_and(|first| returned.contains(first)) {
            self.calls += 1;
        }
        let Some(key) = words.get(1) else { return };
        let used = self.uses.entry((*key).to_owned()).or_default();
        let address = || words[2].parse::<IpAddr>().unwrap();
        match words[0] {
            "ASKS" => used.asked = Some(Asked(words[2].to_owned())),
            "TOOK" => used.took = Some(words[2].split(',').map(|one| one.parse().unwrap()).collect()),
            "REFUSED" => used.refused = true,
            "LEAVES" | "DROPS" => used.leaves = true,
            "LEFT" | "DROPPED" => used.left = true,
            "PARTS" => _ = used.parts.insert(address()),
            "PARTED" => _ = used.parted.insert(address()),
            "NAMES" => used.names.entry(address()).or_default().1 = words[3].to_owned(),
            "NAMED" => used.names.entry(address()).or_default().0 = Some(words[3].to_owned()),
            "GOTNET" => used.child_prefix = Some(words[2].to_owned()),
            _ => {}
        }
    }
}

/// Client process, and the thread that hears its reports.
pub(crate) struct Client {
    child: Child,
    listener: Option<JoinHandle<()>>,
}

impl Client {
    /// Starts a client of the server whose socket is in a directory.
    pub(crate) fn start(host: &str, schema: &str, name: &str, history: &Arc<Mutex<History>>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "client", "--nocapture", "--test-threads=1"]);
        command.env(client::HOST, host).env(client::SCHEMA, schema).env(client::NAME, name);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let history = Arc::clone(history);
        let listener = std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                lock(&history).hear(&line);
            }
        });
        Self { child, listener: Some(listener) }
    }

    /// Kills it (SIGKILL), and waits until all that it said was heard.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.listen();
    }

    /// Has it end, and waits for it. Returns true if it succeeded.
    pub(crate) fn finish(&mut self) -> bool {
        drop(self.child.stdin.take());
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

impl Drop for Client {
    fn drop(&mut self) {
        // A failed test leaves no process behind.
        if self.listener.is_some() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

pub(crate) fn lock(history: &Mutex<History>) -> MutexGuard<'_, History> {
    history.lock().unwrap()
}
