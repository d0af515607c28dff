//! A provider that hangs: it holds up those who need it, for a limited time, and no others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ipam_core::{
    Allocate, Allocated, Allocation, Capabilities, Deallocate, Deallocated, DefineRange, Error, Find, Health,
    IpamProvider, ListRanges, MemoryProvider, Page, Range,
};
use serde_json::json;

use crate::stage::Stage;

/// Provider whose calls never end while it hangs.
#[derive(Debug, Default)]
pub(crate) struct Hanging {
    inner: MemoryProvider,
    hangs: AtomicBool,
}

impl Hanging {
    async fn wait(&self) {
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl IpamProvider for Hanging {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    async fn check(&self) -> Result<Health, Error> {
        self.wait().await;
        self.inner.check().await
    }
    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>, Error> {
        self.wait().await;
        self.inner.list_ranges(request).await
    }
    async fn allocate(&self, request: &Allocate) -> Result<Allocated, Error> {
        self.wait().await;
        self.inner.allocate(request).await
    }
    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated, Error> {
        self.wait().await;
        self.inner.deallocate(request).await
    }
    async fn find(&self, request: &Find) -> Result<Page<Allocation>, Error> {
        self.wait().await;
        self.inner.find(request).await
    }
    async fn define_range(&self, request: &DefineRange) -> Result<Range, Error> {
        self.wait().await;
        self.inner.define_range(request).await
    }
}

#[tokio::test]
async fn a_provider_that_hangs_holds_up_only_those_who_need_it() {
    let provider = Arc::new(Hanging::default());
    let stage = Stage::with_provider(Arc::<Hanging>::clone(&provider), Duration::from_millis(400)).await;
    let alice = stage.client("alice");
    let port = alice.map("10.0.0.5", 22, "web1").await.content()["conn_port"].as_u64().unwrap();
    provider.hangs.store(true, Ordering::SeqCst);
    let start = Instant::now();
    // More than are worked on at once.
    let asking: Vec<_> = (0..12)
        .map(|index| {
            let alice = alice.clone();
            tokio::spawn(async move {
                match index % 4 {
                    0 => alice.map("10.0.0.6", 1000 + index, "web2").await,
                    _ => alice.get("/api/1/ipam/addr").await,
                }
            })
        })
        .collect();
    // Meanwhile: the maps, and the health with what it knows.
    assert_eq!(alice.get("/api/1/ipam/portmap").await.content()["ports"].as_object().unwrap().len(), 1);
    let health = alice.get("/api/1/ipam/healthcheck").await.content().clone();
    assert_eq!((&health["database"], &health["firewall"]), (&json!("up"), &json!("up")));
    assert_eq!((&health["addresses"], &health["maps_without_rule"]), (&json!("down"), &json!([])));
    assert!(health["addresses_problem"].as_str().is_some_and(|problem| problem.contains("400ms")), "{health}");
    for asked in asking {
        let refused = asked.await.unwrap();
        assert_eq!((refused.status, refused.kind()), (503, "provider_unavailable"), "{refused:?}");
        assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    }
    // A map is removed; its address is given back when the provider responds.
    assert_eq!(alice.unmap(port).await.content(), &json!({}));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    provider.hangs.store(false, Ordering::SeqCst);
    alice.send("POST", "/api/1/ipam/healthcheck", r#"{"repair":true}"#).await.content();
    assert_eq!(alice.get("/api/1/ipam/addr").await.content(), &json!({}));
    assert_eq!(stage.store_is_empty(), (true, true));
}
