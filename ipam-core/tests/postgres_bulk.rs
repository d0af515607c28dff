//! Many records at once: they are read together, and not in a round trip for each.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod postgres_support;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use ipam_core::{
    Allocate, AllocateLine, Allocation, Deallocate, DefineBlock, DefineRange, Find, IpamProvider, ListRecords,
    MemoryProvider, PageRequest, PortableAllocation, PortableQuarantine, PortableRange, PortableRecord,
    PortableRequest, PostgresProvider, Range, RangePolicy, RestoreRecords, Target,
};
use postgres_support::relay::Relay;
use postgres_support::{runtime, shared};

/// Most round trips of a request, whatever the number of its records.
const FEW: usize = 40;

fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 0)) + number)
}

/// Request for `count` addresses from a number on.
fn request(first: u32, count: u32) -> PortableRecord {
    let allocations = (first..first + count).map(|number| {
        let mut allocation = Allocation::new("?", "default", "lan", address(number).into());
        allocation.key = Some(format!("key-{first}").into());
        allocation.owner = Some("vm".into());
        allocation.labels.hostname = Some(format!("host-{number}"));
        PortableAllocation::new(number - first, allocation)
    });
    PortableRecord::Request(PortableRequest::new(allocations.collect()).with_lines(Some(count)))
}

async fn all_records(ipam: &dyn IpamProvider, size: u32) -> Vec<PortableRecord> {
    let (mut records, mut page) = (Vec::new(), PageRequest::of(size));
    loop {
        let found = ipam.list_records(&ListRecords::all().with_page(page.clone())).await.unwrap();
        records.extend(found.items);
        let Some(next) = found.next else { return records };
        page.token = Some(next);
    }
}

#[test]
fn ten_thousand_records_are_restored_compared_and_listed() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let ipam = PostgresProvider::open(relay.fresh()).await.unwrap();
        ipam.define_range(&DefineRange::new("lan", "10.0.0.0/14".parse().unwrap())).await.unwrap();
        let model = MemoryProvider::new();
        model.define_range(&DefineRange::new("lan", "10.0.0.0/14".parse().unwrap())).await.unwrap();
        let most = u32::try_from(RestoreRecords::MAX_RECORDS).unwrap();
        // Some with several addresses, and every tenth one of a quarantined address.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let until = SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs() + 86_400);
        let since = until - Duration::from_secs(172_800);
        let records = (0..most).map(|n| match n % 10 {
            0 => PortableRecord::Quarantine(PortableQuarantine::new(
                "default",
                "lan",
                address(n * 8 + 1).into(),
                since,
                until,
            )),
            rest => request(n * 8 + 1, 1 + rest % 4),
        });
        let restore = RestoreRecords::new(records.collect());
        relay.trips();
        let restored = ipam.restore_records(&restore).await.unwrap();
        assert_eq!((restored.restored, restored.unchanged), (restore.records.len(), 0));
        let trips = relay.trips();
        // A message of this size is read in many parts.
        assert!(trips < 400, "{trips}");
        let again = ipam.restore_records(&restore).await.unwrap();
        assert_eq!((again.restored, again.unchanged), (0, restore.records.len()));
        let trips = relay.trips();
        assert!(trips < 400, "{trips}");
        model.restore_records(&restore).await.unwrap();
        let listed = all_records(&ipam, 2_000).await;
        let trips = relay.trips();
        assert!(trips < 12 * FEW, "{trips}");
        let expected = all_records(&model, 2_000).await;
        assert_eq!(listed.len(), expected.len());
        let plain = |record: &PortableRecord| match record {
            PortableRecord::Request(request) => {
                let addresses: Vec<_> =
                    request.allocations.iter().map(|one| (one.line, one.allocation.address)).collect();
                format!("{:?} {addresses:?} {:?}", request.key, request.lines)
            }
            other => format!("{other:?}"),
        };
        assert!(listed.iter().map(plain).eq(expected.iter().map(plain)));
    });
}

/// Most statements of a restore, whatever the number of its records.
const STATEMENTS: usize = 25;

/// Range number `n` in 10.0.0.0/8, and an address of it.
fn site(n: u32) -> (PortableRecord, PortableRecord) {
    let net = format!("{}/24", address(n * 256)).parse().unwrap();
    let addresses = ipam_core::net::hosts(net, ipam_core::net::HostPolicy::Hosts);
    let range = Range::new(format!("net-{n}"), "default", net, addresses);
    let mut allocation = Allocation::new("?", "default", format!("net-{n}"), address(n * 256 + 2).into());
    allocation.key = Some(format!("vm-{n}").into());
    allocation.owner = Some("vm".into());
    let request = PortableRequest::new(vec![PortableAllocation::new(0, allocation)]);
    (PortableRecord::Range(Box::new(PortableRange::new(range, None))), PortableRecord::Request(request))
}

