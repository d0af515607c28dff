//! Replaying the feed of changes gives the state.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use ipam_core::plan::Migration;
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Allocation, Change, ChangeKind, ChangePosition, Deallocate, DeallocateRange,
    DefineBlock, DefineRange, Find, IpamProvider, IpamProviderExt, ListBlocks, ListRanges, MemoryProvider, Patch,
    RemoveBlock, RemoveRange, Update,
};

use crate::site;
use crate::stations::{all, open};

/// State that a reader of the feed builds.
#[derive(Debug, Default, PartialEq)]
struct State {
    /// Space, range, address, owner and key of each allocation, by id.
    allocations: BTreeMap<String, [Option<String>; 5]>,
    ranges: BTreeMap<String, [Option<String>; 3]>,
    blocks: BTreeMap<String, String>,
}

fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

impl State {
    fn apply(&mut self, change: &Change) {
        let id = || change.allocation.as_ref().unwrap().to_string();
        let range = || change.range.as_ref().unwrap().to_string();
        let block = || change.block.as_ref().unwrap().to_string();
        let space = change.space.to_string();
        let (owner, key) = (text(change.owner.as_ref()), text(change.key.as_ref()));
        match change.kind {
            ChangeKind::Allocated => {
                let place = [Some(space), text(change.range.as_ref()), text(change.address.as_ref()), owner, key];
                assert_eq!(self.allocations.insert(id(), place), None, "{change:?}");
            }
            ChangeKind::Updated => assert!(self.allocations.contains_key(&id()), "{change:?}"),
            // Also of what was never listed as allocated: a restored request remembers addresses that are gone.
            ChangeKind::Deallocated | ChangeKind::Expired => {
                self.allocations.remove(&id());
            }
            ChangeKind::RangeDefined => {
                assert_eq!(self.ranges.insert(range(), [Some(space), owner, key]), None, "{change:?}");
            }
            ChangeKind::RangeUpdated => assert!(self.ranges.contains_key(&range()), "{change:?}"),
            ChangeKind::RangeRemoved => assert!(self.ranges.remove(&range()).is_some(), "{change:?}"),
            ChangeKind::BlockDefined => assert_eq!(self.blocks.insert(block(), space), None, "{change:?}"),
            ChangeKind::BlockUpdated => assert!(self.blocks.contains_key(&block()), "{change:?}"),
            ChangeKind::BlockRemoved => assert!(self.blocks.remove(&block()).is_some(), "{change:?}"),
            other => panic!("unknown change {other:?}"),
        }
    }

    /// Reads the state of a provider.
    async fn of(provider: &dyn IpamProvider) -> Self {
        let found: Vec<Allocation> = provider.find_all(Find::default()).try_collect().await.unwrap();
        let allocations = found.iter().map(|one| {
            let (space, range) = (Some(one.space.to_string()), Some(one.range.to_string()));
            let (owner, key) = (text(one.owner.as_ref()), text(one.key.as_ref()));
            (one.id.to_string(), [space, range, Some(one.address.to_string()), owner, key])
        });
        let ranges: Vec<_> = provider.ranges(ListRanges::all()).try_collect().await.unwrap();
        let ranges = ranges.iter().map(|one| {
            (one.id.to_string(), [Some(one.space.to_string()), text(one.owner.as_ref()), text(one.key.as_ref())])
        });
        let blocks: Vec<_> = provider.blocks(ListBlocks::all()).try_collect().await.unwrap();
        let blocks = blocks.iter().map(|one| (one.id.to_string(), one.space.to_string()));
        Self { allocations: allocations.collect(), ranges: ranges.collect(), blocks: blocks.collect() }
    }
}

/// Reads the feed on from a position into the state.
async fn follow(provider: &dyn IpamProvider, state: &mut State, since: &mut Option<ChangePosition>, limit: u32) {
    loop {
        let part = provider.changes(since.as_ref(), limit).await.unwrap();
        part.items.iter().for_each(|change| state.apply(change));
        *since = Some(part.next);
        if part.items.is_empty() {
            return;
        }
    }
}

#[tokio::test]
async fn replaying_the_feed_gives_the_state() {
    let directory = tempfile::tempdir().unwrap();
    for url in all(directory.path()) {
        let provider = open(&url).await;
        let (mut state, mut since) = (State::default(), None);
        for round in 0..30_u32 {
            step(&*provider, round).await;
            // Also half-way, and by different limits: the reader goes on where it was.
            if round % 3 == 0 {
                follow(&*provider, &mut state, &mut since, 1 + round).await;
                assert_eq!(state, State::of(&*provider).await, "{url}, round {round}");
            }
        }
        // Records of another provider, with addresses that have no key or owner.
        let other = MemoryProvider::new();
        site::fill(&other, 10).await;
        let migration = Migration::new(&other, &*provider);
        migration.apply(&migration.check().await.unwrap()).await.unwrap();
        follow(&*provider, &mut state, &mut since, 7).await;
        assert_eq!(state, State::of(&*provider).await, "{url}");
        let mut whole = State::default();
        follow(&*provider, &mut whole, &mut None, 1_000).await;
        assert_eq!(whole, state, "{url}");
    }
}

/// Changes something of every kind.
async fn step(provider: &dyn IpamProvider, round: u32) {
    let id = format!("range-{round}");
    let net = format!("172.16.{round}.0/24").parse().unwrap();
    provider.define_range(&DefineRange::new(id.as_str(), net)).await.unwrap();
    let line = AllocateLine::next(id.as_str(), 1 + round % 5);
    let request = Allocate::new(format!("owner-{round}")).with_key(format!("key-{round}")).with_line(line);
    let taken = provider.allocate(&request).await.unwrap();
    // A repeat, which the feed does not list.
    provider.allocate(&request).await.unwrap();
    let first = taken.lines[0][0].id.clone();
    provider.update(&Update::new(first.clone()).with_hostname(Patch::Set("web1".to_owned()))).await.unwrap();
    match round % 4 {
        0 => drop(provider.deallocate(&Deallocate::id(first)).await.unwrap()),
        1 => drop(provider.deallocate(&Deallocate::key(request.key.clone().unwrap())).await.unwrap()),
        2 => drop(provider.remove_range(&RemoveRange::new(id.as_str()).with_allocations(true)).await.unwrap()),
        _ => {
            let block = format!("block-{round}");
            let net = format!("172.20.{round}.0/24").parse().unwrap();
            provider.define_block(&DefineBlock::new(block.as_str(), net)).await.unwrap();
            let child = AllocateRange::prefix_len("tenant", block.as_str(), 26).with_key(format!("net-{round}"));
            let child = provider.allocate_range(&child).await.unwrap();
            if round % 8 == 3 {
                provider.deallocate_range(&DeallocateRange::key(child.key)).await.unwrap();
                provider.remove_block(&RemoveBlock::new(block.as_str())).await.unwrap();
            }
        }
    }
}
