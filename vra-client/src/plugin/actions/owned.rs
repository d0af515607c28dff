//! The allocations of a resource, wherever they stand by now.

use std::net::IpAddr;

use futures_util::TryStreamExt;
use ipam_core::{Allocation, AllocationState, Find, IpamProvider, IpamProviderExt, Owner};

use super::resource::ResourceInfo;
use crate::plugin::Fault;

/// What the IPAM says about an address, in all spaces.
#[derive(Debug, Default)]
pub(super) struct Standing {
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
) -> Result<Standing, Fault> {
    let mut standing = Standing::default();
    let mut found = provider.find_all(Find::default().with_address(address));
    while let Some(allocation) = found.try_next().await? {
        let list = match &allocation.owner {
            Some(owner) if resource.is_owner(owner)? => &mut standing.own,
            Some(_) => &mut standing.others,
            None if allocation.state == AllocationState::Reserved => &mut standing.reserved,
            None => &mut standing.ownerless,
        };
        list.push(allocation);
    }
    Ok(standing)
}

/// The fault of an address that the resource has in more than one space, so that it cannot be told which is meant.
pub(super) fn several(address: IpAddr, owner: Owner) -> Fault {
    Fault::new(format!("{address} is allocated to resource {owner} in more than one address space"))
}
