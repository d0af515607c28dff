//! Files that were written by others, by older or newer releases, or in part.
#![cfg(feature = "embedded")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use futures_executor::block_on;
use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Allocation, AllocationState, Change, ChangeKind, ChangedItem, Deallocate,
    DefineBlock, DefineRange, EmbeddedConfig, EmbeddedProvider, Error, ErrorKind, Find, IpamProvider, IpamProviderExt,
    Labels, ListRanges, Order, Patch, Range, RangePolicy, Tag, Update,
};
use tempfile::TempDir;

const VERSION_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/embedded_v1.db");
const VERSION_2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/embedded_v2.db");

/// Offset of the version of the schema in SQLite's header.
const USER_VERSION: usize = 60;

fn open(path: &Path) -> Result<EmbeddedProvider, Error> {
    block_on(EmbeddedProvider::open(path))
}

/// Asserts that opening is refused with this kind and these words, and changes nothing.
fn refused(path: &Path, kind: ErrorKind, words: &[&str]) {
    let before = fs::read(path).ok();
    let error = open(path).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    for word in words.iter().chain([&path.to_str().unwrap()]) {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
    assert!(fs::read(path).ok() == before, "the file is as it was");
    for suffix in ["-wal", "-shm", "-journal"] {
        assert!(!PathBuf::from(format!("{}{suffix}", path.display())).exists(), "nothing was left beside it");
    }
}

fn new_store() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ipam.db");
    block_on(async {
        let provider = EmbeddedProvider::open(&path).await.unwrap();
        provider.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await.unwrap();
        provider.allocate_one("lan", "vm").await.unwrap();
        provider.close().await.unwrap();
    });
    (directory, path)
}

#[test]
fn a_newer_store_is_refused() {
    let (_directory, path) = new_store();
    let mut bytes = fs::read(&path).unwrap();
    bytes[USER_VERSION..USER_VERSION + 4].copy_from_slice(&99u32.to_be_bytes());
    fs::write(&path, bytes).unwrap();
    refused(&path, ErrorKind::Corrupt, &["version 99", "up to 2", "newer program"]);
}

#[test]
fn a_newer_version_that_is_still_in_the_log_is_refused() {
    let (directory, path) = new_store();
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 7; CREATE TABLE news (x)").unwrap();
    // As a crash leaves it: file and log, of a moment without writers.
    let left = directory.path().join("left.db");
    fs::copy(&path, &left).unwrap();
    fs::copy(path.with_extension("db-wal"), left.with_extension("db-wal")).unwrap();
    let before = (fs::read(&left).unwrap(), fs::read(left.with_extension("db-wal")).unwrap());
    let error = open(&left).unwrap_err();
    assert_eq!((error.kind(), error.context("found")), (ErrorKind::Corrupt, Some("7")), "{error}");
    let after = (fs::read(&left).unwrap(), fs::read(left.with_extension("db-wal")).unwrap());
    assert!(before == after, "file and log are as they were");
}

#[test]
fn a_store_that_becomes_newer_while_it_is_open_is_left_alone() {
    let (_directory, path) = new_store();
    block_on(async {
        let provider = EmbeddedProvider::open(&path).await.unwrap();
        provider.allocate_one("lan", "vm").await.unwrap();
        assert_eq!(provider.find(&Find::default()).await.unwrap().items.len(), 2);
        let newer = rusqlite::Connection::open(&path).unwrap();
        newer.execute_batch("PRAGMA user_version = 3").unwrap();
        for _ in 0..2 {
            let error = provider.allocate_one("lan", "vm").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
            assert!(error.message().contains("newer program"), "{error}");
            assert_eq!(provider.find(&Find::default()).await.unwrap_err().kind(), ErrorKind::Corrupt);
        }
    });
}

#[test]
fn another_programs_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    for pragma in ["", "PRAGMA application_id = 42;", "PRAGMA journal_mode = WAL;"] {
        let _ = fs::remove_file(&path);
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch(&format!("{pragma} CREATE TABLE t (x); INSERT INTO t VALUES (1)")).unwrap();
        other.close().unwrap();
        refused(&path, ErrorKind::Corrupt, &["another program", "name another file"]);
    }
}

#[test]
fn a_file_that_is_not_a_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    for text in ["10.0.0.1 web1\n".repeat(1000), "x".to_owned()] {
        fs::write(&path, text).unwrap();
        refused(&path, ErrorKind::Corrupt, &["not an SQLite database"]);
        assert!(!open(&path).unwrap_err().to_string().contains("supported"));
    }
}

