//! Snapshot of a server's subnets with gateways, VLANs and name servers, from a fixed number of lists.
//!
//! | list | read for | when |
//! | --- | --- | --- |
//! | `subnets/all/` | networks, custom fields, name servers | always |
//! | `addresses/all/` where `is_gateway` is 1 | gateways | always |
//! | `vlans/` | VLANs | if a subnet has one |
//! | `tools/nameservers/` | name servers | if a subnet refers to a set that the first list does not contain |
//!
//! Gateways are read from the addresses, because the list of subnets shows those of other subnets (Q35: 1.4 to 1.8.2).
//! A server that cannot list all subnets or addresses at once (Q76) is read section by section, and a section that is
//! too large, subnet by subnet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::{Block, Range, SpaceId};
use ipnet::IpNet;

use super::inner::{Inner, MAX_CONCURRENT};
use super::map::error::is_too_large;
use super::map::model::{Joined, block_id};
use super::map::overlap::{OverlappingSubnet, OwningRange, overlapping_subnets, space_in, spaces};
use super::map::spaces::{Space, Spaces};
use crate::error::Result;
use crate::models::{SectionId, Subnet, SubnetId, VrfId};
use crate::query::Filter;

#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Subnets of the served sections, by id.
    subnets: BTreeMap<SubnetId, Subnet>,
    parents: BTreeSet<SubnetId>,
    spaces: Spaces,
    joined: Joined,
}

impl Snapshot {
    /// Reads subnets only, which is enough for ranges, blocks and address spaces.
    pub(crate) async fn of_subnets(inner: &Inner) -> Result<Self> {
        Ok(Self::new(subnets(inner).await?, Joined::default()))
    }

    /// Reads subnets, gateways, VLANs and name servers.
    pub(crate) async fn load(inner: &Inner) -> Result<Self> {
        let (subnets, gateways) = futures_util::future::try_join(subnets(inner), gateways(inner)).await?;
        let mut snapshot = Self::new(subnets, Joined::default());
        snapshot.joined.gateways = match gateways {
            Some(gateways) => gateways,
            None => gateways_by_section(inner, &snapshot).await?,
        };
        let rows = || snapshot.subnets.values();
        let client = &inner.client;
        let vlans = async {
            if rows().all(|row| row.vlan_id.is_none()) {
                return Ok(Vec::new());
            }
            inner.read(|| async { client.vlans().list().await }).await
        };
        let nameservers = async {
            if rows().all(|row| row.nameserver_id.is_none() || row.nameservers.is_some()) {
                return Ok(Vec::new());
            }
            inner.read(|| async { client.tools().nameservers().list().await }).await
        };
        let (vlans, nameservers) = futures_util::future::try_join(vlans, nameservers).await?;
        snapshot.joined.vlans = vlans.into_iter().map(|vlan| (vlan.id, vlan)).collect();
        snapshot.joined.nameservers = nameservers.into_iter().map(|set| (set.id, set)).collect();
        Ok(snapshot)
    }

    fn new(rows: Vec<Subnet>, joined: Joined) -> Self {
        let subnets: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        let parents = subnets.values().filter_map(|row| row.master_subnet_id).collect();
        let spaces = spaces(subnets.values());
        Self { subnets, parents, spaces, joined }
    }

    pub(crate) fn get(&self, id: SubnetId) -> Option<&Subnet> {
        self.subnets.get(&id)
    }

    fn is_block(&self, inner: &Inner, subnet: &Subnet) -> bool {
        if inner.config.block_fields.is_empty() {
            self.parents.contains(&subnet.id)
        } else {
            inner.has_fields(subnet, &inner.config.block_fields)
        }
    }

    fn is_range(&self, inner: &Inner, subnet: &Subnet) -> bool {
        !self.parents.contains(&subnet.id) && inner.may_be_range(subnet)
    }

