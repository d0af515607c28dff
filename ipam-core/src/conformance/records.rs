//! Cases of `list_records` and `restore_records`.

use std::time::Duration;

use super::bench::Bench;
use super::literals::{ip, lines, net, only, texts};
use super::outcome::{CaseResult, check, fail, refused, same, some};
use super::setup::Setup;
use super::stage::Stage;
use crate::{
    Allocate, AllocateLine, AllocateRange, Allocation, AllocationState, Deallocate, DeallocateRange, DefineRange,
    ErrorKind, Find, IpamProvider, Labels, ListRecords, Operation, Owner, PageRequest, PortableAllocation,
    PortableRecord, PortableRequest, Precondition, RangePolicy, RestoreRecords,
};

/// More pages than a case can have.
const TOO_MANY: usize = 1_000;

fn two_ranges() -> Setup {
    Setup::empty().range("lan", net("10.20.0.0/28")).range("dmz", net("10.20.1.0/28"))
}

/// Returns all records, `size` at a time.
async fn records(provider: &dyn IpamProvider, size: u32) -> CaseResult<Vec<PortableRecord>> {
    let (mut request, mut all) = (ListRecords::all().with_page(PageRequest::of(size)), Vec::new());
    for _ in 0..TOO_MANY {
        let page = provider.list_records(&request).await?;
        all.extend(page.items);
        let Some(token) = page.next else { return Ok(all) };
        request.page.token = Some(token);
    }
    fail("the listing does not end")
}

/// Returns the only request among the records.
async fn only_request(stage: &Stage) -> CaseResult<PortableRequest> {
    match only(records(&*stage.provider, 100).await?)? {
        PortableRecord::Request(request) => Ok(request),
        other => fail(format_args!("the record is no request: {other:?}")),
    }
}

/// Request for three addresses in two lines.
fn three(stage: &Stage) -> Allocate {
    Allocate::new("vm-1")
        .with_key("vm-1")
        .with_line(AllocateLine::next(stage.range("lan"), 1))
        .with_line(AllocateLine::next(stage.range("dmz"), 2))
}

/// Returns the allocations of a provider without what may differ in another one.
async fn allocations(stage: &Stage) -> CaseResult<Vec<Allocation>> {
    let mut found = stage.provider.find(&Find::default()).await?.items;
    for allocation in &mut found {
        allocation.id = "id".into();
    }
    found.sort_by_key(|allocation| allocation.address);
    Ok(found)
}

pub(super) async fn lists_whole_requests(bench: &Bench) -> CaseResult {
    let stage = bench.stage(two_ranges()).await?;
    let first = stage.one(Allocate::one("vm-0", stage.range("dmz")).with_key("vm-0")).await?;
    let taken = stage.provider.allocate(&three(&stage)).await?;
    let last = stage.one(Allocate::one("vm-2", stage.range("lan")).with_key("vm-2")).await?;
    let whole = records(&*stage.provider, 100).await?;
    for size in 1..=3 {
        same(records(&*stage.provider, size).await?, whole.clone(), format_args!("read {size} at a time"))?;
    }
    same(whole.len(), 3, "three requests were made")?;
    for (key, expected) in [("vm-0", vec![first]), ("vm-1", taken.iter().cloned().collect()), ("vm-2", vec![last])] {
        let of_key = |record: &&PortableRecord| match record {
            PortableRecord::Request(request) => request.key.as_ref().is_some_and(|of| of.as_str() == key),
            _ => false,
        };
        let found = whole.iter().filter(of_key).collect::<Vec<_>>();
        let PortableRecord::Request(request) = only(found)? else { return fail("the record is no request") };
        let mut listed = request.allocations.clone();
        listed.sort_by_key(|one| (one.line, one.allocation.address));
        if key == "vm-1" && request.lines.is_some() {
            let of_lines: Vec<u32> = listed.iter().map(|one| one.line).collect();
            same(of_lines, [0, 1, 1], "the lines of the allocations")?;
        }
        let mut listed: Vec<Allocation> = listed.into_iter().map(|one| one.allocation).collect();
        let mut expected = expected;
        // Not every provider keeps the times that it returned.
        for allocation in listed.iter_mut().chain(&mut expected) {
            (allocation.created, allocation.updated) = (None, None);
        }
        listed.sort_by_key(|allocation| allocation.address);
        expected.sort_by_key(|allocation| allocation.address);
        same(listed, expected, "a record has all allocations of the request")?;
    }
    Ok(())
}

pub(super) async fn lists_the_fingerprints_of_requests(bench: &Bench) -> CaseResult {
    let stage = bench.stage(two_ranges()).await?;
    let request = three(&stage);
    stage.provider.allocate(&request).await?;
    let fingerprint = some(only_request(&stage).await?.fingerprint, "fingerprint")?;
    check(fingerprint.matches(&request.fingerprint()), "the fingerprint is that of the request")
}

