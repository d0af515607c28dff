//! Reachability: a worker that asks each allocated address now and then whether it replies.

mod worker;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

pub use worker::Worker;

/// Reachability of one address.
///
/// ```
/// use lab_gateway::reach::Reach;
///
/// assert_eq!(Reach::default().routable, None, "it was not asked yet");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reach {
    /// True if it replied in the last round, false if it was silent, `None` if it was not asked or a probe failed.
    pub routable: Option<bool>,
    /// Time of its last reply, also before the service started.
    pub last_seen: Option<SystemTime>,
}

/// Reachability of all addresses. Clones share it.
///
/// ```
/// use lab_gateway::reach::Reachability;
///
/// assert_eq!(Reachability::new().of([10, 0, 0, 5].into()).routable, None);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Reachability(Arc<Mutex<BTreeMap<Ipv4Addr, Reach>>>);

impl Reachability {
    /// Makes a list in which nothing was asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the reachability of an address.
    #[must_use]
    pub fn of(&self, address: Ipv4Addr) -> Reach {
        self.all().get(&address).copied().unwrap_or_default()
    }

    /// Replaces all.
    fn set(&self, all: BTreeMap<Ipv4Addr, Reach>) {
        *self.all() = all;
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<Ipv4Addr, Reach>> {
        // It is replaced as a whole, so that it is right even after a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
