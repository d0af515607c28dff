//! Overlaps of prefixes: in one space they form a tree, and nothing lies in a range.

use std::collections::{BTreeMap, HashMap, HashSet};

use ipnet::IpNet;

use super::present::Present;
use crate::SpaceId;
use crate::net::IpRange;
use crate::plan::rows::AddressPlan;

/// Conflicts of rows, by their index in the lists of the plan.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    pub(super) blocks: BTreeMap<usize, String>,
    pub(super) ranges: BTreeMap<usize, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    // Sorted so that a block comes before the range of the same prefix, which lies in it.
    Block,
    Range,
}

struct Entry<'a> {
    space: &'a SpaceId,
    net: IpNet,
    kind: Kind,
    addresses: IpRange,
    id: &'a str,
    /// Index and place in the plan; `None` for an item of the provider.
    row: Option<(usize, &'a str)>,
}

impl Entry<'_> {
    fn name(&self) -> String {
        let kind = if self.kind == Kind::Block { "block" } else { "range" };
        let place = self.row.map_or_else(|| "in the store".to_owned(), |(_, at)| at.to_owned());
        format!("the {kind} {} {} ({place})", self.id, self.net)
    }
}

/// Returns the rows that overlap another item where they must not, and those with the id of another row.
pub(super) fn conflicts(plan: &AddressPlan, present: &Present) -> Conflicts {
    let mut found = Conflicts::default();
    duplicate_ids(&mut found.blocks, plan.blocks.iter().map(|row| (row.item.id.as_str(), row.at.as_str())));
    duplicate_ids(&mut found.ranges, plan.ranges.iter().map(|row| (row.item.id.as_str(), row.at.as_str())));
    // Sorted by first address and length, each prefix comes after those that contain it. One pass with a stack then
    // finds all overlaps, where comparing pairs would take a million squared steps.
    let mut entries = entries(plan, present);
    entries.sort_by(|a, b| {
        let key = |e: &Entry<'_>| (e.net.network(), e.net.prefix_len(), e.kind, e.addresses);
        a.space.cmp(b.space).then_with(|| key(a).cmp(&key(b)))
    });
    // Those around the current one, the largest first; of ranges that share a prefix the one that reaches furthest.
    let mut around: Vec<&Entry<'_>> = Vec::new();
    for entry in &entries {
        while around.last().is_some_and(|outer| outer.space != entry.space || !outer.net.contains(&entry.net)) {
            around.pop();
        }
        let problem = around.last().and_then(|outer| problem(outer, entry).map(|text| (*outer, text)));
        if let Some((outer, text)) = problem {
            // A row gives way to the provider, and of two rows the inner or later one to the other.
            let (blamed, other) = if entry.row.is_some() { (entry, outer) } else { (outer, entry) };
            let message = format!("{text} {}; leave one of the two out, or change it", other.name());
            if let Some((index, _)) = blamed.row {
                let list = if blamed.kind == Kind::Block { &mut found.blocks } else { &mut found.ranges };
                list.entry(index).or_insert(message);
            }
        }
        match around.last_mut() {
            Some(outer) if outer.kind == Kind::Range && entry.kind == Kind::Range && outer.net == entry.net => {
                if entry.addresses.last() > outer.addresses.last() {
                    *outer = entry;
                }
            }
            _ => around.push(entry),
        }
    }
    found
}

fn problem(outer: &Entry<'_>, inner: &Entry<'_>) -> Option<&'static str> {
    match (outer.kind, inner.kind) {
        (Kind::Block, Kind::Block) if outer.net == inner.net => Some("the space has the same prefix twice:"),
        // A block holds blocks and ranges, also a range of its own prefix.
        (Kind::Block, _) => None,
        (Kind::Range, Kind::Block) => Some("a range holds no block:"),
        (Kind::Range, Kind::Range) if outer.net != inner.net => Some("it overlaps"),
        (Kind::Range, Kind::Range) => {
            outer.addresses.overlaps(&inner.addresses).then_some("its addresses overlap those of")
        }
    }
}

fn entries<'a>(plan: &'a AddressPlan, present: &'a Present) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for (index, row) in plan.blocks.iter().enumerate() {
        let item = &row.item;
        let (net, addresses) = (item.net.trunc(), IpRange::from(item.net));
        let row = Some((index, row.at.as_str()));
        entries.push(Entry { space: &item.space, net, kind: Kind::Block, addresses, id: item.id.as_str(), row });
    }
    for (index, row) in plan.ranges.iter().enumerate() {
        let item = &row.item;
        let (net, addresses) = (item.net.trunc(), item.resolved_addresses());
        let row = Some((index, row.at.as_str()));
        entries.push(Entry { space: &item.space, net, kind: Kind::Range, addresses, id: item.id.as_str(), row });
    }
    let planned_blocks: HashSet<_> = plan.blocks.iter().map(|row| &row.item.id).collect();
    let planned_ranges: HashSet<_> = plan.ranges.iter().map(|row| &row.item.id).collect();
    // What both have under one id is compared field by field elsewhere.
    let blocks = present.blocks.iter().filter(|block| !planned_blocks.contains(&block.id));
    entries.extend(blocks.map(|block| Entry {
        space: &block.space,
        net: block.net,
        kind: Kind::Block,
        addresses: IpRange::from(block.net),
        id: block.id.as_str(),
        row: None,
    }));
    let ranges = present.ranges.iter().filter(|range| !planned_ranges.contains(&range.id));
    entries.extend(ranges.map(|range| Entry {
        space: &range.space,
        net: range.net,
        kind: Kind::Range,
        addresses: range.addresses,
        id: range.id.as_str(),
        row: None,
    }));
    entries
}

fn duplicate_ids<'a>(list: &mut BTreeMap<usize, String>, ids: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (index, (id, at)) in ids.enumerate() {
        if let Some(other) = seen.insert(id, at) {
            list.insert(index, format!("the id {id:?} belongs to {other}; give each row an id of its own"));
        }
    }
}
