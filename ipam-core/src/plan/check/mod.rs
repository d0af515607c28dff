//! Check of a plan: each row is new, unchanged in the provider, or in conflict with another row or the provider.

mod difference;
mod overlap;
mod present;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

pub(super) use self::present::{MAX_PRESENT, Present, limited};

use super::rows::{AddressPlan, PlannedAllocation, Row, RowKind};
use crate::net::IpRange;
use crate::{AllocationState, DefineBlock, DefineRange, Range, RangeId, Result};

/// Status of a row after the check.
///
/// ```
/// use ipam_core::plan::{AddressPlan, RowStatus};
///
/// let checked = AddressPlan::from_csv("kind,id,net\nrange,lan,192.0.2.0/24\n")?.check();
/// assert_eq!(checked.rows()[0].status, RowStatus::New);
/// # Ok::<(), ipam_core::plan::PlanError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowStatus {
    /// The provider does not have it; applying the plan adds it.
    New,
    /// The provider has it as the row says.
    Unchanged,
    /// It contradicts another row or the provider; the text says why, and what to do.
    Conflict(String),
}

/// Row of a plan, with its status.
///
/// ```
/// use ipam_core::plan::AddressPlan;
///
/// let checked = AddressPlan::from_csv("kind,id,net\nrange,lan,192.0.2.0/24\n")?.check();
/// assert_eq!(checked.rows()[0].to_string(), "range lan 192.0.2.0/24: new");
/// # Ok::<(), ipam_core::plan::PlanError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedRow {
    /// Place in the file.
    pub at: String,
    /// Kind of the row.
    pub kind: RowKind,
    /// Name for people, such as `lan 192.0.2.0/24`.
    pub name: String,
    /// Status.
    pub status: RowStatus,
}

impl CheckedRow {
    /// Returns the reason of the conflict, if the row is in conflict.
    #[must_use]
    pub fn conflict(&self) -> Option<&str> {
        match &self.status {
            RowStatus::Conflict(why) => Some(why),
            RowStatus::New | RowStatus::Unchanged => None,
        }
    }
}

impl fmt::Display for CheckedRow {
    /// Writes kind, name and status, without the place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match &self.status {
            RowStatus::New => "new",
            RowStatus::Unchanged => "unchanged",
            RowStatus::Conflict(why) => why,
        };
        write!(f, "{} {}: {status}", self.kind, self.name)
    }
}

/// Plan after the check: all rows with their status, and the items to add.
///
/// ```
/// use ipam_core::plan::AddressPlan;
///
/// let plan = AddressPlan::from_csv("kind,id,net\nrange,a,10.0.0.0/24\nrange,b,10.0.0.0/25\n")?;
/// let checked = plan.check();
/// assert_eq!((checked.new_rows(), checked.conflicts().count()), (1, 1));
/// # Ok::<(), ipam_core::plan::PlanError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CheckedPlan {
    rows: Vec<CheckedRow>,
    pub(super) blocks: Vec<DefineBlock>,
    pub(super) ranges: Vec<DefineRange>,
    pub(super) allocations: Vec<PlannedAllocation>,
}

impl CheckedPlan {
    /// Returns the rows: blocks, ranges and allocations, each in the order of the plan.
    #[must_use]
    pub fn rows(&self) -> &[CheckedRow] {
        &self.rows
    }

    /// Returns the rows in conflict. A plan that has any is not applied.
    pub fn conflicts(&self) -> impl Iterator<Item = &CheckedRow> {
        self.rows.iter().filter(|row| row.conflict().is_some())
    }

    /// Returns the number of rows that an import adds.
    #[must_use]
    pub fn new_rows(&self) -> usize {
        self.rows.iter().filter(|row| row.status == RowStatus::New).count()
    }

    /// Returns the number of rows that the provider has already.
    #[must_use]
    pub fn unchanged_rows(&self) -> usize {
        self.rows.iter().filter(|row| row.status == RowStatus::Unchanged).count()
    }
}

impl AddressPlan {
    /// Checks the plan against itself, as if for an empty provider.
    ///
    /// ```
    /// use ipam_core::plan::AddressPlan;
    ///
    /// let plan = AddressPlan::from_csv("kind,id,net\nrange,a,10.0.0.0/24\nrange,b,10.0.0.128/25\n")?;
    /// let checked = plan.check();
    /// let conflict = checked.conflicts().next().and_then(|row| row.conflict()).unwrap_or_default();
    /// assert!(conflict.starts_with("it overlaps the range a 10.0.0.0/24 (line 2)"));
    /// # Ok::<(), ipam_core::plan::PlanError>(())
    /// ```
    #[must_use]
    pub fn check(&self) -> CheckedPlan {
        checked(self, &Present::default())
    }
}

