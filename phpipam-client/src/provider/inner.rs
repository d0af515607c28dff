//! What all operations share: the client, the configuration, and what is known of server and app.

use std::future::Future;
use std::sync::Arc;

use ipam_core::AllocationKey;

use super::capabilities::Probed;
use super::config::PhpIpamConfig;
use super::key::process_claims::Claims;
use super::map::model::Mapping;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::keyed_locks::KeyedLocks;
use crate::models::{Address, AddressId, SectionId, Subnet, TagId};

/// How many requests are under way at once where one per subnet, or address, cannot be helped.
pub(crate) const MAX_CONCURRENT: usize = 4;

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) client: Client,
    pub(crate) config: PhpIpamConfig,
    pub(crate) mapping: Mapping,
    /// The sections that are served; empty for all.
    pub(crate) sections: Vec<SectionId>,
    /// The tag of new addresses.
    pub(crate) tag: TagId,
    pub(crate) probed: Probed,
    /// The claims of this process.
    pub(crate) claims: Arc<Claims>,
    /// Calls of this process with the same key take turns.
    pub(crate) locks: KeyedLocks<AllocationKey>,
}

impl Inner {
    /// Reading does no harm, so what a client does not repeat by itself is repeated here: a PHP that gave up.
    pub(crate) async fn read<T, F>(&self, call: impl Fn() -> F + Send) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
        T: Send,
    {
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

    /// Whether the fields of a subnet have these values.
    pub(crate) fn has_fields(&self, subnet: &Subnet, wanted: &[(String, String)]) -> bool {
        let properties = self.mapping.properties(subnet, None);
        wanted.iter().all(|(name, value)| {
            let found = properties.get(name).or_else(|| {
                // As the form of phpIPAM shows it, without the prefix of the column.
                subnet
                    .extra
                    .contains_key(&format!("custom_{name}"))
                    .then(|| properties.get(&format!("custom_{name}")))?
            });
            found.map_or("", String::as_str) == value
        })
    }

    /// Whether a subnet is a range, if it has no subnets below it.
    pub(crate) fn may_be_range(&self, subnet: &Subnet) -> bool {
        !subnet.is_folder
            && self.serves_section(subnet.section_id)
            && self.has_fields(subnet, &self.config.range_fields)
            && (self.config.block_fields.is_empty() || !self.has_fields(subnet, &self.config.block_fields))
    }

    /// The address of this id as it is now; `None` if there is none.
    pub(crate) async fn row_now(&self, id: AddressId) -> Result<Option<Address>> {
        match self.read(|| async { self.client.addresses().get(id).await }).await {
            Err(error) if error.is_not_found() => Ok(None),
            row => row.map(Some),
        }
    }
}
