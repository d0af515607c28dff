//! Failures of port maps.

use std::net::{Ipv4Addr, SocketAddrV4};

use ipam_core::ErrorKind;

use crate::addresses::AddressError;
use crate::firewall::FirewallError;
use crate::store::StoreError;

/// Failure of a change of port maps.
///
/// ```
/// use lab_gateway::portmaps::MapError;
///
/// let error = MapError::NotFound { conn_port: 50001 };
/// assert!(error.to_string().contains("50001"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// The target is allocated under another name.
    #[error("{address} is allocated as {found:?}, not as {asked:?}; use that name, or another address")]
    OtherName {
        /// Address.
        address: Ipv4Addr,
        /// Name of the allocation.
        found: String,
        /// Name of the request.
        asked: String,
    },
    /// The target has a map with another name or component.
    #[error("{target} has a map already: port {conn_port}, {name:?}, {component:?}; use it, or delete it first")]
    Mapped {
        /// Machine and port.
        target: SocketAddrV4,
        /// Port of the map.
        conn_port: u16,
        /// Name of the map.
        name: String,
        /// Component of the map.
        component: String,
    },
    /// All ports are mapped or in use.
    #[error("no port from {first} to {last} is free; delete a map that is not needed any more")]
    NoFreePort {
        /// Lowest port.
        first: u16,
        /// Highest port.
        last: u16,
    },
    /// The port has no map.
    #[error("port {conn_port} has no map; GET lists those that there are")]
    NotFound {
        /// Port.
        conn_port: u16,
    },
    /// The address was that of an earlier map, and the provider has not taken it back yet.
    #[error("{address} is being given back to the address provider, which does not respond; try again later")]
    Returning {
        /// Address.
        address: Ipv4Addr,
    },
    /// Another change takes too long.
    #[error("another change is under way; try again")]
    Busy,
    /// An address cannot be found, allocated or given back.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The firewall failed.
    #[error(transparent)]
    Firewall(#[from] FirewallError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A change failed, and what it did could not be undone or finished yet. It is tried again on a cycle.
    #[error("{cause}; what is left of the change is cleared up as soon as possible ({left})")]
    Interrupted {
        /// First failure.
        cause: Box<MapError>,
        /// Failure of clearing up.
        left: String,
    },
    /// A task of the program ended before its work.
    #[error("the change ended early, and is cleared up as soon as possible: {0}")]
    Ended(String),
}

impl MapError {
    /// Returns true if the same may succeed later, because the provider or the store is away.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Address(AddressError::Provider(error)) => {
                matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Busy)
            }
            Self::Address(AddressError::Unopened(_)) | Self::Store(_) | Self::Ended(_) => true,
            _ => false,
        }
    }
}
