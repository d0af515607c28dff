//! Check of a store on PostgreSQL: each kind of damage is done by hand and must be reported.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod postgres_support;

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Deallocate, DefineBlock, DefineRange, ErrorKind, IpamProvider, Order,
    PostgresConfig, PostgresProvider, RangePolicy,
};
use postgres_support::{runtime, shared};

/// Fills a store, and returns the provider.
async fn filled(config: &PostgresConfig) -> PostgresProvider {
    let ipam = PostgresProvider::open(config.clone()).await.unwrap();
    ipam.define_block(&DefineBlock::new("campus", "10.20.0.0/16".parse().unwrap())).await.unwrap();
    ipam.allocate_range(&AllocateRange::prefix_len("t", "campus", 24).with_key("net")).await.unwrap();
    let policy = RangePolicy::default().with_quarantine(Duration::from_secs(600));
    let lan = DefineRange::new("lan", "10.0.0.0/16".parse().unwrap()).with_policy(policy);
    ipam.define_range(&lan).await.unwrap();
    let random = DefineRange::new("six", "2001:db8::/64".parse().unwrap()).with_space("vrf 1");
    ipam.define_range(&random.with_policy(RangePolicy::default().with_order(Order::Random))).await.unwrap();
    let many = AllocateLine::next("lan", 600);
    ipam.allocate(&Allocate::new("vm").with_key("many").with_line(many)).await.unwrap();
    ipam.allocate(&Allocate::one("vm", "lan").with_key("one")).await.unwrap();
    ipam.allocate(&Allocate::one("vm", "six").with_key("six")).await.unwrap();
    ipam.deallocate(&Deallocate::address("lan", [10, 0, 0, 7].into())).await.unwrap();
    ipam
}

/// Damage, and a part of the sentence that reports it.
const DAMAGE: [(&str, &str); 22] = [
    ("DELETE FROM allocation WHERE key = 'one'", "a request counts its allocations wrongly: one"),
    ("DELETE FROM allocation WHERE key = 'one'", "counts as used, but is neither allocated nor in quarantine"),
    ("DELETE FROM quarantine", "10.0.0.7 of the range \"lan\" counts as used"),
    ("DELETE FROM request WHERE key = 'one'", "a key that is not that of a request for addresses: one"),
    ("DELETE FROM request WHERE key = 'net'", "a key that is not that of a request for a range: net"),
    ("UPDATE range SET key = NULL WHERE key = 'net'", "a request for a range has no range: net"),
    ("UPDATE request SET live = live + 1 WHERE key = 'many'", "a request counts its allocations wrongly: many"),
    ("UPDATE allocation SET owner = 'other' WHERE key = 'one'", "another owner or line than its request: one"),
    ("UPDATE allocation SET range = 'gone' WHERE key = 'one'", "lies in a range that does not exist: gone"),
    ("UPDATE allocation SET address = '10.9.0.1' WHERE key = 'one'", "lies outside its range: lan 10.9.0.1"),
    ("UPDATE allocation SET serial = 1025", "two allocations have one serial number: 1025"),
    ("UPDATE allocation SET serial = 99999999 WHERE key = 'one'", "a serial number that was not issued: lan"),
    (
        "INSERT INTO quarantine SELECT space, address, range, 'x', 0, 0 FROM allocation WHERE key = 'one'",
        "is allocated and quarantined",
    ),
    ("UPDATE quarantine SET address = '10.9.0.1'", "outside the prefix of its range: lan 10.9.0.1"),
    ("UPDATE page SET used = 255 WHERE used = 256", "of the range lan counts 255 used addresses"),
    ("UPDATE page SET bits = set_bit(bits, 200, 1), used = used + 1 WHERE used = 90", "10.0.2.200 of the range"),
    ("UPDATE page SET bits = set_bit(bits, 1, 0), used = used - 1 WHERE used = 90", "has no bit for an address"),
    ("UPDATE page SET open = NOT open WHERE used = 256", "is open or closed wrongly"),
    ("DELETE FROM page WHERE used > 0 AND range = 'six'", "but its page is not stored"),
    (
        "ALTER TABLE range DROP CONSTRAINT range_addresses; INSERT INTO range SELECT \
         (jsonb_populate_record(r, '{\"id\": \"twin\"}')).* FROM range r WHERE id = 'six'",
        "the addresses of the ranges \"six\" and \"twin\" overlap in the space vrf 1",
    ),
    ("UPDATE range SET dns_servers = '{}' WHERE id = 'lan'", "a record that cannot be read"),
    ("UPDATE ipam_schema SET removed_turn = 9000000000", "before the last one that was removed from the feed"),
];

#[test]
fn every_kind_of_damage_is_reported() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = server.fresh();
        let ipam = filled(&config).await;
        let report = ipam.check_store().await.unwrap();
        assert_eq!((report.ranges, report.allocations, report.quarantined), (3, 601, 1));
        assert_eq!(report.violations, Vec::<String>::new());
        ipam.close().await.unwrap();
        assert_eq!(ipam.check_store().await.unwrap_err().kind(), ErrorKind::Unavailable);
        // Some at a time, because making a schema takes most of the time.
        let reported = stream::iter(DAMAGE).for_each_concurrent(4, |(damage, sentence)| async move {
            let config = server.fresh();
            let ipam = filled(&config).await;
            let done = format!("SET search_path = {}; {damage}", config.schema);
            server.client().await.batch_execute(&done).await.expect(damage);
            let report = ipam.check_store().await.unwrap();
            let found = report.violations.iter().any(|violation| violation.contains(sentence));
            assert!(found, "{damage}: {:?} do not say {sentence:?}", report.violations);
            assert!(!report.is_sound() && report.violations.len() <= 100);
            ipam.close().await.unwrap();
        });
        reported.await;
    });
}
