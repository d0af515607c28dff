//! Size of the tables on PostgreSQL after many addresses have come and gone.
//!
//! `IPAM_TEST_PAIRS` sets the number of pairs of allocate and deallocate; 1 500 by default.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod postgres_support;

use std::sync::Arc;

use ipam_core::{Allocate, AllocateLine, Deallocate, DefineRange, IpamProvider, PostgresConfig, PostgresProvider};
use postgres_support::{Server, runtime, shared};

/// Number of callers at a time.
const CALLERS: usize = 32;

/// Allocates and deallocates, again and again.
async fn pairs(ipam: &Arc<PostgresProvider>, round: usize, count: usize) {
    let callers = (0..CALLERS).map(|caller| {
        let ipam = Arc::clone(ipam);
        tokio::spawn(async move {
            for call in 0..count / CALLERS {
                let key = format!("{round}/{caller}/{call}");
                ipam.allocate(&Allocate::one("vm", "lan").with_key(key.as_str())).await.unwrap();
                ipam.deallocate(&Deallocate::key(key.as_str())).await.unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

/// Returns the bytes of the tables with their indexes, after what autovacuum does; without the feed, which grows up to its
/// limit.
async fn size(server: &Server, config: &PostgresConfig) -> i64 {
    let client = server.client().await;
    let (mut bytes, schema) = (0, &config.schema);
    for table in ["page", "request", "allocation", "range", "quarantine"] {
        client.batch_execute(&format!("VACUUM (ANALYZE) {schema}.{table}")).await.unwrap();
        let sql = format!("SELECT pg_total_relation_size('{schema}.{table}')");
        bytes += client.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0);
    }
    bytes
}

#[test]
fn tables_stay_small_while_addresses_come_and_go() {
    let Some(server) = shared() else { return };
    let count = std::env::var("IPAM_TEST_PAIRS").ok().and_then(|pairs| pairs.parse().ok()).unwrap_or(1_500);
    runtime().block_on(async {
        let config = server.fresh();
        let ipam = Arc::new(PostgresProvider::open(config.clone()).await.unwrap());
        ipam.define_range(&DefineRange::new("lan", "10.0.0.0/16".parse().unwrap())).await.unwrap();
        ipam.allocate(&Allocate::new("vm").with_line(AllocateLine::next("lan", 1_000))).await.unwrap();
        pairs(&ipam, 0, count / 3).await;
        let first = size(server, &config).await;
        pairs(&ipam, 1, count - count / 3).await;
        let last = size(server, &config).await;
        println!("{count} pairs: {first} bytes after a third, {last} at the end");
        assert!(last <= 2 * first, "{first} bytes have become {last}");
        // Pages are changed in place: no index is written, and the old rows are removed without a vacuum. Not all of them: while
        // another caller's snapshot still sees the old rows, a full page has no place. An index on a column that changes would
        // leave none.
        let client = server.client().await;
        let sql = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE schemaname = $1 AND relname = 'page'";
        let mut shares = (0, 0);
        for _ in 0..50 {
            // The server counts with a delay.
            let row = client.query_one(sql, &[&config.schema]).await.unwrap();
            shares = (row.get::<_, i64>(0), row.get::<_, i64>(1));
            if shares.0 > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert!(shares.0 > 0 && shares.1 * 3 >= shares.0 * 2, "{} of {} updates in place", shares.1, shares.0);
        assert_eq!(ipam.check_store().await.unwrap().violations, Vec::<String>::new());
        ipam.close().await.unwrap();
    });
}
