//! What the target refuses is listed before anything is written, whatever the record has.

use ipam_core::plan::Migration;
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Allocation, AllocationKey, DefineBlock, DefineRange, ErrorKind, Find,
    IpamProvider, Labels, ListRanges, MAX_ID_LEN, MAX_TEXT_LEN, MemoryProvider, Owner, PortableAllocation,
    PortableRecord, PortableRequest, RestoreRecords, Tag,
};

use phpipam_client::testing::{CustomColumn, Object};

use crate::altered::{Alter, Altered};
use crate::site::Site;
use crate::stations::{differences, move_all, open};

/// Provider with the range "lan".
async fn lan() -> MemoryProvider {
    let provider = MemoryProvider::new();
    provider.define_range(&DefineRange::new("lan", "10.1.0.0/16".parse().unwrap())).await.unwrap();
    provider
}

/// Returns the conflicts of a migration, which must not write anything.
async fn refused(source: &dyn IpamProvider, target: &dyn IpamProvider) -> Vec<String> {
    let before = target.find(&Find::default()).await.unwrap().items;
    let ranges = target.list_ranges(&ListRanges::all()).await.unwrap().items;
    let migration = Migration::new(source, target);
    let checked = migration.check().await.unwrap();
    let error = migration.apply(&checked).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(target.find(&Find::default()).await.unwrap().items, before);
    assert_eq!(target.list_ranges(&ListRanges::all()).await.unwrap().items, ranges);
    checked.conflicts().to_vec()
}

fn change(record: &mut PortableRecord, change: impl Fn(&mut Allocation)) {
    if let PortableRecord::Request(request) = record {
        request.allocations.iter_mut().for_each(|one| change(&mut one.allocation));
        request.key = request.allocations[0].allocation.key.clone();
    }
}

#[tokio::test]
async fn a_store_names_each_record_that_it_cannot_keep() {
    let cases: [(Alter, &str); 7] = [
        (|record| change(record, |one| one.owner = Some(Owner::new("vm\u{7}1"))), "control character"),
        (|record| change(record, |one| one.owner = Some(Owner::new("x".repeat(MAX_ID_LEN + 1)))), "owner"),
        (|record| change(record, |one| one.key = Some(AllocationKey::new("x".repeat(MAX_ID_LEN + 1)))), "key"),
        (|record| change(record, |one| one.labels.hostname = Some("x".repeat(MAX_TEXT_LEN + 1))), "hostname"),
        (|record| change(record, |one| one.labels.description = Some("a\0b".to_owned())), "description"),
        (|record| change(record, |one| one.labels.tags.extend([Tag::new("", "x")])), "tag"),
        (|record| change(record, |one| one.space = "a\nb".into()), "space"),
    ];
    for (alter, named) in cases {
        let inner = lan().await;
        for owner in ["vm-1", "vm-2"] {
            inner.allocate(&Allocate::one(owner, "lan").with_key(owner)).await.unwrap();
        }
        let target = MemoryProvider::new();
        let conflicts = refused(&Altered::source(inner, alter), &target).await;
        assert_eq!(conflicts.len(), 2, "{named}: {conflicts:#?}");
        for (conflict, address) in conflicts.iter().zip(["10.1.0.1: ", "10.1.0.2: "]) {
            assert!(conflict.starts_with(address) && conflict.contains(named), "{named}: {conflict}");
        }
    }
}

#[tokio::test]
async fn an_empty_owner_is_none() {
    let inner = lan().await;
    let request = PortableRequest::new(vec![PortableAllocation::new(
        0,
        Allocation::new("1", "default", "lan", [10, 1, 0, 9].into()),
    )]);
    inner.restore_records(&RestoreRecords::new(vec![PortableRecord::Request(request)])).await.unwrap();
    let source = Altered::source(inner, |record| change(record, |one| one.owner = Some(Owner::new(""))));
    let target = MemoryProvider::new();
    move_all(&source, &target).await;
    let found = target.find(&Find::default()).await.unwrap().items;
    assert_eq!((found[0].owner.as_ref(), found.len()), (None, 1));
    assert_eq!(differences(&source, &target).await, [""; 0]);
}

