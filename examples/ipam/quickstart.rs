//! `ipam quickstart`: a tour of the operations on a real subnet plan, which checks every result.
//!
//! The plan is the recorded response of a phpIPAM server (`examples/data/phpipam/`), and the hosts are in
//! `examples/data/hosts.json`. Every number of the last line is counted in the store after it was opened again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, AllocateLine, Allocated, Allocation, Deallocate, EmbeddedProvider, Error, Find, IpamProvider,
    IpamProviderExt, ListRanges, Placement, Range, Selection, SpaceId, Usage,
};
use serde_json::json;

use crate::cli;
use crate::closing::{Ended, closing};
use crate::exit::{self, Failure};
use crate::output::Output;
use crate::{plan, recorded_plan};
use crate::{tables, usage};

const HOSTS: &str = include_str!("../data/hosts.json");

/// Returns the output and the exit code.
pub(crate) async fn run(args: cli::Quickstart) -> Result<Ended<(Output, u8)>, Failure> {
    match args.store {
        Some(path) if path.exists() => {
            Err(Failure::Usage(format!("{} exists already; name a file that does not exist", path.display())))
        }
        Some(path) => show_all(&path).await,
        None => {
            let directory = tempfile::tempdir()
                .map_err(|error| Failure::Failed(format!("no temporary directory can be made: {error}")))?;
            show_all(&directory.path().join("ipam.db")).await
        }
    }
}

async fn show_all(path: &Path) -> Result<Ended<(Output, u8)>, Failure> {
    let mut tour = Tour::default();
    tour.say(format_args!("A new store: {}", path.display()));
    let provider = EmbeddedProvider::open(path).await?;
    let ended = closing(provider, async |provider| {
        tour.import(provider).await?;
        tour.allocate(provider).await?;
        tour.deallocate(provider).await
    });
    if let Some(failure) = ended.await?.closing {
        return Err(failure);
    }
    closing(EmbeddedProvider::open(path).await?, async |provider| tour.reopen(provider).await).await
}

/// State of the tour: its text, its acknowledged allocations, and the checks that failed.
#[derive(Debug, Default)]
struct Tour {
    text: String,
    problems: Vec<String>,
    /// Allocations that the store acknowledged and that were not deallocated.
    acknowledged: BTreeMap<(SpaceId, IpAddr), Allocation>,
}

