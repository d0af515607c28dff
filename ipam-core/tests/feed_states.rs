//! States in the feed of changes: a replay of the feed leads to the records that the provider returns.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(all(unix, feature = "postgres"))]
mod postgres_support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt as _;
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Allocation, AllocationState, Block, Change, ChangeKind, ChangedItem,
    Deallocate, DeallocateRange, DefineBlock, DefineRange, Find, IpamProvider, IpamProviderExt as _, Labels,
    ListBlocks, ListRanges, ListRecords, MemoryProvider, NetworkInfo, Order, Patch, PortableRecord, Range, RangePolicy,
    RemoveBlock, RemoveRange, RestoreRecords, Tag, Update, UpdateBlock, UpdateRange, Vlan,
};

/// Records by id.
#[derive(Debug, Default, PartialEq)]
struct Records {
    allocations: BTreeMap<String, Allocation>,
    ranges: BTreeMap<String, Range>,
    blocks: BTreeMap<String, Block>,
}

/// Takes the state before out of the records, where it must be, and puts the state after in.
fn turn<T: PartialEq + Clone + Debug>(of: &mut BTreeMap<String, T>, id: &str, before: Option<&T>, after: Option<&T>) {
    assert_eq!(of.remove(id).as_ref(), before, "{id} before");
    if let Some(after) = after {
        of.insert(id.to_owned(), after.clone());
    }
}

/// Returns the range without its block: blocks around it may have come or gone without a change of the range.
fn plain(mut range: Range) -> Range {
    range.block = None;
    range
}

impl Records {
    /// Reads the records of a provider.
    async fn of(ipam: &dyn IpamProvider) -> Self {
        let allocations: Vec<Allocation> = ipam.find_all(Find::default()).try_collect().await.unwrap();
        let ranges: Vec<Range> = ipam.ranges(ListRanges::all()).try_collect().await.unwrap();
        let blocks: Vec<Block> = ipam.blocks(ListBlocks::all()).try_collect().await.unwrap();
        Self {
            allocations: allocations.into_iter().map(|one| (one.id.to_string(), one)).collect(),
            ranges: ranges.into_iter().map(|range| (range.id.to_string(), plain(range))).collect(),
            blocks: blocks.into_iter().map(|block| (block.id.to_string(), block)).collect(),
        }
    }

    /// Applies a change, whose state before must be the one that the changes up to it led to.
    fn apply(&mut self, change: &Change) {
        let (before, after) = (change.before.as_deref(), change.after.as_deref());
        match change.kind {
            ChangeKind::Allocated | ChangeKind::Updated | ChangeKind::Deallocated | ChangeKind::Expired => {
                let id = change.allocation.as_ref().unwrap();
                let [before, after] = [before, after].map(|item| item.and_then(ChangedItem::allocation));
                let state = after.or(before);
                if let Some(state) = state {
                    let named = (&state.id, Some(state.address), &state.key, &state.owner);
                    assert_eq!(named, (id, change.address, &change.key, &change.owner), "{change:?}");
                }
                turn(&mut self.allocations, id.as_str(), before, after);
            }
            ChangeKind::RangeDefined | ChangeKind::RangeUpdated | ChangeKind::RangeRemoved => {
                let range = |item: Option<&ChangedItem>| item.and_then(ChangedItem::range).cloned().map(plain);
                let (before, after) = (range(before), range(after));
                turn(&mut self.ranges, change.range.as_ref().unwrap().as_str(), before.as_ref(), after.as_ref());
            }
            ChangeKind::BlockDefined | ChangeKind::BlockUpdated | ChangeKind::BlockRemoved => {
                let [before, after] = [before, after].map(|item| item.and_then(ChangedItem::block));
                turn(&mut self.blocks, change.block.as_ref().unwrap().as_str(), before, after);
            }
            _ => panic!("{change:?}"),
        }
    }
}

fn network() -> NetworkInfo {
    NetworkInfo::default()
        .with_dns_servers(["10.0.0.53".parse().unwrap(), "2001:db8::53".parse().unwrap()])
        .with_search_domains(["a.example".to_owned(), "b.example".to_owned()])
        .with_domain("example.com")
        .with_vlan(Vlan::new(12).with_name("lab"))
}

fn properties() -> BTreeMap<String, String> {
    [("rack".to_owned(), "7 \"b\"".to_owned())].into()
}

