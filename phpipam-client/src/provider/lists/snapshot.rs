//! Reading of a [`Snapshot`] from a fixed number of lists.
//!
//! | list | read for | when |
//! | --- | --- | --- |
//! | `subnets/all/` | networks, custom fields, name servers | always |
//! | `addresses/all/` where `is_gateway` is 1 | gateways | always |
//! | `vlans/` | VLANs | if a subnet has one |
//! | `tools/nameservers/` | name servers | if a subnet refers to a set that the first list does not contain |
//!
//! Gateways are read from the addresses, because the list of subnets shows those of other subnets (Q35: 1.4 to 1.8.2).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::error::Result;
use crate::models::{Address, Nameserver, Subnet, SubnetId};
use crate::provider::inner::Inner;
use crate::provider::map::error::is_too_large;
use crate::provider::map::joined::Joined;
use crate::provider::map::subnet_row::{SubnetRow, Texts};
use crate::provider::snapshot::{Rows, Snapshot};
use crate::query::Filter;

type Gateways = BTreeMap<SubnetId, Vec<IpAddr>>;

impl Inner {
    /// Returns subnets, gateways, VLANs and name servers, at most as old as the configuration allows.
    pub(crate) async fn snapshot(&self) -> Result<Arc<Snapshot>> {
        self.shared_snapshot(true, self.oldest_allowed()).await
    }

    /// Returns the same as the server has it now.
    pub(crate) async fn fresh_snapshot(&self) -> Result<Arc<Snapshot>> {
        self.shared_snapshot(true, Instant::now()).await
    }

    /// Returns the subnets alone, which is enough for ranges, blocks and address spaces; at most as old as the
    /// configuration allows.
    pub(crate) async fn subnets_snapshot(&self) -> Result<Arc<Snapshot>> {
        self.shared_snapshot(false, self.oldest_allowed()).await
    }

    /// Returns the subnets alone, as the server has them now.
    pub(crate) async fn fresh_subnets(&self) -> Result<Arc<Snapshot>> {
        self.shared_snapshot(false, Instant::now()).await
    }

    fn oldest_allowed(&self) -> Instant {
        let now = Instant::now();
        now.checked_sub(self.config.list_age).unwrap_or(now)
    }