#[test]
fn a_restore_takes_the_same_statements_for_any_number_of_ranges() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let ipam = PostgresProvider::open(relay.fresh()).await.unwrap();
        ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse().unwrap())).await.unwrap();
        let mut first = 0;
        for count in [20, 2_000] {
            let (ranges, requests): (Vec<_>, Vec<_>) = (first..first + count).map(site).unzip();
            first += count;
            for records in [ranges, requests] {
                let restore = RestoreRecords::new(records);
                relay.statements();
                for (restored, unchanged) in [(count as usize, 0), (0, count as usize)] {
                    let result = ipam.restore_records(&restore).await.unwrap();
                    assert_eq!((result.restored, result.unchanged), (restored, unchanged));
                    let statements = relay.statements();
                    assert!(statements > 3 && statements < STATEMENTS, "{statements} for {count} records");
                }
            }
        }
        let check = ipam.check_store().await.unwrap();
        assert!(check.is_sound(), "{:?}", check.violations);
    });
}

#[test]
fn child_prefixes_are_restored_together() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let ipam = PostgresProvider::open(relay.fresh()).await.unwrap();
        ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse().unwrap())).await.unwrap();
        let records = (0..600_u32).map(|n| {
            let net = format!("{}/24", address(n * 256)).parse().unwrap();
            let addresses = ipam_core::net::hosts(net, ipam_core::net::HostPolicy::Hosts);
            let mut range = Range::new(format!("child-{n}"), "default", net, addresses);
            range.key = Some(format!("tenant-{n}").into());
            range.owner = Some("tenant".into());
            PortableRecord::Range(Box::new(PortableRange::new(range, None)))
        });
        let restore = RestoreRecords::new(records.collect());
        relay.trips();
        for (restored, skipped) in [(600, 0), (0, 600)] {
            let result = ipam.restore_records(&restore).await.unwrap();
            assert_eq!((result.restored, result.unchanged), (restored, skipped));
            let trips = relay.trips();
            assert!(trips < 100, "{trips}");
        }
        let listed = all_records(&ipam, 700).await;
        assert_eq!(listed.len(), 600);
        let trips = relay.trips();
        assert!(trips < FEW, "{trips}");
    });
}

#[test]
fn a_sweep_and_a_deallocation_of_many_take_few_round_trips() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let relay = Relay::start(server);
        let ahead = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&ahead);
        let config = relay.fresh().with_clock_offset(move || Duration::from_secs(clock.load(Ordering::SeqCst)));
        let ipam = PostgresProvider::open(config).await.unwrap();
        let policy = RangePolicy::default().with_quarantine(Duration::from_secs(60));
        for (id, net) in [("lan", "10.0.0.0/20"), ("dmz", "10.1.0.0/20")] {
            ipam.define_range(&DefineRange::new(id, net.parse().unwrap()).with_policy(policy)).await.unwrap();
        }
        let take = |count: u32, expires: bool| {
            let ipam = ipam.clone();
            async move {
                let requests = (0..count).map(|n| {
                    let range = if n % 2 == 0 { "lan" } else { "dmz" };
                    let line = AllocateLine::next(range, 2);
                    let line = if expires { line.with_expiry(Duration::from_secs(10)) } else { line };
                    (ipam.clone(), Allocate::new("vm").with_line(line).with_key(format!("{expires}-{n}")))
                });
                let calls = requests.map(|(ipam, request)| async move { ipam.allocate(&request).await.unwrap() });
                futures_util::future::join_all(calls).await
            }
        };
        take(200, true).await;
        ahead.store(100, Ordering::SeqCst);
        relay.trips();
        ipam.allocate(&Allocate::one("vm", "lan").with_key("late")).await.unwrap();
        let trips = relay.trips();
        assert!(trips < FEW, "{trips}");
        let taken = take(100, false).await;
        relay.trips();
        let mut targets = taken.iter().flat_map(|one| match one.lines[0][0].address.to_string().len() % 3 {
            0 => vec![Target::Key(one.key.clone())],
            1 => one.iter().map(|one| Target::Id(one.id.clone())).collect(),
            _ => one.iter().map(|one| Target::Address { range: one.range.clone(), address: one.address }).collect(),
        });
        let first = Deallocate::new(targets.next().unwrap());
        let freed = ipam.deallocate(&targets.fold(first, Deallocate::and)).await.unwrap();
        assert_eq!(freed.freed().count(), 200);
        let trips = relay.trips();
        assert!(trips < FEW, "{trips}");
        assert_eq!(ipam.find(&Find::default()).await.unwrap().items.len(), 1);
        for usage in ipam.usage(&["lan".into(), "dmz".into()]).await.unwrap() {
            assert_eq!(usage.allocated, u128::from(usage.range.as_str() == "lan"), "{usage:?}");
        }
    });
}