/// Allocates 20 addresses under the key "many", and deallocates all but two: more than a provider has to remember.
async fn mostly_deallocated(stage: &Stage) -> CaseResult<Allocate> {
    let request = Allocate::new("vm-1").with_key("many").with_line(AllocateLine::next(stage.range("lan"), 20));
    let taken = stage.provider.allocate(&request).await?;
    for allocation in taken.iter().skip(2) {
        stage.provider.deallocate(&Deallocate::id(allocation.id.clone())).await?;
    }
    Ok(request)
}

fn wide_range() -> Setup {
    Setup::empty().range("lan", net("10.20.0.0/27"))
}

pub(super) async fn lists_the_number_of_addresses_of_requests(bench: &Bench) -> CaseResult {
    let stage = bench.stage(wide_range()).await?;
    mostly_deallocated(&stage).await?;
    let record = only_request(&stage).await?;
    same(record.allocations.len(), 2, "two addresses are left")?;
    same(record.count, 20, "the request took twenty")
}

pub(super) async fn restores_the_number_of_addresses_of_requests(bench: &Bench) -> CaseResult {
    let (old, new) = pair(bench, wide_range()).await?;
    let request = mostly_deallocated(&old).await?;
    restore(&old, &new).await?;
    same(restore(&old, &new).await?.restored, 0, "the record is there already")?;
    refused(new.provider.allocate(&request).await, ErrorKind::Conflict, Operation::Allocate)?;
    let mut other = only_request(&old).await?;
    other.count = 19;
    let other = RestoreRecords::new(vec![PortableRecord::Request(other)]);
    refused(new.provider.restore_records(&other).await, ErrorKind::Conflict, Operation::RestoreRecords)?;
    new.deallocate_address("10.20.0.1").await?;
    same(only_request(&new).await?.count, 20, "the number stays when another one is deallocated")?;
    refused(new.provider.allocate(&request).await, ErrorKind::Conflict, Operation::Allocate)?;
    new.deallocate_address("10.20.0.2").await?;
    check(!new.provider.allocate(&request).await?.repeated, "the key is free after the last address")
}

/// Returns two providers with the same set-up.
async fn pair(bench: &Bench, setup: Setup) -> CaseResult<(Stage, Stage)> {
    Ok((bench.stage(setup.clone()).await?, bench.stage(setup).await?))
}

async fn restore(from: &Stage, to: &Stage) -> CaseResult<crate::RestoredRecords> {
    let records = records(&*from.provider, 100).await?;
    Ok(to.provider.restore_records(&RestoreRecords::new(records)).await?)
}

pub(super) async fn restores_requests(bench: &Bench) -> CaseResult {
    let (old, new) = pair(bench, two_ranges()).await?;
    let request = three(&old);
    let taken = old.provider.allocate(&request).await?;
    restore(&old, &new).await?;
    same(allocations(&new).await?, allocations(&old).await?, "the new provider has the same allocations")?;
    let again = new.provider.allocate(&request).await?;
    check(again.repeated, "the request is known")?;
    same(lines(&again), lines(&taken), "each line has its addresses")?;
    let other = Allocate::one("vm-1", new.range("lan")).with_key("vm-1");
    refused(new.provider.allocate(&other).await, ErrorKind::Conflict, Operation::Allocate)?;
    let next = new.take(AllocateLine::next(new.range("lan"), 1)).await?;
    same(texts(next.iter()), ["10.20.0.2"], "restored addresses are not allocated again")?;
    new.provider.deallocate(&Deallocate::key("vm-1")).await?;
    let freed = new.provider.allocate(&other).await?;
    same(texts(freed.iter()), ["10.20.0.1"], "a restored allocation can be deallocated")
}

pub(super) async fn restores_a_record_once(bench: &Bench) -> CaseResult {
    let (old, new) = pair(bench, two_ranges()).await?;
    old.provider.allocate(&three(&old)).await?;
    old.take_one().await?;
    let first = restore(&old, &new).await?;
    same((first.restored, first.unchanged), (2, 0), "two records are new")?;
    let seen = new.provider.find(&Find::default()).await?.items;
    let second = restore(&old, &new).await?;
    same((second.restored, second.unchanged), (0, 2), "both are there already")?;
    same(new.provider.find(&Find::default()).await?.items, seen, "nothing changes")
}

pub(super) async fn refuses_other_records(bench: &Bench) -> CaseResult {
    let (old, new) = pair(bench, two_ranges()).await?;
    old.provider.allocate(&three(&old)).await?;
    old.one(Allocate::one("vm-2", old.range("lan")).with_key("vm-2")).await?;
    // Another owner has the address of the second record.
    let line = AllocateLine::exactly(new.range("lan"), ip("10.20.0.2"));
    let other = new.one(Allocate::new("vm-9").with_key("vm-9").with_line(line)).await?;
    let all = RestoreRecords::new(records(&*old.provider, 100).await?);
    let error = refused(new.provider.restore_records(&all).await, ErrorKind::Conflict, Operation::RestoreRecords)?;
    check(error.to_string().contains("10.20.0.2"), format_args!("the error names the address: {error}"))?;
    same(new.provider.find(&Find::default()).await?.items, [other.clone()], "nothing is written")?;
    new.provider.deallocate(&Deallocate::id(other.id)).await?;
    // Another request has the key of the second record.
    let line = AllocateLine::exactly(new.range("dmz"), ip("10.20.1.9"));
    let other = new.one(Allocate::new("vm-2").with_key("vm-2").with_line(line)).await?;
    let error = refused(new.provider.restore_records(&all).await, ErrorKind::Conflict, Operation::RestoreRecords)?;
    check(error.to_string().contains("vm-2"), format_args!("the error names the key: {error}"))?;
    same(new.provider.find(&Find::default()).await?.items, [other], "nothing is written")
}