#[test]
fn a_store_with_two_names_is_refused() {
    let (directory, path) = new_store();
    let link = directory.path().join("link.db");
    fs::hard_link(&path, &link).unwrap();
    for name in [&path, &link] {
        for read_only in [false, true] {
            let config = EmbeddedConfig::new(name).with_read_only(read_only);
            let error = block_on(EmbeddedProvider::open(config)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert!(error.message().contains("2 names"), "{error}");
        }
    }
    fs::remove_file(&link).unwrap();
    open(&path).unwrap();
}

#[test]
fn a_file_cut_short_is_refused() {
    let (_directory, path) = new_store();
    let whole = fs::read(&path).unwrap();
    for len in [40, 100, 4096, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..len]).unwrap();
        let words: &[&str] = if len < 100 { &["not an SQLite database"] } else { &["truncated", "restore a backup"] };
        refused(&path, ErrorKind::Corrupt, words);
    }
}

#[test]
fn a_damaged_file_is_found_out() {
    let (_directory, path) = new_store();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'allocation'";
    let root: i64 = connection.query_row(root, [], |row| row.get(0)).unwrap();
    connection.close().unwrap();
    let start = (usize::try_from(root).unwrap() - 1) * 4096;
    let mut bytes = fs::read(&path).unwrap();
    bytes[start..start + 4096].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    block_on(async {
        let provider = EmbeddedProvider::open(&path).await.unwrap();
        let error = provider.allocate_one("lan", "vm").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(!provider.check_store().await.unwrap().is_sound());
    });
}

#[test]
fn a_path_that_cannot_be_a_store_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("no/such/ipam.db");
    let error = open(&missing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.message().contains("does not exist; create it"), "{error}");
    let error = open(directory.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.message().contains("is a directory"), "{error}");
    assert_eq!(open(Path::new("")).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn an_empty_file_becomes_a_store() {
    let file = tempfile::NamedTempFile::new().unwrap();
    open(file.path()).unwrap();
    assert!(fs::metadata(file.path()).unwrap().len() > 0);
}

#[test]
fn a_store_that_is_only_read_is_not_written() {
    let (directory, path) = new_store();
    let before = fs::read(&path).unwrap();
    block_on(async {
        let config = EmbeddedConfig::new(&path).with_read_only(true);
        let provider = EmbeddedProvider::open(config.clone()).await.unwrap();
        assert_eq!(provider.find(&Find::default()).await.unwrap().items.len(), 1);
        let error = provider.allocate_one("lan", "vm").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert!(!provider.capabilities().update);
        assert!(provider.check_store().await.unwrap().is_sound());
        provider.check().await.unwrap();
        provider.close().await.unwrap();
        let missing = EmbeddedConfig::new(directory.path().join("none.db")).with_read_only(true);
        assert_eq!(EmbeddedProvider::open(missing).await.unwrap_err().kind(), ErrorKind::Config);
        let not_made = EmbeddedConfig::new(directory.path().join("none.db")).with_create(false);
        let error = EmbeddedProvider::open(not_made.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("there is no store"), "{error}");
        assert!(!directory.path().join("none.db").exists());
        EmbeddedProvider::open(not_made.clone().with_create(true)).await.unwrap().close().await.unwrap();
        EmbeddedProvider::open(not_made).await.unwrap().close().await.unwrap();
    });
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn a_backup_is_a_store_of_its_own() {
    let (directory, path) = new_store();
    let copy = directory.path().join("copy.db");
    block_on(async {
        let provider = EmbeddedProvider::open(&path).await.unwrap();
        provider.backup_to(&copy).await.unwrap();
        let error = provider.backup_to(&copy).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        let error = provider.backup_to(directory.path().join("no/such/copy.db")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        provider.allocate_one("lan", "after").await.unwrap();
        let copied = EmbeddedProvider::open(&copy).await.unwrap();
        assert!(copied.check_store().await.unwrap().is_sound());
        assert_eq!(copied.find(&Find::default()).await.unwrap().items.len(), 1);
        assert_eq!(provider.find(&Find::default()).await.unwrap().items.len(), 2);
        copied.allocate_one("lan", "another").await.unwrap();
    });
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().contains("part")), "{left:?}");
}

/// Returns the time of the fixture.
fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000)
}

fn config(path: &Path) -> EmbeddedConfig {
    EmbeddedConfig::new(path).with_clock(then).with_actor("release")
}

