//! Allocations that the command line names by id or by address.

use std::net::IpAddr;

use futures_util::{StreamExt, TryStreamExt};
use ipam_core::{Allocation, AllocationId, Find, IpamProvider, IpamProviderExt};

use crate::exit::Failure;

/// What a name on the command line leads to.
#[derive(Debug)]
pub(crate) enum Named {
    /// An id, as it was written, or that of the one allocation of the address.
    Id(AllocationId),
    /// An address that is not allocated.
    Free(IpAddr),
}

/// At most two, which is enough to tell whether there is one.
pub(crate) async fn found(provider: &dyn IpamProvider, request: Find) -> Result<Vec<Allocation>, Failure> {
    Ok(provider.find_all(request).take(2).try_collect().await?)
}

/// Reads a name: an address leads to its allocation.
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
