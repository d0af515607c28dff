//! Store of the port maps, and of the addresses that they allocated.
//!
//! A record says what the gateway is about to do before it does it. After a crash, the records tell what has to be undone or
//! finished; see [`portmaps`](crate::portmaps).

mod error;
mod lock;
mod record;
mod rows;
mod sqlite;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::Ipv4Addr;
use std::time::SystemTime;

pub use error::StoreError;
pub use record::{Lease, LeaseState, MapState, PortMap, Records};
pub use sqlite::SqliteStore;

/// Store of port maps and leases. Each method is one transaction: durable when it returns, and nothing if it fails.
///
/// The methods block; they are short. An error of a write does not say that nothing was written: the next [`Store::read`]
/// does.
pub trait Store: Debug + Send + Sync + 'static {
    /// Returns everything.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn read(&self) -> Result<Records, StoreError>;

    /// Records the intent to add a map, and with it the intent to allocate its address, if it is not allocated yet.
    ///
    /// # Errors
    /// [`StoreError::Taken`] if the port or the target has a map; [`StoreError`] if the store cannot be written.
    fn begin(&self, map: &PortMap, lease: Option<&Lease>) -> Result<(), StoreError>;

    /// Records that a map is complete, and the address of it allocated.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be written.
    fn complete(&self, conn_port: u16) -> Result<(), StoreError>;

    /// Records the intent to remove a map.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be written.
    fn begin_removal(&self, conn_port: u16) -> Result<(), StoreError>;

    /// Removes a map. If it was the last of its address, or the lease of the address is still being taken, the lease is to be
    /// returned from then on.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be written.
    fn remove(&self, conn_port: u16) -> Result<(), StoreError>;

    /// Removes a lease that is to be returned; another one stays.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be written.
    fn returned(&self, address: Ipv4Addr) -> Result<(), StoreError>;

    /// Returns when each address replied last.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn seen(&self) -> Result<BTreeMap<Ipv4Addr, SystemTime>, StoreError>;

    /// Replaces the times at which addresses replied last.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be written.
    fn set_seen(&self, seen: &BTreeMap<Ipv4Addr, SystemTime>) -> Result<(), StoreError>;
}