/// Does requests of every kind.
async fn work(ipam: &dyn IpamProvider) {
    let tags = || [Tag::new("site", "north"), Tag::new("site", "süd")];
    let block = DefineBlock::new("campus", "10.20.0.0/16".parse().unwrap()).with_network(network());
    ipam.define_block(&block.with_tags(tags()).with_properties(properties())).await.unwrap();
    ipam.define_block(&DefineBlock::new("spare", "10.30.0.0/16".parse().unwrap())).await.unwrap();
    let update = UpdateBlock::new("campus").with_name(Patch::Set("Campus".to_owned())).with_tags(Patch::Clear);
    ipam.update_block(&update).await.unwrap();
    ipam.remove_block(&RemoveBlock::new("spare")).await.unwrap();

    let policy = RangePolicy::default().with_order(Order::Random).with_quarantine(Duration::from_millis(1500));
    let lan = DefineRange::new("lan", "10.0.0.0/24".parse().unwrap()).with_policy(policy).with_tags(tags());
    ipam.define_range(&lan.with_properties(properties()).with_dns_servers(["::1".parse().unwrap()])).await.unwrap();
    ipam.define_range(&DefineRange::new("six", "2001:db8::/64".parse().unwrap()).with_space("vrf 1")).await.unwrap();
    ipam.define_range(&DefineRange::new("old", "10.9.0.0/24".parse().unwrap())).await.unwrap();
    let update = UpdateRange::new("lan")
        .with_description(Patch::Set("first floor".to_owned()))
        .with_gateway(Patch::Set("10.0.0.1".parse().unwrap()))
        .with_vlan(Patch::Set(Vlan::new(7)))
        .with_reserved(Patch::Set(vec!["10.0.0.2-10.0.0.4".parse().unwrap()]));
    ipam.update_range(&update).await.unwrap();

    let labels = Labels::default()
        .with_hostname("Web1")
        .with_description("front \"end\"")
        .with_mac("00:50:56:ab:cd:ef".parse().unwrap())
        .with_tag(Tag::new("env", "prod"));
    let line = AllocateLine::next("lan", 3).with_labels(labels).with_expiry(Duration::from_secs(86_400));
    let request = Allocate::new("vm-1").with_key("vm-1").with_line(line).with_line(AllocateLine::next("six", 2));
    let taken: Vec<Allocation> = ipam.allocate(&request).await.unwrap().iter().cloned().collect();
    let named = Update::new(taken[3].id.clone()).with_hostname(Patch::Set("six-1".to_owned()));
    ipam.update(&named).await.unwrap();
    // Changes nothing, and is no change.
    ipam.update(&named).await.unwrap();
    let renewed = Update::new(taken[0].id.clone()).with_expiry(Patch::Set(Duration::from_secs(9)));
    ipam.update(&renewed.with_tags(Patch::Clear).with_hostname(Patch::Clear)).await.unwrap();
    ipam.deallocate(&Deallocate::id(taken[1].id.clone())).await.unwrap();
    ipam.deallocate(&Deallocate::id(taken[3].id.clone())).await.unwrap();
    let lease = AllocateLine::next("old", 2).with_expiry(Duration::from_millis(30));
    ipam.allocate(&Allocate::new("lease").with_line(lease)).await.unwrap();

    let net = ipam.allocate_range(&AllocateRange::prefix_len("tenant", "campus", 26).with_key("net")).await.unwrap();
    ipam.allocate_one(net.range.id.clone(), "tenant").await.unwrap();
    ipam.allocate_range(&AllocateRange::prefix_len("tenant", "campus", 27).with_key("other")).await.unwrap();
    ipam.deallocate_range(&DeallocateRange::key("net").with_allocations(true)).await.unwrap();

    ipam.define_range(&DefineRange::new("elder", "10.8.0.0/24".parse().unwrap())).await.unwrap();
    ipam.restore_records(&RestoreRecords::new(records().await)).await.unwrap();
    for number in 0..20 {
        let one = ipam.allocate_one("old", format!("vm-{number}")).await.unwrap();
        if number % 3 == 0 {
            ipam.deallocate(&Deallocate::id(one.id)).await.unwrap();
        }
    }
    ipam.remove_range(&RemoveRange::new("six").with_allocations(true)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    // Ends the leases that have expired.
    ipam.allocate_one("old", "last").await.unwrap();
}

/// Returns records of another provider: of a request that is a year old, an address without a key and an owner, a reserved
/// one, and one in quarantine.
async fn records() -> Vec<PortableRecord> {
    let year = || SystemTime::now() - Duration::from_secs(31_557_600);
    let other = MemoryProvider::builder().with_clock(year).build();
    let policy = RangePolicy::default().with_quarantine(Duration::from_secs(2 * 31_557_600));
    other.define_range(&DefineRange::new("elder", "10.8.0.0/24".parse().unwrap()).with_policy(policy)).await.unwrap();
    let request = Allocate::new("elder").with_line(AllocateLine::next("elder", 3)).with_key("elder");
    let taken = other.allocate(&request).await.unwrap();
    let second = taken.iter().nth(1).unwrap();
    other.deallocate(&Deallocate::id(second.id.clone())).await.unwrap();
    let mut records = other.list_records(&ListRecords::all()).await.unwrap().items;
    let bare = |last: u8, state| {
        let mut allocation = Allocation::new("x", "default", "elder", [10, 8, 0, last].into());
        allocation.state = state;
        PortableRecord::Request(ipam_core::PortableRequest::new(vec![ipam_core::PortableAllocation::new(
            0, allocation,
        )]))
    };
    records.push(bare(77, AllocationState::Allocated));
    records.push(bare(78, AllocationState::Reserved));
    records
}

/// Does all kinds of requests, and checks that a replay of the feed leads to the records.
async fn check(ipam: &dyn IpamProvider) {
    work(ipam).await;
    let changes: Vec<Change> = ipam.changes_since(None).try_collect().await.unwrap();
    let mut replayed = Records::default();
    changes.iter().for_each(|change| replayed.apply(change));
    let stored = Records::of(ipam).await;
    assert!(stored.allocations.len() > 15, "{stored:?}");
    assert_eq!(replayed, stored);

    let updates: Vec<&Change> = changes.iter().filter(|change| change.kind == ChangeKind::Updated).collect();
    let hostname = |item: &Option<Box<ChangedItem>>| {
        let allocation = item.as_ref().and_then(|item| item.allocation()).expect("both states");
        allocation.labels.hostname.clone()
    };
    let names: Vec<_> = updates.iter().map(|change| (hostname(&change.before), hostname(&change.after))).collect();
    assert_eq!(names, [(None, Some("six-1".to_owned())), (Some("Web1".to_owned()), None)]);
    // An address that had ended before it was restored has no state: once of its request, once of its quarantine.
    let unknown = changes.iter().filter(|change| change.before.is_none() && change.after.is_none()).count();
    assert_eq!(unknown, 2);
}

#[tokio::test]
async fn a_replay_leads_to_the_records_in_memory() {
    check(&MemoryProvider::new()).await;
}

#[cfg(feature = "embedded")]
#[tokio::test]
async fn a_replay_leads_to_the_records_of_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ipam.db");
    let ipam = ipam_core::EmbeddedProvider::open(&path).await.unwrap();
    check(&ipam).await;
    assert_eq!(ipam.check_store().await.unwrap().violations, Vec::<String>::new());
    ipam.close().await.unwrap();
}