    /// Returns the subnets that are ranges, in ascending order of their ids.
    pub(crate) fn ranges<'a>(&'a self, inner: &'a Inner) -> impl Iterator<Item = (&'a Subnet, IpNet)> {
        let rows = self.subnets.values().filter(|row| self.is_range(inner, row));
        rows.filter_map(|row| Some((row, row.network()?)))
    }

    /// Returns the subnets that are blocks, in ascending order of their ids.
    pub(crate) fn blocks<'a>(&'a self, inner: &'a Inner) -> impl Iterator<Item = (&'a Subnet, IpNet)> {
        let rows = self.subnets.values().filter(|row| self.is_block(inner, row));
        rows.filter_map(|row| Some((row, row.network()?)))
    }

    pub(crate) fn range(&self, inner: &Inner, subnet: &Subnet, net: IpNet) -> Range {
        let mut range = inner.mapping.range(subnet, net, self.space(subnet));
        range.network = self.joined.network(subnet, net, self.ancestors(subnet.id));
        self.joined.add_properties(subnet, &mut range.properties);
        range.block = self.block_around(inner, subnet).map(|block| block_id(block.id));
        range
    }

    pub(crate) fn block(&self, subnet: &Subnet, net: IpNet, inner: &Inner) -> Block {
        let mut block = inner.mapping.block(subnet, net, self.space(subnet));
        block.network = self.joined.network(subnet, net, std::iter::empty());
        self.joined.add_properties(subnet, &mut block.properties);
        // Child prefixes of a block cannot share a gateway.
        block.network.gateway = None;
        block
    }

    /// Returns the address space of a subnet.
    pub(crate) fn space(&self, subnet: &Subnet) -> SpaceId {
        space_in(&self.spaces, subnet)
    }

    /// Returns the VRF of a subnet, or that of an enclosing subnet.
    pub(crate) fn vrf(&self, subnet: &Subnet) -> Option<VrfId> {
        match self.spaces.space(subnet.id.get())? {
            Space::Vrf(vrf) => Some(VrfId::new(vrf)),
            Space::Section(_) => None,
        }
    }

    /// Returns the enclosing subnets, the smallest first.
    pub(crate) fn ancestors(&self, id: SubnetId) -> impl Iterator<Item = SubnetId> {
        self.spaces.ancestors(id.get()).map(|place| SubnetId::new(place.id))
    }

    /// Returns the subnets of the same address space that overlap a subnet.
    pub(crate) fn around(&self, id: SubnetId) -> Vec<OverlappingSubnet> {
        overlapping_subnets(&self.spaces, id)
    }

    /// Returns the range of an address that is registered in a subnet: the smallest range below it that contains the
    /// address, or the subnet itself.
    pub(crate) fn owning_range(&self, inner: &Inner, subnet: SubnetId, ip: IpAddr) -> Option<OwningRange> {
        let own = self.subnets.get(&subnet)?;
        let below = || self.children(subnet).filter(|(row, net)| net.contains(&ip) && self.is_range(inner, row));
        let inner_most = self.parents.contains(&subnet).then(|| below().max_by_key(|(row, _)| row.mask)).flatten();
        let owning_range = inner_most.map(|(row, _)| row).or_else(|| inner.may_be_range(own).then_some(own))?;
        Some(OwningRange { subnet: owning_range.id, space: self.space(owning_range) })
    }

    fn block_around(&self, inner: &Inner, subnet: &Subnet) -> Option<&Subnet> {
        let mut next = subnet.master_subnet_id;
        // A limit, because the server does not verify that parents form a tree.
        for _ in 0..128 {
            let row = self.subnets.get(&next?)?;
            if self.is_block(inner, row) && row.network().is_some() {
                return Some(row);
            }
            next = row.master_subnet_id;
        }
        None
    }

    /// Returns the subnets below a subnet, at any depth.
    pub(crate) fn children(&self, id: SubnetId) -> impl Iterator<Item = (&Subnet, IpNet)> {
        let below = move |row: &&Subnet| {
            let mut next = row.master_subnet_id;
            for _ in 0..128 {
                match next {
                    Some(master) if master == id => return true,
                    Some(master) => next = self.subnets.get(&master).and_then(|row| row.master_subnet_id),
                    None => return false,
                }
            }
            false
        };
        self.subnets.values().filter(below).filter_map(|row| Some((row, row.network()?)))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Subnet> {
        self.subnets.values()
    }
}

