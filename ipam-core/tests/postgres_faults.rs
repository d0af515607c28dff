//! Faults of the server and of connections, on a server that the tests stop and kill.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod postgres_support;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipam_core::{
    Allocate, AllocateLine, Deallocate, DefineRange, Error, ErrorKind, Find, IpamProvider, IpamProviderExt, Order,
    PageRequest, PostgresConfig, PostgresProvider, RangePolicy, Retry,
};
use postgres_support::{Server, Setup, runtime, shared, unused};

fn lan() -> DefineRange {
    DefineRange::new("lan", "10.0.0.0/16".parse().unwrap())
}

async fn kind_of(config: PostgresConfig) -> ErrorKind {
    let error: Error = PostgresProvider::open(config).await.expect_err("it cannot be opened");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    error.kind()
}

#[test]
fn opening_fails_with_the_kind_of_the_fault() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let client = server.client().await;
        let password = |config: PostgresConfig| config.with_password("hunter2".to_owned().into());
        assert_eq!(kind_of(PostgresConfig::new("/nowhere/at/all", "postgres")).await, ErrorKind::Unavailable);
        let mut missing = password(server.fresh());
        missing.database = "missing".to_owned();
        assert_eq!(kind_of(missing).await, ErrorKind::Config);
        // The server trusts every user that exists.
        assert_eq!(kind_of(password(server.fresh().with_user("stranger"))).await, ErrorKind::Unauthenticated);
        assert_eq!(kind_of(server.fresh().with_create(false)).await, ErrorKind::Config);
        assert_eq!(kind_of(server.fresh().with_read_only(true)).await, ErrorKind::Config);
        let guest = unused("guest");
        client.batch_execute(&format!("CREATE USER {guest}")).await.unwrap();
        assert_eq!(kind_of(server.fresh().with_user(guest.as_str())).await, ErrorKind::PermissionDenied);
        let foreign = server.fresh();
        let tables = format!("CREATE SCHEMA {0}; CREATE TABLE {0}.other (a int)", foreign.schema);
        client.batch_execute(&tables).await.unwrap();
        assert_eq!(kind_of(foreign).await, ErrorKind::Corrupt);
    });
}

#[test]
fn a_newer_schema_is_refused_unless_it_says_otherwise() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let client = server.client().await;
        let config = server.fresh();
        let old = PostgresProvider::open(config.clone()).await.unwrap();
        old.define_range(&lan()).await.unwrap();
        // A newer program has added something that this one need not know.
        let set = |column: &str| format!("UPDATE {}.ipam_schema SET {column} = 9", config.schema);
        client.batch_execute(&set("version")).await.unwrap();
        PostgresProvider::open(config.clone()).await.unwrap().close().await.unwrap();
        old.allocate_one("lan", "vm").await.unwrap();
        // And now something that it has to know.
        client.batch_execute(&set("oldest_program")).await.unwrap();
        let error = PostgresProvider::open(config.clone()).await.unwrap_err();
        assert_eq!((error.kind(), error.context("schema")), (ErrorKind::Corrupt, Some(config.schema.as_str())));
        let error = old.allocate_one("lan", "vm").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert_eq!((error.context("found"), error.context("supported")), (Some("9"), Some("3")), "{error}");
        old.close().await.unwrap();
    });
}

#[test]
fn a_read_only_provider_reads_and_refuses_to_write() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = server.fresh();
        let writer = PostgresProvider::open(config.clone()).await.unwrap();
        writer.define_range(&lan()).await.unwrap();
        let taken = writer.allocate_one("lan", "vm").await.unwrap();
        let reader = PostgresProvider::open(config.with_read_only(true)).await.unwrap();
        assert_eq!(reader.find(&Find::default()).await.unwrap().items, [taken]);
        reader.check().await.unwrap();
        let error = reader.allocate_one("lan", "vm").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(!reader.capabilities().update);
    });
}

#[test]
fn a_lock_is_not_waited_for_longer_than_the_limit() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = server.fresh().with_lock_timeout(Duration::from_millis(300));
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        let taken = ipam.allocate_one("lan", "vm").await.unwrap();
        let client = server.client().await;
        client.batch_execute(&format!("BEGIN; SELECT 1 FROM {}.allocation FOR UPDATE", config.schema)).await.unwrap();
        let error = ipam.deallocate(&Deallocate::id(taken.id.clone())).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Busy, Retry::Safe), "{error}");
        client.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(ipam.deallocate(&Deallocate::id(taken.id)).await.unwrap().freed().count(), 1);
    });
}

