//! The allocations of a resource, wherever they stand by now.

use std::net::IpAddr;

use futures_util::TryStreamExt;
use ipam_core::{Allocation, AllocationState, Find, IpamProvider, IpamProviderExt, Owner};

use super::resource::ResourceInfo;
use crate::plugin::ActionError;

/// What the IPAM says about an address, in all spaces.
#[derive(Debug, Default)]
pub(super) struct AddressOwnership {
    /// The resource's own, whichever form of its id they carry.
    pub(super) own: Vec<Allocation>,
    /// Without an owner, as older plug-ins left them.
    pub(super) ownerless: Vec<Allocation>,
    /// Those of other resources.
    pub(super) others: Vec<Allocation>,
    /// What an administrator reserved, without an owner.
    pub(super) reserved: Vec<Allocation>,
}

/// Looks an address up.
pub(super) async fn look_up<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    address: IpAddr,
) -> Result<AddressOwnership, ActionError> {
    let mut ownership = AddressOwnership::default();
    let mut allocations = provider.find_all(Find::default().with_address(address));
    while let Some(allocation) = allocations.try_next().await? {
        let list = match &allocation.owner {
            Some(owner) if resource.is_owner(owner)? => &mut ownership.own,
            Some(_) => &mut ownership.others,
            None if allocation.state == AllocationState::Reserved => &mut ownership.reserved,
            None => &mut ownership.ownerless,
        };
        list.push(allocation);
    }
    Ok(ownership)
}

/// The error of an address that the resource has in more than one space, so that it cannot be told which is meant.
pub(super) fn ambiguous_address(address: IpAddr, owner: Owner) -> ActionError {
    ActionError::new(format!("{address} is allocated to resource {owner} in more than one address space"))
}