pub(super) async fn restores_times_and_labels(bench: &Bench) -> CaseResult {
    let (old, new) = pair(bench, two_ranges()).await?;
    let labels = Labels::default().with_hostname("web1").with_description("front end");
    let line = AllocateLine::next(old.range("lan"), 1).with_labels(labels).with_expiry(old.ticks(3600));
    old.provider.allocate(&Allocate::new("vm-1").with_key("vm-1").with_line(line)).await?;
    let mut request = only_request(&old).await?;
    // Times that the new provider would not choose by itself.
    let mut created = None;
    for one in &mut request.allocations {
        created = one.allocation.created.and_then(|time| time.checked_sub(Duration::from_secs(86_400)));
        one.allocation.created = created;
    }
    new.provider.restore_records(&RestoreRecords::new(vec![PortableRecord::Request(request)])).await?;
    let (found, mut expected) = (allocations(&new).await?, allocations(&old).await?);
    for allocation in &mut expected {
        allocation.created = created.or(found.first().and_then(|found| found.created));
    }
    same(found, expected, "owner, labels, times and expiry")
}

pub(super) async fn restores_quarantine(bench: &Bench) -> CaseResult {
    let policy = RangePolicy::default().with_quarantine(Duration::from_secs(86_400));
    let setup = Setup::empty().with_range(DefineRange::new("lan", net("10.20.0.0/29")).with_policy(policy));
    let (old, new) = pair(bench, setup).await?;
    old.take_one().await?;
    old.deallocate_address("10.20.0.1").await?;
    restore(&old, &new).await?;
    same(texts([&new.take_one().await?]), ["10.20.0.2"], "the address is in quarantine")?;
    let quarantine = |all: Vec<PortableRecord>| {
        all.into_iter().filter(|record| matches!(record, PortableRecord::Quarantine(_))).collect::<Vec<_>>()
    };
    let (found, expected) = (records(&*new.provider, 100).await?, records(&*old.provider, 100).await?);
    same(quarantine(found), quarantine(expected), "with the same times")
}

pub(super) async fn restores_addresses_without_key(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let entered = |address: &str, state| {
        let mut allocation = Allocation::new("1", stage.space("default"), stage.range("lan"), ip(address));
        allocation.state = state;
        allocation.labels = Labels::default().with_hostname("printer");
        allocation
    };
    let mut owned = entered("10.20.0.3", AllocationState::Allocated);
    owned.owner = Some(Owner::new("J. Doe"));
    let all =
        [entered("10.20.0.1", AllocationState::Allocated), entered("10.20.0.2", AllocationState::Reserved), owned];
    let alone = |allocation: &Allocation| {
        PortableRecord::Request(PortableRequest::new(vec![PortableAllocation::new(0, allocation.clone())]))
    };
    let request = RestoreRecords::new(all.iter().map(alone).collect());
    stage.provider.restore_records(&request).await?;
    let mut found = allocations(&stage).await?;
    for allocation in &mut found {
        (allocation.id, allocation.created, allocation.updated) = ("1".into(), None, None);
    }
    same(&found[..], &all[..], "neither key nor owner is made up")?;
    same(texts([&stage.take_one().await?]), ["10.20.0.4"], "the addresses are taken")?;
    let again = stage.provider.restore_records(&request).await?;
    same((again.restored, again.unchanged), (0, 3), "the records are there already")?;
    for address in ["10.20.0.1", "10.20.0.2"] {
        // A condition on the owner is met by an allocation that has none.
        let target = Deallocate::address(stage.range("lan"), ip(address))
            .with_precondition(Precondition::Owner(Owner::new("vm-7")));
        same(stage.provider.deallocate(&target).await?.freed().count(), 1, "it can be deallocated")?;
    }
    Ok(())
}

pub(super) async fn restores_child_prefixes(bench: &Bench) -> CaseResult {
    let setup = Setup::empty().block("campus", net("10.20.0.0/16"));
    let (old, new) = pair(bench, setup).await?;
    let request = AllocateRange::prefix_len("tenant-7", old.block("campus"), 28).with_key("net-1");
    let range = old.provider.allocate_range(&request).await?.range;
    restore(&old, &new).await?;
    let again = new.provider.allocate_range(&request).await?;
    check(again.repeated, "the request is known")?;
    same(again.range, range, "the range is the same")?;
    same(restore(&old, &new).await?.restored, 0, "the range is there already")?;
    let freed = new.provider.deallocate_range(&DeallocateRange::key("net-1")).await?;
    check(!freed.was_free(), "the range can be deallocated")
}