#[cfg(feature = "registry")]
#[test]
fn a_url_opens_the_same_schema() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = server.fresh();
        let host = config.host.replace('/', "%2F");
        let url = format!("postgres://{}@{host}/postgres?schema={}&actor=me", postgres_support::USER, config.schema);
        let registry = ipam_core::registry::Registry::new();
        let other = ipam_core::registry::OpenRequest::parse("embedded:ipam.db").unwrap();
        let error = ipam_core::registry::open_postgres(other).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.message().contains("\"embedded\""), "{error}");
        let opened = registry.open(&url).await.unwrap();
        opened.define_range(&lan()).await.unwrap();
        let taken = opened.allocate_one("lan", "vm").await.unwrap();
        assert_eq!(opened.changes(None, 9).await.unwrap().items[1].actor.as_deref(), Some("me"));
        opened.close().await.unwrap();
        let again = PostgresProvider::open(config).await.unwrap();
        assert_eq!(again.find(&Find::default()).await.unwrap().items, [taken]);
    });
}

/// Allocates with keys, repeating what failed, until `calls` have succeeded. Returns the addresses.
async fn caller(ipam: Arc<PostgresProvider>, name: usize, calls: usize) -> Vec<(String, IpAddr)> {
    let mut taken = Vec::new();
    for call in 0..calls {
        let key = format!("{name}/{call}");
        let request = Allocate::one("vm", "lan").with_key(key.as_str());
        let mut attempts = 0;
        let allocated = loop {
            match ipam.allocate(&request).await {
                Ok(allocated) => break allocated,
                Err(error) => {
                    attempts += 1;
                    assert_ne!(error.retry(), Retry::Never, "{error}");
                    assert!(attempts < 200, "{error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        };
        taken.push((key, allocated.lines[0][0].address));
        if call % 3 == 2 {
            // Given back by its key, so that a repetition is safe.
            let (key, _) = taken.pop().unwrap();
            let back = Deallocate::key(key.as_str());
            while let Err(error) = ipam.deallocate(&back).await {
                assert_ne!(error.retry(), Retry::Never, "{error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    taken
}

/// Checks that exactly the acknowledged allocations are there, and that the pages agree with them.
async fn sound(server: &Server, config: &PostgresConfig, mut taken: Vec<(String, IpAddr)>) {
    let ipam = PostgresProvider::open(config.clone()).await.unwrap();
    let found = ipam.find(&Find::default().with_range("lan")).await.unwrap().items;
    let mut there: Vec<(String, IpAddr)> =
        found.iter().map(|one| (one.key.as_ref().unwrap().to_string(), one.address)).collect();
    there.sort();
    taken.sort();
    assert_eq!(there, taken, "none is lost, and none is left over");
    let different: BTreeSet<_> = taken.iter().map(|(_, address)| address).collect();
    assert_eq!(different.len(), taken.len(), "no address is allocated twice");
    let usage = ipam.usage(&["lan".into()]).await.unwrap().remove(0);
    assert_eq!(usage.allocated, u128::try_from(taken.len()).unwrap(), "the pages agree with the allocations");
    let client = server.client().await;
    let requests = client.query_one(&format!("SELECT count(*) FROM {}.request", config.schema), &[]).await.unwrap();
    assert_eq!(usize::try_from(requests.get::<_, i64>(0)).unwrap(), taken.len(), "each key has its request");
    // The feed, played from its beginning, ends in the same allocations.
    let (mut state, mut position) = (BTreeSet::new(), None);
    loop {
        let part = ipam.changes(position.as_ref(), 500).await.unwrap();
        for change in &part.items {
            let Some(address) = change.address else { continue };
            let known = match change.kind {
                ipam_core::ChangeKind::Allocated => state.insert(address),
                _ => state.remove(&address),
            };
            assert!(known, "the feed has a change out of order: {change:?}");
        }
        position = Some(part.next);
        if part.items.is_empty() {
            break;
        }
    }
    assert_eq!(state, different.into_iter().copied().collect());
}

#[test]
fn ended_connections_lose_and_leak_nothing() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = server.fresh().with_application_name(unused("ended"));
        let open = || async { Arc::new(PostgresProvider::open(config.clone()).await.unwrap()) };
        let (one, two) = (open().await, open().await);
        one.define_range(&lan()).await.unwrap();
        let callers: Vec<_> = (0..8)
            .map(|name| tokio::spawn(caller(Arc::clone(if name % 2 == 0 { &one } else { &two }), name, 120)))
            .collect();
        let client = server.client().await;
        // Connections of these providers, at any point of what they do.
        let terminate = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}' AND random() < 0.3",
            config.application_name
        );
        while !callers.iter().all(tokio::task::JoinHandle::is_finished) {
            tokio::time::sleep(Duration::from_millis(30)).await;
            client.query(&terminate, &[]).await.unwrap();
        }
        let mut taken = Vec::new();
        for caller in callers {
            taken.extend(caller.await.unwrap());
        }
        sound(server, &config, taken).await;
    });
}

/// Callers that fill a range at random, take exact addresses and give them back, from two hosts: reads of one transaction
/// are then of different moments.
#[test]
fn pages_agree_with_allocations_after_races_for_the_same_addresses() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let config = server.fresh();
        let open = || async { Arc::new(PostgresProvider::open(config.clone()).await.unwrap()) };
        let hosts = [open().await, open().await, open().await];
        let net = "10.0.0.0/25".parse().unwrap();
        hosts[0]
            .define_range(&DefineRange::new("lan", net).with_policy(RangePolicy::default().with_order(Order::Random)))
            .await
            .unwrap();
        // Nearly full, so that guesses fail and all pages are looked at.
        hosts[0].allocate(&Allocate::new("filler").with_line(AllocateLine::next("lan", 118))).await.unwrap();
        let held = hosts[0].find(&Find::default().with_range("lan")).await.unwrap().items;
        let wanted: Vec<_> = held.iter().take(4).map(|one| one.address).collect();
        let callers: Vec<_> = (0..9_usize)
            .map(|name| tokio::spawn(racer(Arc::clone(&hosts[name % 3]), name, wanted[name % 4])))
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        let left =
            hosts[0].find(&Find::default().with_range("lan").with_page(PageRequest::of(500))).await.unwrap().items;
        let different: BTreeSet<_> = left.iter().map(|one| one.address).collect();
        assert_eq!(different.len(), left.len());
        // Every address of a page whose bit is set is allocated, and the reverse.
        let usage = hosts[0].usage(&["lan".into()]).await.unwrap().remove(0);
        assert_eq!(usage.allocated, u128::try_from(left.len()).unwrap());
        let client = server.client().await;
        let bits = format!("SELECT bits, used FROM {}.page", config.schema);
        let rows = client.query(&bits, &[]).await.unwrap();
        let page: Vec<u8> = rows[0].get(0);
        let set: BTreeSet<u8> = (0..=u8::MAX).filter(|bit| page[usize::from(bit / 8)] >> (bit % 8) & 1 == 1).collect();
        let last = |address: &IpAddr| match address {
            IpAddr::V4(address) => address.octets()[3],
            IpAddr::V6(_) => panic!("{address}"),
        };
        assert_eq!(set, different.iter().map(last).collect::<BTreeSet<u8>>());
        assert_eq!(rows[0].get::<_, i32>(1), i32::try_from(set.len()).unwrap());
    });
}

