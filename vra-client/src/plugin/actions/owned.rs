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

/// Returns a sentence that says who holds an address: host name, resource, state and range.
pub(super) fn holder(allocation: &Allocation) -> String {
    let Allocation { address, range, state, .. } = allocation;
    let host = allocation.labels.hostname.as_deref().map(shown);
    let held = match (host, allocation.owner.as_ref().map(|owner| shown(owner.as_str()))) {
        (Some(host), Some(owner)) => format!("held by {host} (resource {owner})"),
        (None, Some(owner)) => format!("held by resource {owner}"),
        (Some(host), None) => format!("held by {host}, without a resource"),
        (None, None) => "held without host name and resource".to_owned(),
    };
    match state {
        AllocationState::Reserved if allocation.owner.is_none() => match allocation.labels.hostname.as_deref() {
            Some(host) => format!("{address} is reserved for {} in range {range}", shown(host)),
            None => format!("{address} is reserved in range {range}"),
        },
        AllocationState::Reserved => format!("{address} is reserved and {held} in range {range}"),
        _ => format!("{address} is {held} in range {range}"),
    }
}

/// Returns a text of the IPAM for a message: one line of limited length.
pub(super) fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 80;
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_CHARS).collect();
    if text.chars().nth(MAX_CHARS).is_some() { format!("{line}…") } else { line }
}
