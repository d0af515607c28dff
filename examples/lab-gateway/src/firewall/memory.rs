//! Firewall in memory, for tests and for looking at the API without rights.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{Firewall, FirewallError, FirewallState, Rule, Transaction};

/// Firewall that keeps its rules in memory. It forwards nothing.
///
/// ```
/// use lab_gateway::firewall::{Firewall, MemoryFirewall, Rule, Transaction};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let firewall = MemoryFirewall::new();
/// firewall.apply(&Transaction::add(Rule::new(50001, "10.0.0.5:22".parse()?))).await?;
/// firewall.flush();
/// assert!(!firewall.read().await?.intact);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryFirewall(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    table: bool,
    rules: BTreeMap<u16, SocketAddrV4>,
    ended: Vec<Rule>,
}

impl MemoryFirewall {
    /// Makes a firewall without table and rules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Removes table and rules, as `nft flush ruleset` does.
    pub fn flush(&self) {
        *self.state() = State::default();
    }

    /// Returns the rules whose connections were ended, in that order.
    #[must_use]
    pub fn ended(&self) -> Vec<Rule> {
        self.state().ended.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Firewall for MemoryFirewall {
    async fn check(&self) -> Result<(), FirewallError> {
        Ok(())
    }

    async fn apply(&self, transaction: &Transaction) -> Result<(), FirewallError> {
        let mut state = self.state();
        // Changed as a copy, so that a conflict of the last rule leaves nothing.
        let mut rules = state.rules.clone();
        let add = match transaction {
            Transaction::Change { remove, add } => {
                for rule in remove {
                    if rules.get(&rule.conn_port) == Some(&rule.target) {
                        rules.remove(&rule.conn_port);
                    }
                }
                add
            }
            Transaction::Replace(all) => {
                rules.clear();
                all
            }
        };
        for rule in add {
            let target = *rules.entry(rule.conn_port).or_insert(rule.target);
            if target != rule.target {
                return Err(FirewallError::Conflict { found: Rule::new(rule.conn_port, target) });
            }
        }
        state.rules = rules;
        state.table = true;
        Ok(())
    }

    async fn read(&self) -> Result<FirewallState, FirewallError> {
        let state = self.state();
        let rules = state.rules.iter().map(|(port, target)| Rule::new(*port, *target)).collect();
        Ok(FirewallState::new(state.table, rules))
    }

    async fn end_connections(&self, rules: &[Rule]) -> Result<usize, FirewallError> {
        self.state().ended.extend_from_slice(rules);
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn rule(port: u16, target: &str) -> Rule {
        Rule::new(port, target.parse().unwrap())
    }

    #[tokio::test]
    async fn a_conflict_leaves_nothing_of_the_transaction() {
        let firewall = MemoryFirewall::new();
        let (kept, free) = (rule(50_001, "10.0.0.5:22"), rule(50_002, "10.0.0.6:22"));
        firewall.apply(&Transaction::add(kept)).await.unwrap();
        let both = Transaction::Change { remove: vec![], add: vec![free, rule(50_001, "10.0.0.7:22")] };
        assert_eq!(firewall.apply(&both).await, Err(FirewallError::Conflict { found: kept }));
        assert_eq!(firewall.read().await.unwrap().rules, [kept]);
        // A late removal of another rule of the port is no removal of this one.
        firewall.apply(&Transaction::remove(rule(50_001, "10.0.0.7:22"))).await.unwrap();
        assert_eq!(firewall.read().await.unwrap().rules, [kept]);
        firewall.apply(&Transaction::Replace(vec![free])).await.unwrap();
        assert_eq!(firewall.read().await.unwrap().rules, [free]);
    }
}
