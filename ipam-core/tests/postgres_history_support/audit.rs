//! Check of a history against the state at its end: what is there twice, what is lost, and what is left over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures_util::TryStreamExt as _;
use ipam_core::{Allocation, Change, Find, IpamProvider, IpamProviderExt as _, ListRanges, Range};

use super::follower::{Replayed, replay};
use super::history::{History, Use};
use super::{BLOCK, RANGES};

/// Findings of a check.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) duplicates: Vec<String>,
    pub(crate) lost: Vec<String>,
    pub(crate) leaked: Vec<String>,
    /// Changes of the feed that do not fit, and differences between its replay and the state.
    pub(crate) feed: Vec<String>,
}

/// State at the end.
pub(crate) struct State {
    allocations: Vec<Allocation>,
    ranges: Vec<Range>,
}

impl State {
    pub(crate) async fn of(ipam: &dyn IpamProvider) -> Self {
        let allocations = ipam.find_all(Find::default()).try_collect().await.unwrap();
        let ranges = ipam.ranges(ListRanges::all()).try_collect().await.unwrap();
        Self { allocations, ranges }
    }

    fn by_key(&self) -> BTreeMap<String, BTreeMap<IpAddr, &Allocation>> {
        let mut by_key: BTreeMap<String, BTreeMap<IpAddr, &Allocation>> = BTreeMap::new();
        for one in &self.allocations {
            by_key.entry(one.key.as_ref().unwrap().to_string()).or_default().insert(one.address, one);
        }
        by_key
    }
}

/// Compares the history, the state and the feed.
pub(crate) fn audit(history: &History, state: &State, changes: &[Change]) -> Findings {
    let mut found = Findings::default();
    let addresses: BTreeSet<IpAddr> = state.allocations.iter().map(|one| one.address).collect();
    if addresses.len() != state.allocations.len() {
        found.duplicates.push(format!("{} allocations have {} addresses", state.allocations.len(), addresses.len()));
    }
    let by_key = state.by_key();
    let nothing = BTreeMap::new();
    let mut owners: BTreeMap<IpAddr, &str> = BTreeMap::new();
    for (key, used) in &history.uses {
        // Of the keys that no caller has begun to give back, no two can have the same address.
        for address in held(used) {
            if let Some(other) = owners.insert(address, key) {
                found.duplicates.push(format!("{address} belongs to {key} and to {other}"));
            }
        }
        addresses_of_key(key, used, by_key.get(key).unwrap_or(&nothing), &mut found);
    }
    for key in by_key.keys().filter(|key| history.uses.get(*key).is_none_or(|used| used.asked.is_none())) {
        found.leaked.push(format!("{key} was never asked for"));
    }
    child_prefixes(history, &state.ranges, &mut found);
    feed(history, state, changes, &mut found);
    found
}

/// Returns the addresses that a key must still have.
fn held(used: &Use) -> impl Iterator<Item = IpAddr> {
    let lease = used.asked.as_ref().is_some_and(super::Asked::is_lease);
    let took = used.took.iter().flatten().filter(move |_| !lease && !used.leaves);
    took.filter(|address| !used.parts.contains(*address)).copied()
}

fn addresses_of_key(key: &str, used: &Use, there: &BTreeMap<IpAddr, &Allocation>, found: &mut Findings) {
    let Some(asked) = &used.asked else { return };
    for address in held(used) {
        let Some(one) = there.get(&address) else {
            found.lost.push(format!("{key} was acknowledged with {address}"));
            continue;
        };
        // An acknowledged name stays, unless another one may have replaced it.
        if let Some((Some(named), last)) = used.names.get(&address)
            && one.labels.hostname.as_ref().is_none_or(|name| name != named && name != last)
        {
            found.lost.push(format!("{key} was named {named}, and is {:?}", one.labels.hostname));
        }
    }
    if used.left && !there.is_empty() {
        found.leaked.push(format!("{key} was given back, and has {there:?}"));
    }
    if used.refused && !there.is_empty() {
        found.leaked.push(format!("{key} was refused, and has {there:?}"));
    }
    match &used.took {
        Some(took) => {
            for address in there.keys().filter(|address| !took.contains(address) || used.parted.contains(address)) {
                found.leaked.push(format!("{key} has {address}, which it was not given, or has given back"));
            }
        }
        // The outcome is not known: all of it, or nothing.
        None if !there.is_empty() && there.len() != asked.count() => {
            found.leaked.push(format!("{key} ({}) has only a part: {there:?}", asked.0));
        }
        None => {}
    }
}

