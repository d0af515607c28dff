//! What a plan would do to a store: for each row whether it is new, there already, or in conflict.

mod same;
mod tree;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use futures_util::{StreamExt, TryStreamExt};
use ipam_core::{
    Allocate, AllocateLine, Allocation, AllocationState, Block, DefineBlock, DefineRange, Error, Find, IpamProvider,
    IpamProviderExt, ListBlocks, ListRanges, Range, RangeId,
};
use serde::Serialize;

use super::{Plan, PlannedAddress};

/// How many look-ups run at a time.
const AT_ONCE: usize = 16;

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "lowercase")]
pub(crate) enum Verdict {
    Added,
    Unchanged,
    /// It contradicts another row, or the store; why, and what to do.
    Conflicting(String),
}

/// A row and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Judged {
    pub(crate) at: String,
    pub(crate) kind: &'static str,
    pub(crate) what: String,
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
}

/// All rows of a plan, judged, and what of it is to be added.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    pub(crate) rows: Vec<Judged>,
    pub(crate) blocks: Vec<DefineBlock>,
    pub(crate) ranges: Vec<DefineRange>,
    pub(crate) addresses: Vec<PlannedAddress>,
}

impl Judgement {
    pub(crate) fn count(&self, wanted: impl Fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| wanted(&row.verdict)).count()
    }

    pub(crate) fn conflicts(&self) -> impl Iterator<Item = &Judged> {
        self.rows.iter().filter(|row| matches!(row.verdict, Verdict::Conflicting(_)))
    }
}

/// What the store holds that a plan can meet.
#[derive(Debug, Default)]
pub(crate) struct Present {
    blocks: Vec<Block>,
    ranges: Vec<Range>,
    addresses: HashMap<(RangeId, IpAddr), Allocation>,
    /// The keys of the plan that are in use, and by which address.
    keys: HashMap<String, Allocation>,
}

impl Present {
    /// Reads what the plan can meet: all blocks and ranges, and the addresses of the ranges that both have.
    pub(crate) async fn read(provider: &dyn IpamProvider, plan: &Plan) -> Result<Self, Error> {
        let blocks = match provider.capabilities().blocks {
            true => provider.blocks(ListBlocks::all()).try_collect().await?,
            false => Vec::new(),
        };
        let ranges: Vec<Range> = provider.ranges(ListRanges::all()).try_collect().await?;
        let wanted: BTreeSet<&RangeId> = plan.addresses.iter().map(|row| &row.item.range).collect();
        let mut addresses = HashMap::new();
        for range in ranges.iter().filter(|range| wanted.contains(&range.id)) {
            let mut found = provider.find_all(Find::default().with_range(range.id.clone()).with_quarantined(true));
            while let Some(allocation) = found.try_next().await? {
                addresses.insert((range.id.clone(), allocation.address), allocation);
            }
        }
        let new =
            plan.addresses.iter().filter(|row| !addresses.contains_key(&(row.item.range.clone(), row.item.address)));
        let keys: Vec<_> = new.map(|row| row.item.key.clone()).collect();
        let keys =
            futures_util::stream::iter(keys)
                .map(|key| async move {
                    Ok::<_, Error>((key.to_string(), provider.find_key(key).await?.into_iter().next()))
                })
                .buffer_unordered(AT_ONCE)
                .try_filter_map(|(key, found)| async move { Ok(found.map(|found| (key, found))) })
                .try_collect()
                .await?;
        Ok(Self { blocks, ranges, addresses, keys })
    }
}

/// Judges every row of the plan.
pub(crate) fn judge(plan: &Plan, present: &Present) -> Judgement {
    let mut judgement = Judgement::default();
    let blocks: HashMap<_, _> = present.blocks.iter().map(|block| (&block.id, block)).collect();
    let ranges: HashMap<_, _> = present.ranges.iter().map(|range| (&range.id, range)).collect();
    let trouble = tree::conflicts(plan, present);
    for (index, row) in plan.blocks.iter().enumerate() {
        let existing = blocks.get(&row.item.id).copied();
        let verdict = judge_one(row.item.validate(), trouble.blocks.get(&index), existing, |block| {
            same::block_differences(&row.item, block)
        });
        if verdict == Verdict::Added {
            judgement.blocks.push(row.item.clone());
        }
        let what = format!("{} {}", row.item.id, row.item.net);
        judgement.rows.push(Judged { at: row.at.clone(), kind: "block", what, verdict });
    }
    for (index, row) in plan.ranges.iter().enumerate() {
        let existing = ranges.get(&row.item.id).copied();
        let verdict = judge_one(row.item.validate(), trouble.ranges.get(&index), existing, |range| {
            same::range_differences(&row.item, range)
        });
        if verdict == Verdict::Added {
            judgement.ranges.push(row.item.clone());
        }
        let what = format!("{} {}", row.item.id, row.item.net);
        judgement.rows.push(Judged { at: row.at.clone(), kind: "range", what, verdict });
    }
    judge_addresses(plan, present, &mut judgement);
    judgement
}

