//! Ranges of the server, with the networks that they belong to.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use futures_util::TryStreamExt;
use ipam_core::net::{IpRange, common_supernet};
use ipam_core::{Error, NetworkInfo, Operation, Properties, Range, RangeId, RangePolicy, Result, Tag};
use ipnet::IpNet;

use super::inner::{Inner, failed, locked};
use super::kept::{Kept, Snapshot};
use crate::v8::{FabricNetwork, NetworkIpRange};

/// Rows of a page. One page is a consistent view, and several are not.
pub(super) const PAGE: u32 = 5000;

impl Inner {
    /// Returns the ranges that are served.
    pub(super) async fn snapshot(&self, operation: Operation) -> Result<Arc<Snapshot>> {
        let kept = locked(&self.kept).clone();
        match kept.filter(|kept| kept.at.elapsed() < self.config.max_age) {
            Some(kept) => Ok(kept.snapshot),
            None => self.fresh_snapshot(operation).await,
        }
    }

    /// Reads the ranges that are served.
    pub(super) async fn fresh_snapshot(&self, operation: Operation) -> Result<Arc<Snapshot>> {
        let at = Instant::now();
        let read: Vec<FabricNetwork> =
            self.client.fabric_networks().list_vsphere().with_page_size(PAGE).all().await.map_err(failed(operation))?;
        let mut networks: HashMap<String, FabricNetwork> =
            read.into_iter().filter_map(|network| Some((network.id.clone()?, network))).collect();
        let ranges = self.client.network_ip_ranges().list().with_page_size(PAGE).stream();
        let mut ranges = Box::pin(ranges);
        let mut snapshot = Snapshot::new();
        let mut others_read = false;
        while let Some(row) = ranges.try_next().await.map_err(failed(operation))? {
            // A network that is not one of vSphere is only in the plain list, without gateway and DNS.
            if !others_read && row.fabric_network_ids().iter().any(|id| !networks.contains_key(id)) {
                others_read = true;
                let plain = self.client.fabric_networks().list().with_page_size(PAGE).all().await;
                for network in plain.map_err(failed(operation))? {
                    if let Some(id) = network.id.clone() {
                        networks.entry(id).or_insert(network);
                    }
                }
            }
            if let Some(range) = self.range_of(&row, &networks) {
                snapshot.insert(range.id.clone(), Arc::new(range));
            }
        }
        let snapshot = Arc::new(snapshot);
        *locked(&self.kept) = Some(Kept { at, snapshot: Arc::clone(&snapshot) });
        Ok(snapshot)
    }

    /// Returns one range.
    ///
    /// # Errors
    /// `NotFound` if there is no such range, or it is not served.
    pub(super) async fn range(&self, operation: Operation, id: &RangeId) -> Result<Arc<Range>> {
        if let Some(range) = self.snapshot(operation).await?.get(id) {
            return Ok(Arc::clone(range));
        }
        // It may have been created since the ranges were read.
        let fresh = self.fresh_snapshot(operation).await?;
        fresh.get(id).cloned().ok_or_else(|| Error::not_found(operation, "range", id))
    }

    /// Forgets the ranges, after the server showed that one has changed.
    pub(super) fn forget_ranges(&self) {
        *locked(&self.kept) = None;
    }

    /// Converts a range. [`None`] if it is not served, or its bounds cannot be read.
    fn range_of(&self, row: &NetworkIpRange, networks: &HashMap<String, FabricNetwork>) -> Option<Range> {
        let id = row.id.clone()?;
        let (first, last) = row.bounds()?;
        let addresses = IpRange::new(first, last).ok()?;
        let mut ids = row.fabric_network_ids();
        ids.sort();
        let known = ids.iter().filter_map(|id| networks.get(id)).collect::<Vec<_>>();
        let named = |wanted: &String, id: &str, name: Option<&String>| wanted == id || name == Some(wanted);
        let served = |wanted: &[String], fits: &dyn Fn(&String) -> bool| wanted.is_empty() || wanted.iter().any(fits);
        let of_network =
            |wanted: &String| ids.contains(wanted) || known.iter().any(|network| network.name.as_ref() == Some(wanted));
        if !served(&self.config.ranges, &|wanted| named(wanted, &id, row.name.as_ref()))
            || !served(&self.config.networks, &of_network)
        {
            return None;
        }
        let v4 = first.is_ipv4();
        let cidr = |network: &&FabricNetwork| {
            let text = if v4 { &network.cidr } else { &network.ipv6_cidr };
            let net: IpNet = text.as_deref()?.trim().parse().ok()?;
            Some(net.trunc()).filter(|net| net.contains(&first) && net.contains(&last))
        };
        let net = known.iter().find_map(cidr).or_else(|| common_supernet([addresses]))?;
        // Ranges of different networks may overlap, and those of one network may not: so the network is the space.
        let space = ids.first().cloned().unwrap_or_else(|| id.clone());
        let mut range = Range::new(id, space, net, addresses);
        range.name = row.name.clone().unwrap_or_else(|| range.id.to_string());
        range.description = row.description.clone().filter(|text| !text.is_empty());
        range.policy = RangePolicy::default().with_quarantine(self.release_wait);
        for tag in row.tags.iter().flatten() {
            range.tags.insert(Tag::new(tag.key.clone().unwrap_or_default(), tag.value.clone().unwrap_or_default()));
        }
        if let Some(network) = known.first() {
            range.network = info(network, v4);
            range.properties = properties(network);
        }
        Some(range)
    }
}

fn info(network: &FabricNetwork, v4: bool) -> NetworkInfo {
    let gateway = if v4 { &network.default_gateway } else { &network.default_ipv6_gateway };
    let mut info = NetworkInfo::default();
    info.gateway = gateway.as_deref().and_then(|text| text.trim().parse().ok());
    let servers = network.dns_server_addresses.iter().flatten();
    info.dns_servers = servers.filter_map(|text| text.trim().parse::<IpAddr>().ok()).collect();
    info.search_domains = network.dns_search_domains.clone().unwrap_or_default();
    info.domain = network.domain.clone().filter(|domain| !domain.is_empty());
    info
}

fn properties(network: &FabricNetwork) -> Properties {
    let mut properties = Properties::new();
    for (name, value) in [("network", &network.name), ("networkExternalId", &network.external_id)] {
        if let Some(value) = value {
            properties.insert(name.to_owned(), value.clone());
        }
    }
    properties
}
