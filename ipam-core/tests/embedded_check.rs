//! Check of a store: each kind of damage is done by hand and must be reported.
#![cfg(feature = "embedded")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use futures_executor::block_on;
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Deallocate, DefineBlock, DefineRange, EmbeddedProvider, IpamProvider,
    RangePolicy,
};

fn fill(path: &Path) {
    block_on(async {
        let provider = EmbeddedProvider::open(path).await.unwrap();
        provider.define_block(&DefineBlock::new("campus", "10.20.0.0/16".parse().unwrap())).await.unwrap();
        provider.allocate_range(&AllocateRange::prefix_len("t", "campus", 24).with_key("net")).await.unwrap();
        let policy = RangePolicy::default().with_quarantine(Duration::from_secs(600));
        let lan = DefineRange::new("lan", "10.0.0.0/16".parse().unwrap()).with_policy(policy);
        provider.define_range(&lan).await.unwrap();
        let many = Allocate::new("vm").with_key("many").with_line(AllocateLine::next("lan", 600));
        provider.allocate(&many).await.unwrap();
        provider.allocate(&Allocate::one("vm", "lan").with_key("one")).await.unwrap();
        provider.deallocate(&Deallocate::address("lan", [10, 0, 0, 7].into())).await.unwrap();
        let report = provider.check_store().await.unwrap();
        assert_eq!((report.ranges, report.allocations, report.quarantined), (2, 600, 1));
        assert_eq!(report.violations, Vec::<String>::new());
        provider.close().await.unwrap();
    });
}

#[test]
fn every_kind_of_damage_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let sound = directory.path().join("sound.db");
    fill(&sound);
    let cases = [
        ("DELETE FROM allocation WHERE key = 'one'", "a request has no allocation left: one"),
        (
            "DELETE FROM allocation WHERE address = x'040a000005'",
            "10.0.0.5 of the range \"lan\" counts as used, but is neither allocated nor in quarantine",
        ),
        (
            "UPDATE page SET bits = zeroblob(32), used = 0 WHERE hex(no) LIKE '%0A0001'",
            "page 0xa0001 of the range \"lan\" has no bit for",
        ),
        ("UPDATE page SET used = used - 1", "counts 255 used addresses"),
        ("UPDATE page SET open = 1 - open", "is open or closed wrongly"),
        ("DELETE FROM page WHERE no = (SELECT min(no) FROM page)", "lacks page"),
        ("DELETE FROM page WHERE no = (SELECT max(no) FROM page)", "is allocated, but its page is not stored"),
        ("DELETE FROM resting", "10.0.0.7 of the range \"lan\" counts as used, but is neither"),
        (
            "INSERT INTO resting SELECT space, address, range, 'x', 0, 0 FROM allocation WHERE key = 'one'",
            "an address is allocated and quarantined",
        ),
        (
            "UPDATE allocation SET range = 'gone' WHERE key = 'one'",
            "an allocation lies in a range that does not exist: gone",
        ),
        (
            "UPDATE allocation SET key = 'unknown' WHERE key = 'one'",
            "a key that is not that of a request for addresses: unknown",
        ),
        (
            "UPDATE allocation SET key = 'net' WHERE key = 'one'",
            "a key that is not that of a request for addresses: net",
        ),
        (
            "UPDATE allocation SET key = 'many' WHERE key = 'one'",
            "another owner, line or serial number than its request: many",
        ),
        (
            "UPDATE allocation SET key = 'one' WHERE address = x'040a000005'",
            "another owner, line or serial number than its request: one",
        ),
        (
            "UPDATE allocation SET owner = 'thief' WHERE key = 'one'",
            "another owner, line or serial number than its request: one",
        ),
        ("UPDATE allocation SET line = 5 WHERE key = 'one'", "another owner, line or serial number than its request"),
        (
            "UPDATE request SET addresses = 1 WHERE key = 'many'",
            "another owner, line or serial number than its request",
        ),
        ("UPDATE request SET first_serial = 9 WHERE key = 'one'", "two requests share serial numbers: one"),
        (
            "UPDATE allocation SET serial = 99999 WHERE key = 'one'",
            "another owner, line or serial number than its request",
        ),
        ("UPDATE request SET first_serial = 99999 WHERE key = 'one'", "above that of the last change: one"),
        ("DELETE FROM range WHERE key = 'net'", "a request for a range has no range: net"),
        ("DELETE FROM request WHERE key = 'net'", "a key that is not that of a request for a range: net"),
        (
            "INSERT INTO block (id, space, net_first, net_last, name) \
          VALUES ('inner', 'default', x'040a000000', x'040a0000ff', 'inner')",
            "the block \"inner\" (10.0.0.0/24) lies in the range \"lan\" (10.0.0.0/16) of the space default",
        ),
        (
            "INSERT INTO block (id, space, net_first, net_last, name) \
          VALUES ('half', 'default', x'040a000000', x'040a000000', 'half')",
            "the block \"half\" (10.0.0.0/32) lies in the range \"lan\" (10.0.0.0/16) of the space default",
        ),
        (
            "UPDATE range SET net_first = x'040a000000', net_last = x'040a00ffff', address_first = x'040a000001', \
          address_last = x'040a000002' WHERE key = 'net'",
            "the addresses of the ranges",
        ),
    ];
    for (index, (damage, expected)) in cases.into_iter().enumerate() {
        let path = directory.path().join(format!("{index}.db"));
        std::fs::copy(&sound, &path).unwrap();
        let connection = rusqlite::Connection::open(&path).unwrap();
        let changed = connection.execute(damage, []).unwrap();
        connection.close().unwrap();
        assert!(changed > 0, "{damage}");
        let report = block_on(async {
            let provider = EmbeddedProvider::open(&path).await.unwrap();
            provider.check_store().await.unwrap()
        });
        assert!(
            report.violations.iter().any(|violation| violation.contains(expected)),
            "{damage}: {expected:?} is not in {:#?}",
            report.violations
        );
    }
}
