//! Embedded provider against the disk and SQLite alone: bars E1 to E6.
//!
//! `cargo bench -p ipam-core --bench embedded`
//!
//! Everything is on the disk that holds the target directory. A tmpfs there makes the figures meaningless.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

mod floor;
mod support;

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use floor::{RawLog, Rows};
use futures_executor::block_on;
use futures_util::future::join_all;
use ipam_core::{
    Allocate, AllocateLine, Deallocate, DefineRange, EmbeddedConfig, EmbeddedProvider, IpamProvider, RangeId,
};
use support::{Reach, against, apart, bytes, heading, per_call, rounds, wanted};

/// Set for a process that this one starts: what to do, and on which store.
const ROLE: &str = "IPAM_BENCH_ROLE";
const STORE: &str = "IPAM_BENCH_STORE";

/// Number of allocations that a process of E4 makes.
const EACH: usize = 200;

/// A store with one range.
struct Store {
    provider: Arc<EmbeddedProvider>,
    taken: Vec<IpAddr>,
    keys: u32,
    label: &'static str,
}

impl Store {
    fn new(folder: &Path, label: &'static str) -> Self {
        let provider = block_on(EmbeddedProvider::open(folder.join(format!("{label}.db")))).unwrap();
        block_on(provider.define_range(&DefineRange::new("pool", "10.0.0.0/8".parse().unwrap()))).unwrap();
        Self { provider: Arc::new(provider), taken: Vec::new(), keys: 0, label }
    }

    /// `count` allocations by as many tasks as asked, each with a key; nanoseconds of one.
    fn allocate(&mut self, runtime: &tokio::runtime::Runtime, tasks: usize, count: usize) -> f64 {
        let each = count / tasks;
        let mut taken: Vec<IpAddr> = Vec::with_capacity(count);
        let time = per_call(each * tasks, || {
            let handles: Vec<_> = (0..tasks)
                .map(|_| {
                    let provider = Arc::clone(&self.provider);
                    let keys: Vec<String> =
                        (0..each).map(|n| format!("{}-{}", self.label, self.keys as usize + n)).collect();
                    self.keys += u32::try_from(each).unwrap();
                    runtime.spawn(async move {
                        let mut taken = Vec::with_capacity(keys.len());
                        for key in keys {
                            let request = Allocate::one("vm", "pool").with_key(key);
                            taken.push(provider.allocate(&request).await.unwrap().lines[0][0].address);
                        }
                        taken
                    })
                })
                .collect();
            taken.extend(runtime.block_on(join_all(handles)).into_iter().flat_map(Result::unwrap));
        });
        self.taken.extend(taken);
        time
    }

    fn check(&self) {
        assert_eq!(
            self.taken.iter().collect::<HashSet<_>>().len(),
            self.taken.len(),
            "an address was handed out twice"
        );
        assert_eq!(self.taken.len(), self.keys as usize);
        let report = block_on(self.provider.check_store()).unwrap();
        assert!(report.is_sound(), "{report:?}");
    }
}

fn callers(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let mut store = Store::new(folder, "callers");
    let mut raw = RawLog::new(&folder.join("raw"));
    let rows = Rows::new(&folder.join("rows.db"));
    let cell = std::cell::RefCell::new(&mut store);
    let ours = |tasks, count| cell.borrow_mut().allocate(&runtime, tasks, count);
    let [raw, one, eight, many, most, rows_one, rows_eight, rows_many] = rounds([
        &mut || raw.append(400),
        &mut || ours(1, 400),
        &mut || ours(8, 1600),
        &mut || ours(32, 3200),
        &mut || ours(128, 6400),
        &mut || rows.insert(&runtime, 1, 400),
        &mut || rows.insert(&runtime, 8, 1600),
        &mut || rows.insert(&runtime, 32, 3200),
    ]);
    store.check();
    rows.check();
    let floor = "append and sync";
    against("E1", "allocate, 1 caller", &one, floor, &raw, Reach::AtLeast(0.5));
    against("E2", "allocate, 8 tasks", &eight, floor, &raw, Reach::AtLeast(2.5));
    against("E2", "allocate, 32 tasks", &many, floor, &raw, Reach::AtLeast(5.0));
    against("E2", "allocate, 128 tasks", &most, floor, &raw, Reach::AtLeast(6.0));
    let floor = "one-row insert";
    against("E3", "allocate, 1 caller", &one, floor, &rows_one, Reach::AtLeast(0.6));
    against("E3", "allocate, 8 tasks", &eight, floor, &rows_eight, Reach::AtLeast(0.6));
    against("E3", "allocate, 32 tasks", &many, floor, &rows_many, Reach::AtLeast(0.5));
}

/// Starts this program again in a role; what it printed.
fn child(role: &str, store: &Path) -> std::process::Child {
    let program = std::env::current_exe().unwrap();
    Command::new(program).env(ROLE, role).env(STORE, store).stdout(Stdio::piped()).spawn().unwrap()
}

fn said(child: std::process::Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "a process failed");
    String::from_utf8(output.stdout).unwrap()
}