#[cfg(all(unix, feature = "postgres"))]
#[test]
fn a_replay_leads_to_the_records_of_a_database() {
    let Some(server) = postgres_support::shared() else { return };
    postgres_support::runtime().block_on(async {
        let ipam = ipam_core::PostgresProvider::open(server.fresh()).await.unwrap();
        check(&ipam).await;
        ipam.close().await.unwrap();
    });
}

/// Changes of programs of version 1, which know no states, in a schema that is upgraded while they go on.
#[cfg(all(unix, feature = "postgres"))]
#[test]
fn programs_of_the_first_version_go_on_writing_the_feed() {
    let Some(server) = postgres_support::shared() else { return };
    postgres_support::runtime().block_on(async {
        let config = server.fresh();
        let schema = &config.schema;
        let ipam = ipam_core::PostgresProvider::open(config.clone()).await.unwrap();
        ipam.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await.unwrap();
        ipam.allocate_one("lan", "vm").await.unwrap();
        ipam.close().await.unwrap();
        // The schema as version 1 has it.
        let client = server.client().await;
        let downgrade = format!(
            "ALTER TABLE {schema}.event DROP COLUMN before, DROP COLUMN after; DROP INDEX {schema}.range_prefix; \
             CREATE INDEX range_net ON {schema}.range USING gist (net inet_ops); \
             ALTER TABLE {schema}.range RESET (fillfactor); UPDATE {schema}.ipam_schema SET version = 1"
        );
        client.batch_execute(&downgrade).await.unwrap();
        let refused = ipam_core::PostgresProvider::open(config.clone().with_create(false)).await.unwrap_err();
        assert_eq!(refused.kind(), ipam_core::ErrorKind::Config, "{refused}");

        let ipam = ipam_core::PostgresProvider::open(config.clone()).await.unwrap();
        let row = client.query_one(&format!("SELECT version, oldest_program FROM {schema}.ipam_schema"), &[]).await;
        let row = row.unwrap();
        assert_eq!((row.get::<_, i32>(0), row.get::<_, i32>(1)), (3, 1), "programs of version 1 may go on");
        // As a program of version 1 writes a change.
        let insert = format!(
            "INSERT INTO {schema}.event (turn, at, kind, actor, owner, space, range, block, address, allocation, key) \
             SELECT turn_offset + pg_current_xact_id()::text::int8, 1, 'deallocated', NULL, 'vm', 'default', 'lan', \
             NULL, '10.0.0.9', '9-0a000009-default', 'k' FROM {schema}.ipam_schema"
        );
        client.batch_execute(&insert).await.unwrap();
        let last = ipam.allocate_one("lan", "vm").await.unwrap();
        let changes = ipam.changes(None, 9).await.unwrap().items;
        let states: Vec<_> = changes.iter().map(|change| (change.before.is_some(), change.after.is_some())).collect();
        assert_eq!(states, [(false, false), (false, false), (false, false), (false, true)]);
        assert_eq!(changes[3].after.as_deref(), Some(&ChangedItem::Allocation(last)));
    });
}