impl Tour {
    fn say(&mut self, line: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(otherwise());
        }
    }

    /// Imports the plan twice and lists its ranges.
    async fn import(&mut self, provider: &EmbeddedProvider) -> Result<(), Failure> {
        let plan = recorded_plan::responses()
            .to_plan()
            .map_err(|error| Failure::Failed(format!("the recorded plan cannot be read: {error}")))?;
        let rows = plan.len();
        let first = plan::import(provider, &plan, false).await?;
        self.expect(first.added() == rows, || format!("{} of {rows} rows were imported", first.added()));
        let again = plan::import(provider, &plan, false).await?;
        self.expect(again.unchanged() == rows, || format!("importing again left {} of {rows} rows", again.unchanged()));
        self.say(format_args!(
            "\nImported a phpIPAM plan of {} blocks, {} ranges and {} addresses; importing it again changed nothing.\n",
            plan.blocks.len(),
            plan.ranges.len(),
            plan.allocations.len()
        ));
        for row in &plan.allocations {
            let found = provider.find_key(row.item.key.clone()).await?;
            let fits = found.iter().any(|found| found.address == row.item.address && found.range == row.item.range);
            self.expect(found.len() == 1 && fits, || format!("{} was imported as {found:?}", row.item.address));
            self.remember(found);
        }
        let ranges: Vec<Range> = provider.ranges(ListRanges::all()).try_collect().await?;
        self.say(tables::ranges(&ranges));
        Ok(())
    }

    fn remember(&mut self, allocations: impl IntoIterator<Item = Allocation>) {
        for allocation in allocations {
            let place = (allocation.space.clone(), allocation.address);
            if let Some(earlier) = self.acknowledged.insert(place, allocation) {
                self.problems.push(format!("{} was allocated twice", earlier.address));
            }
        }
    }

    /// Allocates addresses for the hosts: one, an exact one, a run, IPv6, two interfaces at once, and from a second range.
    async fn allocate(&mut self, provider: &EmbeddedProvider) -> Result<(), Failure> {
        let requests: Vec<Allocate> = serde_json::from_str(HOSTS)
            .map_err(|error| Failure::Failed(format!("the recorded hosts cannot be read: {error}")))?;
        let named: BTreeSet<_> =
            requests.iter().flat_map(|request| &request.lines).flat_map(|line| &line.ranges).collect();
        let named: Vec<_> = named.into_iter().cloned().collect();
        let ranges: BTreeMap<_, Range> =
            provider.ranges(ListRanges::all()).map_ok(|range| (range.id.clone(), range)).try_collect().await?;
        let before = provider.usage(&named).await?;
        let mut taken = Vec::new();
        for request in &requests {
            let allocated = provider.allocate(request).await?;
            self.check_result(request, &allocated, &ranges);
            let again = provider.allocate(request).await?;
            let same = again.repeated && again.lines == allocated.lines;
            self.expect(same, || format!("repeating {:?} returned other addresses", allocated.key));
            taken.extend(allocated.lines.into_iter().flatten());
        }
        self.say(format_args!(
            "Allocated for {} hosts; each request was sent twice and took its addresses once.\n",
            requests.len()
        ));
        self.say(tables::allocations(&taken, "nothing"));
        self.remember(taken.iter().cloned());
        let after = provider.usage(&named).await?;
        self.compare(&before, &after, &taken);
        self.exhaust(provider, &before).await;
        self.say("Usage of their ranges:\n");
        self.say(usage::table(&after));
        Ok(())
    }

    /// Checks that the result fits the request.
    fn check_result(
        &mut self,
        request: &Allocate,
        allocated: &Allocated,
        ranges: &BTreeMap<ipam_core::RangeId, Range>,
    ) {
        self.expect(allocated.lines.len() == request.lines.len(), || format!("{:?} lacks lines", allocated.key));
        for (line, got) in request.lines.iter().zip(&allocated.lines) {
            if let Some(wrong) = wrong_with(line, got, ranges) {
                self.problems.push(format!("{:?}: {wrong}", allocated.key));
            }
        }
    }

    fn compare(&mut self, before: &[Usage], after: &[Usage], taken: &[Allocation]) {
        for (before, after) in before.iter().zip(after) {
            let new = taken.iter().filter(|allocation| allocation.range == after.range).count() as u128;
            let grown = after.allocated == before.allocated + new && after.free + new == before.free;
            let whole = after.allocated + after.reserved + after.quarantined + after.free == after.total;
            self.expect(grown && whole, || format!("the usage of {} does not add up: {after:?}", after.range));
        }
    }

    /// Checks that a full range refuses a request.
    async fn exhaust(&mut self, provider: &EmbeddedProvider, usage: &[Usage]) {
        let full = usage.iter().find(|usage| usage.free == 0);
        let Some(full) = full else { return self.problems.push("none of the ranges is full".to_owned()) };
        match provider.allocate(&Allocate::one("one-too-many", full.range.clone())).await {
            Err(error) if error.is_exhausted() => self.say(format_args!("A full range refuses: {error}\n")),
            other => self.problems.push(format!("the full range {} returned {other:?}", full.range)),
        }
    }

    /// Deallocates the addresses of one host twice.
    async fn deallocate(&mut self, provider: &EmbeddedProvider) -> Result<(), Failure> {
        let request = Deallocate::key("host/app1");
        let deallocated = provider.deallocate(&request).await?;
        let freed: Vec<&Allocation> = deallocated.freed().collect();
        self.expect(freed.len() == 1, || format!("deallocating host/app1 freed {}", freed.len()));
        for allocation in &freed {
            self.acknowledged.remove(&(allocation.space.clone(), allocation.address));
        }
        let text = tables::allocations(freed.iter().copied(), "nothing");
        let again = provider.deallocate(&request).await?;
        self.expect(again.was_free(), || "deallocating host/app1 again freed an address".to_owned());
        self.say("Deallocated one host; doing it again finds it free already.\n");
        self.say(text);
        Ok(())
    }

    /// Compares the store, opened again, with what was acknowledged.
    async fn reopen(mut self, provider: &EmbeddedProvider) -> Result<(Output, u8), Failure> {
        let ranges: Vec<Range> = provider.ranges(ListRanges::all()).try_collect().await?;
        let found: Vec<Allocation> = provider.find_all(Find::default()).try_collect().await?;
        let lost = self.acknowledged.values().filter(|known| !found.contains(known)).count();
        let places: BTreeSet<_> = found.iter().map(|found| (&found.space, found.address)).collect();
        let duplicates = found.len() - places.len();
        let strange =
            places.iter().filter(|(space, ip)| !self.acknowledged.contains_key(&((*space).clone(), *ip))).count();
        self.expect(strange == 0, || format!("{strange} addresses are allocated without a request"));
        self.verify(provider).await?;
        let ok = self.problems.is_empty() && lost == 0 && duplicates == 0;
        let problems = std::mem::take(&mut self.problems);
        for problem in &problems {
            self.say(format_args!("wrong: {problem}"));
        }
        let word = if ok { "ok" } else { "FAILED" };
        self.say(format_args!(
            "quickstart: {word} (ranges {}, allocations {}, reopened, {lost} lost, {duplicates} duplicates)",
            ranges.len(),
            found.len()
        ));
        let json = json!({ "ok": ok, "ranges": ranges.len(), "allocations": found.len(), "lost": lost,
            "duplicates": duplicates, "problems": problems });
        Ok((Output::new(self.text, &json)?, if ok { exit::DONE } else { exit::FAILED }))
    }

    async fn verify(&mut self, provider: &EmbeddedProvider) -> Result<(), Error> {
        let report = provider.check_store().await?;
        self.expect(report.is_sound(), || format!("the store contradicts itself: {:?}", report.violations));
        self.say("Opened the store again and compared it with what it had acknowledged.\n");
        Ok(())
    }
}

