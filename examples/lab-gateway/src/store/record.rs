//! Records of the store.

use std::net::{Ipv4Addr, SocketAddrV4};

use crate::firewall::Rule;

/// State of a port map.
///
/// ```
/// use lab_gateway::store::{MapState, PortMap};
///
/// assert_eq!(PortMap::new(50001, "10.0.0.5:22".parse()?, "web1", "web").state, MapState::Adding);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MapState {
    /// It is being added. If its process ended meanwhile, it is undone.
    Adding,
    /// It is there, and has a rule.
    Active,
    /// It is being removed. If its process ended meanwhile, the removal goes on.
    Removing,
}

/// Port map: a port of the gateway that leads to a machine of the lab.
///
/// ```
/// use lab_gateway::store::PortMap;
///
/// let map = PortMap::new(50001, "10.0.0.5:22".parse()?, "web1", "web");
/// assert_eq!(map.rule().to_string(), "50001 -> 10.0.0.5:22");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortMap {
    /// Port of the gateway.
    pub conn_port: u16,
    /// Machine and port in the lab.
    pub target: SocketAddrV4,
    /// Name of the machine.
    pub name: String,
    /// Component: the kind of the machine.
    pub component: String,
    /// State.
    pub state: MapState,
}

impl PortMap {
    /// Makes a map that is being added.
    pub fn new(conn_port: u16, target: SocketAddrV4, name: impl Into<String>, component: impl Into<String>) -> Self {
        Self { conn_port, target, name: name.into(), component: component.into(), state: MapState::Adding }
    }

    /// Returns the rule of the map.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        Rule::new(self.conn_port, self.target)
    }
}

/// State of a lease.
///
/// ```
/// use lab_gateway::store::{Lease, LeaseState};
///
/// assert_eq!(Lease::new([10, 0, 0, 5].into(), "web1", "lab/web1").state, LeaseState::Taking);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaseState {
    /// It is being allocated: the provider may have it or not.
    Taking,
    /// It is allocated.
    Held,
    /// It is to be given back to the provider.
    Returning,
}

/// Lease: an address that the gateway allocated for a port map, and gives back with the last map of the address.
///
/// ```
/// use lab_gateway::store::Lease;
///
/// let lease = Lease::new([10, 0, 0, 5].into(), "web1", "lab-gateway/alice/10.0.0.5/web1");
/// assert_eq!(lease.name, "web1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// Address.
    pub address: Ipv4Addr,
    /// Name of the machine.
    pub name: String,
    /// Key of the allocation.
    pub key: String,
    /// State.
    pub state: LeaseState,
}

impl Lease {
    /// Makes a lease that is being allocated.
    pub fn new(address: Ipv4Addr, name: impl Into<String>, key: impl Into<String>) -> Self {
        Self { address, name: name.into(), key: key.into(), state: LeaseState::Taking }
    }
}

/// All records of a store at one time.
///
/// ```
/// use lab_gateway::store::{PortMap, Records};
///
/// let map = PortMap::new(50001, "10.0.0.5:22".parse()?, "web1", "web");
/// let records = Records::new(vec![map], Vec::new());
/// assert!(records.active().next().is_none(), "it is being added");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Records {
    /// Port maps in all states, by port.
    pub maps: Vec<PortMap>,
    /// Leases in all states, by address.
    pub leases: Vec<Lease>,
}

impl Records {
    /// Makes a list of records.
    #[must_use]
    pub const fn new(maps: Vec<PortMap>, leases: Vec<Lease>) -> Self {
        Self { maps, leases }
    }

    /// Returns the maps that are there.
    pub fn active(&self) -> impl Iterator<Item = &PortMap> {
        self.maps.iter().filter(|map| map.state == MapState::Active)
    }

    /// Returns the map of a port, in any state.
    #[must_use]
    pub fn map(&self, conn_port: u16) -> Option<&PortMap> {
        self.maps.iter().find(|map| map.conn_port == conn_port)
    }

    /// Returns the lease of an address.
    #[must_use]
    pub fn lease(&self, address: Ipv4Addr) -> Option<&Lease> {
        self.leases.iter().find(|lease| lease.address == address)
    }
}
