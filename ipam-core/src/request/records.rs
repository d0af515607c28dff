//! Requests to list the records of a provider, and to write them to another one.

use std::collections::HashSet;

use super::PageRequest;
use super::validate::{MAX_ADDRESSES, MAX_LINES, MAX_PAGE_SIZE, labels, range_fits};
use crate::{AllocationState, Error, Operation, PortableRecord, PortableRequest, Result};

/// Request to list the records of a provider.
///
/// ```
/// use ipam_core::{IpamProvider, ListRecords, MemoryProvider, PageRequest};
///
/// # futures_executor::block_on(async {
/// let request = ListRecords::all().with_page(PageRequest::of(100));
/// assert!(MemoryProvider::new().list_records(&request).await?.items.is_empty());
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct ListRecords {
    /// Page; the first one by default. A record counts as one item, however many addresses it has; a page ends early
    /// if its records have many.
    pub page: PageRequest,
}

impl ListRecords {
    /// Makes a request for all records.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Sets the page.
    #[must_use]
    pub fn with_page(mut self, page: PageRequest) -> Self {
        self.page = page;
        self
    }
}

/// Request to write records that [`list_records`](crate::IpamProvider::list_records) of another provider returned.
///
/// ```
/// use ipam_core::{Allocation, PortableAllocation, PortableRecord, PortableRequest, RestoreRecords};
///
/// let allocation = Allocation::new("17", "default", "lan", [192, 0, 2, 7].into());
/// let record = PortableRecord::Request(PortableRequest::new(vec![PortableAllocation::new(0, allocation)]));
/// assert!(RestoreRecords::new(vec![record.clone()]).validate().is_ok());
/// assert!(RestoreRecords::new(vec![record.clone(), record]).validate().is_err(), "the same address twice");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RestoreRecords {
    /// Records. Those of ranges come in an earlier request than those of their addresses.
    pub records: Vec<PortableRecord>,
}

impl RestoreRecords {
    /// Maximum number of records of a request.
    pub const MAX_RECORDS: usize = MAX_PAGE_SIZE as usize;

    /// Makes a request.
    #[must_use]
    pub const fn new(records: Vec<PortableRecord>) -> Self {
        Self { records }
    }

    /// Checks the request against the rules that hold in every state. A provider with the capability
    /// `restore_records` calls it first.
    ///
    /// There are at most [`MAX_RECORDS`](Self::MAX_RECORDS) records, and in all of them at most [`MAX_ADDRESSES`]
    /// addresses. No address, key or range occurs twice. Ids, keys and owners are valid identifiers; labels are valid;
    /// ranges are as [`DefineRange::validate`](crate::DefineRange::validate) wants them.
    /// All allocations of a request have its key and the same owner, and none is quarantined; one without a key is
    /// alone. A request took at least the addresses that it names.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        const OP: Operation = Operation::RestoreRecords;
        if self.records.len() > Self::MAX_RECORDS {
            let remedy = format!("give at most {}", Self::MAX_RECORDS);
            return Err(Error::invalid(OP, "the number of records", self.records.len(), remedy));
        }
        let total: usize = self.records.iter().map(PortableRecord::addresses).sum();
        if total > MAX_ADDRESSES as usize {
            let remedy = format!("give at most {MAX_ADDRESSES} in one request");
            return Err(Error::invalid(OP, "the number of addresses in all records", total, remedy));
        }
        let (mut addresses, mut keys, mut ranges) = (HashSet::new(), HashSet::new(), HashSet::new());
        for (index, record) in self.records.iter().enumerate() {
            let twice = |field: &str, value: &dyn std::fmt::Display| {
                Error::invalid(OP, format_args!("records[{index}].{field}"), value, "give each once in a request")
            };
            match record {
                PortableRecord::Range(record) => {
                    let range = &record.range;
                    range.id.validate(OP)?;
                    range.space.validate(OP)?;
                    range_fits(OP, range)?;
                    range.owner.as_ref().map_or(Ok(()), |owner| owner.validate(OP))?;
                    if range.key.is_some() && range.owner.is_none() {
                        let remedy = "give the owner of the request, or no key";
                        return Err(Error::invalid(OP, format_args!("records[{index}].range.owner"), "", remedy));
                    }
                    if !ranges.insert(&range.id) {
                        return Err(twice("range.id", &range.id));
                    }
                    if let Some(key) = &range.key {
                        key.validate(OP)?;
                        if !keys.insert(key) {
                            return Err(twice("range.key", key));
                        }
                    }
                }
                PortableRecord::Request(record) => {
                    request(index, record)?;
                    if let Some(key) = record.key.as_ref().filter(|key| !keys.insert(*key)) {
                        return Err(twice("key", key));
                    }
                    for one in &record.allocations {
                        let allocation = &one.allocation;
                        if !addresses.insert((&allocation.space, allocation.address)) {
                            return Err(twice("address", &allocation.address));
                        }
                    }
                }
                PortableRecord::Quarantine(record) => {
                    record.range.validate(OP)?;
                    record.space.validate(OP)?;
                    if !addresses.insert((&record.space, record.address)) {
                        return Err(twice("address", &record.address));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Checks the record of a request for addresses.
fn request(index: usize, record: &PortableRequest) -> Result<()> {
    const OP: Operation = Operation::RestoreRecords;
    let invalid = |field: &str, value: &dyn std::fmt::Display, remedy: &str| {
        Err(Error::invalid(OP, format_args!("records[{index}].{field}"), value, remedy))
    };
    let Some(first) = record.allocations.first() else {
        return invalid("allocations", &"", "give at least one allocation");
    };
    if let Some(key) = &record.key {
        key.validate(OP)?;
    } else if record.allocations.len() > 1 || record.count > 1 || record.fingerprint.is_some() {
        return invalid("key", &"", "give the key of the request, or one allocation without a request");
    }
    let limit = match record.lines {
        Some(lines) if lines == 0 || lines as usize > MAX_LINES => {
            return invalid("lines", &lines, &format!("give 1 to {MAX_LINES}"));
        }
        Some(lines) => lines,
        // The last position is not used: stores keep that number for "not known".
        None => MAX_ADDRESSES - 1,
    };
    let known = record.known_addresses();
    if record.count > MAX_ADDRESSES || (record.count as usize) < known {
        return invalid("count", &record.count, &format!("give {known} to {MAX_ADDRESSES}"));
    }
    for one in &record.allocations {
        let allocation = &one.allocation;
        allocation.space.validate(OP)?;
        allocation.range.validate(OP)?;
        allocation.owner.as_ref().map_or(Ok(()), |owner| owner.validate(OP))?;
        labels(OP, &allocation.labels)?;
        if one.line >= limit {
            return invalid("allocations.line", &one.line, &format!("give 0 to {}", limit - 1));
        }
        if allocation.key != record.key {
            return invalid("allocations.key", &allocation.address, "give all allocations the key of the record");
        }
        if allocation.owner != first.allocation.owner {
            return invalid("allocations.owner", &allocation.address, "give all allocations of a request one owner");
        }
        if allocation.state == AllocationState::Quarantined {
            let remedy = "give a quarantined address as a record of its own";
            return invalid("allocations.state", &allocation.address, remedy);
        }
    }
    Ok(())
}
