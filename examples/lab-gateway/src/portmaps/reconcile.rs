//! Comparing rules with records, and putting them right.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Inner, MapError};
use crate::background::note;
use crate::firewall::{FirewallState, Rule, Transaction};
use crate::store::{LeaseState, MapState, PortMap, Records};

/// Difference between the records and the rules of the kernel.
///
/// ```
/// use lab_gateway::firewall::FirewallState;
/// use lab_gateway::portmaps::Difference;
/// use lab_gateway::store::Records;
///
/// let same = Difference::between(&Records::default(), &FirewallState::new(true, Vec::new()));
/// assert!(same.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// True if the gateway's table is in place.
    pub intact: bool,
    /// Maps without their rule.
    pub without_rule: Vec<PortMap>,
    /// Rules without a map.
    pub without_map: Vec<Rule>,
}

impl Difference {
    /// Compares records and rules. Maps that are being added or removed count as neither.
    #[must_use]
    pub fn between(records: &Records, state: &FirewallState) -> Self {
        let rules: BTreeMap<u16, Rule> = state.rules.iter().map(|rule| (rule.conn_port, *rule)).collect();
        let has_rule = |map: &PortMap| rules.get(&map.conn_port) == Some(&map.rule());
        let has_map = |rule: &Rule| records.map(rule.conn_port).is_some_and(|map| map.rule() == *rule);
        Self {
            intact: state.intact,
            without_rule: records.active().filter(|map| !has_rule(map)).cloned().collect(),
            without_map: state.rules.iter().filter(|rule| !has_map(rule)).copied().collect(),
        }
    }

    /// Returns what is different in both.
    #[must_use]
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.intact |= other.intact;
        self.without_rule.retain(|map| other.without_rule.contains(map));
        self.without_map.retain(|rule| other.without_map.contains(rule));
        self
    }

    /// Returns true if there is no difference.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.intact && self.without_rule.is_empty() && self.without_map.is_empty()
    }
}

/// Result of putting rules and records right.
///
/// ```
/// use lab_gateway::portmaps::Reconciled;
///
/// assert_eq!(Reconciled::default().cleared, 0);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reconciled {
    /// Interrupted changes that were finished or undone.
    pub cleared: usize,
    /// Difference that was put right, if there was any.
    pub repaired: Option<Difference>,
    /// Leases that are still to be given back.
    pub returning: usize,
}

/// Longest time that a change takes to give addresses back. Other changes wait for it.
const GIVE_BACK: Duration = Duration::from_secs(10);

impl Inner {
    pub(super) async fn reconcile(&self) -> Result<Reconciled, MapError> {
        let _change = self.lock().await?;
        let records = self.read().await?;
        let mut result = Reconciled::default();
        let mut failed = None;
        // Each step is tried, whatever became of those before it: a provider that is down takes no rule away.
        for map in records.maps.iter().filter(|map| map.state != MapState::Active) {
            match self.clear(map).await {
                Ok(()) => {
                    note(format_args!("portmaps: cleared up what was left of {}", map.rule()));
                    result.cleared += 1;
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        // The rules first: a provider that does not respond must not keep them away.
        match self.repair(&self.read().await?).await {
            Ok(repaired) => result.repaired = repaired,
            Err(error) => failed = failed.or(Some(error)),
        }
        self.give_back().await;
        let records = self.read().await?;
        result.returning = records.leases.iter().filter(|lease| lease.state == LeaseState::Returning).count();
        failed.map_or(Ok(result), Err)
    }

    /// Makes the rules those of the active maps.
    async fn repair(&self, records: &Records) -> Result<Option<Difference>, MapError> {
        let difference = Difference::between(records, &self.firewall.read().await?);
        if difference.is_none() {
            return Ok(None);
        }
        let rules: Vec<Rule> = records.active().map(PortMap::rule).collect();
        self.firewall.apply(&Transaction::Replace(rules)).await?;
        self.firewall.end_connections(&difference.without_map).await?;
        note(format_args!(
            "portmaps: repaired the firewall: {} rules were missing, {} too many{}",
            difference.without_rule.len(),
            difference.without_map.len(),
            if difference.intact { "" } else { ", and its table" },
        ));
        Ok(Some(difference))
    }

    /// Gives back the leases that ended, for a limited time. One that cannot be given back is tried again on the cycle.
    pub(super) async fn give_back(&self) {
        // A lease that is dropped half-way is still recorded, and giving it back can be repeated.
        if tokio::time::timeout(GIVE_BACK, self.give_back_all()).await.is_err() {
            note(format_args!("portmaps: not all addresses are given back yet: the provider does not respond"));
        }
    }

    async fn give_back_all(&self) {
        let Ok(records) = self.read().await else { return };
        for lease in records.leases.into_iter().filter(|lease| lease.state == LeaseState::Returning) {
            let address = lease.address;
            let given = match self.addresses.give_back(&lease).await {
                Ok(()) => self.on_store(move |store| store.returned(address)).await,
                Err(error) => Err(error.into()),
            };
            if let Err(error) = given {
                note(format_args!("portmaps: {address} is not given back yet: {error}"));
                // A refusal is that of one address. The others would only wait for a provider that is away.
                if error.is_passing() {
                    return;
                }
            }
        }
    }
}