fn processes(folder: &Path) {
    let store = Store::new(folder, "processes");
    let path = store.provider.path().to_owned();
    let mut taken: Vec<IpAddr> = Vec::new();
    let taken = std::cell::RefCell::new(&mut taken);
    // Each says how long its allocations took, so that starting it does not count, and which addresses it got.
    let run = |count: usize| {
        let children: Vec<_> = (0..count).map(|_| child("allocate", &path)).collect();
        let mut rate = 0.0;
        for child in children {
            let text = said(child);
            let mut lines = text.lines();
            rate += EACH as f64 / lines.next().unwrap().parse::<f64>().unwrap();
            taken.borrow_mut().extend(lines.map(|line| line.parse::<IpAddr>().unwrap()));
        }
        1.0 / rate
    };
    let [one, eight] = rounds([&mut || run(1), &mut || run(8)]);
    let taken = taken.into_inner();
    assert_eq!(taken.len(), 8 * (1 + 8) * EACH);
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), taken.len(), "an address was handed out twice");
    against("E4", "allocate, 8 processes together", &eight, "1 process", &one, Reach::AtLeast(0.8));
}

/// Work of a process of E4.
fn allocate_alone(path: &Path) {
    block_on(async {
        let config = EmbeddedConfig::new(path).with_busy_timeout(std::time::Duration::from_secs(60));
        let provider = EmbeddedProvider::open(config).await.unwrap();
        let start = std::time::Instant::now();
        let mut taken = Vec::with_capacity(EACH);
        for _ in 0..EACH {
            let allocated = provider.allocate(&Allocate::one("vm", "pool")).await.unwrap();
            taken.push(allocated.lines[0][0].address);
        }
        println!("{}", support::nanoseconds(start.elapsed()));
        taken.iter().for_each(|address| println!("{address}"));
        provider.close().await.unwrap();
    });
}

fn half_full(folder: &Path) {
    let path = folder.join("half.db");
    let provider = block_on(EmbeddedProvider::open(path)).unwrap();
    let fill = Allocate::new("fill").with_line(AllocateLine::next("pool", 32_767));
    block_on(async {
        provider.define_range(&DefineRange::new("pool", "10.0.0.0/16".parse().unwrap())).await.unwrap();
        provider.allocate(&fill).await.unwrap();
    });
    let [ours] = rounds([&mut || {
        per_call(200, || {
            block_on(async {
                for _ in 0..200 {
                    let taken = provider.allocate(&Allocate::one("vm", "pool")).await.unwrap();
                    assert_eq!(taken.lines[0][0].address, IpAddr::from([10, 0, 128, 0]));
                    provider.deallocate(&Deallocate::id(taken.lines[0][0].id.clone())).await.unwrap();
                }
            });
        })
    }]);
    apart("E5", "allocate and deallocate, half a /16", &ours, "go-ipam on a file", 880e3);
}

fn large(folder: &Path) {
    let stores = ["empty", "large"].map(|name| folder.join(format!("{name}.db")));
    for (path, lines) in stores.iter().zip([0, 20]) {
        block_on(async {
            let provider = EmbeddedProvider::open(path).await.unwrap();
            provider.define_range(&DefineRange::new("pool", "10.0.0.0/8".parse().unwrap())).await.unwrap();
            for _ in 0..lines {
                let request = Allocate::new("fill").with_line(AllocateLine::next("pool", 50_000));
                provider.allocate(&request).await.unwrap();
            }
            let usage = provider.usage(&[RangeId::from("pool")]).await.unwrap();
            assert_eq!(usage[0].allocated, lines * 50_000);
            provider.close().await.unwrap();
        });
    }
    let peak = std::cell::Cell::new(0.0_f64);
    let run = |path: &Path| {
        let text = said(child("open", path));
        let mut numbers = text.lines().map(|line| line.parse::<f64>().unwrap());
        let time = numbers.next().unwrap();
        peak.set(peak.get().max(numbers.next().unwrap_or(f64::NAN)));
        time
    };
    let [empty, large] = rounds([&mut || run(&stores[0]), &mut || run(&stores[1])]);
    let what = "open, allocate, close with 1 000 000 allocations";
    against("E6", what, &large, "an empty store", &empty, Reach::AtMost(2.0));
    bytes("E6", "peak memory of that process", peak.get(), 48.0 * 1024.0 * 1024.0);
}

/// Work of a process of E6: prints its time and its peak memory.
fn open_once(path: &Path) {
    let time = per_call(1, || {
        block_on(async {
            let provider = EmbeddedProvider::open(path).await.unwrap();
            provider.allocate(&Allocate::one("vm", "pool")).await.unwrap();
            provider.close().await.unwrap();
        });
    });
    println!("{time}");
    if let Some(peak) = support::status("VmHWM:") {
        println!("{peak}");
    }
}

fn main() {
    if let Some(path) = std::env::var_os(STORE) {
        match std::env::var(ROLE).as_deref() {
            Ok("allocate") => allocate_alone(Path::new(&path)),
            _ => open_once(Path::new(&path)),
        }
        return;
    }
    heading("embedded provider");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    if ["E1", "E2", "E3"].iter().any(|bar| wanted(bar)) {
        callers(folder.path());
    }
    if wanted("E4") {
        processes(folder.path());
    }
    if wanted("E5") {
        half_full(folder.path());
    }
    if wanted("E6") {
        large(folder.path());
    }
}
