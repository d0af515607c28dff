//! Comparison of a claimed address with the other subnets of its address space.
//!
//! The server keeps addresses unique in one subnet only (Q70). Addresses of overlapping subnets are excluded when
//! addresses are chosen. What was registered between that look and the `POST` is found here, before the caller is told:
//!
//! - Two claims in different subnets both look after they wrote. The one that sees a lower id deletes its own row. The
//!   one that sees a higher id waits until that row is gone. If it stays, it gives up too: the other one may have
//!   looked before this row was there.
//! - An address that this provider did not allocate never looks. If its id is lower, it was there first and keeps the
//!   address. If it is higher, this claim keeps it: nothing can be done about writers that do not look.

use std::net::IpAddr;

use crate::error::Result;
use crate::models::{Address, AddressId, SubnetId};
use crate::provider::inner::Inner;
use crate::provider::map::mark::{Found, Nonce};
use crate::provider::map::model::Mapping;
use crate::provider::map::overlap::spaces;

/// Relation of another row with the same address to a claim. The greatest one of several rows counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OtherClaim {
    /// None: the row came later, and is no claim.
    None,
    /// The row is a later claim, which deletes itself.
    Later,
    /// The row was there first.
    Earlier,
}

/// Classifies another row of an address that this claim took with the row `id`.
pub(crate) fn other_claim(mapping: &Mapping, other: &Address, id: AddressId, nonce: Nonce) -> OtherClaim {
    match mapping.of_address(other) {
        // This claim took the address twice, in two subnets. Either row can go, so this one goes.
        Found::Mark(mark) if mark.nonce == nonce => OtherClaim::Earlier,
        _ if other.id < id => OtherClaim::Earlier,
        Found::Mark(_) => OtherClaim::Later,
        Found::None | Found::Unreadable => OtherClaim::None,
    }
}

/// Result of the comparison for a claim of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contest {
    /// The claim keeps the address.
    Won,
    /// A later claim in this subnet still has the address.
    Open(SubnetId),
    /// This subnet had the address first.
    Lost(SubnetId),
}

impl Inner {
    /// Compares a row's address with the other subnets of its address space. Returns the result and all rows of the
    /// address.
    ///
    /// One request, and one more if the address is registered in another subnet.
    pub(crate) async fn contest(
        &self,
        id: AddressId,
        subnet: SubnetId,
        ip: IpAddr,
        nonce: Nonce,
    ) -> Result<(Contest, Vec<Address>)> {
        // By `search/IP`, because `addresses/IP/SUBNET` does not find all existing addresses on 1.8.2 (Q27).
        let rows = self.read(|| async { self.client.addresses().search(ip).await }).await?;
        let others = || rows.iter().filter(|row| row.subnet_id.is_some_and(|other| other != subnet));
        if others().next().is_none() {
            return Ok((Contest::Won, rows));
        }
        let subnets = self.overlapping(ip.into()).await?;
        let spaces = spaces(&subnets);
        let space = spaces.space(subnet.get());
        let same = others().filter_map(|row| Some((row, row.subnet_id?)));
        // Rows in another address space are other addresses that happen to have the same number.
        let same = same.filter(|(_, other)| space.is_some() && spaces.space(other.get()) == space);
        let worst = same.map(|(row, other)| (other_claim(&self.mapping, row, id, nonce), other)).max();
        let contest = match worst {
            Some((OtherClaim::Earlier, other)) => Contest::Lost(other),
            Some((OtherClaim::Later, other)) => Contest::Open(other),
            Some((OtherClaim::None, _)) | None => Contest::Won,
        };
        Ok((contest, rows))
    }
}