/// Writes the records of the fixture, as the release wrote them.
async fn fill(provider: &EmbeddedProvider) -> ipam_core::Result<()> {
    let net = |text: &str| text.parse().unwrap();
    provider.define_block(&DefineBlock::new("campus", net("10.20.0.0/16")).with_name("Campus")).await?;
    let policy = RangePolicy::default().with_order(Order::LeastRecentlyUsed).with_quarantine(Duration::from_secs(600));
    let lan = DefineRange::new("lan", net("10.20.1.0/24"))
        .with_policy(policy)
        .with_tags([Tag::new("site", "north"), Tag::new("site", "south")]);
    provider.define_range(&lan).await?;
    provider.define_range(&DefineRange::new("six", net("2001:db8::/64")).with_space("vrf 1")).await?;
    let labels = Labels::default()
        .with_hostname("Web1")
        .with_description("front end")
        .with_mac("00:50:56:ab:cd:ef".parse().unwrap())
        .with_tag(Tag::new("env", "prod"));
    let line = AllocateLine::next("lan", 3).with_labels(labels).with_expiry(Some(Duration::from_secs(86_400)));
    let request = Allocate::new("vm-1").with_key("vm-1/nics").with_line(line).with_line(AllocateLine::next("six", 2));
    let result = provider.allocate(&request).await?;
    let second = result.iter().nth(1).unwrap().id.clone();
    provider.deallocate(&Deallocate::id(second)).await?;
    let last = result.iter().last().unwrap().id.clone();
    provider.update(&Update::new(last).with_hostname(Patch::Set("six-2".to_owned()))).await?;
    provider.allocate_range(&AllocateRange::prefix_len("tenant", "campus", 26).with_key("tenant/net")).await?;
    Ok(())
}

/// Returns the ranges by name. The id of the child prefix is random, and replaced.
async fn ranges(provider: &EmbeddedProvider) -> Vec<Range> {
    let mut ranges = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
    ranges.iter_mut().filter(|range| range.key.is_some()).for_each(|range| range.id = "child".into());
    ranges.sort_by(|a, b| a.name.cmp(&b.name));
    ranges
}

/// Returns the feed, without the random id of the child prefix.
async fn changes(provider: &EmbeddedProvider) -> Vec<Change> {
    let mut changes = provider.changes(None, 100).await.unwrap().items;
    for change in changes.iter_mut().filter(|change| change.kind == ChangeKind::RangeDefined && change.key.is_some()) {
        change.range = None;
        if let Some(ChangedItem::Range(range)) = change.after.as_deref_mut() {
            range.id = "child".into();
        }
    }
    assert!(changes.len() > 8);
    changes
}

#[test]
#[ignore = "needs IPAM_WRITE_FIXTURE, the path of a new fixture; run once for each version of the schema"]
fn write_the_fixture() {
    let path = PathBuf::from(std::env::var_os("IPAM_WRITE_FIXTURE").unwrap());
    block_on(async {
        let provider = EmbeddedProvider::open(config(&path)).await.unwrap();
        fill(&provider).await.unwrap();
        provider.close().await.unwrap();
    });
}

#[test]
fn a_store_of_version_1_is_opened() {
    // Its feed has no states.
    works(VERSION_1, |change| (change.before, change.after) = (None, None));
}

#[test]
fn a_store_of_version_2_is_opened() {
    works(VERSION_2, |_| {});
}

/// Asserts that a store has the records of the fixture, and the changes after `without` has taken away what its version
/// lacks, and that it can be worked with.
fn works(fixture: &str, without: fn(&mut Change)) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("old.db");
    fs::copy(fixture, &path).unwrap();
    block_on(async {
        let old = EmbeddedProvider::open(config(&path)).await.unwrap();
        assert_eq!(old.check_store().await.unwrap().violations, Vec::<String>::new());
        // Records as this release writes them, but for random ids.
        let new = EmbeddedProvider::open(config(&directory.path().join("new.db"))).await.unwrap();
        fill(&new).await.unwrap();
        for request in [Find::default(), Find::default().with_quarantined(true)] {
            let list = |provider: &EmbeddedProvider| {
                let (provider, request) = (provider.clone(), request.clone());
                async move { provider.find_all(request).try_collect::<Vec<Allocation>>().await.unwrap() }
            };
            assert_eq!(list(&old).await, list(&new).await);
        }
        assert_eq!(ranges(&old).await, ranges(&new).await);
        let mut expected = changes(&new).await;
        expected.iter_mut().for_each(without);
        assert_eq!(changes(&old).await, expected);
        // And it can be worked with.
        let listed = old.find(&Find::default().with_quarantined(true)).await.unwrap().items;
        assert!(listed.iter().any(|allocation| allocation.state == AllocationState::Quarantined));
        let taken = old.allocate_one("lan", "vm-2").await.unwrap();
        assert_eq!(taken.address.to_string(), "10.20.1.4", "the quarantined address is not handed out");
        old.deallocate(&Deallocate::key("vm-1/nics")).await.unwrap();
        assert_eq!(old.check_store().await.unwrap().violations, Vec::<String>::new());
    });
}
