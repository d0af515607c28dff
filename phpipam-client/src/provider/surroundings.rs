//! What else a range's address space has where the range is, and which range an address belongs to.
//!
//! Addresses are registered in subnets around a range that had hosts before they got subnets below them, and in subnets
//! that overlap it, of another section of its VRF for instance. One request tells which subnets those are, and one more
//! for each of them what is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::SpaceId;
use ipnet::IpNet;

use super::inner::{Inner, MAX_CONCURRENT};
use super::map::error::is_too_large;
use super::map::overlap::{OverlappingSubnet, OwningRange, overlapping_subnets, space_in, spaces};
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::models::{Address, Subnet, SubnetId};

/// How many subnets that overlap a range without lying around it are read. A claim is compared with the others by the
/// search for its address.
const MAX_OVERLAPS: usize = 16;

/// Where a range lies.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) space: SpaceId,
    pub(crate) around: Vec<OverlappingSubnet>,
    pub(crate) has_children: bool,
}

/// What is registered around a range, of its addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct RegisteredElsewhere {
    pub(crate) rows: Vec<Address>,
    /// Whether all of the subnets around it were read: there may be too many, or one that is too large for the server.
    pub(crate) is_complete: bool,
}

impl Inner {
    /// Asks where a subnet lies.
    pub(crate) async fn surroundings(&self, subnet: &Subnet, net: IpNet) -> Result<Surroundings> {
        let rows = self.read(|| async { self.client.subnets().find_overlapping(net).await }).await?;
        let spaces = spaces(rows.iter().filter(|row| row.id != subnet.id).chain([subnet]));
        Ok(Surroundings {
            space: space_in(&spaces, subnet),
            around: overlapping_subnets(&spaces, subnet.id),
            has_children: spaces.has_children(subnet.id.get()),
        })
    }

    /// Asks which subnets lie around a range now.
    pub(crate) async fn subnets_around(&self, id: SubnetId, net: IpNet) -> Result<Vec<OverlappingSubnet>> {
        let rows = self.read(|| async { self.client.subnets().find_overlapping(net).await }).await?;
        Ok(overlapping_subnets(&spaces(&rows), id))
    }

    /// What is registered around a range, of its addresses.
    pub(crate) async fn elsewhere(&self, net: IpNet, around: &[OverlappingSubnet]) -> Result<RegisteredElsewhere> {
        let (above, beside): (Vec<&OverlappingSubnet>, Vec<&OverlappingSubnet>) =
            around.iter().partition(|subnet| subnet.is_ancestor);
        let mut found = RegisteredElsewhere { rows: Vec::new(), is_complete: beside.len() <= MAX_OVERLAPS };
        let ids: Vec<SubnetId> = above.into_iter().chain(beside.into_iter().take(MAX_OVERLAPS)).map(|s| s.id).collect();
        let mut lists = stream::iter(ids)
            .map(|id| async move {
                match self.read(|| async { self.client.subnets().addresses(id).await }).await {
                    Err(error) if is_too_large(&error) => Ok(None),
                    // Deleted meanwhile.
                    Err(error) if error.is_not_found() => Ok(Some(Vec::new())),
                    rows => rows.map(Some),
                }
            })
            .buffered(MAX_CONCURRENT);
        while let Some(rows) = lists.try_next().await? {
            found.is_complete &= rows.is_some();
            found.rows.extend(rows.into_iter().flatten().filter(|row| row.ip.is_some_and(|ip| net.contains(&ip))));
        }
        Ok(found)
    }

    /// The subnet and the space that each of these rows belongs to; rows of subnets that are not served have none.
    ///
    /// A row of a subnet that has subnets below it belongs to the one of those that holds its address.
    pub(crate) async fn owning_ranges(&self, rows: &[Address]) -> Result<Vec<Option<OwningRange>>> {
        const FEW: usize = 8;
        let places: Vec<Option<(SubnetId, IpAddr)>> = rows.iter().map(|row| Some((row.subnet_id?, row.ip?))).collect();
        let ips: BTreeSet<IpAddr> = places.iter().flatten().map(|(_, ip)| *ip).collect();
        let subnets: BTreeSet<SubnetId> = places.iter().flatten().map(|(subnet, _)| *subnet).collect();
        if ips.len() <= FEW {
            let known: BTreeMap<IpAddr, Vec<Subnet>> = stream::iter(ips)
                .map(|ip| async move {
                    let rows = self.read(|| async { self.client.subnets().find_overlapping(ip.into()).await }).await?;
                    Ok::<_, crate::error::Error>((ip, rows))
                })
                .buffered(MAX_CONCURRENT)
                .try_collect()
                .await?;
            let mut owning_ranges = Vec::with_capacity(places.len());
            for place in &places {
                let found = place.as_ref().and_then(|(subnet, ip)| Some((*subnet, *ip, known.get(ip)?)));
                owning_ranges.push(match found {
                    Some((subnet, ip, rows)) => self.owning_range_among(rows, subnet, ip).await?,
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
        let snapshot = Snapshot::of_subnets(self).await?;
        Ok(places
            .into_iter()
            .map(|place| place.and_then(|(subnet, ip)| snapshot.owning_range(self, subnet, ip)))
            .collect())
    }

    /// The owning_ranges of rows that are in these subnets; `None` where one of them has subnets below it.
    async fn leaves(&self, ids: BTreeSet<SubnetId>) -> Result<Option<BTreeMap<SubnetId, Option<OwningRange>>>> {
        let found: Vec<(SubnetId, Option<Option<OwningRange>>)> = stream::iter(ids)
            .map(|id| async move { Ok::<_, crate::error::Error>((id, self.leaf(id).await?)) })
            .buffered(MAX_CONCURRENT)
            .try_collect()
            .await?;
        Ok(found.into_iter().map(|(id, owning_range)| Some((id, owning_range?))).collect())
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

    /// The owning_range of a row, given all subnets that contain its address.
    async fn owning_range_among(&self, rows: &[Subnet], subnet: SubnetId, ip: IpAddr) -> Result<Option<OwningRange>> {
        let Some(own) = rows.iter().find(|row| row.id == subnet) else {
            // An address outside of its subnet, as resizing leaves them.
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
