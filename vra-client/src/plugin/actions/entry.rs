//! Entries of AllocateIP, and the comparison with the addresses that are held for them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipam_core::{AllocateLine, Allocation, Error, ErrorKind, Labels, Operation, Selection, Tag};

use crate::plugin::ActionError;

/// Key of the tag that says which entry an address belongs to.
// Short: where an IPAM keeps tags in a field of limited width, a long one would leave less room for key and owner.
pub(super) const ENTRY_TAG: &str = "vra-nic";

/// Largest number of addresses that a message lists.
const MAX_SHOWN: usize = 4;

/// Entry of the inputs, with the line that asks for it.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// Index in the inputs.
    pub(super) index: usize,
    /// vRA's id of the entry.
    pub(super) id: &'a str,
    /// Number of the network card.
    pub(super) nic: Option<u32>,
    /// Line that asks for the addresses, without labels.
    pub(super) line: AllocateLine,
}

/// Allocations by the index of their entry in the inputs.
pub(super) type Results = BTreeMap<usize, Vec<Allocation>>;

/// Returns the id of the entry that an allocation was made for.
pub(super) fn entry_of(allocation: &Allocation) -> Option<&str> {
    allocation.labels.tags.iter().find(|tag| tag.key == ENTRY_TAG).map(|tag| tag.value.as_str())
}

impl Entry<'_> {
    /// Returns the difference between the addresses that are held for this entry and what it asks for, for a message.
    pub(super) fn difference(&self, own: &[Allocation]) -> Option<String> {
        let count = self.line.selection.count();
        let follows = |pair: &[Allocation]| match pair {
            [one, next] => one.space == next.space && number(next.address) == number(one.address).saturating_add(1),
            _ => true,
        };
        // Addresses that do not follow one another were taken by several requests, or some between were deallocated.
        if u32::try_from(own.len()) != Ok(count) || !own.windows(2).all(follows) {
            return Some(match count {
                1 => "the entry asks for 1 address".to_owned(),
                _ => format!("the entry asks for {count} addresses in a row"),
            });
        }
        let first = own.first()?;
        if let Selection::Exact { first: start, .. } = self.line.selection
            && start != first.address
        {
            return Some(format!("the entry asks for {start} (start)"));
        }
        // vRA accepts a result only if its range is one of those that the entry names.
        if !own.iter().all(|one| one.range == first.range && self.line.ranges.contains(&one.range)) {
            let names: Vec<&str> = self.line.ranges.iter().take(MAX_SHOWN).map(ipam_core::RangeId::as_str).collect();
            let more = if self.line.ranges.len() > names.len() { ", …" } else { "" };
            return Some(format!("the entry names other ranges (ipRangeIds: {}{more})", names.join(", ")));
        }
        None
    }

    /// Returns the line with these labels and the tag of the entry.
    pub(super) fn tagged_line(&self, labels: &Labels) -> AllocateLine {
        self.line.clone().with_labels(labels.clone().with_tag(Tag::new(ENTRY_TAG, self.id)))
    }
}

impl std::fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "entry {}", self.id)?;
        self.nic.map_or(Ok(()), |nic| write!(f, " (network card {nic})"))
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// Lists addresses with their ranges, for a message.
pub(super) fn listed(allocations: &[Allocation]) -> String {
    let shown: Vec<String> =
        allocations.iter().take(MAX_SHOWN).map(|one| format!("{} (range {})", one.address, one.range)).collect();
    let more = allocations.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// Creates the error for inputs that contradict what the resource holds.
pub(super) fn conflict(message: String) -> ActionError {
    Error::new(ErrorKind::Conflict, Operation::Allocate, message).into()
}
