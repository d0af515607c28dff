//! Crashes of the process, power failures and disk failures.
#![cfg(feature = "embedded")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod embedded_support;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use embedded_support::{Said, Worker, store, work};
use futures_executor::block_on;
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use ipam_core::{
    Allocate, Allocation, DefineRange, EmbeddedConfig, EmbeddedProvider, ErrorKind, Find, IpamProvider,
    IpamProviderExt, Retry,
};

/// Process that the tests below start, not a test.
#[test]
fn worker() {
    work();
}

/// Number of processes that are killed; the environment variable `IPAM_TEST_KILLS` overrides it.
fn kills() -> usize {
    std::env::var("IPAM_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(200)
}

/// Pseudo-random numbers, the same in each run.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_processes_are_killed() {
    let directory = tempfile::tempdir().unwrap();
    let path = store(directory.path(), "10.0.0.0/12");
    let said = Arc::new(Mutex::new(Said::default()));
    let mut noise = Noise(1);
    let mut started = 0;
    let mut start = || {
        started += 1;
        Worker::start(&path, &format!("w{started}"), 100_000, &said, &[])
    };
    let mut workers: Vec<Worker> = (0..3).map(|_| start()).collect();
    let mut killed = 0;
    while killed < kills() {
        std::thread::sleep(Duration::from_millis(u64::try_from(20 + noise.below(60)).unwrap()));
        // Mostly one while the others work; now and then all, so that the next one is alone and has a log to recover.
        if killed % 20 < 17 {
            let victim = noise.below(workers.len());
            workers[victim].kill();
            killed += 1;
            workers[victim] = start();
        } else {
            workers.iter_mut().for_each(Worker::kill);
            killed += workers.len();
            said.lock().unwrap().verify(&path);
            workers = (0..3).map(|_| start()).collect();
        }
        let report = block_on(async { EmbeddedProvider::open(&path).await.unwrap().check_store().await.unwrap() });
        assert_eq!(report.violations, Vec::<String>::new(), "after {killed} kills, while others write");
    }
    workers.iter_mut().for_each(Worker::kill);
    let said = said.lock().unwrap();
    assert!(said.taken.len() > kills(), "the workers came to work: {}", said.taken.len());
    said.verify(&path);
}

/// Allocations, each with the length of the log after its result. The store stays open.
struct Recorded {
    provider: EmbeddedProvider,
    results: Vec<(Allocation, usize)>,
}

fn record(path: &Path, count: usize) -> Recorded {
    block_on(async {
        let provider = EmbeddedProvider::open(path).await.unwrap();
        let range = DefineRange::new("lan", "10.0.0.0/16".parse().unwrap());
        provider.define_range(&range).await.unwrap();
        let mut results = Vec::new();
        for number in 0..count {
            let request = Allocate::one("vm", "lan").with_key(format!("k{number}"));
            let result = provider.allocate(&request).await.unwrap();
            let log = fs::metadata(log_of(path)).unwrap().len();
            results.push((result.iter().next().unwrap().clone(), usize::try_from(log).unwrap()));
        }
        Recorded { provider, results }
    })
}

fn log_of(path: &Path) -> std::path::PathBuf {
    path.with_extension("db-wal")
}

fn found(path: &Path) -> Vec<Allocation> {
    block_on(async {
        let provider = EmbeddedProvider::open(path).await.unwrap();
        let report = provider.check_store().await.unwrap();
        assert_eq!(report.violations, Vec::<String>::new());
        let found = provider.find_all(Find::default()).try_collect().await.unwrap();
        provider.close().await.unwrap();
        found
    })
}

#[test]
fn a_power_cut_keeps_every_acknowledged_address() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ipam.db");
    let recorded = record(&path, 40);
    // No process writes now, so that both files are of the same moment.
    let (file, log) = (fs::read(&path).unwrap(), fs::read(log_of(&path)).unwrap());
    let cut = directory.path().join("cut.db");
    let mut noise = Noise(2);
    for (index, window) in recorded.results.windows(2).enumerate() {
        // The bytes before this length were synced before the result; of those behind, any may have reached the disk.
        let [(_, synced), (_, next)] = window else { unreachable!() };
        for round in 0..6 {
            let mut torn = log[..*synced].to_vec();
            let more = noise.below(next - synced + 1);
            torn.extend_from_slice(&log[*synced..synced + more]);
            match round {
                // Cut short, as it is.
                0 | 1 => {}
                // A sector that was not written, or with what was there before.
                2 | 3 if more > 1024 => {
                    let sector = synced + noise.below(more / 512) * 512;
                    let end = (sector + 512).min(torn.len());
                    torn[sector.max(*synced)..end].fill(if round == 2 { 0 } else { 0xa5 });
                }
                // The file has grown, and what belongs there has not come.
                4 => torn.extend_from_slice(&vec![0; 8192]),
                _ => torn.extend(std::iter::repeat_with(|| u8::try_from(noise.below(256)).unwrap()).take(6000)),
            }
            fs::write(&cut, &file).unwrap();
            fs::write(log_of(&cut), &torn).unwrap();
            let _ = fs::remove_file(cut.with_extension("db-shm"));
            let found = found(&cut);
            assert!(found.len() == index + 1 || found.len() == index + 2, "{} of {}", found.len(), index + 1);
            for ((expected, _), found) in recorded.results.iter().zip(&found) {
                assert_eq!(found, expected, "cut {more} bytes after result {index}");
            }
        }
    }
    drop(recorded.provider);
}

