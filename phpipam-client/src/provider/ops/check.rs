//! `check`: permission of the app, and everything on the server that prevents allocations or makes them ambiguous:
//! required fields, abandoned claims, overlapping ranges, addresses in enclosing subnets.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::net::{IpRange, overlaps};
use ipam_core::{Health, Operation, SpaceId};
use ipnet::IpNet;

use crate::error::{Error, Result};
use crate::models::{Address, Schema, Subnet, SubnetId, VrfId};
use crate::probe::{OUTDATED, has_device_type_colours, is_outdated, may_write};
use crate::provider::inner::{Inner, MAX_CONCURRENT};
use crate::provider::map::error::{failed, is_too_large};
use crate::provider::map::required::{FieldValues, FieldsOf};
use crate::provider::map::spaces::Space;
use crate::provider::snapshot::Snapshot;
use crate::provider::warning::Warning;

/// Largest number of findings of one kind that are named.
const MAX_NAMED: usize = 20;
/// Largest number of enclosing subnets, and of VRFs, that are read: one request each.
const MAX_READ: usize = 64;

/// Address, and true if it is a gateway.
type Registered = (IpAddr, bool);

fn label(net: IpNet, id: SubnetId) -> String {
    format!("{net} (subnet {id})")
}

impl Inner {
    pub(crate) async fn check(&self) -> ipam_core::Result<Health> {
        let may_write = may_write(&self.client).await.map_err(failed(Operation::Check))?;
        let snapshot = self.fresh_snapshot().await.map_err(failed(Operation::Check))?;
        let mut health = Health::new();
        match may_write {
            Some(true) => {}
            Some(false) => {
                health = health.with_warning(
                    "the app is read-only: nothing can be allocated; give it read/write permission under \
                     Administration, API",
                );
            }
            None => health = health.with_warning("the server does not say what the app may do"),
        }
        let colours = match self.probed.search {
            true => has_device_type_colours(&self.client).await.map_err(failed(Operation::Check))?,
            false => None,
        };
        if is_outdated(self.probed.search, colours) {
            health = health.with_warning(OUTDATED);
        }
        if may_write != self.probed.may_write {
            health = health.with_warning("the app's permission changed since the provider connected; connect again");
        }
        let mut warnings = self.required_field_warnings().await.map_err(failed(Operation::Check))?;
        warnings.extend(self.abandoned_warning().await.map_err(failed(Operation::Check))?);
        warnings.extend(self.nothing_served_warning(&snapshot));
        warnings.extend(self.overlap_warnings(&snapshot).await.map_err(failed(Operation::Check))?);
        warnings.extend(self.enclosing_warnings(&snapshot).await.map_err(failed(Operation::Check))?);
        Ok(warnings.iter().fold(health, |health, warning| health.with_warning(warning.to_string())))
    }

    /// Reads what the warnings about subnets need.
    #[cfg(feature = "doctor")]
    pub(crate) async fn snapshot_to_check(&self) -> Result<std::sync::Arc<Snapshot>> {
        self.fresh_snapshot().await
    }

    /// Returns a warning if no subnet is a range.
    pub(crate) fn nothing_served_warning(&self, snapshot: &Snapshot) -> Option<Warning> {
        let message = "no subnet is served: none is in the chosen sections and has the chosen fields";
        snapshot.ranges().next().is_none().then(|| Warning::new("ranges", message, ""))
    }

    /// Returns a warning for each required field without a value.
    pub(crate) async fn required_field_warnings(&self) -> Result<Vec<Warning>> {
        let mut found = Vec::new();
        // An administrator may have changed the fields since `connect`.
        let addresses = Schema::new(self.read(|| async { self.client.addresses().custom_fields().await }).await?);
        let subnets = Schema::new(self.read(|| async { self.client.subnets().custom_fields().await }).await?);
        let config = &self.config;
        for (of, wanted, schema, always) in [
            (FieldsOf::Addresses, &config.address_fields, &addresses, config.written_address_fields(&addresses)),
            (FieldsOf::Subnets, &config.child_prefix_fields, &subnets, config.written_subnet_fields(&subnets)),
        ] {
            match FieldValues::new(of, wanted, schema, &always) {
                Ok(values) => found.extend(values.warnings(of)),
                Err(error) => found.push(Warning::new(of.name(), error.message(), "")),
            }
        }
        Ok(found)
    }

