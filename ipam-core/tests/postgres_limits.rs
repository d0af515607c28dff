//! Limits of waits: a server or a network that goes silent, at every point of a request.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod postgres_support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use ipam_core::{
    Allocate, ChangeKind, Deallocate, DefineRange, ErrorKind, Find, IpamProvider, IpamProviderExt, PostgresConfig,
    PostgresProvider, Retry,
};
use postgres_support::relay::Relay;
use postgres_support::{runtime, shared};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn lan() -> DefineRange {
    DefineRange::new("lan", "10.0.0.0/16".parse().unwrap())
}

/// Short limits: nothing that responds takes as long.
fn quick(config: PostgresConfig) -> PostgresConfig {
    config
        .with_connect_timeout(Duration::from_millis(400))
        .with_lock_timeout(Duration::from_millis(400))
        .with_statement_timeout(Duration::from_millis(500))
}

/// Longest time of a request with these limits: a response that is waited for twice, and a connection each time.
const LONGEST: Duration = Duration::from_secs(6);

#[test]
fn a_server_that_goes_silent_ends_requests_with_an_error() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let ipam = PostgresProvider::open(quick(relay.fresh())).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        let taken = ipam.allocate_one("lan", "vm").await.unwrap();
        ipam.find(&Find::default()).await.unwrap();
        relay.silence(true);
        let begun = Instant::now();
        let (allocated, freed, found, checked, listed) = tokio::join!(
            ipam.allocate_one("lan", "vm"),
            async { ipam.deallocate(&Deallocate::id(taken.id.clone())).await },
            async { ipam.find(&Find::default()).await },
            ipam.check(),
            ipam.changes(None, 9),
        );
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
        let errors =
            [allocated.unwrap_err(), freed.unwrap_err(), found.unwrap_err(), checked.unwrap_err(), listed.unwrap_err()];
        for error in errors {
            assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{error}");
            assert_eq!(error.retry(), Retry::Safe, "nothing was sent that changes anything: {error}");
        }
        relay.silence(false);
        // No connection from before is used again: one of these would take the whole timeout.
        let begun = Instant::now();
        assert_eq!(ipam.find(&Find::default()).await.unwrap().items, [taken]);
        ipam.allocate_one("lan", "vm").await.unwrap();
        assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
        ipam.close().await.unwrap();
    });
}

#[test]
fn a_batch_fails_as_a_whole_with_the_server() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let ipam = PostgresProvider::open(quick(relay.fresh())).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        relay.silence(true);
        let begun = Instant::now();
        // Far more than would end in time if each waited for the server by itself.
        let requests: Vec<_> = (0..600).map(|n| Allocate::one("vm", "lan").with_key(format!("k{n}"))).collect();
        let results = join_all(requests.iter().map(|request| ipam.allocate(request))).await;
        assert!(begun.elapsed() < 2 * LONGEST, "{:?}", begun.elapsed());
        for result in results {
            let error = result.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{error}");
        }
        relay.silence(false);
        assert_eq!(ipam.find(&Find::default()).await.unwrap().items, []);
    });
}

/// A lock that is never released fails each request of a batch, but not one after the other for ever.
#[test]
fn a_batch_that_waits_for_one_lock_ends_in_time() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = quick(server.fresh());
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        let client = server.client().await;
        let lock = format!("BEGIN; LOCK TABLE {}.request IN EXCLUSIVE MODE", config.schema);
        client.batch_execute(&lock).await.unwrap();
        let begun = Instant::now();
        let requests: Vec<_> = (0..200).map(|n| Allocate::one("vm", "lan").with_key(format!("k{n}"))).collect();
        let results = join_all(requests.iter().map(|request| ipam.allocate(request))).await;
        assert!(begun.elapsed() < 2 * LONGEST, "{:?}", begun.elapsed());
        for result in results {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.retry()), (ErrorKind::Busy, Retry::Safe), "{error}");
        }
        client.batch_execute("ROLLBACK").await.unwrap();
        ipam.allocate(&requests[0]).await.unwrap();
    });
}

#[test]
fn opening_ends_in_time() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        relay.silence(true);
        // Without a response to the first message of a session, to the wish for TLS, and to the first message of TLS.
        let mut configs = vec![quick(relay.fresh())];
        for offers_tls in [false, true] {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            tokio::spawn(async move {
                while let Ok((mut client, _)) = listener.accept().await {
                    let mut bytes = [0; 1_024];
                    let _ = client.read(&mut bytes).await;
                    if offers_tls {
                        client.write_all(b"S").await.unwrap();
                    }
                    while client.read(&mut bytes).await.is_ok_and(|length| length > 0) {}
                }
            });
            configs.push(quick(PostgresConfig::new("127.0.0.1", "postgres")).with_port(port));
        }
        for config in configs {
            let begun = Instant::now();
            let error = PostgresProvider::open(config).await.unwrap_err();
            assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
            assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Safe), "{error}");
        }
    });
}

#[test]
fn a_connection_of_the_pool_is_waited_for_up_to_the_limit() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = server.fresh().with_connections(3).with_connect_timeout(Duration::from_millis(400));
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        let client = server.client().await;
        let lock = format!("BEGIN; LOCK TABLE {}.allocation IN ACCESS EXCLUSIVE MODE", config.schema);
        client.batch_execute(&lock).await.unwrap();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let ipam = ipam.clone();
                tokio::spawn(async move { ipam.find(&Find::default()).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let begun = Instant::now();
        let error = ipam.find(&Find::default()).await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Safe), "{error}");
        client.batch_execute("ROLLBACK").await.unwrap();
        for found in waiting {
            found.await.unwrap().unwrap();
        }
    });
}

#[test]
fn closing_ends_in_time() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let ipam = PostgresProvider::open(quick(relay.fresh())).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        relay.silence(true);
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let ipam = ipam.clone();
                tokio::spawn(async move { ipam.allocate_one("lan", "vm").await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let begun = Instant::now();
        ipam.close().await.unwrap();
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
        for result in waiting {
            result.await.unwrap().unwrap_err();
        }
    });
}

/// Two hosts in turns: ids are never issued again, and the feed has each change after the one that it depends on.
#[test]
fn ids_and_positions_are_in_the_order_of_dependent_transactions() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = server.fresh();
        let hosts = [
            PostgresProvider::open(config.clone()).await.unwrap(),
            PostgresProvider::open(config.clone()).await.unwrap(),
        ];
        hosts[0].define_range(&DefineRange::new("lan", "10.0.0.0/30".parse().unwrap())).await.unwrap();
        let mut ids = BTreeSet::new();
        for turn in 0..40 {
            let one = hosts[turn % 2].allocate_one("lan", "vm").await.unwrap();
            assert_eq!(one.address.to_string(), "10.0.0.1");
            assert!(ids.insert(one.id.to_string()), "{} was issued before", one.id);
            hosts[(turn + 1) % 2].deallocate(&Deallocate::id(one.id)).await.unwrap();
        }
        let changes = hosts[0].changes(None, 100).await.unwrap().items;
        let kinds: Vec<_> = changes.iter().skip(1).map(|change| change.kind).collect();
        assert_eq!(kinds, [ChangeKind::Allocated, ChangeKind::Deallocated].repeat(40));
    });
}