async fn subnets(inner: &Inner) -> Result<Vec<Subnet>> {
    let client = &inner.client;
    let listed = match inner.sections.as_slice() {
        // `sections/ID/subnets/` would compute the usage of each subnet: 5 s for 4 000 subnets, while the filter takes
        // 0.9 s (Q71, Q76).
        [only] => {
            let filter = Filter::equals("sectionId", only);
            inner.read(|| async { client.subnets().list_filtered(&filter).await }).await
        }
        // A filter has one value (Q69), so for several sections all subnets are read.
        _ => inner.read(|| async { client.subnets().list().await }).await,
    };
    let mut rows = match listed {
        Err(error) if is_too_large(&error) => {
            let sections = sections(inner).await?;
            let lists = stream::iter(sections)
                .map(|section| inner.read(move || async move { client.sections().subnets(section).await }))
                .buffered(MAX_CONCURRENT);
            lists.try_concat().await?
        }
        listed => listed?,
    };
    // Here again, because several sections are not filtered by the server, and it compares loosely: `1` matches `01`.
    rows.retain(|row| !row.is_folder && inner.serves_section(row.section_id));
    Ok(rows)
}

/// Returns the ids of the served sections.
async fn sections(inner: &Inner) -> Result<Vec<SectionId>> {
    if !inner.sections.is_empty() {
        return Ok(inner.sections.clone());
    }
    let sections = inner.read(|| async { inner.client.sections().list().await }).await?;
    Ok(sections.into_iter().map(|section| section.id).collect())
}

type Gateways = BTreeMap<SubnetId, Vec<IpAddr>>;

/// Reads all gateways; `None` if the server has too many addresses for one list.
async fn gateways(inner: &Inner) -> Result<Option<Gateways>> {
    let filter = Filter::equals("is_gateway", 1);
    match inner.read(|| async { inner.client.addresses().list_filtered(&filter).await }).await {
        // Old versions filter loosely (Q69), so the rows are checked again.
        Ok(rows) => {
            let rows = rows.into_iter().filter(|row| row.is_gateway);
            let mut gateways = Gateways::new();
            for (subnet, ip) in rows.filter_map(|row| Some((row.subnet_id?, row.ip?))) {
                gateways.entry(subnet).or_default().push(ip);
            }
            Ok(Some(gateways))
        }
        Err(error) if is_too_large(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn gateways_by_section(inner: &Inner, snapshot: &Snapshot) -> Result<Gateways> {
    let client = &inner.client;
    let mut gateways = Gateways::new();
    for section in sections(inner).await? {
        match inner.read(|| async { client.sections().subnets_with_addresses(section).await }).await {
            Ok(rows) => {
                for row in rows {
                    let found = row.addresses.iter().filter(|address| address.is_gateway).filter_map(|row| row.ip);
                    gateways.entry(row.id).or_default().extend(found);
                }
            }
            Err(error) if is_too_large(&error) => {
                // The row of a single subnet shows its own gateway, unlike the list (Q35).
                let rows = snapshot.ranges(inner).filter(|(row, _)| row.section_id == Some(section));
                let ids: Vec<SubnetId> = rows.map(|(row, _)| row.id).collect();
                let rows: Vec<Subnet> = stream::iter(ids)
                    .map(|id| inner.read(move || async move { client.subnets().get(id).await }))
                    .buffered(MAX_CONCURRENT)
                    .try_collect()
                    .await?;
                gateways.extend(rows.iter().filter_map(|row| Some((row.id, vec![row.gateway_ip()?]))));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(gateways)
}