/// Compares every row of the plan with the others and with the items of the provider.
pub(super) fn checked(plan: &AddressPlan, present: &Present) -> CheckedPlan {
    let mut checked = CheckedPlan::default();
    let blocks: HashMap<_, _> = present.blocks.iter().map(|block| (block.id.as_str(), block)).collect();
    let ranges: HashMap<_, _> = present.ranges.iter().map(|range| (range.id.as_str(), range)).collect();
    let overlaps = overlap::conflicts(plan, present);
    for (index, row) in plan.blocks.iter().enumerate() {
        let existing = blocks.get(row.item.id.as_str()).copied();
        let status = row_status(row.item.validate(), overlaps.blocks.get(&index), existing, |block| {
            difference::of_block(&row.item, block)
        });
        let former = |id: &str| blocks.get(id).map(|block| (block.space.as_str(), IpRange::from(block.net)));
        let status = unless_renamed(status, row, IpRange::from(row.item.net), former);
        if status == RowStatus::New {
            checked.blocks.push(row.item.clone());
        }
        let name = format!("{} {}", row.item.id, row.item.net);
        checked.rows.push(CheckedRow { at: row.at.clone(), kind: RowKind::Block, name, status });
    }
    for (index, row) in plan.ranges.iter().enumerate() {
        let existing = ranges.get(row.item.id.as_str()).copied();
        let status = row_status(row.item.validate(), overlaps.ranges.get(&index), existing, |range| {
            difference::of_range(&row.item, range)
        });
        let former = |id: &str| ranges.get(id).map(|range| (range.space.as_str(), IpRange::from(range.net)));
        let status = unless_renamed(status, row, IpRange::from(row.item.net), former);
        if status == RowStatus::New {
            checked.ranges.push(row.item.clone());
        }
        let name = format!("{} {}", row.item.id, row.item.net);
        checked.rows.push(CheckedRow { at: row.at.clone(), kind: RowKind::Range, name, status });
    }
    check_allocations(plan, present, &mut checked);
    checked
}

fn row_status<T>(
    valid: Result<()>,
    overlap: Option<&String>,
    existing: Option<&T>,
    differences: impl FnOnce(&T) -> Vec<&'static str>,
) -> RowStatus {
    // Validity first: an overlap of an invalid prefix would name the wrong fault.
    if let Err(error) = valid {
        return RowStatus::Conflict(error.message().to_owned());
    }
    if let Some(overlap) = overlap {
        return RowStatus::Conflict(overlap.clone());
    }
    let Some(existing) = existing else { return RowStatus::New };
    match differences(existing).as_slice() {
        [] => RowStatus::Unchanged,
        fields => {
            let fields = fields.join(", ");
            RowStatus::Conflict(format!("the store has it with another {fields}; update it there, or change the row"))
        }
    }
}

/// Turns the status of a new row into a conflict if the provider has it under its former id.
// It would be added a second time, because the address space may have another name as well, which hides the overlap.
fn unless_renamed<'a, T>(
    status: RowStatus,
    row: &Row<T>,
    net: IpRange,
    find: impl FnOnce(&str) -> Option<(&'a str, IpRange)>,
) -> RowStatus {
    if status != RowStatus::New {
        return status;
    }
    let Some(id) = &row.former_id else { return status };
    match find(id).filter(|(_, former)| former.overlaps(&net)) {
        None => status,
        Some((space, _)) => RowStatus::Conflict(format!(
            "the store has it as {id} in the space {space}, which is how an earlier version named it; import into a new \
             store, or remove {id} from this one first"
        )),
    }
}

fn check_allocations(plan: &AddressPlan, present: &Present, checked: &mut CheckedPlan) {
    // The ranges of the provider win over those of the plan: where both differ, the row of the range is in conflict
    // already, and its allocations are compared with what is there.
    let mut homes: HashMap<&RangeId, Cow<'_, Range>> =
        present.ranges.iter().map(|range| (&range.id, Cow::Borrowed(range))).collect();
    for row in &plan.ranges {
        homes.entry(&row.item.id).or_insert_with(|| Cow::Owned(difference::as_range(&row.item)));
    }
    let mut addresses = HashMap::new();
    let mut keys = HashMap::new();
    for row in &plan.allocations {
        let item = &row.item;
        let home = homes.get(&item.range).map(AsRef::as_ref);
        // By space and not by range: two ranges of one prefix could otherwise both have the address.
        let taken_by = home.and_then(|range| addresses.insert((&range.space, item.address), &row.at));
        let key_of = keys.insert(&item.key, &row.at);
        let status = if let Some(other) = taken_by {
            RowStatus::Conflict(format!("{} is taken by {other}; leave one of the two out", item.address))
        } else if let Some(other) = key_of {
            RowStatus::Conflict(format!("the key {:?} belongs to {other}; give each row a key of its own", item.key))
        } else {
            allocation_status(item, home, present)
        };
        if status == RowStatus::New {
            checked.allocations.push(item.clone());
        }
        let name = format!("{} in {}", item.address, item.range);
        checked.rows.push(CheckedRow { at: row.at.clone(), kind: RowKind::Allocation, name, status });
    }
}

fn allocation_status(item: &PlannedAllocation, home: Option<&Range>, present: &Present) -> RowStatus {
    if let Err(error) = item.to_request().validate() {
        return RowStatus::Conflict(error.message().to_owned());
    }
    let Some(range) = home else {
        let message = format!("there is no range {:?} in the plan or the store; add it", item.range);
        return RowStatus::Conflict(message);
    };
    if let Some(found) = present.addresses.get(&(item.range.clone(), item.address)) {
        // An allocation now would fail with `Conflict`, after other rows were added.
        if found.state == AllocationState::Quarantined {
            return RowStatus::Conflict(format!("{} is quarantined after it was freed; import it later", item.address));
        }
        return match difference::of_allocation(item, found).as_slice() {
            [] => RowStatus::Unchanged,
            fields => RowStatus::Conflict(format!("the store has it with another {}", fields.join(", "))),
        };
    }
    if !range.addresses.contains(item.address) {
        return RowStatus::Conflict(format!(
            "{} lies outside {}; widen the range's addresses",
            item.address, range.addresses
        ));
    }
    if !range.can_allocate(item.address) {
        return RowStatus::Conflict(format!("{} is the gateway or reserved; leave it out, or free it", item.address));
    }
    // The address is new, and so the key belongs to another request: the import would fail with `Conflict`.
    if let Some(other) = present.keys.get(&item.key) {
        return RowStatus::Conflict(format!(
            "the key {:?} has {} in the store; choose another",
            item.key, other.address
        ));
    }
    RowStatus::New
}

#[cfg(test)]
mod tests;