fn judge_one<T>(
    valid: Result<(), Error>,
    trouble: Option<&String>,
    existing: Option<&T>,
    differences: impl FnOnce(&T) -> Vec<&'static str>,
) -> Verdict {
    if let Err(error) = valid {
        return Verdict::Conflicting(error.message().to_owned());
    }
    if let Some(trouble) = trouble {
        return Verdict::Conflicting(trouble.clone());
    }
    let Some(existing) = existing else { return Verdict::Added };
    match differences(existing).as_slice() {
        [] => Verdict::Unchanged,
        fields => {
            let fields = fields.join(", ");
            Verdict::Conflicting(format!("the store has it with another {fields}; update it there, or change the row"))
        }
    }
}

fn judge_addresses(plan: &Plan, present: &Present, judgement: &mut Judgement) {
    // The ranges of the store, then those of the plan.
    let mut homes: HashMap<&RangeId, Cow<'_, Range>> =
        present.ranges.iter().map(|range| (&range.id, Cow::Borrowed(range))).collect();
    for row in &plan.ranges {
        homes.entry(&row.item.id).or_insert_with(|| Cow::Owned(same::as_range(&row.item)));
    }
    let mut seen = HashMap::new();
    let mut keys = HashMap::new();
    for row in &plan.addresses {
        let item = &row.item;
        let home = homes.get(&item.range).map(AsRef::as_ref);
        let twice = home.and_then(|range| seen.insert((range.space.clone(), item.address), row.at.clone()));
        let key_twice = keys.insert(item.key.clone(), row.at.clone());
        let verdict = if let Some(other) = twice {
            Verdict::Conflicting(format!("{} is taken by {other}; leave one of the two out", item.address))
        } else if let Some(other) = key_twice {
            Verdict::Conflicting(format!("the key {:?} is {other}'s; give each row a key of its own", item.key))
        } else {
            judge_address(item, home, present)
        };
        if verdict == Verdict::Added {
            judgement.addresses.push(item.clone());
        }
        let what = format!("{} in {}", item.address, item.range);
        judgement.rows.push(Judged { at: row.at.clone(), kind: "allocation", what, verdict });
    }
}

fn judge_address(item: &PlannedAddress, home: Option<&Range>, present: &Present) -> Verdict {
    if let Err(error) = request(item).validate() {
        return Verdict::Conflicting(error.message().to_owned());
    }
    let Some(range) = home else {
        let message = format!("there is no range {:?} in the plan or the store; add it", item.range);
        return Verdict::Conflicting(message);
    };
    if let Some(found) = present.addresses.get(&(item.range.clone(), item.address)) {
        if found.state == AllocationState::Quarantined {
            return Verdict::Conflicting(format!("{} rests after it was given back; import it later", item.address));
        }
        return match same::address_differences(item, found).as_slice() {
            [] => Verdict::Unchanged,
            fields => Verdict::Conflicting(format!("the store has it with another {}", fields.join(", "))),
        };
    }
    if !range.addresses.contains(item.address) {
        return Verdict::Conflicting(format!(
            "{} lies outside {}; widen the range's addresses",
            item.address, range.addresses
        ));
    }
    if !range.can_allocate(item.address) {
        return Verdict::Conflicting(format!("{} is the gateway or reserved; leave it out, or free it", item.address));
    }
    if let Some(other) = present.keys.get(item.key.as_str()) {
        return Verdict::Conflicting(format!(
            "the key {:?} has {} in the store; choose another",
            item.key, other.address
        ));
    }
    Verdict::Added
}

/// The request that takes a planned address.
pub(crate) fn request(item: &PlannedAddress) -> Allocate {
    let line = AllocateLine::exactly(item.range.clone(), item.address).with_labels(item.labels.clone());
    Allocate::new(item.owner.clone()).with_key(item.key.clone()).with_line(line)
}

#[cfg(test)]
mod tests;
