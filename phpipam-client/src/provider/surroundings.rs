//! Surroundings of a range: the subnets of its address space that overlap it, and the addresses registered there.
//!
//! An enclosing subnet may still hold addresses from before it was divided (Q77). Another section of the same VRF may
//! hold an overlapping subnet (Q78). One request finds these subnets, and one more for each of them reads its
//! addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::SpaceId;
use ipnet::IpNet;

use super::inner::{Inner, MAX_CONCURRENT};
use super::map::address_row::AddressRow;
use super::map::error::is_too_large;
use super::map::overlap::{OverlappingSubnet, OwningRange, overlapping_subnets, place, space_in, spaces};
use super::map::spaces::{Space, Spaces};
use super::map::subnet_row::SubnetRow;
use super::snapshot::SharedRanges;
use crate::error::Result;
use crate::models::{Address, Subnet, SubnetId};

/// Largest number of overlapping subnets, other than enclosing ones, that are read. Beyond it, each claimed address is
/// compared with one search.
const MAX_OVERLAPS: usize = 16;

/// Address space of a range, and its overlapping subnets.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) space: SpaceId,
    pub(crate) around: Vec<OverlappingSubnet>,
    pub(crate) has_children: bool,
}

/// Addresses of a range that are registered in other subnets.
#[derive(Debug, Clone, Default)]
pub(crate) struct RegisteredElsewhere {
    pub(crate) rows: Vec<Address>,
    /// True if all overlapping subnets were read. One may be too large for the server, or there may be too many.
    pub(crate) is_complete: bool,
}

impl Inner {
    /// Reads the address space of a subnet and its overlapping subnets.
    pub(crate) async fn surroundings(&self, subnet: &Subnet, net: IpNet) -> Result<Surroundings> {
        let rows = self.overlapping(net).await?;
        let spaces = spaces(rows.iter().filter(|row| row.id != subnet.id).chain([subnet]));
        Ok(Surroundings {
            space: space_in(&spaces, subnet),
            around: overlapping_subnets(&spaces, subnet.id),
            has_children: spaces.has_children(subnet.id.get()),
        })
    }

    /// Reads the same for a subnet of a snapshot.
    pub(crate) async fn surroundings_of(&self, row: &SubnetRow) -> Result<Surroundings> {
        let rows = self.overlapping(row.net).await?;
        let others = rows.iter().filter(|other| other.id != row.id).filter_map(place);
        let spaces = Spaces::new(others.chain([row.place()]));
        let own = row.vrf.map_or(Space::Section(row.place().section), |vrf| Space::Vrf(vrf.get()));
        Ok(Surroundings {
            space: spaces.space(row.id.get()).unwrap_or(own).into(),
            around: overlapping_subnets(&spaces, row.id),
            has_children: spaces.has_children(row.id.get()),
        })
    }

    /// Reads the subnets that overlap a range.
    pub(crate) async fn subnets_around(&self, id: SubnetId, net: IpNet) -> Result<Vec<OverlappingSubnet>> {
        let rows = self.overlapping(net).await?;
        Ok(overlapping_subnets(&spaces(&rows), id))
    }

    /// Reads the addresses of a range that are registered in overlapping subnets.
    pub(crate) async fn elsewhere(&self, net: IpNet, around: &[OverlappingSubnet]) -> Result<RegisteredElsewhere> {
        let (above, beside): (Vec<&OverlappingSubnet>, Vec<&OverlappingSubnet>) =
            around.iter().partition(|subnet| subnet.is_ancestor);
        let mut found = RegisteredElsewhere { rows: Vec::new(), is_complete: beside.len() <= MAX_OVERLAPS };
        let read: Vec<(SubnetId, IpNet)> =
            above.into_iter().chain(beside.into_iter().take(MAX_OVERLAPS)).map(|at| (at.id, at.net)).collect();
        let mut lists = stream::iter(read)
            .map(|(id, around)| async move {
                let inside = |row: Address| row.ip.is_some_and(|ip| net.contains(&ip)).then_some(row);
                match self.subnet_addresses(id, around, inside).await {
                    Err(error) if is_too_large(&error) => Ok(None),
                    // Another caller deleted the subnet after it was listed.
                    Err(error) if error.is_not_found() => Ok(Some(Vec::new())),
                    rows => rows.map(Some),
                }
            })
            .buffered(MAX_CONCURRENT);
        while let Some(rows) = lists.try_next().await? {
            found.is_complete &= rows.is_some();
            found.rows.extend(rows.into_iter().flatten());
        }
        Ok(found)
    }

    /// Returns the range that each of these rows belongs to; `None` for rows of subnets that are not served.
    ///
    /// A row of a subnet with children belongs to the child that contains its address.
    pub(crate) async fn owning_ranges(&self, rows: &[Address]) -> Result<Vec<Option<Arc<OwningRange>>>> {
        self.owning_ranges_at(rows.iter().map(|row| Some((row.subnet_id?, row.ip?))).collect()).await
    }

