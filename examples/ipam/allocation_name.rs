//! Allocations that the command line names by id or by address.

use std::net::IpAddr;

use futures_util::{StreamExt, TryStreamExt};
use ipam_core::{Allocation, AllocationId, Find, IpamProvider, IpamProviderExt};

use crate::exit::Failure;

/// Meaning of a name on the command line.
#[derive(Debug)]
pub(crate) enum Named {
    /// Id of an allocation, as written or found by its address.
    Id(AllocationId),
    /// Address that is not allocated.
    Free(IpAddr),
}

/// Returns at most two matches, which is enough to know if there is exactly one.
pub(crate) async fn found(provider: &dyn IpamProvider, request: Find) -> Result<Vec<Allocation>, Failure> {
    Ok(provider.find_all(request).take(2).try_collect().await?)
}

/// Reads a name, and looks up the allocation if it is an address.
pub(crate) async fn named(provider: &dyn IpamProvider, name: &str) -> Result<Named, Failure> {
    let Ok(address) = name.trim().parse::<IpAddr>() else { return Ok(Named::Id(name.into())) };
    let mut of_address = Find::default();
    of_address.address = Some(address);
    let mut all = found(provider, of_address).await?;
    match (all.pop(), all.is_empty()) {
        (None, _) => Ok(Named::Free(address)),
        (Some(one), true) => Ok(Named::Id(one.id)),
        (Some(_), false) => Err(Failure::Usage(format!(
            "{address} is allocated in more than one address space; name the allocation by its id, which \
             `ipam find {address}` shows"
        ))),
    }
}
