//! Adding a port map.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4};

use super::{Inner, MapError, listening};
use crate::background::note;
use crate::firewall::{FirewallError, Rule, Transaction};
use crate::store::{Lease, LeaseState, MapState, PortMap, Records};

/// Port map to add.
///
/// ```
/// use std::sync::Arc;
///
/// use ipam_core::MemoryProvider;
/// use lab_gateway::addresses::Addresses;
/// use lab_gateway::firewall::MemoryFirewall;
/// use lab_gateway::portmaps::{NewMap, PortMaps};
/// use lab_gateway::store::SqliteStore;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("portmaps.db");
/// let provider = Arc::new(MemoryProvider::new());
/// let addresses = Addresses::new(provider, "alice", vec!["10.0.0.0/24".parse()?], None);
/// let store = SqliteStore::open(&path)?;
/// let maps = PortMaps::new(Arc::new(store), Arc::new(MemoryFirewall::new()), Arc::new(addresses), 50_000..=50_100);
/// let added = maps.add(NewMap::new("10.0.0.5:22".parse()?, "web1", "web")).await?;
/// assert_eq!((added.conn_port, added.repeated), (50_000, false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewMap {
    /// Machine and port in the lab.
    pub target: SocketAddrV4,
    /// Name of the machine.
    pub name: String,
    /// Component: the kind of the machine.
    pub component: String,
}

impl NewMap {
    /// Makes a request for a map.
    pub fn new(target: SocketAddrV4, name: impl Into<String>, component: impl Into<String>) -> Self {
        Self { target, name: name.into(), component: component.into() }
    }
}

/// Port of a map that was added.
///
/// ```
/// use lab_gateway::portmaps::Added;
///
/// fn shown(added: &Added) -> String {
///     format!("{}{}", added.conn_port, if added.repeated { " (it was there)" } else { "" })
/// }
/// # let _ = shown;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Added {
    /// Port of the gateway.
    pub conn_port: u16,
    /// True if the same map was there already.
    pub repeated: bool,
}

impl Inner {
    pub(super) async fn add(&self, new: &NewMap) -> Result<Added, MapError> {
        let address = *new.target.ip();
        self.addresses.check_target(address)?;
        let _change = self.lock().await?;
        let records = self.settled(address).await?;
        if let Some(map) = records.maps.iter().find(|map| map.target == new.target) {
            return repeated(map, new);
        }
        let lease = self.lease_for(new, &records).await?;
        let mut busy: BTreeSet<u16> = listening::ports();
        loop {
            let state = self.firewall.read().await?;
            // A rule without a map is reported, and removed on request or on the cycle; until then its port is in use.
            busy.extend(state.rules.iter().map(|rule| rule.conn_port));
            let free = self.ports.clone().find(|port| records.map(*port).is_none() && !busy.contains(port));
            let Some(conn_port) = free else {
                return Err(MapError::NoFreePort { first: *self.ports.start(), last: *self.ports.end() });
            };
            let map = PortMap::new(conn_port, new.target, &new.name, &new.component);
            let transaction = if state.intact {
                Transaction::add(map.rule())
            } else {
                // Anyone's flush of the ruleset took the other rules, too.
                let active = records.active().map(PortMap::rule);
                Transaction::Replace(active.chain([map.rule()]).collect::<Vec<Rule>>())
            };
            match self.carry_out(&map, lease.as_ref(), &records, &transaction).await {
                Ok(()) => return Ok(Added { conn_port, repeated: false }),
                // Another program made a rule since the rules were read. Each round takes one port out.
                Err(MapError::Firewall(FirewallError::Conflict { found })) if busy.insert(found.conn_port) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the records, after what earlier changes left was cleared up. What concerns this address has to be.
    async fn settled(&self, address: Ipv4Addr) -> Result<Records, MapError> {
        let records = self.read().await?;
        let mut stale = records.leases.iter().any(|lease| lease.state == LeaseState::Returning);
        for map in records.maps.iter().filter(|map| map.state != MapState::Active) {
            stale = true;
            match self.clear(map).await {
                Err(error) if *map.target.ip() == address => return Err(error),
                Err(error) => note(format_args!("portmaps: {} cannot be cleared up: {error}", map.rule())),
                Ok(()) => {}
            }
        }
        if !stale {
            return Ok(records);
        }
        self.give_back().await;
        self.read().await
    }

    /// Returns the lease to take for a new map, or `None` if its address is allocated already, under its name.
    async fn lease_for(&self, new: &NewMap, records: &Records) -> Result<Option<Lease>, MapError> {
        let address = *new.target.ip();
        let other = |found: &str| {
            let (found, asked) = (found.to_owned(), new.name.clone());
            Err(MapError::OtherName { address, found, asked })
        };
        let same = |found: &str| found.eq_ignore_ascii_case(&new.name);
        let recorded = records.lease(address);
        if let Some(lease) = recorded.filter(|lease| lease.state != LeaseState::Held) {
            // Of an earlier map, and the provider cannot take it back now. It could free the address of the new map later.
            return Err(MapError::Returning { address: lease.address });
        }
        if let Some(lease) = recorded.filter(|lease| !same(&lease.name)) {
            return other(&lease.name);
        }
        match self.addresses.find(address).await? {
            // An address that was entered without host name and owner has no other name.
            Some(found) if same(&found.name) || !found.is_named() => Ok(None),
            Some(found) => other(&found.name),
            // Of the lease there may be one already, if the allocation was removed behind the gateway's back: its key is the
            // same.
            None => Ok(Some(recorded.cloned().unwrap_or_else(|| self.addresses.lease(address, &new.name)))),
        }
    }

    /// Records the intent, allocates the address, adds the rule and completes the record; or undoes all of it.
    async fn carry_out(
        &self,
        map: &PortMap,
        lease: Option<&Lease>,
        records: &Records,
        transaction: &Transaction,
    ) -> Result<(), MapError> {
        let done = self.steps(map, lease, records, transaction).await;
        let Err(cause) = done else { return Ok(()) };
        match self.clear(map).await {
            Ok(()) => {
                self.give_back().await;
                Err(cause)
            }
            Err(left) => Err(MapError::Interrupted { cause: Box::new(cause), left: left.to_string() }),
        }
    }

    async fn steps(
        &self,
        map: &PortMap,
        lease: Option<&Lease>,
        records: &Records,
        transaction: &Transaction,
    ) -> Result<(), MapError> {
        // The record of a lease that is there stays as it is.
        let recorded = lease.filter(|lease| records.lease(lease.address).is_none()).cloned();
        let (new, port) = (map.clone(), map.conn_port);
        self.on_store(move |store| store.begin(&new, recorded.as_ref())).await?;
        if let Some(lease) = lease {
            self.addresses.take(lease, &map.component).await?;
        }
        match self.firewall.apply(transaction).await {
            // It was cut off, but done.
            Err(error) if error.may_have_changed() && self.has_rule(map).await? => {}
            applied => applied?,
        }
        self.on_store(move |store| store.complete(port)).await
    }
}

fn repeated(map: &PortMap, new: &NewMap) -> Result<Added, MapError> {
    if map.name.eq_ignore_ascii_case(&new.name) && map.component == new.component {
        return Ok(Added { conn_port: map.conn_port, repeated: true });
    }
    Err(MapError::Mapped {
        target: map.target,
        conn_port: map.conn_port,
        name: map.name.clone(),
        component: map.component.clone(),
    })
}
