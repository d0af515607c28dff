//! Ranges arrive in batches, with what an update or a removal of them needs later.

use ipam_core::net::{HostPolicy, IpRange};
use ipam_core::plan::Migration;
use ipam_core::{
    AllocateRange, DeallocateRange, DefineBlock, DefineRange, IpamProvider, ListRanges, MemoryProvider, Patch,
    UpdateRange,
};
use phpipam_client::testing::Object;

use crate::site::Site;
use crate::stations::{all, differences, move_all, open};

/// Ranges whose addresses come from a host policy, or are given; two of them share a prefix.
async fn fill(provider: &dyn IpamProvider) {
    provider.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse().unwrap())).await.unwrap();
    let parts = ["10.3.0.1-10.3.0.9", "10.3.0.10-10.3.0.19"].map(|part| part.parse::<IpRange>().unwrap());
    let ranges = [
        DefineRange::new("hosts", "10.1.0.0/24".parse().unwrap()),
        DefineRange::new("all", "10.2.0.0/24".parse().unwrap()).with_hosts(HostPolicy::All),
        DefineRange::new("low", "10.3.0.0/24".parse().unwrap()).with_addresses(parts[0]),
        DefineRange::new("high", "10.3.0.0/24".parse().unwrap()).with_addresses(parts[1]),
    ];
    for range in ranges {
        provider.define_range(&range).await.unwrap();
    }
    let child = AllocateRange::prefix_len("tenant", "campus", 26).with_key("tenant/net");
    provider.allocate_range(&child).await.unwrap();
}

#[tokio::test]
async fn ranges_keep_their_origin_in_every_provider() {
    let directory = tempfile::tempdir().unwrap();
    for url in all(directory.path()) {
        let source = MemoryProvider::new();
        fill(&source).await;
        let target = open(&url).await;
        // Batches of which one has both ranges of a prefix.
        let migration = Migration::new(&source, &*target).with_batch(4);
        let migrated = migration.apply(&migration.check().await.unwrap()).await.unwrap();
        assert_eq!((migrated.blocks, migrated.ranges), (1, 5), "{url}");
        assert_eq!(differences(&source, &*target).await, [""; 0], "{url}");
        // Addresses that an update clears are those of the host policy again.
        for id in ["hosts", "all"] {
            for provider in [&source as &dyn IpamProvider, &*target] {
                let mut update = UpdateRange::new(id);
                update.addresses = Patch::Set("10.0.0.0-10.255.255.255".parse().unwrap());
                assert!(provider.update_range(&update).await.is_err());
                let first = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
                let first = first.into_iter().find(|range| range.id.as_str() == id).unwrap().addresses;
                update.addresses = Patch::Set(IpRange::new(first.first(), first.first()).unwrap());
                provider.update_range(&update).await.unwrap();
                update.addresses = Patch::Clear;
                assert_eq!(provider.update_range(&update).await.unwrap().addresses, first, "{id}, {url}");
            }
        }
        assert!(target.deallocate_range(&DeallocateRange::id("hosts")).await.is_err(), "it was defined");
        let gone = target.deallocate_range(&DeallocateRange::key("tenant/net")).await.unwrap();
        assert!(!gone.was_free(), "{url}");
        target.close().await.unwrap();
    }
}

#[tokio::test]
async fn times_that_a_server_changes_by_itself_are_no_difference() {
    let site = Site::start().await;
    // Each comparison reads the lists anew.
    let source = open(&format!("{}?list_age=0s", site.url())).await;
    let target = MemoryProvider::new();
    move_all(&*source, &target).await;
    let lan = site.lan.parse().unwrap();
    site.server.seed(|store| {
        for field in ["editDate", "lastScan", "lastDiscovery"] {
            store.set_field(Object::Subnet, lan, field, "2026-11-29 10:00:00");
        }
    });
    assert_eq!(differences(&*source, &target).await, [""; 0]);
    site.server.seed(|store| store.set_field(Object::Subnet, lan, "threshold", "80"));
    let found = differences(&*source, &target).await;
    assert!(found.len() == 1 && found[0].contains("threshold=80"), "{found:#?}");
}