    /// Returns the same for rows of long lists.
    pub(crate) async fn owning_ranges_of(&self, rows: &[AddressRow]) -> Result<Vec<Option<Arc<OwningRange>>>> {
        self.owning_ranges_at(rows.iter().map(|row| Some((row.subnet?, row.ip))).collect()).await
    }

    async fn owning_ranges_at(&self, places: Vec<Option<(SubnetId, IpAddr)>>) -> Result<Vec<Option<Arc<OwningRange>>>> {
        const FEW: usize = 8;
        let ips: BTreeSet<IpAddr> = places.iter().flatten().map(|(_, ip)| *ip).collect();
        let subnets: BTreeSet<SubnetId> = places.iter().flatten().map(|(subnet, _)| *subnet).collect();
        // Three ways, the cheapest first: by address, by subnet, or with the list of all subnets.
        if ips.len() <= FEW {
            let known: BTreeMap<IpAddr, Vec<Subnet>> = stream::iter(ips)
                .map(|ip| async move {
                    let rows = self.overlapping(ip.into()).await?;
                    Ok::<_, crate::error::Error>((ip, rows))
                })
                .buffered(MAX_CONCURRENT)
                .try_collect()
                .await?;
            let mut owning_ranges = Vec::with_capacity(places.len());
            for place in &places {
                let found = place.as_ref().and_then(|(subnet, ip)| Some((*subnet, *ip, known.get(ip)?)));
                owning_ranges.push(match found {
                    Some((subnet, ip, rows)) => self.owning_range_among(rows, subnet, ip).await?.map(Arc::new),
                    None => None,
                });
            }
            return Ok(owning_ranges);
        }
        if subnets.len() <= FEW
            && let Some(leaves) = self.leaves(subnets).await?
        {
            return Ok(places.iter().map(|place| leaves.get(&place.as_ref()?.0)?.clone()).collect());
        }
        let snapshot = self.subnets_snapshot().await?;
        let mut shared = SharedRanges::default();
        let mut owning_range = |(subnet, ip)| Some(shared.share(snapshot.owning_range(subnet, ip)?));
        Ok(places.into_iter().map(|place| place.and_then(&mut owning_range)).collect())
    }

    /// Returns the ranges of rows that are in these subnets; `None` if one of the subnets has children.
    async fn leaves(&self, ids: BTreeSet<SubnetId>) -> Result<Option<BTreeMap<SubnetId, Option<Arc<OwningRange>>>>> {
        let found: Vec<(SubnetId, Option<Option<OwningRange>>)> = stream::iter(ids)
            .map(|id| async move { Ok::<_, crate::error::Error>((id, self.leaf(id).await?)) })
            .buffered(MAX_CONCURRENT)
            .try_collect()
            .await?;
        Ok(found.into_iter().map(|(id, owning_range)| Some((id, owning_range?.map(Arc::new)))).collect())
    }

    async fn leaf(&self, id: SubnetId) -> Result<Option<Option<OwningRange>>> {
        let row = match self.read(|| async { self.client.subnets().get(id).await }).await {
            Err(error) if error.is_not_found() => return Ok(Some(None)),
            row => row?,
        };
        let Some(net) = row.network().filter(|_| self.may_be_range(&row)) else { return Ok(Some(None)) };
        let surroundings = self.surroundings(&row, net).await?;
        Ok((!surroundings.has_children).then_some(Some(OwningRange { subnet: id, space: surroundings.space })))
    }

    /// Returns the range of a row, given all subnets that contain its address.
    async fn owning_range_among(&self, rows: &[Subnet], subnet: SubnetId, ip: IpAddr) -> Result<Option<OwningRange>> {
        let Some(own) = rows.iter().find(|row| row.id == subnet) else {
            // The address lies outside its subnet, as resizing a subnet leaves it.
            return Ok(self.leaf(subnet).await?.flatten());
        };
        let spaces = spaces(rows);
        let below = rows.iter().filter(|row| spaces.is_ancestor(subnet.get(), row.id.get()) && self.may_be_range(row));
        let below = below.filter(|row| row.network().is_some_and(|net| net.contains(&ip)));
        if let Some(inner) = below.max_by_key(|row| row.mask) {
            let slaves = self.read(|| async { self.client.subnets().slaves(inner.id).await }).await?;
            if slaves.is_empty() {
                return Ok(Some(OwningRange { subnet: inner.id, space: space_in(&spaces, inner) }));
            }
        }
        Ok(self.may_be_range(own).then(|| OwningRange { subnet, space: space_in(&spaces, own) }))
    }
}