    /// Returns a snapshot whose reading began at `oldest` or later. Calls at the same time share one.
    async fn shared_snapshot(&self, complete: bool, oldest: Instant) -> Result<Arc<Snapshot>> {
        let mut latest = self.shared.latest.lock().await;
        let changes = self.shared.changes();
        let is_usable = |snapshot: &Arc<Snapshot>| {
            snapshot.began >= oldest && snapshot.changes == changes && (snapshot.is_complete() || !complete)
        };
        if let Some(snapshot) = latest.as_ref().filter(|snapshot| is_usable(snapshot)) {
            return Ok(Arc::clone(snapshot));
        }
        // Freed before the next one is read, so that there are not two of them.
        *latest = None;
        let began = Instant::now();
        let snapshot = if complete { self.read_complete().await? } else { self.read_subnets().await? };
        let snapshot = Arc::new(snapshot.since(began, changes));
        *latest = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    async fn read_subnets(&self) -> Result<Snapshot> {
        let (rows, joined) = self.rows_of_subnets().await?;
        drop(joined);
        Ok(Snapshot::new(rows, None, !self.config.block_fields.is_empty()))
    }

    async fn read_complete(&self) -> Result<Snapshot> {
        let (subnets, gateways) = futures_util::future::try_join(self.rows_of_subnets(), self.gateways()).await?;
        let (rows, mut joined) = subnets;
        let has_vlan = rows.subnets.iter().any(|row| row.vlan.is_some());
        let sets = &joined.nameservers;
        let lacks_set = rows.subnets.iter().any(|row| row.nameserver.is_some_and(|set| !sets.contains_key(&set)));
        let client = &self.client;
        let vlans = async {
            match has_vlan {
                true => self.read(|| async { client.vlans().list().await }).await,
                false => Ok(Vec::new()),
            }
        };
        let nameservers = async {
            match lacks_set {
                true => self.read(|| async { client.tools().nameservers().list().await }).await,
                false => Ok(Vec::new()),
            }
        };
        let (vlans, nameservers) = futures_util::future::try_join(vlans, nameservers).await?;
        joined.vlans = vlans.into_iter().map(|vlan| (vlan.id, vlan)).collect();
        joined.nameservers.extend(nameservers.into_iter().map(|set| (set.id, set)));
        let snapshot = Snapshot::new(rows, None, !self.config.block_fields.is_empty());
        joined.gateways = match gateways {
            Some(gateways) => gateways,
            None => self.gateways_in_parts(&snapshot).await?,
        };
        Ok(snapshot.with_joined(joined))
    }

    /// Reads the rows of all served subnets, and the sets of name servers that came with them.
    async fn rows_of_subnets(&self) -> Result<(Rows, Joined)> {
        let (mut texts, mut joined, mut masters) = (Texts::default(), Joined::default(), Vec::new());
        let subnets = self
            .subnet_rows(|subnet| {
                // Here again, because several sections are not filtered by the server, and it compares loosely: `1`
                // matches `01`.
                if subnet.is_folder || !self.serves_section(subnet.section_id) {
                    return None;
                }
                masters.extend(subnet.master_subnet_id);
                self.packed(subnet, &mut texts, &mut joined)
            })
            .await?;
        masters.sort_unstable();
        masters.dedup();
        Ok((Rows { subnets, texts, masters }, joined))
    }

    /// Returns the row of a subnet, and keeps the set of name servers that came with it.
    fn packed(&self, mut subnet: Subnet, texts: &mut Texts, joined: &mut Joined) -> Option<SubnetRow> {
        let mut row = SubnetRow::new(&self.mapping, &subnet, texts)?;
        row.may_be_range = self.may_be_range(&subnet);
        row.has_block_fields = self.has_fields(&subnet, &self.config.block_fields);
        if let Some(set) = subnet.nameservers.take() {
            let set: Nameserver = set;
            joined.nameservers.entry(set.id).or_insert(set);
        }
        Some(row)
    }

    /// Returns a snapshot of a few subnets that were read by themselves.
    pub(crate) fn snapshot_of(&self, subnets: impl IntoIterator<Item = Subnet>, mut joined: Joined) -> Snapshot {
        let mut rows = Rows::default();
        for subnet in subnets.into_iter().filter(|subnet| !subnet.is_folder) {
            rows.masters.extend(subnet.master_subnet_id);
            rows.subnets.extend(self.packed(subnet, &mut rows.texts, &mut joined));
        }
        Snapshot::new(rows, Some(joined), !self.config.block_fields.is_empty())
    }

    /// Reads all gateways; `None` if the server has too many addresses for one list.
    async fn gateways(&self) -> Result<Option<Gateways>> {
        let filter = Filter::equals("is_gateway", 1);
        Ok(self.listed_addresses(Some(&filter), &mut gateway).await?.map(by_subnet))
    }

    async fn gateways_in_parts(&self, snapshot: &Snapshot) -> Result<Gateways> {
        if self.probed.search {
            return Ok(by_subnet(self.addresses_in_parts(snapshot, &mut gateway).await?));
        }
        let client = &self.client;
        let mut gateways = Gateways::new();
        for section in self.served_sections().await? {
            match client.sections().subnets_with_addresses(section).await {
                Ok(rows) => {
                    for row in rows {
                        let found = row.addresses.iter().filter(|address| address.is_gateway).filter_map(|row| row.ip);
                        gateways.entry(row.id).or_default().extend(found);
                    }
                }
                Err(error) if is_too_large(&error) => {
                    // The row of a single subnet shows its own gateway, unlike the list (Q35).
                    let rows = snapshot.ranges().filter(|row| row.section == Some(section));
                    let rows = self.single_subnets(rows.map(|row| row.id).collect()).await?;
                    gateways.extend(rows.iter().filter_map(|row| Some((row.id, vec![row.gateway_ip()?]))));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(gateways)
    }
}

/// Returns subnet and address of a gateway. Old versions filter loosely (Q69), so the rows are checked again.
fn gateway(row: Address) -> Option<(SubnetId, IpAddr)> {
    if row.is_gateway { Some((row.subnet_id?, row.ip?)) } else { None }
}

fn by_subnet(rows: Vec<(SubnetId, IpAddr)>) -> Gateways {
    let mut gateways = Gateways::new();
    for (subnet, ip) in rows {
        gateways.entry(subnet).or_default().push(ip);
    }
    gateways
}
