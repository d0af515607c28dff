//! What the target cannot hold, and what is in the way, is listed before anything is written.

use ipam_core::plan::{AddressPlan, Migration};
use ipam_core::{Allocate, DefineRange, ErrorKind, Find, IpamProvider, MemoryProvider};

use crate::site::{self, Site};
use crate::stations::{differences, move_all, open};

#[tokio::test]
async fn what_a_phpipam_cannot_hold_is_listed_first() {
    let source = MemoryProvider::new();
    site::fill(&source, 3).await;
    let site = Site::start().await;
    let target = open(&site.url()).await;
    let before = target.find(&Find::default()).await.unwrap().items;
    let migration = Migration::new(&source, &*target);
    let checked = migration.check().await.unwrap();
    // The ranges of the store are not there, and a provider cannot make subnets.
    assert_eq!(checked.conflicts().len(), 5, "{:?}", checked.conflicts());
    assert!(checked.conflicts()[0].contains("cannot define ranges"), "{:?}", checked.conflicts());
    let fields: Vec<&str> = checked.losses().iter().map(|loss| loss.field).collect();
    assert!(fields.contains(&"block"), "{fields:?}");
    assert_eq!(migration.apply(&checked).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(target.find(&Find::default()).await.unwrap().items, before);

    // Where the subnets are there: times and the request itself.
    let old = Site::start().await;
    let start = open(&old.url()).await;
    start.allocate(&old.three()).await.unwrap();
    let source = MemoryProvider::new();
    move_all(&*start, &source).await;
    let checked = Migration::new(&source, &*target).check().await.unwrap();
    assert_eq!(checked.conflicts(), [""; 0]);
    let losses: Vec<String> = checked.losses().iter().map(ToString::to_string).collect();
    for field in ["created: ", "request: "] {
        assert!(losses.iter().any(|loss| loss.starts_with(field)), "{field}: {losses:#?}");
    }
}

#[tokio::test]
async fn what_is_in_the_way_is_named_and_nothing_is_written() {
    let (source, target) = (MemoryProvider::new(), MemoryProvider::new());
    let lan = DefineRange::new("lan", "192.0.2.0/24".parse().unwrap());
    for provider in [&source, &target] {
        provider.define_range(&lan).await.unwrap();
    }
    source.define_range(&DefineRange::new("dmz", "198.51.100.0/24".parse().unwrap())).await.unwrap();
    source.allocate(&Allocate::one("vm-1", "lan").with_key("vm-1")).await.unwrap();
    target.allocate(&Allocate::one("vm-2", "lan").with_key("vm-2")).await.unwrap();
    let migration = Migration::new(&source, &target);
    let checked = migration.check().await.unwrap();
    assert_eq!(checked.conflicts(), ["192.0.2.1: the target has it with another key: vm-2 instead of vm-1"]);
    let error = migration.apply(&checked).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("192.0.2.1"), "{error}");
    assert_eq!(differences(&source, &target).await.len(), 2, "the range dmz and the address");
}

#[tokio::test]
async fn an_exported_plan_gives_the_same_ranges_and_addresses() {
    let source = MemoryProvider::new();
    site::fill(&source, 5).await;
    let plan = AddressPlan::from_provider(&source).await.unwrap();
    let notes: Vec<&str> = plan.notes.iter().map(|note| note.item.as_str()).collect();
    assert!(notes.iter().any(|note| note.starts_with("2 addresses expire")), "{notes:#?}");
    assert!(notes.iter().any(|note| note.starts_with("2 quarantined")), "{notes:#?}");
    for format in [ipam_core::plan::Format::Csv, ipam_core::plan::Format::Json] {
        let read = AddressPlan::parse(&plan.to_text(format), format).unwrap();
        let target = MemoryProvider::new();
        let importer = ipam_core::plan::Importer::new(&target);
        importer.apply(&importer.check(&read).await.unwrap()).await.unwrap();
        let places = |all: Vec<ipam_core::Allocation>| all.into_iter().map(|one| (one.address, one.owner, one.labels));
        let found = |provider: MemoryProvider| async move { provider.find(&Find::default()).await.unwrap().items };
        let (was, is) = (found(source.clone()).await, found(target).await);
        assert!(places(was).eq(places(is)));
    }
}