/// Gives an address back and takes it again, beside others that do the same, and takes any address between.
async fn racer(ipam: Arc<PostgresProvider>, name: usize, address: IpAddr) {
    for call in 0..60 {
        let exact = AllocateLine::exactly("lan", address);
        match ipam.allocate(&Allocate::new(format!("racer-{name}")).with_line(exact)).await {
            Ok(_) => {}
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Busy), "{error:?}"),
        }
        let target = Deallocate::address("lan", address);
        match ipam.deallocate(&target).await {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}"),
        }
        match ipam.allocate_one("lan", "guest").await {
            Ok(one) if call % 2 == 0 => {
                let back = Deallocate::id(one.id);
                while let Err(error) = ipam.deallocate(&back).await {
                    assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
                }
            }
            Ok(_) => {}
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Exhausted | ErrorKind::Busy), "{error:?}");
            }
        }
    }
}

#[test]
fn a_killed_server_loses_and_leaks_nothing() {
    let Some(mut server) = Server::start(Setup { sync: true, settings: Vec::new() }) else { return };
    let config = server.fresh();
    let opened = runtime().block_on(async {
        let ipam = Arc::new(PostgresProvider::open(config.clone()).await.unwrap());
        ipam.define_range(&lan()).await.unwrap();
        ipam
    });
    let callers: Vec<_> = (0..6).map(|name| runtime().spawn(caller(Arc::clone(&opened), name, 150))).collect();
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(200));
        server.kill();
        server.resume();
    }
    runtime().block_on(async {
        let mut taken = Vec::new();
        for caller in callers {
            taken.extend(caller.await.unwrap());
        }
        sound(&server, &config, taken).await;
    });
}