fn child_prefixes(history: &History, ranges: &[Range], found: &mut Findings) {
    let there: BTreeMap<&str, &Range> =
        ranges.iter().filter_map(|range| Some((range.key.as_ref()?.as_str(), range))).collect();
    let defined = ranges.len() - there.len();
    if defined != RANGES.len() {
        found.lost.push(format!("{defined} ranges are there that were defined"));
    }
    for (key, used) in &history.uses {
        if used.asked.is_some() {
            continue;
        }
        let range = there.get(key.as_str());
        match (&used.child_prefix, range) {
            (Some(net), None) if !used.leaves => found.lost.push(format!("{key} was acknowledged with {net}")),
            (Some(net), Some(range)) if *net != range.net.to_string() => {
                found.leaked.push(format!("{key} was acknowledged with {net}, and has {}", range.net));
            }
            (_, Some(range)) if used.left => found.leaked.push(format!("{key} was given back, and has {}", range.net)),
            _ => {}
        }
    }
    let mut nets: Vec<_> = there.values().map(|range| range.net).collect();
    nets.sort_unstable();
    for pair in nets.windows(2) {
        if pair[0].contains(&pair[1]) {
            found.duplicates.push(format!("the child prefixes {} and {} overlap", pair[0], pair[1]));
        }
    }
    for range in there.values() {
        if range.block.as_ref().map(AsRef::as_ref) != Some(BLOCK) || !history.uses.contains_key(there_key(range)) {
            found.leaked.push(format!("{} was never asked for", range.net));
        }
    }
}

fn there_key(range: &Range) -> &str {
    range.key.as_ref().map_or("", |key| key.as_str())
}

/// Checks that the feed, played from its beginning, leads to the state, and has all that was acknowledged.
fn feed(history: &History, state: &State, changes: &[Change], found: &mut Findings) {
    let replayed = replay(changes, &mut found.feed);
    let allocations = state.allocations.iter();
    let allocations = allocations.map(|one| (one.address, (one.id.clone(), one.key.clone(), one.range.clone())));
    let ranges = state.ranges.iter().map(|range| (range.id.clone(), range.key.clone()));
    let stored = Replayed { allocations: allocations.collect(), ranges: ranges.collect() };
    if replayed != stored {
        let differing = |one: &Replayed, other: &Replayed| {
            one.allocations.iter().filter(|(at, value)| other.allocations.get(*at) != Some(value)).count()
        };
        let (more, less) = (differing(&replayed, &stored), differing(&stored, &replayed));
        found.feed.push(format!("its replay differs from the state: {more} allocations more or other, {less} less"));
    }
    let mut by_key: BTreeMap<&str, BTreeSet<IpAddr>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.kind == ipam_core::ChangeKind::Allocated) {
        let taken = by_key.entry(change.key.as_ref().unwrap().as_str()).or_default();
        if !taken.insert(change.address.unwrap()) {
            found.feed.push(format!("an address was allocated twice under one key: {change:?}"));
        }
    }
    for (key, used) in &history.uses {
        let Some(took) = &used.took else { continue };
        if by_key.get(key.as_str()).is_none_or(|in_feed| *in_feed != took.iter().copied().collect()) {
            found
                .feed
                .push(format!("{key} was acknowledged with {took:?}, and the feed has {:?}", by_key.get(key.as_str())));
        }
    }
}
