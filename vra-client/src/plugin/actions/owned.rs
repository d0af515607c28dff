//! Look-up of the allocations of an address, sorted by owner.

use std::net::IpAddr;

use futures_util::TryStreamExt;
use ipam_core::{Allocation, AllocationState, Find, IpamProvider, IpamProviderExt, Owner};

use super::resource::ResourceInfo;
use crate::plugin::ActionError;

/// Allocations of one address in all address spaces, by owner.
#[derive(Debug, Default)]
pub(super) struct AddressOwnership {
    /// Allocations of the resource, in either form of its id.
    pub(super) own: Vec<Allocation>,
    /// Allocations without an owner, as older plug-ins left them.
    pub(super) ownerless: Vec<Allocation>,
    /// Allocations of other resources.
    pub(super) others: Vec<Allocation>,
    /// Addresses that an administrator reserved, without an owner.
    pub(super) reserved: Vec<Allocation>,
}

/// Finds the allocations of an address, in every range and address space.
pub(super) async fn look_up<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    address: IpAddr,
) -> Result<AddressOwnership, ActionError> {
    let mut ownership = AddressOwnership::default();
    // In all address spaces: the request has an address and at most a range that may be gone.
    let mut allocations = provider.find_all(Find::default().with_address(address));
    while let Some(allocation) = allocations.try_next().await? {
        let list = match &allocation.owner {
            Some(owner) if resource.is_owner(owner)? => &mut ownership.own,
            Some(_) => &mut ownership.others,
            // A reservation has no owner either, but no plug-in made it, and freeing it would undo an administrator's decision.
            None if allocation.state == AllocationState::Reserved => &mut ownership.reserved,
            None => &mut ownership.ownerless,
        };
        list.push(allocation);
    }
    Ok(ownership)
}

/// Creates the error for an address that the resource has in several address spaces, where the request fits any of them.
pub(super) fn ambiguous_address(address: IpAddr, owner: Owner) -> ActionError {
    ActionError::new(format!("{address} is allocated to resource {owner} in more than one address space"))
}
