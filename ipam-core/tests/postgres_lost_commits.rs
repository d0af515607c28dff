//! Connections that break at the commit, before or after the server has carried it out.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod postgres_support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use ipam_core::{
    Deallocate, DefineRange, Find, IpamProvider, IpamProviderExt, Patch, PostgresConfig, PostgresProvider, Update,
};
use postgres_support::{runtime, shared, unused};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

/// What happens to the next commit: nothing, or the connection breaks before or after it.
const PASS: u8 = 0;
const BEFORE: u8 = 1;
const AFTER: u8 = 2;

/// Passes the bytes of a connection on, until a commit that is to be lost.
async fn relay(mut client: UnixStream, server: &Path, next: Arc<AtomicU8>) {
    let Ok(mut server) = UnixStream::connect(server).await else { return };
    let (mut from_client, mut from_server) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                let sent = &from_client[..length];
                let fate = if sent.windows(7).any(|part| part == b"COMMIT\0") {
                    next.swap(PASS, Ordering::SeqCst)
                } else {
                    PASS
                };
                if fate == BEFORE || server.write_all(sent).await.is_err() {
                    return;
                }
                if fate == AFTER {
                    // The server has the time to do it; its response goes nowhere.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&from_server[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[test]
fn a_lost_commit_is_found_out() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).unwrap();
        let next = Arc::new(AtomicU8::new(PASS));
        let (fate, socket) = (Arc::clone(&next), server.directory().join(".s.PGSQL.5432"));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (fate, socket) = (Arc::clone(&fate), socket.clone());
                tokio::spawn(async move { relay(client, &socket, fate).await });
            }
        });
        let config = PostgresConfig::new(directory.path().display().to_string(), "postgres")
            .with_user(postgres_support::USER)
            .with_schema(unused("lost"));
        let ipam = PostgresProvider::open(config).await.unwrap();
        let lose = |fate| {
            assert_eq!(next.swap(fate, Ordering::SeqCst), PASS, "the last one was lost");
        };
        let mut expected = Vec::new();
        for fate in [BEFORE, AFTER] {
            lose(fate);
            let net = if fate == BEFORE { "10.0.0.0/24" } else { "10.1.0.0/24" };
            let lan = format!("lan-{fate}");
            ipam.define_range(&DefineRange::new(lan.as_str(), net.parse().unwrap())).await.unwrap();
            // Without a key of the caller's: only the provider can find out.
            lose(fate);
            let kept = ipam.allocate_one(lan.as_str(), "kept").await.unwrap();
            lose(fate);
            let gone = ipam.allocate_one(lan.as_str(), "gone").await.unwrap();
            lose(fate);
            let freed = ipam.deallocate(&Deallocate::id(gone.id)).await.unwrap();
            assert_eq!(freed.freed().count(), 1, "and not: it was free");
            lose(fate);
            let update = Update::new(kept.id).with_hostname(Patch::Set("web".to_owned()));
            expected.push(ipam.update(&update).await.unwrap());
        }
        assert_eq!(next.load(Ordering::SeqCst), PASS);
        assert_eq!(ipam.find(&Find::default()).await.unwrap().items, expected);
        // Two ranges; each with two addresses that came, one that went, and an update.
        assert_eq!(ipam.changes(None, 100).await.unwrap().items.len(), 2 + 2 * 4, "nothing was done twice");
        ipam.close().await.unwrap();
    });
}
