//! Requests over a store whose reads fail: nothing may have been written by then.

use crate::Operation;
use std::fmt::Write;
use std::net::IpAddr;

use ipnet::IpNet;

use super::super::Page;
use super::*;

/// Store that fails at the read after `left` others. Writes never fail, as in the memory store, which has no roll-back.
struct Failing<'s> {
    store: &'s mut State,
    left: usize,
    reads: usize,
}

impl Failing<'_> {
    fn read(&mut self) -> Result<()> {
        self.reads += 1;
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => return Err(Error::new(ErrorKind::Unavailable, Operation::Allocate, "this read fails")),
        }
        Ok(())
    }
}

impl ReadAhead for Failing<'_> {}

macro_rules! failing {
    ($(
        $trait:ident {
            $(read $read:ident($($r:ident: $rt:ty),*) -> $ra:ty;)*
            $(write $write:ident($($w:ident: $wt:ty),*);)*
        }
    )*) => {
        $(impl $trait for Failing<'_> {
            $(fn $read(&mut self, $($r: $rt),*) -> Result<$ra> {
                self.read()?;
                self.store.$read($($r),*)
            })*
            $(fn $write(&mut self, $($w: $wt),*) -> Result<()> {
                self.store.$write($($w),*)
            })*
        })*
    };
}

failing! {
    Ranges {
        read range(id: &RangeId) -> Option<StoredRange>;
        read ranges_overlapping(space: &SpaceId, net: IpNet) -> Vec<StoredRange>;
        read list_ranges(filter: &RangeFilter, after: Option<&RangeId>, limit: usize) -> Vec<Range>;
        read range_of_key(key: &AllocationKey) -> Option<StoredRange>;
        write insert_range(range: &StoredRange);
        write update_range(range: &StoredRange);
        write remove_range(id: &RangeId);
        write set_high_water(id: &RangeId, high_water: u128);
    }
    Blocks {
        read block(id: &BlockId) -> Option<Block>;
        read nets_within(space: &SpaceId, net: IpNet) -> Vec<IpNet>;
        read block_of_net(space: &SpaceId, net: IpNet) -> Option<Block>;
        read list_blocks(filter: &BlockFilter, after: Option<&BlockId>, limit: usize) -> Vec<Block>;
        write insert_block(block: &Block);
        write update_block(block: &Block);
        write remove_block(id: &BlockId);
    }
    Pages {
        read page(range: &RangeId, no: u128) -> Option<Page>;
        read next_open_page(range: &RangeId, from: u128) -> Option<(u128, Page)>;
        read pages(range: &RangeId, from: u128, limit: usize) -> Vec<(u128, Page)>;
        read used_bits(range: &RangeId) -> u128;
        write put_page(range: &RangeId, no: u128, page: &Page, open: bool);
    }
    Allocations {
        read allocation_at(space: &SpaceId, address: IpAddr) -> Option<Record>;
        read allocation(id: &AllocationId) -> Option<Record>;
        read allocations_of_key(key: &AllocationKey) -> Vec<Record>;
        read count_of_key(key: &AllocationKey, limit: u32) -> u32;
        read allocations_in(range: &RangeId, from: IpAddr, limit: usize) -> Vec<Record>;
        read new_allocation_id(space: &SpaceId, address: IpAddr) -> AllocationId;
        read find(request: &Find, now: SystemTime, after: Option<&(SpaceId, IpAddr)>, limit: usize) -> Vec<Allocation>;
        read expired(range: Option<&RangeId>, now: SystemTime, limit: usize) -> Vec<Record>;
        read count_expired(range: &RangeId, now: SystemTime) -> u128;
        write insert_allocation(allocation: &Allocation, line: u32);
        write update_allocation(record: &Record);
        write remove_allocation(record: &Record);
    }
    Requests {
        read request(key: &AllocationKey) -> Option<RequestRecord>;
        write insert_request(request: &RequestRecord);
        write update_request(request: &RequestRecord);
        write remove_request(key: &AllocationKey);
    }
    Quarantine {
        read quarantined_at(space: &SpaceId, address: IpAddr) -> Option<Quarantined>;
        read released(range: &RangeId, now: SystemTime, limit: usize) -> Vec<Quarantined>;
        read count_quarantined(range: &RangeId, now: SystemTime) -> (u128, u128);
        write insert_quarantined(entry: &Quarantined);
        write remove_quarantined(space: &SpaceId, address: IpAddr);
    }
    Feed {
        read changes(since: Option<&ChangePosition>, limit: usize) -> Changes;
        write append_change(change: Change);
    }
}

