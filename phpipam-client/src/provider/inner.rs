//! State that all operations share: client, configuration, and the probed properties of server and app.

use std::future::Future;
use std::sync::Arc;

use ipam_core::AllocationKey;

use super::capabilities::Probed;
use super::config::PhpIpamConfig;
use super::kept::{Kept, Shared, TooLong};
use super::key::process_claims::Claims;
use super::map::model::Mapping;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::keyed_locks::KeyedLocks;
use crate::models::{Address, AddressId, SectionId, Subnet, TagId};

/// Largest number of concurrent requests of one operation that needs one request per subnet or address. Each occupies a
/// PHP worker, of which small servers have few.
pub(crate) const MAX_CONCURRENT: usize = 4;

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) client: Client,
    pub(crate) config: PhpIpamConfig,
    pub(crate) mapping: Mapping,
    /// Sections to serve; empty for all.
    pub(crate) sections: Vec<SectionId>,
    /// Tag of new addresses.
    pub(crate) tag: TagId,
    pub(crate) probed: Probed,
    /// Claims of this process.
    pub(crate) claims: Arc<Claims>,
    /// Per-key locks: calls of this process with the same key take turns.
    pub(crate) locks: KeyedLocks<AllocationKey>,
    /// Per-address locks: deletions of one address by this process take turns.
    pub(crate) deletions: KeyedLocks<AddressId>,
    /// Listings whose further pages may be read.
    pub(crate) kept: Kept,
    /// Snapshot for calls close to each other.
    pub(crate) shared: Shared,
    /// Lists that were too long for the server.
    pub(crate) too_long: TooLong,
}

impl Inner {
    /// Sends a read, and repeats it if PHP returned an empty body (Q21). The client does not repeat those, because a
    /// write may have been carried out.
    pub(crate) async fn read<T, F>(&self, call: impl Fn() -> F + Send) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
        T: Send,
    {
        // An empty 500 (Q21) is that of a server that restarts, or of a list beyond PHP's memory, which fails each time
        // (Q76). They look alike, so the waits are short.
        let mut waits = self.config.pacing.reading();
        loop {
            let result = call().await;
            if !matches!(result, Err(Error::EmptyBody(_))) || !waits.next().await {
                return result;
            }
        }
    }

    pub(crate) fn serves_section(&self, section: Option<SectionId>) -> bool {
        self.sections.is_empty() || section.is_some_and(|section| self.sections.contains(&section))
    }

    /// Returns true if the fields of a subnet have these values.
    pub(crate) fn has_fields(&self, subnet: &Subnet, wanted: &[(String, String)]) -> bool {
        if wanted.is_empty() {
            return true;
        }
        let properties = self.mapping.properties(subnet, None);
        wanted.iter().all(|(name, value)| {
            let found = properties.get(name).or_else(|| {
                // By the name that phpIPAM's web interface shows, without the prefix of the column (Q41).
                subnet
                    .extra
                    .contains_key(&format!("custom_{name}"))
                    .then(|| properties.get(&format!("custom_{name}")))?
            });
            found.map_or("", String::as_str) == value
        })
    }

    /// Returns true if a subnet is a range, provided that it has no subnets below it.
    pub(crate) fn may_be_range(&self, subnet: &Subnet) -> bool {
        // Children are not looked at: the row of a single subnet does not show whether it has any.
        !subnet.is_folder
            && self.serves_section(subnet.section_id)
            && self.has_fields(subnet, &self.config.range_fields)
            && (self.config.block_fields.is_empty() || !self.has_fields(subnet, &self.config.block_fields))
    }

    /// Returns the current row of an address; `None` if it does not exist.
    pub(crate) async fn row_now(&self, id: AddressId) -> Result<Option<Address>> {
        match self.read(|| async { self.client.addresses().get(id).await }).await {
            // Gone is a result here and not a failure: another caller may have deallocated it.
            Err(error) if error.is_not_found() => Ok(None),
            row => row.map(Some),
        }
    }
}
