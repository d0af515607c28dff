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
        let space = space_in(&Spaces::default(), subnet);
        let view = View::new(subnet.id, net, subnet.is_pool.unwrap_or(false), subnet.is_full, space);
        Some(View { gateway: subnet.gateway_ip(), ..view })
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
            let snapshot = self.snapshot().await.map_err(failed(operation))?;
            let view = |id: &RangeId| {
                let row = id.as_str().parse().ok().and_then(|id| snapshot.get(id)).filter(|row| snapshot.is_range(row));
                let row = row.filter(|row| row.id.to_string() == id.as_str());
                let row = row.ok_or_else(|| CoreError::not_found(operation, "range", id))?;
                let view = View::new(row.id, row.net, row.is_pool, row.is_full, snapshot.space(row));
                let (gateway, around) = (snapshot.gateway(row), snapshot.around(row.id));
                Ok((id.clone(), View { gateway, around, is_nested: true, ..view }))
            };
            return distinct.into_iter().map(view).collect();
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
        let slaves = self.read(|| async { self.client.subnets().slaves(view.id).await });
        let rows = self.subnet_addresses(view.id, view.net, |row| row.ip);
        let (slaves, rows) = futures_util::future::try_join(slaves, rows).await?;
        if !slaves.is_empty() {
            return Ok(None);
        }
        let taken = rows.into_iter().chain(view.gateway).collect();
        Ok(Some(Contents { taken }))
    }
}

impl View {
    pub(crate) fn new(id: SubnetId, net: IpNet, is_pool: bool, is_full: bool, space: SpaceId) -> Self {
        let addresses = usable(net, is_pool);
        // The server hands out the lowest IPv6 address (Q67), which is the Subnet-Router anycast address (RFC 4291,
        // 2.6.1).
        let server_differs = matches!(net, IpNet::V6(_)) && addresses != IpRange::from(net);
        Self {
            id,
            space,
            net,
            addresses,
            gateway: None,
            around: Vec::new(),
            is_nested: false,
            elsewhere: IpSet::default(),
            is_full,
            server_differs,
        }
    }

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