/// Returns everything that can be read of a store, as text.
pub(super) fn dump(store: &mut State) -> String {
    let mut text = String::new();
    for block in store.list_blocks(&BlockFilter::default(), None, usize::MAX).unwrap() {
        writeln!(text, "{block:?}").unwrap();
    }
    for range in store.list_ranges(&RangeFilter::default(), None, usize::MAX).unwrap() {
        writeln!(text, "{:?} {:?}", store.range(&range.id).unwrap(), store.used_bits(&range.id).unwrap()).unwrap();
        for (no, page) in store.pages(&range.id, 0, usize::MAX).unwrap() {
            let open = store.next_open_page(&range.id, no).unwrap().is_some_and(|(open, _)| open == no);
            writeln!(text, "{no} {page:?} {open}").unwrap();
            for at in space::page::set_bits(no, page) {
                let ip = address(Family::of(&range.net), at).unwrap();
                let entry = store.quarantined_at(&range.space, ip).unwrap();
                let record = store.allocation_at(&range.space, ip).unwrap();
                let key = record.as_ref().and_then(|record| record.allocation.key.clone());
                let request = key.map(|key| store.request(&key).unwrap());
                writeln!(text, "{entry:?} {record:?} {request:?}").unwrap();
            }
        }
    }
    let changes = store.changes(None, usize::MAX).unwrap();
    writeln!(text, "{changes:?}").unwrap();
    text
}

type Step = dyn Fn(&mut Failing<'_>, &mut Context<'_>) -> Result<String>;

/// Returns a store with records of all kinds, some of them expired or released.
fn furnished() -> Bench {
    let policy = RangePolicy::default().with_quarantine(Duration::from_secs(60));
    let lru = policy.with_order(Order::LeastRecentlyUsed);
    let mut bench = Bench::with(&[
        range("lan", "10.0.0.0/23").with_policy(policy),
        range("small", "10.1.0.0/29").with_policy(lru),
        range("dice", "10.2.0.0/28").with_policy(RangePolicy::default().with_order(Order::Random)),
    ]);
    let block = DefineBlock::new("block", "10.128.0.0/16".parse().unwrap());
    bench.run(|store, context| define_block(store, context, &block)).unwrap();
    let child = AllocateRange::prefix_len("vm", "block", 24).with_key("net");
    let child_range = bench.run(|store, context| allocate_range(store, context, &child)).unwrap().range.id;
    let request = Allocate::new("vm").with_key("k").with_line(AllocateLine::next("lan", 280));
    bench.allocate(&request).unwrap();
    let short = Duration::from_secs(10);
    bench.line(AllocateLine::next("lan", 3).with_expiry(short)).unwrap();
    bench.line(AllocateLine::next("small", 3).with_expiry(short)).unwrap();
    bench.line(AllocateLine::next("dice", 12)).unwrap();
    bench.line(AllocateLine::next(child_range, 2)).unwrap();
    bench.deallocate_at("lan", "10.0.0.7");
    bench.pass(100);
    bench.deallocate_at("lan", "10.0.0.9");
    bench.line(AllocateLine::next("small", 2)).unwrap();
    bench.line(AllocateLine::next("lan", 2).with_expiry(short)).unwrap();
    bench.pass(100);
    bench
}

