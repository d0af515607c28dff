//! Address of a long list: the parts of a row that an allocation is made of.

use std::net::IpAddr;

use ipam_core::{Allocation, AllocationState, Labels, MacAddr, Owner};

use crate::models::{Address, AddressId, SubnetId, TagId};
use crate::provider::map::mark::{Found, Mark};
use crate::provider::map::model::{Mapping, allocation_id, owner_of, range_id};
use crate::provider::map::overlap::OwningRange;

/// Address without the columns that no allocation needs. A row takes some 200 bytes, a fifth of an [`Address`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AddressRow {
    pub(crate) id: AddressId,
    pub(crate) subnet: Option<SubnetId>,
    pub(crate) ip: IpAddr,
    pub(crate) tag: Option<TagId>,
    pub(crate) is_gateway: bool,
    hostname: Option<Box<str>>,
    description: Option<Box<str>>,
    owner: Option<Box<str>>,
    mac: Option<Box<str>>,
    /// Text of the mark field, if it has a mark.
    mark: Option<Box<str>>,
}

impl Mapping {
    /// Returns an address as an allocation of its range; `None` if the server did not say which address it is (Q29).
    pub(crate) fn allocation(&self, address: &Address, owning_range: &OwningRange) -> Option<Allocation> {
        Some(AddressRow::new(self, address)?.allocation(self, owning_range))
    }
}

impl AddressRow {
    /// Returns the row of an address; `None` if the server did not say which address it is (Q29).
    pub(crate) fn new(mapping: &Mapping, address: &Address) -> Option<Self> {
        let text = |text: &Option<String>| text.as_deref().map(Box::from);
        let marked = mapping.mark_text(address).filter(|text| Mark::find(text) != Found::None);
        Some(Self {
            id: address.id,
            subnet: address.subnet_id,
            ip: address.ip?,
            tag: address.tag,
            is_gateway: address.is_gateway,
            hostname: text(&address.hostname),
            description: text(&address.description),
            owner: text(&address.owner),
            mac: text(&address.mac),
            mark: marked.map(Box::from),
        })
    }

    pub(crate) fn found(&self) -> Found {
        self.mark.as_deref().map_or(Found::None, Mark::find)
    }

    /// Returns the owner: that of the mark, unless a person wrote another one into the column.
    pub(crate) fn owner(&self) -> Option<Owner> {
        owner_of(self.owner.as_deref(), self.found().mark())
    }

    /// Returns true for the gateway, and for an address with a reserved tag and without a mark.
    pub(crate) fn is_reservation(&self, mapping: &Mapping) -> bool {
        self.is_gateway || (self.mark.is_none() && self.tag.is_some_and(|tag| mapping.reserved.contains(&tag)))
    }

    /// Returns the allocation of this address in its range.
    pub(crate) fn allocation(&self, mapping: &Mapping, owning_range: &OwningRange) -> Allocation {
        let found = self.found();
        let mark = found.mark();
        let id = allocation_id(self.id, mark.map(|mark| mark.nonce));
        let mut allocation = Allocation::new(id, owning_range.space.clone(), range_id(owning_range.subnet), self.ip);
        if self.is_gateway || self.tag.is_some_and(|tag| mapping.reserved.contains(&tag)) {
            allocation.state = AllocationState::Reserved;
        }
        allocation.owner = owner_of(self.owner.as_deref(), mark);
        allocation.key = mark.map(|mark| mark.key.clone());
        let mut labels = Labels::default();
        labels.hostname = self.hostname.as_deref().map(str::to_owned);
        labels.description = self.description.as_deref().map(str::to_owned);
        labels.mac = self.mac.as_deref().and_then(|mac| mac.parse::<MacAddr>().ok());
        labels.tags = mark.map(|mark| mark.tags.clone()).unwrap_or_default();
        allocation.labels = labels;
        allocation
    }
}
