//! System that keeps one record per address, and what the provider writes into a record. Not about NetBox.

mod provider;

use std::fmt::Debug;
use std::net::IpAddr;
use std::num::NonZeroU32;

use async_trait::async_trait;
use ipam_core::{
    Allocation, AllocationKey, Error, ErrorKind, Health, Operation, Owner, PageRequest, Range, Result, SpaceId,
};
use ipnet::IpNet;
pub(crate) use provider::RecordProvider;
use serde::{Deserialize, Serialize};

/// System with one record per address.
#[async_trait]
pub(crate) trait Records: Debug + Send + Sync + 'static {
    /// Name of the system in messages.
    const NAME: &str;

    /// Checks that the system can be used, and changes nothing.
    async fn check(&self) -> Result<Health>;

    /// Lists ranges in the order of their ids: all, or the one of this id. One that does not exist is no error.
    async fn ranges(&self, id: Option<u64>, page: Paging) -> Result<Rows<Range>>;

    /// Lists records in the order of their ids. It may list more than asked for.
    async fn records(&self, by: &By<'_>, page: Paging) -> Result<Rows<Record>>;

    /// Lists the addresses of a range that are set aside, in the order of their ids.
    async fn reserved(&self, range: &Range, page: Paging) -> Result<Rows<Reserved>>;

    /// Creates one record for each mark: all, or none. An address that has a record fails as [`taken_if`] says.
    async fn create(&self, marks: &[Mark]) -> Result<()>;

    /// Deletes a record. `NotFound` if it does not exist, so that one of several callers knows that it was the one.
    async fn delete(&self, id: u64) -> Result<()>;
}

/// Part of a list: at most `size` rows whose ids are above `after`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    pub(crate) after: u64,
    pub(crate) size: u32,
}

impl Paging {
    /// Reads the request for a page.
    pub(crate) fn of(operation: Operation, page: &PageRequest) -> Result<Self> {
        page.validate(operation)?;
        let size = page.size.map_or(1000, NonZeroU32::get);
        let after = match &page.token {
            None => 0,
            Some(token) => token
                .as_str()
                .parse()
                .map_err(|_| Error::invalid(operation, "page token", token, "start again at the first page"))?,
        };
        Ok(Self { after, size })
    }
}

/// Rows of a list with their ids, and whether there are more.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    pub(crate) rows: Vec<(u64, T)>,
    pub(crate) more: bool,
}

impl<T> Rows<T> {
    /// Returns the id to go on after; `None` at the end.
    pub(crate) fn next(&self) -> Option<u64> {
        self.rows.last().filter(|_| self.more).map(|(id, _)| *id)
    }
}

/// Condition on records.
#[derive(Debug)]
pub(crate) enum By<'a> {
    All,
    Id(u64),
    Key(&'a AllocationKey),
    Owner(&'a Owner),
    Address(IpAddr),
    Net(IpNet),
}

impl By<'_> {
    /// Returns the condition as a parameter of a query. `names` are those for the id, key, owner, address and prefix.
    pub(crate) fn parameter(&self, names: [&'static str; 5]) -> Option<(&'static str, String)> {
        let [id, key, owner, address, net] = names;
        match self {
            Self::All => None,
            Self::Id(value) => Some((id, value.to_string())),
            Self::Key(value) => Some((key, value.to_string())),
            Self::Owner(value) => Some((owner, value.to_string())),
            Self::Address(value) => Some((address, value.to_string())),
            Self::Net(value) => Some((net, value.to_string())),
        }
    }
}

/// Addresses that are set aside.
#[derive(Debug)]
pub(crate) struct Reserved {
    pub(crate) space: SpaceId,
    pub(crate) first: IpNet,
    pub(crate) last: IpNet,
}

/// Record of an address.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) space: SpaceId,
    pub(crate) net: IpNet,
    /// `None` for an address that was entered in the system by other means.
    pub(crate) mark: Option<Mark>,
}

/// Data of the provider in a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Random number of the call that created the record: tells its records from those of another call with the same key.
    pub(crate) call: String,
    /// Fingerprint of the request, to tell another request with the same key.
    pub(crate) fingerprint: String,
    /// Index of the line of the request.
    pub(crate) line: usize,
    /// Line and address of each record of the request.
    pub(crate) request: Vec<(usize, IpAddr)>,
    /// Prefix length of the range.
    pub(crate) prefix_len: u8,
    /// The allocation, without its id, which is that of the record.
    pub(crate) allocation: Allocation,
}

impl Mark {
    /// Returns the address with the prefix length of its range.
    pub(crate) fn net(&self) -> String {
        format!("{}/{}", self.allocation.address, self.prefix_len)
    }

    /// Returns the address space as a number, if it has one.
    pub(crate) fn space_number(&self) -> Option<u64> {
        self.allocation.space.as_str().parse().ok()
    }

    /// Returns the host name if DNS allows it; the mark has it in any case.
    pub(crate) fn dns_name(&self) -> &str {
        let valid = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        self.allocation.labels.hostname.as_deref().filter(valid).unwrap_or_default()
    }

    /// Returns the first characters of the description; the mark has all.
    pub(crate) fn description(&self, most: usize) -> String {
        self.allocation.labels.description.iter().flat_map(|text| text.chars()).take(most).collect()
    }
}

/// Returns the error of an address that has a record already, if the refusal of the system has this text.
pub(crate) fn taken_if(refusal: Error, text: &str) -> Error {
    if refusal.message().contains(text) {
        return Error::new(ErrorKind::Conflict, Operation::Allocate, "an address is taken").with_source(refusal);
    }
    refusal
}