#[test]
fn a_request_that_fails_has_written_nothing() {
    fn shown<T: std::fmt::Debug>(result: Result<T>) -> Result<String> {
        result.map(|result| format!("{result:?}"))
    }
    fn take(line: AllocateLine) -> Box<Step> {
        let request = Allocate::new("new").with_key("new").with_line(line);
        Box::new(move |store, context| shown(allocate(store, context, &request)))
    }
    fn give(request: Deallocate) -> Box<Step> {
        Box::new(move |store, context| shown(deallocate(store, context, &request)))
    }
    fn patch(request: UpdateRange) -> Box<Step> {
        Box::new(move |store, context| shown(update_range(store, context, &request)))
    }
    let aligned =
        |range: &str, count| AllocateLine::new(range, Selection::Next { count, placement: Placement::Aligned });
    let address = |last: u8| IpAddr::from([10, 0, 0, last]);
    let operations: Vec<Box<Step>> = vec![
        take(AllocateLine::next("lan", 1)),
        take(AllocateLine::next("small", 4)),
        take(AllocateLine::next("dice", 2)),
        take(AllocateLine::contiguous("lan", 40)),
        take(AllocateLine::contiguous("small", 3)),
        take(aligned("dice", 1).or_from("lan")),
        take(AllocateLine::exactly("lan", address(7))),
        take(AllocateLine::next("small", 7).or_from("dice").or_from("lan")),
        give(Deallocate::key("k")),
        give(
            Deallocate::address("lan", address(20)).and(Target::Address { range: "lan".into(), address: address(21) }),
        ),
        patch(UpdateRange::new("lan").with_gateway(Patch::Set(address(9)))),
        patch(UpdateRange::new("lan").with_addresses(Patch::Set("10.0.0.0-10.0.1.60".parse().unwrap()))),
        Box::new(|store, context| shown(remove_range(store, context, &RemoveRange::new("lan").with_allocations(true)))),
        Box::new(|store, context| {
            shown(deallocate_range(store, context, &DeallocateRange::key("net").with_allocations(true)))
        }),
        Box::new(|store, context| {
            shown(allocate_range(store, context, &AllocateRange::prefix_len("vm", "block", 20).with_key("other")))
        }),
        Box::new(|store, context| shown(define_range(store, context, &range("new", "10.3.0.0/24")))),
        Box::new(|store, context| {
            let id = store.allocation_at(&SpaceId::default(), IpAddr::from([10, 0, 0, 20]))?.unwrap().allocation.id;
            shown(update(store, context, &Update::new(id).with_hostname(Patch::Set("web".into()))))
        }),
    ];
    for (number, operation) in operations.iter().enumerate() {
        let mut failed_at = 0;
        loop {
            let mut bench = furnished();
            let before = dump(&mut bench.store);
            let now = bench.now;
            let mut failing = Failing { store: &mut bench.store, left: failed_at, reads: 0 };
            let mut context = Context { now, random: &mut bench.random, actor: None };
            let result = operation(&mut failing, &mut context);
            match result {
                Ok(_) => {
                    assert!(failed_at > 0 && failing.reads == failed_at);
                    assert_ne!(dump(&mut bench.store), before, "operation {number} did nothing");
                    bench.sound();
                    break;
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "operation {number}: {error}"),
            }
            assert_eq!(dump(&mut bench.store), before, "operation {number} wrote before read {failed_at}");
            failed_at += 1;
        }
    }
}

#[test]
fn a_preview_never_writes() {
    let mut bench = furnished();
    let before = dump(&mut bench.store);
    for range in ["lan", "small", "dice"] {
        let request = Allocate::new("o").with_line(AllocateLine::next(range, 2));
        assert_eq!(bench.run(|store, context| preview(store, context, &request)).unwrap().lines[0].len(), 2);
    }
    assert_eq!(dump(&mut bench.store), before);
}
