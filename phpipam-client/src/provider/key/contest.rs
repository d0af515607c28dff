//! Whether an address that was claimed is registered elsewhere in its address space, too.
//!
//! The server keeps addresses unique in one subnet only. What is registered in subnets around a range, or in such as
//! overlap it, is left out when addresses are chosen; what came in between is found here, before the caller is told:
//!
//! - Of two claims in different subnets both look after they wrote. The one that sees a lower id gives its address up.
//!   One that sees a higher id waits until that is gone, and gives up if it stays: the other may have looked before.
//! - Addresses that were not allocated here do not look. One with a lower id was there first and stands.

use std::net::IpAddr;

use crate::error::Result;
use crate::models::{Address, AddressId, SubnetId};
use crate::provider::inner::Inner;
use crate::provider::map::mark::{Found, Nonce};
use crate::provider::map::model::Mapping;
use crate::provider::map::overlap::spaces;

/// What another row of the same address means to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OtherClaim {
    /// Nothing: it came later, and does not look.
    None,
    /// Another claim that came later, and goes by itself.
    Later,
    /// It was there first.
    Earlier,
}

/// Classifies another row of an address that this claim took with the row `id`.
pub(crate) fn other_claim(mapping: &Mapping, other: &Address, id: AddressId, nonce: Nonce) -> OtherClaim {
    match mapping.of_address(other) {
        // This claim took the address twice, in two subnets.
        Found::Mark(mark) if mark.nonce == nonce => OtherClaim::Earlier,
        _ if other.id < id => OtherClaim::Earlier,
        Found::Mark(_) => OtherClaim::Later,
        Found::None | Found::Unreadable => OtherClaim::None,
    }
}

/// Where else the address of a claim of one address is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contest {
    /// Nowhere that matters.
    Won,
    /// In another claim, which came later and is still there.
    Open(SubnetId),
    /// In this subnet, which had it first.
    Lost(SubnetId),
}

impl Inner {
    /// Looks whether a row's address is registered elsewhere in its address space: one request, and one more where it is
    /// registered in other subnets at all. Returns the rows of the address, too.
    pub(crate) async fn contest(
        &self,
        id: AddressId,
        subnet: SubnetId,
        ip: IpAddr,
        nonce: Nonce,
    ) -> Result<(Contest, Vec<Address>)> {
        let rows = self.read(|| async { self.client.addresses().search(ip).await }).await?;
        let others = || rows.iter().filter(|row| row.subnet_id.is_some_and(|other| other != subnet));
        if others().next().is_none() {
            return Ok((Contest::Won, rows));
        }
        let subnets = self.read(|| async { self.client.subnets().find_overlapping(ip.into()).await }).await?;
        let spaces = spaces(&subnets);
        let space = spaces.space(subnet.get());
        let same = others().filter_map(|row| Some((row, row.subnet_id?)));
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