    /// Returns a warning for each pair of overlapping ranges of one address space; of a VRF also those in sections that
    /// are not served.
    pub(crate) async fn overlap_warnings(&self, snapshot: &Snapshot) -> Result<Vec<Warning>> {
        let mut spaces: BTreeMap<SpaceId, Vec<(IpRange, String)>> = BTreeMap::new();
        for row in snapshot.ranges() {
            spaces.entry(snapshot.space(row)).or_default().push((IpRange::from(row.net), label(row.net, row.id)));
        }
        for (space, other) in self.of_other_sections(snapshot).await? {
            if let Some(net) = other.network() {
                spaces.entry(space).or_default().push((IpRange::from(net), label(net, other.id)));
            }
        }
        let mut warnings = Vec::new();
        let mut found = 0_usize;
        for (space, ranges) in &spaces {
            for overlap in overlaps(ranges.iter().map(|(range, _)| *range)) {
                found += 1;
                if found > MAX_NAMED {
                    continue;
                }
                let name = |index: usize| ranges.get(index).map_or("", |(_, label)| label.as_str());
                let message = format!(
                    "{} and {} overlap in the address space {space}: phpIPAM keeps addresses unique in a subnet only; \
                     this provider compares them, other programs may allocate an address twice",
                    name(overlap.outer),
                    name(overlap.inner),
                );
                warnings.push(Warning::new(name(overlap.inner), message, "keep one of them"));
            }
        }
        if found > MAX_NAMED {
            let message = format!("and {} more overlaps", found - MAX_NAMED);
            warnings.push(Warning::new("other ranges", message, ""));
        }
        Ok(warnings)
    }

    /// Returns the subnets without children in sections that are not served, of the VRFs of served ranges.
    async fn of_other_sections(&self, snapshot: &Snapshot) -> Result<Vec<(SpaceId, Subnet)>> {
        if self.sections.is_empty() {
            return Ok(Vec::new());
        }
        let vrfs: BTreeSet<VrfId> = snapshot.ranges().filter_map(|row| row.vrf).collect();
        let lists: Vec<(VrfId, Vec<Subnet>)> = stream::iter(vrfs.into_iter().take(MAX_READ))
            .map(|vrf| async move {
                let rows = self.read(|| async { self.client.vrfs().subnets(vrf).await }).await;
                match rows {
                    Err(error) if error.is_not_found() || is_too_large(&error) => Ok((vrf, Vec::new())),
                    rows => Ok::<_, Error>((vrf, rows?)),
                }
            })
            .buffered(MAX_CONCURRENT)
            .try_collect()
            .await?;
        let mut others = Vec::new();
        for (vrf, rows) in lists {
            let masters: BTreeSet<SubnetId> = rows.iter().filter_map(|row| row.master_subnet_id).collect();
            let space = SpaceId::from(Space::Vrf(vrf.get()));
            let unserved = rows
                .into_iter()
                .filter(|row| !row.is_folder && !self.serves_section(row.section_id) && !masters.contains(&row.id));
            others.extend(unserved.map(|row| (space.clone(), row)));
        }
        Ok(others)
    }

    /// Returns a warning for each enclosing subnet that holds addresses of ranges.
    pub(crate) async fn enclosing_warnings(&self, snapshot: &Snapshot) -> Result<Vec<Warning>> {
        let parents: BTreeSet<SubnetId> = snapshot.ranges().flat_map(|row| snapshot.ancestors(row.id)).collect();
        let count = parents.len();
        let parents = parents.into_iter().filter_map(|id| snapshot.get(id)).map(|row| (row.id, row.net));
        let parents: Vec<(SubnetId, IpNet)> = parents.take(MAX_READ).collect();
        let lists: Vec<(SubnetId, Option<Vec<Registered>>)> = stream::iter(parents)
            .map(|(id, net)| async move {
                let registered = |row: Address| Some((row.ip?, row.is_gateway));
                match self.subnet_addresses(id, net, registered).await {
                    Err(error) if is_too_large(&error) => Ok((id, None)),
                    Err(error) if error.is_not_found() => Ok((id, Some(Vec::new()))),
                    rows => Ok::<_, Error>((id, Some(rows?))),
                }
            })
            .buffered(MAX_CONCURRENT)
            .try_collect()
            .await?;
        let mut warnings = Vec::new();
        let mut left_out = count.saturating_sub(MAX_READ);
        for (id, rows) in lists {
            let Some(rows) = rows else {
                left_out += 1;
                continue;
            };
            let inside = rows.iter().filter_map(|(ip, is_gateway)| {
                let owning_range = snapshot.owning_range(id, *ip).filter(|owning_range| owning_range.subnet != id)?;
                Some(format!("{ip}{} of range {}", if *is_gateway { " (gateway)" } else { "" }, owning_range.subnet))
            });
            let named: Vec<String> = inside.collect();
            let Some(net) = snapshot.get(id).map(|row| row.net).filter(|_| !named.is_empty()) else { continue };
            let more = named.len().saturating_sub(MAX_NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let list = named.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
            let message = format!(
                "{} has subnets below it and addresses of its own, which count as taken there: {list}{more}",
                label(net, id)
            );
            warnings.push(Warning::new(label(net, id), message, "move them into the subnets below"));
            if warnings.len() >= MAX_NAMED {
                let message = "and maybe more subnets with addresses of the ranges below them";
                warnings.push(Warning::new("other subnets", message, ""));
                break;
            }
        }
        if left_out > 0 {
            let message = format!(
                "{left_out} enclosing subnets were not searched for addresses of ranges, because they are too many or \
                 too large"
            );
            warnings.push(Warning::new("other subnets", message, ""));
        }
        Ok(warnings)
    }
}
