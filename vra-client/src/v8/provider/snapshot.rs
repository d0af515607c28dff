//! Ranges of the server, with the networks that they belong to.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use ipam_core::net::{IpRange, common_supernet};
use ipam_core::{Error, NetworkInfo, Operation, Properties, Range, RangeId, RangePolicy, Result, Tag};
use ipnet::IpNet;

use super::inner::{Inner, failed, locked};
use super::kept::{Kept, Snapshot};
use super::pages;
use crate::list::List;
use crate::v8::{FabricNetwork, NetworkIpRange};

/// Rows of a page. One page is a consistent view, and several have to be read again.
pub(super) const PAGE: u32 = 5000;

/// Ranges that were read, with what of them cannot be read.
pub(super) struct Fresh {
    pub(super) snapshot: Arc<Snapshot>,
    /// Sentences about ranges that are not served, or not as the server meant, because a value cannot be read.
    pub(super) faults: Vec<String>,
}

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
    ///
    /// # Errors
    /// `Busy` if a list has several pages and changes while it is read; otherwise those of lists.
    pub(super) async fn fresh_snapshot(&self, operation: Operation) -> Result<Arc<Snapshot>> {
        Ok(self.read_ranges(operation).await?.snapshot)
    }

    /// Reads the ranges that are served, and what of them cannot be read.
    pub(super) async fn read_ranges(&self, operation: Operation) -> Result<Fresh> {
        let at = Instant::now();
        let vsphere = self.client.fabric_networks().list_vsphere();
        let mut networks: HashMap<String, FabricNetwork> = HashMap::new();
        for network in self.networks(operation, vsphere).await? {
            networks.extend(network.id.clone().map(|id| (id, network)));
        }
        let list = self.client.network_ip_ranges().list().with_page_size(PAGE);
        let ranges = pages::whole(list, |row| row.id.clone()).await.map_err(failed(operation))?;
        let mut snapshot = Snapshot::new();
        let mut faults = Vec::new();
        let mut others_read = false;
        for row in ranges.ok_or_else(|| pages::unsteady(operation, "the IP ranges"))? {
            // A network that is not one of vSphere is only in the plain list, without gateway and DNS.
            if !others_read && row.fabric_network_ids().iter().any(|id| !networks.contains_key(id)) {
                others_read = true;
                for network in self.networks(operation, self.client.fabric_networks().list()).await? {
                    if let Some(id) = network.id.clone() {
                        networks.entry(id).or_insert(network);
                    }
                }
            }
            if let Some(range) = self.range_of(&row, &networks, &mut faults) {
                snapshot.insert(range.id.clone(), Arc::new(range));
            }
        }
        let snapshot = Arc::new(snapshot);
        *locked(&self.kept) = Some(Kept { at, snapshot: Arc::clone(&snapshot) });
        Ok(Fresh { snapshot, faults })
    }

    async fn networks(&self, operation: Operation, list: List<FabricNetwork>) -> Result<Vec<FabricNetwork>> {
        let read = pages::whole(list.with_page_size(PAGE), |row| row.id.clone()).await.map_err(failed(operation))?;
        read.ok_or_else(|| pages::unsteady(operation, "the fabric networks"))
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

    /// Converts a range. [`None`] if it is not served, or its bounds cannot be read, which is a fault.
    fn range_of(
        &self,
        row: &NetworkIpRange,
        networks: &HashMap<String, FabricNetwork>,
        faults: &mut Vec<String>,
    ) -> Option<Range> {
        let id = row.id.clone().unwrap_or_default();
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
        let name = row.name.clone().unwrap_or_else(|| id.clone());
        let bounds = row.bounds().and_then(|(first, last)| Some((first, last, IpRange::new(first, last).ok()?)));
        let Some((first, last, addresses)) = bounds.filter(|_| !id.is_empty()) else {
            let (start, end) = (row.start_ip_address.as_deref(), row.end_ip_address.as_deref());
            faults.push(format!(
                "the IP range {name:?} is not served: its id {id:?} or its bounds {:?} to {:?} cannot be read",
                start.unwrap_or_default(),
                end.unwrap_or_default()
            ));
            return None;
        };
        let v4 = first.is_ipv4();
        faults.extend(known.iter().flat_map(|network| unreadable(&name, network, v4)));
        let cidr = |network: &&FabricNetwork| {
            let text = if v4 { &network.cidr } else { &network.ipv6_cidr };
            let net: IpNet = text.as_deref()?.trim().parse().ok()?;
            Some(net.trunc()).filter(|net| net.contains(&first) && net.contains(&last))
        };
        let net = known.iter().find_map(cidr).or_else(|| common_supernet([addresses]))?;
        // Ranges of different networks may overlap, and those of one network may not: so the network is the space.
        let space = ids.first().cloned().unwrap_or_else(|| id.clone());
        let mut range = Range::new(id, space, net, addresses);
        range.name = name;
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

/// Returns sentences about the values of a network that are there and cannot be read.
fn unreadable<'a>(range: &'a str, network: &'a FabricNetwork, v4: bool) -> impl Iterator<Item = String> + 'a {
    let (gateway, cidr) = match v4 {
        true => (&network.default_gateway, &network.cidr),
        false => (&network.default_ipv6_gateway, &network.ipv6_cidr),
    };
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    let servers =
        network.dns_server_addresses.iter().flatten().map(move |text| ("DNS server", text, is_address(text.trim())));
    // A gateway that cannot be read is not kept from being allocated.
    let gateway = gateway.iter().map(move |text| ("gateway", text, is_address(text.trim())));
    let cidr = cidr.iter().map(|text| ("prefix", text, text.trim().parse::<IpNet>().is_ok()));
    let all = cidr.chain(gateway).chain(servers).filter(|(_, text, fits)| !fits && !text.trim().is_empty());
    let of = network.name.as_deref().unwrap_or_default();
    all.map(move |(part, text, _)| {
        format!("the {part} {text:?} of the network {of:?} of the IP range {range:?} cannot be read")
    })
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