#[test]
fn a_power_cut_while_the_log_is_written_back_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ipam.db");
    let recorded = record(&path, 60);
    let (file, log) = (fs::read(&path).unwrap(), fs::read(log_of(&path)).unwrap());
    let expected: Vec<Allocation> = recorded.results.into_iter().map(|(allocation, _)| allocation).collect();
    let cut = directory.path().join("cut.db");
    // The pages of the log's frames are those that are being overwritten: each is there or not, or half.
    let pages: Vec<usize> = log[32..]
        .chunks_exact(24 + 4096)
        .map(|frame| usize::try_from(u32::from_be_bytes(frame[..4].try_into().unwrap())).unwrap())
        .filter(|page| *page > 1)
        .collect();
    assert!(pages.len() > 60);
    let mut noise = Noise(3);
    for _ in 0..30 {
        let mut torn = file.clone();
        for _ in 0..8 {
            let page = pages[noise.below(pages.len())];
            let start = (page - 1) * 4096 + noise.below(2) * 2048;
            torn.resize(torn.len().max(page * 4096), 0);
            torn[start..page * 4096].fill(0x5a);
        }
        fs::write(&cut, &torn).unwrap();
        fs::write(log_of(&cut), &log).unwrap();
        let _ = fs::remove_file(cut.with_extension("db-shm"));
        assert_eq!(found(&cut), expected);
    }
}

#[test]
fn a_full_disk_refuses_requests_and_keeps_the_store_sound() {
    let directory = tempfile::tempdir().unwrap();
    let path = store(directory.path(), "10.0.0.0/12");
    let config = EmbeddedConfig::new(&path).with_max_pages(120);
    let mut taken = Vec::new();
    block_on(async {
        let provider = EmbeddedProvider::open(config).await.unwrap();
        let mut refused = 0;
        // Many at once, so that the disk is full in the middle of a batch.
        for round in 0..60 {
            let requests: Vec<Allocate> = (0..32)
                .map(|number| Allocate::one("vm", "lan").with_key(format!("{round}/{number}/{}", "x".repeat(200))))
                .collect();
            for result in join_all(requests.iter().map(|request| provider.allocate(request))).await {
                match result {
                    Ok(allocated) => taken.extend(allocated.lines.into_iter().flatten()),
                    Err(error) => {
                        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Safe), "{error}");
                        assert!(error.message().contains("full"), "{error}");
                        refused += 1;
                    }
                }
            }
        }
        assert!(refused > 100 && taken.len() > 100, "{refused} refused, {} taken", taken.len());
        provider.find(&Find::default()).await.unwrap();
        provider.close().await.unwrap();
    });
    taken.sort_by_key(|allocation| allocation.address);
    assert_eq!(found(&path), taken, "everything that was acknowledged, and nothing that was refused");
    // With room again, it goes on.
    block_on(async {
        let provider = EmbeddedProvider::open(&path).await.unwrap();
        provider.allocate_one("lan", "vm").await.unwrap();
    });
}

/// A limit on the size of files makes the log's writes fail, as a disk does that is full or broken. Only at the commit is
/// the log written.
#[cfg(unix)]
#[test]
fn a_failed_commit_is_reported_as_unknown() {
    let directory = tempfile::tempdir().unwrap();
    let path = store(directory.path(), "10.0.0.0/12");
    let said = Arc::new(Mutex::new(Said::default()));
    let script = "trap '' XFSZ; ulimit -f 1000; exec \"$0\" \"$@\"";
    let mut worker = Worker::start(&path, "w", 200, &said, &["sh", "-c", script]);
    worker.finish();
    let mut said = said.lock().unwrap();
    assert!(said.taken.len() > 5 && !said.unknown.is_empty(), "{said:?}");
    // Once it failed, what follows may be refused outright, since nothing can be written.
    said.errors.retain(|error| !error.contains("unavailable"));
    said.verify(&path);
}

#[test]
fn a_file_that_was_deleted_or_replaced_is_not_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = store(directory.path(), "10.0.0.0/24");
    let other = directory.path().join("other");
    fs::create_dir(&other).unwrap();
    let other = store(&other, "10.9.0.0/24");
    block_on(async {
        let provider = EmbeddedProvider::open(&path).await.unwrap();
        provider.allocate_one("lan", "vm").await.unwrap();
        fs::rename(&path, directory.path().join("gone.db")).unwrap();
        for _ in 0..2 {
            let error = provider.allocate_one("lan", "vm").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            assert!(error.message().contains("deleted or replaced"), "{error}");
        }
        assert_eq!(provider.find(&Find::default()).await.unwrap_err().kind(), ErrorKind::Unavailable);
        fs::copy(&other, &path).unwrap();
        let before = fs::read(&path).unwrap();
        assert_eq!(provider.allocate_one("lan", "vm").await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(provider.find(&Find::default()).await.unwrap_err().kind(), ErrorKind::Unavailable);
        let error = provider.close().await.unwrap_err();
        assert!(error.message().contains("left as they are"), "{error}");
        assert!(fs::read(&path).unwrap() == before, "the other store is as it was");
    });
}