/// Returns the difference between a line of a request and its result; `None` if they agree.
fn wrong_with(line: &AllocateLine, got: &[Allocation], ranges: &BTreeMap<ipam_core::RangeId, Range>) -> Option<String> {
    let addresses: Vec<IpAddr> = got.iter().map(|allocation| allocation.address).collect();
    if addresses.len() as u64 != u64::from(line.selection.count()) {
        return Some(format!("asked for {}, got {addresses:?}", line.selection.count()));
    }
    for allocation in got {
        let range = ranges.get(&allocation.range).filter(|_| line.ranges.contains(&allocation.range));
        if !range.is_some_and(|range| range.can_allocate(allocation.address)) {
            return Some(format!("{} may not be allocated in {}", allocation.address, allocation.range));
        }
        if allocation.labels != line.labels {
            return Some(format!("{} lost its labels", allocation.address));
        }
    }
    let numbers: Vec<u128> = addresses.iter().map(|ip| number(*ip)).collect();
    let consecutive = numbers.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b));
    let first = numbers.first().copied().unwrap_or_default();
    let fits = match line.selection {
        Selection::Exact { first: wanted, .. } => consecutive && first == number(wanted),
        Selection::Next { placement: Placement::Scattered, .. } => true,
        Selection::Next { placement: Placement::Contiguous, .. } => consecutive,
        Selection::Next { placement: Placement::Aligned, count } => {
            consecutive && first.is_multiple_of(u128::from(count.next_power_of_two()))
        }
    };
    (!fits).then(|| format!("{addresses:?} are not placed as {:?} requires", line.selection))
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_wrong_result_is_noticed() {
        let net = "10.0.0.0/24".parse().unwrap();
        let mut range = Range::new("lan", "default", net, "10.0.0.1-10.0.0.254".parse().unwrap());
        range.network.gateway = Some("10.0.0.1".parse().unwrap());
        let ranges = BTreeMap::from([(range.id.clone(), range)]);
        let got = |ips: &[&str]| {
            let one = |ip: &&str| Allocation::new(*ip, "default", "lan", ip.parse().unwrap());
            ips.iter().map(one).collect::<Vec<_>>()
        };
        let exactly = AllocateLine::exactly("lan", "10.0.0.9".parse().unwrap());
        let aligned = AllocateLine::new("lan", Selection::Next { count: 2, placement: Placement::Aligned });
        let cases: [(&AllocateLine, &[&str], bool); 9] = [
            (&AllocateLine::next("lan", 2), &["10.0.0.2", "10.0.0.9"], true),
            (&AllocateLine::next("lan", 2), &["10.0.0.2"], false),
            (&AllocateLine::next("lan", 1), &["10.0.0.1"], false),
            (&AllocateLine::next("lan", 1), &["10.0.7.1"], false),
            (&AllocateLine::next("dmz", 1), &["10.0.0.2"], false),
            (&exactly, &["10.0.0.8"], false),
            (&AllocateLine::contiguous("lan", 2), &["10.0.0.2", "10.0.0.9"], false),
            (&aligned, &["10.0.0.3", "10.0.0.4"], false),
            (&aligned, &["10.0.0.4", "10.0.0.5"], true),
        ];
        for (line, ips, fine) in cases {
            assert_eq!(wrong_with(line, &got(ips), &ranges).is_none(), fine, "{line:?} {ips:?}");
        }
    }
}
