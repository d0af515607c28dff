//! View of a range: the parts of one subnet that allocation needs, read by its id.

use std::collections::BTreeMap;
use std::net::IpAddr;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::net::{IpRange, IpSet};
use ipam_core::{Error as CoreError, Operation, RangeId, SpaceId};
use ipnet::IpNet;

use crate::error::Result;
use crate::models::{Address, Subnet, SubnetId};
use crate::provider::inner::{Inner, MAX_CONCURRENT};
use crate::provider::map::error::failed;
use crate::provider::map::model::usable;
use crate::provider::map::overlap::{OverlappingSubnet, space_in};
use crate::provider::map::spaces::Spaces;
use crate::provider::snapshot::Snapshot;

/// Range, as far as allocation needs it.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) id: SubnetId,
    pub(crate) space: SpaceId,
    pub(crate) net: IpNet,
    pub(crate) addresses: IpRange,
    pub(crate) gateway: Option<IpAddr>,
    /// Subnets of its address space that overlap it.
    pub(crate) around: Vec<OverlappingSubnet>,
    /// True if the overlapping subnets were read. Otherwise there are none, by the subnet's own row.
    pub(crate) is_nested: bool,
    /// Its addresses that are registered in overlapping subnets.
    pub(crate) elsewhere: IpSet,
    pub(crate) is_full: bool,
    /// True if the server's first free address may be one that a host must not have.
    pub(crate) server_differs: bool,
}

/// Addresses of a range that are taken.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) taken: IpSet,
}

impl Inner {
    /// Returns the view of a subnet by its own row; `None` if it is no range.
    pub(crate) fn view(&self, subnet: &Subnet) -> Option<View> {
        let net = subnet.network().filter(|_| self.may_be_range(subnet))?;
        let is_pool = subnet.is_pool.unwrap_or(false);
        let addresses = usable(net, is_pool);
        // The server hands out the lowest IPv6 address (Q67), which is the Subnet-Router anycast address (RFC 4291,
        // 2.6.1).
        let server_differs = matches!(net, IpNet::V6(_)) && addresses != IpRange::from(net);
        Some(View {
            id: subnet.id,
            space: space_in(&Spaces::default(), subnet),
            net,
            addresses,
            gateway: subnet.gateway_ip(),
            around: Vec::new(),
            is_nested: false,
            elsewhere: IpSet::default(),
            is_full: subnet.is_full,
            server_differs,
        })
    }

    /// Reads the range of this id.
    ///
    /// # Errors
    /// `NotFound` if there is no such subnet, if it is not served, or if it has children.
    pub(crate) async fn range_view(&self, operation: Operation, id: &RangeId) -> ipam_core::Result<View> {
        let missing = || CoreError::not_found(operation, "range", id);
        let subnet: SubnetId = id.as_str().parse().map_err(|_| missing())?;
        let row = match self.read(|| async { self.client.subnets().get(subnet).await }).await {
            Err(error) if error.is_not_found() => return Err(missing()),
            row => row.map_err(failed(operation))?,
        };
        let mut view = self.view(&row).ok_or_else(missing)?;
        // Without a parent and a VRF nothing can overlap it: phpIPAM refuses overlaps at the top of a strict section.
        if row.master_subnet_id.is_some() || row.vrf_id.is_some() {
            let found = self.surroundings(&row, view.net).await.map_err(failed(operation))?;
            if found.has_children {
                return Err(has_children(operation, id));
            }
            (view.space, view.around, view.is_nested) = (found.space, found.around, true);
        }
        Ok(view)
    }

    /// Reads the addresses that are registered in overlapping subnets: one request for each of those.
    pub(crate) async fn read_elsewhere(&self, views: &mut BTreeMap<RangeId, View>) -> Result<()> {
        for view in views.values_mut().filter(|view| !view.around.is_empty()) {
            let found = self.elsewhere(view.net, &view.around).await?;
            view.add(&found.rows);
        }
        Ok(())
    }

    /// Reads several ranges, each once.
    pub(crate) async fn range_views<'a>(
        &self,
        operation: Operation,
        ids: impl IntoIterator<Item = &'a RangeId>,
    ) -> ipam_core::Result<BTreeMap<RangeId, View>> {
        let mut distinct: Vec<&RangeId> = ids.into_iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        // The list of all subnets is less work for both sides than many single ones.
        if distinct.len() > 16 {
            let snapshot = Snapshot::load(self).await.map_err(failed(operation))?;
            let ranges: BTreeMap<RangeId, View> = snapshot
                .ranges(self)
                .filter_map(|(row, net)| {
                    let range = snapshot.range(self, row, net);
                    let (gateway, around) = (range.network.gateway, snapshot.around(row.id));
                    let view = View { gateway, around, is_nested: true, space: range.space, ..self.view(row)? };
                    Some((range.id, view))
                })
                .collect();
            let pick = |id: &RangeId| {
                let view = ranges.get(id).ok_or_else(|| CoreError::not_found(operation, "range", id))?;
                Ok((id.clone(), view.clone()))
            };
            return distinct.into_iter().map(pick).collect();
        }
        let ids: Vec<RangeId> = distinct.into_iter().cloned().collect();
        stream::iter(ids)
            .map(|id| async move {
                let view = self.range_view(operation, &id).await?;
                Ok((id, view))
            })
            .buffered(MAX_CONCURRENT)
            .try_collect()
            .await
    }

    /// Reads the addresses of a range; `None` if it has children, and so is no range any more.
    pub(crate) async fn contents(&self, view: &View) -> Result<Option<Contents>> {
        let client = &self.client;
        let slaves = self.read(|| async { client.subnets().slaves(view.id).await });
        let rows = self.read(|| async { client.subnets().addresses(view.id).await });
        let (slaves, rows) = futures_util::future::try_join(slaves, rows).await?;
        if !slaves.is_empty() {
            return Ok(None);
        }
        let taken = rows.iter().filter_map(|row| row.ip).chain(view.gateway).collect();
        Ok(Some(Contents { taken }))
    }
}

impl View {
    /// Adds addresses of overlapping subnets. A gateway of an enclosing subnet is this range's, unless it has one of
    /// its own.
    fn add(&mut self, rows: &[Address]) {
        let inside = rows.iter().filter_map(|row| Some((row, row.ip?))).filter(|(_, ip)| self.addresses.contains(*ip));
        let gateway = inside.clone().find(|(row, _)| row.is_gateway).map(|(_, ip)| ip);
        self.elsewhere = inside.map(|(_, ip)| ip).collect();
        self.gateway = self.gateway.or(gateway);
    }
}

/// The error for a subnet that is no range because it has subnets below it.
pub(crate) fn has_children(operation: Operation, id: &RangeId) -> CoreError {
    CoreError::not_found(operation, "range", id).with_context("reason", "it has subnets below it")
}
