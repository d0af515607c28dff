//! Port maps: a record in the store and a rule in the firewall, which change together or not at all.
//!
//! A change is three steps: the intent is recorded, the address is allocated and the rule changed, and the record is
//! completed. If one fails, the steps before it are undone. If the process ends in between, the intent is still there, and
//! [`PortMaps::reconcile`] goes on from it at the next start: a map that was being added is undone, one that was being removed
//! is removed. Only a complete map is ever reported.
//!
//! | record | rule | after a crash |
//! | --- | --- | --- |
//! | adding | perhaps | rule, record and a new allocation are removed |
//! | active | yes | a missing rule is restored |
//! | removing | perhaps | rule and record are removed, the last map's allocation is given back |
//!
//! A repeat of a request for a map that is there, with the same name and component, returns the port of that map: a client
//! whose response was lost just repeats. The same target with another name or component is refused.

mod add;
mod allocations;
mod error;
mod listening;
mod reconcile;
mod remove;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

pub use add::{Added, NewMap};
pub use allocations::{AddressDifference, OtherName};
pub use error::MapError;
pub use reconcile::{Difference, Reconciled};

use crate::addresses::Addresses;
use crate::firewall::{Firewall, FirewallError, Transaction};
use crate::store::{PortMap, Records, Store, StoreError};

/// Longest wait for another change.
const WAIT: Duration = Duration::from_secs(30);

/// Port maps of the gateway. The example of [`NewMap`] makes one.
#[derive(Debug, Clone)]
pub struct PortMaps(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    firewall: Arc<dyn Firewall>,
    addresses: Arc<Addresses>,
    ports: RangeInclusive<u16>,
    /// Held during a change: the next one sees it whole.
    changes: Mutex<()>,
}

impl PortMaps {
    /// Makes port maps of these ports.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        firewall: Arc<dyn Firewall>,
        addresses: Arc<Addresses>,
        ports: RangeInclusive<u16>,
    ) -> Self {
        Self(Arc::new(Inner { store, firewall, addresses, ports, changes: Mutex::new(()) }))
    }

    /// Returns the maps that are there, by port.
    ///
    /// # Errors
    /// [`MapError::Store`] if the store cannot be read.
    pub async fn list(&self) -> Result<Vec<PortMap>, MapError> {
        Ok(self.0.read().await?.active().cloned().collect())
    }

    /// Adds a map. Dropping the future does not stop it: the change is made or undone.
    ///
    /// # Errors
    /// [`MapError`] of each kind; nothing stays behind, or [`MapError::Interrupted`] says that it goes away soon.
    pub async fn add(&self, new: NewMap) -> Result<Added, MapError> {
        let inner = Arc::clone(&self.0);
        whole(async move { inner.add(&new).await }).await
    }

    /// Removes the map of a port, and ends its connections. Dropping the future does not stop it.
    ///
    /// # Errors
    /// [`MapError::NotFound`] if there is none. If the firewall or the store fails, the map is still there, or
    /// [`MapError::Interrupted`] says that it goes away soon.
    pub async fn remove(&self, conn_port: u16) -> Result<PortMap, MapError> {
        let inner = Arc::clone(&self.0);
        whole(async move { inner.remove(conn_port).await }).await
    }

    /// Finishes or undoes what was interrupted, and makes the rules those of the store.
    ///
    /// # Errors
    /// [`MapError`] of the first step that failed; the other steps were tried all the same.
    pub async fn reconcile(&self) -> Result<Reconciled, MapError> {
        let inner = Arc::clone(&self.0);
        whole(async move { inner.reconcile().await }).await
    }

    /// Compares the rules of the kernel with the records. Changes nothing, and waits for no change that is under way: what
    /// changes meanwhile is no difference.
    ///
    /// # Errors
    /// [`MapError::Store`] or [`MapError::Firewall`] if one of them cannot be read.
    pub async fn compare(&self) -> Result<Difference, MapError> {
        let before = self.0.read().await?;
        let state = self.0.firewall.read().await?;
        let after = self.0.read().await?;
        Ok(Difference::between(&before, &state).and(&Difference::between(&after, &state)))
    }

    /// Compares the maps with the allocations of their addresses. Changes nothing, and waits for no change, as
    /// [`compare`](Self::compare).
    ///
    /// # Errors
    /// [`MapError::Store`] or [`MapError::Address`] if the maps or the allocations cannot be read.
    pub async fn compare_addresses(&self) -> Result<AddressDifference, MapError> {
        let before = self.0.read().await?;
        // Without maps the provider is not asked.
        if before.active().next().is_none() {
            return Ok(AddressDifference::default());
        }
        let allocated = self.0.addresses.list().await?;
        let after = self.0.read().await?;
        let still_there = |map: &&PortMap| after.map(map.conn_port) == Some(*map);
        Ok(AddressDifference::between(before.active().filter(still_there), &allocated))
    }

    /// Waits for the change that is under way, if any.
    pub async fn finish(&self) {
        let _change = self.0.changes.lock().await;
    }
}

/// Runs a change to its end, also if the caller goes away.
async fn whole<T: Send + 'static>(
    change: impl Future<Output = Result<T, MapError>> + Send + 'static,
) -> Result<T, MapError> {
    tokio::spawn(change).await.unwrap_or_else(|error| Err(MapError::Ended(error.to_string())))
}

impl Inner {
    async fn lock(&self) -> Result<MutexGuard<'_, ()>, MapError> {
        tokio::time::timeout(WAIT, self.changes.lock()).await.map_err(|_| MapError::Busy)
    }

    /// Runs work on the store on a thread that may wait for the disk.
    async fn on_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, MapError> {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || work(store.as_ref())).await;
        Ok(done.map_err(|error| MapError::Ended(error.to_string()))??)
    }

    async fn read(&self) -> Result<Records, MapError> {
        self.on_store(|store| store.read()).await
    }

    /// Removes whatever there is of a map: its rule, and then all else.
    async fn clear(&self, map: &PortMap) -> Result<(), MapError> {
        match self.firewall.apply(&Transaction::remove(map.rule())).await {
            Err(error) if error.may_have_changed() && !self.has_rule(map).await? => {}
            applied => applied?,
        }
        self.forget(map).await
    }

    /// Removes what is left of a map without its rule: its connections and its record. The lease that ends with it is then
    /// to be given back.
    async fn forget(&self, map: &PortMap) -> Result<(), MapError> {
        self.firewall.end_connections(&[map.rule()]).await?;
        let port = map.conn_port;
        self.on_store(move |store| store.remove(port)).await
    }

    /// Returns true if the kernel has the rule of a map.
    async fn has_rule(&self, map: &PortMap) -> Result<bool, FirewallError> {
        Ok(self.firewall.read().await?.rules.contains(&map.rule()))
    }
}