#[tokio::test]
async fn a_key_that_the_target_uses_otherwise_is_named() {
    let (source, target) = (lan().await, lan().await);
    for (provider, address) in [(&source, "10.1.0.5"), (&target, "10.1.0.9")] {
        let line = AllocateLine::exactly("lan", address.parse().unwrap());
        provider.allocate(&Allocate::new("vm-1").with_key("vm-1").with_line(line)).await.unwrap();
    }
    assert_eq!(refused(&source, &target).await, ["10.1.0.5 of lan: the target has the key vm-1 for 10.1.0.9"]);
    // A child prefix of the target has the key of an address.
    let target = MemoryProvider::new();
    target.define_block(&DefineBlock::new("campus", "10.9.0.0/16".parse().unwrap())).await.unwrap();
    target.allocate_range(&AllocateRange::prefix_len("t", "campus", 26).with_key("vm-1")).await.unwrap();
    assert_eq!(refused(&source, &target).await, ["10.1.0.5 of lan: the target has the key vm-1 for a range"]);
}

#[tokio::test]
async fn a_server_names_requests_that_are_too_large_or_too_long() {
    let source = lan().await;
    let line = AllocateLine::next("lan", 1_100);
    source.allocate(&Allocate::new("cluster").with_key("cluster").with_line(line)).await.unwrap();
    let target = Altered::plain(lan().await);
    let conflicts = refused(&source, &target).await;
    assert!(conflicts.len() == 1 && conflicts[0].contains("at most 1024"), "{conflicts:#?}");
    // So does a source without records.
    let conflicts = refused(&Altered::plain(source), &target).await;
    assert!(conflicts.len() == 1 && conflicts[0].contains("at most 1024"), "{conflicts:#?}");

    // Key and owner in one mark that does not fit into its field; a host name that is too long for the column.
    let site = Site::start().await;
    site.server.seed(|store| store.add_custom_field(Object::Address, CustomColumn::text("custom_mark", 255)));
    let inner = open(&format!("{}?mark=custom_mark", site.url())).await;
    let source = MemoryProvider::new();
    move_all(&*inner, &source).await;
    let long = "ü".repeat(120);
    source.allocate(&Allocate::one(long.as_str(), site.dmz.as_str()).with_key(long.as_str())).await.unwrap();
    let labels = Labels::default().with_hostname("h".repeat(300));
    let line = AllocateLine::next(site.dmz.as_str(), 1).with_labels(labels);
    source.allocate(&Allocate::new("vm").with_key("vm").with_line(line)).await.unwrap();
    let conflicts = refused(&source, &*inner).await;
    assert_eq!(conflicts.len(), 2, "{conflicts:#?}");
    assert!(conflicts[0].contains("the mark field holds 255 characters"), "{conflicts:#?}");
    assert!(conflicts[1].contains("hostname"), "{conflicts:#?}");
}

#[tokio::test]
async fn a_made_key_fits_however_long_the_id_of_the_range_is() {
    let id = "r".repeat(MAX_ID_LEN);
    let define = DefineRange::new(id.as_str(), "10.1.0.0/24".parse().unwrap());
    let (source, target) = (MemoryProvider::new(), MemoryProvider::new());
    source.define_range(&define).await.unwrap();
    let entered = Allocation::new("1", "default", id.as_str(), [10, 1, 0, 9].into());
    let entered = PortableRequest::new(vec![PortableAllocation::new(0, entered)]);
    source.restore_records(&RestoreRecords::new(vec![PortableRecord::Request(entered)])).await.unwrap();
    let target = Altered::plain(target);
    let migration = Migration::new(&source, &target);
    for run in 0..2 {
        let checked = migration.check().await.unwrap();
        assert_eq!(checked.conflicts(), [""; 0]);
        assert_eq!(migration.apply(&checked).await.unwrap().addresses, 1 - run);
    }
    let found = target.find(&Find::default()).await.unwrap().items;
    let key = found[0].key.as_ref().unwrap().as_str();
    assert!(key.starts_with("migrated/") && key.ends_with("/10.1.0.9") && key.len() <= MAX_ID_LEN, "{key}");
}
