//! Moving a site from one provider to another, comparing the two, and exporting one: seconds and peak memory.
//!
//! `cargo bench -p ipam-core --features plan,postgres --bench moving`
//!
//! The site has 32 000 ranges and 100 000 addresses, each with a key. `-- 1000 3000` measures another number of ranges and
//! addresses. The PostgreSQL server is private, in the temporary directory, and syncs; without `initdb` and `postgres`
//! only files are measured.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

#[path = "../tests/postgres_support/mod.rs"]
mod postgres_support;
mod support;

use std::future::Future;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use ipam_core::plan::{AddressPlan, Comparison, Format, Migration, MigrationProgress, MigrationStep};
use ipam_core::{
    Allocate, Allocation, AllocationKey, DefineBlock, EmbeddedProvider, IpamProvider, Labels, Owner,
    PortableAllocation, PortableRange, PortableRecord, PortableRequest, PostgresProvider, Range, RestoreRecords,
};
use postgres_support::{Server, Setup, runtime};

/// Site to move.
#[derive(Clone, Copy)]
struct Site {
    ranges: u32,
    addresses: u32,
}

impl Site {
    fn range(number: u32) -> Range {
        let net = ipnet::Ipv4Net::new(Ipv4Addr::from(0x0a00_0000 + number * 256), 24).unwrap().into();
        let addresses = ipam_core::net::hosts(net, ipam_core::net::HostPolicy::Hosts);
        let mut range = Range::new(format!("net-{number:05}"), "default", net, addresses);
        range.name = format!("Network {number}");
        range.network.gateway = Some(addresses.first());
        range.properties.insert("rack".to_owned(), (number % 40).to_string());
        range
    }

    /// Address number `number`: the ranges in turn, from the first one after the gateway.
    fn address(self, number: u32) -> PortableRecord {
        let (range, host) = (number % self.ranges, number / self.ranges + 2);
        let address = Ipv4Addr::from(0x0a00_0000 + range * 256 + host);
        let mut allocation = Allocation::new("1", "default", format!("net-{range:05}"), address.into());
        let owner = format!("vm-{number}");
        allocation.key = Some(AllocationKey::new(format!("{owner}/nic-0")));
        allocation.labels = Labels::default().with_hostname(format!("host-{number}"));
        allocation.created = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + u64::from(number)));
        let fingerprint = Allocate::one(owner.clone(), allocation.range.clone()).fingerprint();
        allocation.owner = Some(Owner::new(owner));
        let request = PortableRequest::new(vec![PortableAllocation::new(0, allocation)]);
        PortableRecord::Request(request.with_fingerprint(fingerprint))
    }

    async fn fill(self, provider: &dyn IpamProvider) {
        provider.define_block(&DefineBlock::new("site", "10.0.0.0/8".parse().unwrap())).await.unwrap();
        let numbers: Vec<u32> = (0..self.ranges.max(self.addresses)).collect();
        for part in numbers.chunks(5_000) {
            let ranges = part.iter().filter(|number| **number < self.ranges);
            let ranges =
                ranges.map(|number| PortableRecord::Range(Box::new(PortableRange::new(Self::range(*number), None))));
            provider.restore_records(&RestoreRecords::new(ranges.collect())).await.unwrap();
        }
        for part in numbers.chunks(5_000) {
            let addresses = part.iter().filter(|number| **number < self.addresses).map(|number| self.address(*number));
            provider.restore_records(&RestoreRecords::new(addresses.collect())).await.unwrap();
        }
    }
}

/// Runs a step, and prints its time and how far the memory of the process rose above what it was at the start.
fn measured<T>(what: &str, step: impl Future<Output = T>) -> T {
    // The peak counts from here on.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = support::status("VmRSS:");
    let start = Instant::now();
    let result = runtime().block_on(step);
    let time = start.elapsed().as_secs_f64();
    let memory = match (before, support::status("VmHWM:")) {
        (Some(before), Some(peak)) => {
            format!("{:.0} MB, {:.0} of them new", peak / 1e6, (peak - before).max(0.0) / 1e6)
        }
        _ => "not known".to_owned(),
    };
    println!("{what:34} {time:8.1} s   peak {memory}");
    result
}

fn moved(what: &str, from: &dyn IpamProvider, to: &dyn IpamProvider, site: Site) {
    // When the ranges and the addresses began to be written.
    let steps: Mutex<[Option<Instant>; 2]> = Mutex::new([None, None]);
    let watch = |seen: MigrationProgress| {
        let index = match seen.step {
            MigrationStep::Defining => 0,
            MigrationStep::Writing => 1,
            _ => return,
        };
        steps.lock().unwrap()[index].get_or_insert_with(Instant::now);
    };
    measured(what, async {
        let migration = Migration::new(from, to).with_progress(&watch);
        let start = Instant::now();
        let checked = migration.check().await.unwrap();
        let check = start.elapsed().as_secs_f64();
        assert!(checked.conflicts().is_empty() && checked.losses().is_empty(), "{:?}", checked.conflicts().first());
        let start = Instant::now();
        let moved = migration.apply(&checked).await.unwrap();
        let apply = start.elapsed().as_secs_f64();
        assert_eq!((moved.ranges, moved.addresses), (site.ranges.into(), site.addresses.into()));
        let first = steps.lock().unwrap()[1].map_or(apply, |first| first.duration_since(start).as_secs_f64());
        println!("{:34} check {check:.1} s, ranges {first:.1} s, addresses {:.1} s", "", apply - first);
    });
    let mut differences = 0_u64;
    let compared = measured(&format!("{what}, diff"), Comparison::new(from, to).run(&mut |_| differences += 1));
    assert_eq!((compared.unwrap().addresses, differences), (site.addresses.into(), 0));
}

async fn file(directory: &Path, name: &str) -> EmbeddedProvider {
    EmbeddedProvider::open(directory.join(name)).await.unwrap()
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u32>().ok());
    let site = Site { ranges: numbers.next().unwrap_or(32_000), addresses: numbers.next().unwrap_or(100_000) };
    println!("\n{} ranges and {} addresses", site.ranges, site.addresses);
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let source = runtime().block_on(file(directory.path(), "source.db"));
    measured("filling a file", site.fill(&source));
    let second = runtime().block_on(file(directory.path(), "second.db"));
    moved("file to file", &source, &second, site);
    measured("export as CSV", async {
        let plan = AddressPlan::from_provider(&source).await.unwrap();
        assert_eq!(plan.allocations.len(), site.addresses as usize);
        println!("{:34} {} bytes", "", plan.to_text(Format::Csv).len());
    });
    if let Some(server) = Server::start(Setup { sync: true, ..Setup::default() }) {
        let postgres = runtime().block_on(PostgresProvider::open(server.fresh())).unwrap();
        moved("file to PostgreSQL", &source, &postgres, site);
        let third = runtime().block_on(file(directory.path(), "third.db"));
        moved("PostgreSQL to file", &postgres, &third, site);
        runtime().block_on(async {
            third.close().await.unwrap();
            postgres.close().await.unwrap();
        });
    }
    runtime().block_on(async {
        second.close().await.unwrap();
        source.close().await.unwrap();
    });
}
