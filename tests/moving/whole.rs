//! Everything arrives: from a phpIPAM through every other provider.

use ipam_core::{AllocationState, EmbeddedProvider, ErrorKind, Find, IpamProvider, ListRecords, PortableRecord};

use crate::site::{self, Site};
use crate::stations::{all, differences, move_all, open};

#[tokio::test]
async fn a_phpipam_arrives_whole_through_all_providers() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::start().await;
    let start = open(&site.url()).await;
    let child = site.fill(&*start).await;
    let was = start.allocate(&site.three()).await.unwrap();
    assert!(was.repeated);

    let mut last = start.clone();
    for url in all(directory.path()) {
        let next = open(&url).await;
        move_all(&*last, &*next).await;
        assert_eq!(differences(&*start, &*next).await, [""; 0], "{url}");
        assert_eq!(differences(&*last, &*next).await, [""; 0], "{url}");
        // Moving again finds everything there.
        move_all(&*last, &*next).await;

        // The callers' old requests return what they had, line by line.
        let again = next.allocate(&site.three()).await.unwrap();
        assert!(again.repeated);
        let lines = |allocated: &ipam_core::Allocated| {
            let line = |line: &Vec<ipam_core::Allocation>| line.iter().map(|one| one.address).collect::<Vec<_>>();
            allocated.lines.iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(lines(&again), lines(&was));
        let again = next.allocate_range(&site.child()).await.unwrap();
        assert!(again.repeated);
        assert_eq!((&again.range.net, &again.range.id), (&child.range.net, &child.range.id));
        // Of this one an address was given back, and the error names it.
        let error = next.allocate(&site.partial()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains("10.0.2.2"), "{error}");
        last = next;
    }
    let reserved = last.find(&Find::default().with_address(std::net::IpAddr::from([10, 0, 1, 2]))).await.unwrap().items;
    assert_eq!((reserved[0].state, &reserved[0].key), (AllocationState::Reserved, &None));
    last.close().await.unwrap();
    let store = EmbeddedProvider::open(directory.path().join("ipam.db")).await.unwrap();
    assert_eq!(store.check_store().await.unwrap().violations, [""; 0]);
}

#[tokio::test]
async fn everything_that_a_store_holds_arrives() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let count = all(one.path()).len();
    for pair in 0..count * count {
        for directory in [&one, &two] {
            for entry in std::fs::read_dir(directory.path()).unwrap() {
                std::fs::remove_file(entry.unwrap().path()).unwrap();
            }
        }
        let (from, to) = (all(one.path()).swap_remove(pair / count), all(two.path()).swap_remove(pair % count));
        let (source, target) = (open(&from).await, open(&to).await);
        site::fill(&*source, 40).await;
        move_all(&*source, &*target).await;
        assert_eq!(differences(&*source, &*target).await, [""; 0], "{from} to {to}");
        assert!(target.allocate(&site::several()).await.unwrap().repeated);
        let quarantined = |record: &PortableRecord| matches!(record, PortableRecord::Quarantine(_));
        let records = target.list_records(&ListRecords::all()).await.unwrap();
        let next = records.next.map(|token| {
            let mut request = ListRecords::all();
            request.page.token = Some(token);
            request
        });
        let records = target.list_records(&next.unwrap()).await.unwrap().items;
        assert_eq!(records.iter().filter(|record| quarantined(record)).count(), 2);
        source.close().await.unwrap();
        target.close().await.unwrap();
    }
    let store = EmbeddedProvider::open(two.path().join("ipam.db")).await.unwrap();
    assert_eq!(store.check_store().await.unwrap().violations, [""; 0]);
}
