//! Firewall of Linux: nftables, by its program `nft`.
//!
//! Everything is in one table of the family `ip` that is the gateway's own. A map of it, from port to target, holds the
//! rules of the trait, and one `dnat` rule looks there. Each change is one transaction of the kernel.
//!
//! The rules of the table have a comment that tells their text, so that [`NftFirewall::read`](Firewall::read) notices a
//! changed, missing or additional rule, and a table of other settings, without knowing what was written.

mod layout;
mod listing;
mod program;
mod script;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::{Firewall, FirewallError, FirewallState, Rule, Transaction, conntrack};
pub use layout::{LOG_PREFIX, NftLayout};
use program::{Nft, Problem};

/// Firewall with the rules in the kernel.
///
/// Two processes must not have the same table: each would undo what the other does.
///
/// ```no_run
/// use lab_gateway::firewall::{Firewall, NftFirewall, NftLayout, Rule, Transaction};
///
/// # async fn example() -> Result<(), lab_gateway::firewall::FirewallError> {
/// let firewall = NftFirewall::new("nft", NftLayout::new("lab_gateway", "eth0")?);
/// firewall.check().await?;
/// firewall.apply(&Transaction::Replace(vec![Rule::new(50001, "10.0.0.5:22".parse().unwrap())])).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NftFirewall {
    nft: Nft,
    layout: NftLayout,
    /// A change reads first. No other change of this process comes in between.
    change: Mutex<()>,
}

impl NftFirewall {
    /// Uses this program, by its path or by its name in `PATH`, and this layout.
    pub fn new(program: impl Into<std::path::PathBuf>, layout: NftLayout) -> Self {
        Self { nft: Nft::new(program.into()), layout, change: Mutex::new(()) }
    }

    /// The layout.
    pub fn layout(&self) -> &NftLayout {
        &self.layout
    }

    async fn listed(&self) -> Result<listing::Listing, FirewallError> {
        match self.nft.list(self.layout.table()).await {
            Ok(json) => listing::read(&json, &self.layout).map_err(FirewallError::Unreadable),
            Err(Problem::Missing) => Ok(listing::Listing::default()),
            Err(Problem::Failed(error)) => Err(error),
            // Nothing is changed by a listing.
            Err(Problem::Refused { said, .. }) => Err(FirewallError::Unreadable(said)),
            Err(Problem::Cut(reason)) => Err(FirewallError::Unavailable(reason)),
        }
    }
}

#[async_trait]
impl Firewall for NftFirewall {
    async fn check(&self) -> Result<(), FirewallError> {
        // `--check` goes to the kernel for the rights, the types and the names, and changes nothing.
        let whole = script::replace(&self.layout, &[]);
        self.nft.run(&whole.text, true).await.map_err(|problem| problem.unchanged())?;
        self.listed().await?;
        conntrack::check().await
    }

    async fn apply(&self, transaction: &Transaction) -> Result<(), FirewallError> {
        let _alone = self.change.lock().await;
        let script = match transaction {
            Transaction::Replace(rules) => script::replace(&self.layout, &distinct(rules)?),
            Transaction::Change { remove, add } => {
                let listed = self.listed().await?;
                let change = script::plan(&listed.rules, remove, add)?;
                if !listed.intact {
                    // There is no map to change, or not only ours.
                    script::replace(&self.layout, &change.result)
                } else if change.is_empty() {
                    return Ok(());
                } else {
                    script::change(&self.layout, &change)
                }
            }
        };
        match self.nft.run(&script.text, false).await {
            Ok(()) => Ok(()),
            // Another process was in between: it has the port, or it took the table away. The kernel refused the whole.
            Err(Problem::Refused { line: Some(line), said, exists: true }) => match script.rule(line) {
                Some(rule) => {
                    let found = self.listed().await?.rules.into_iter().find(|found| found.conn_port == rule.conn_port);
                    Err(found.map_or(FirewallError::Refused(said), |found| FirewallError::Conflict { found }))
                }
                None => Err(FirewallError::Refused(said)),
            },
            Err(problem) => Err(problem.changed()),
        }
    }

    async fn read(&self) -> Result<FirewallState, FirewallError> {
        let listed = self.listed().await?;
        Ok(FirewallState::new(listed.intact, listed.rules))
    }

    async fn end_connections(&self, rules: &[Rule]) -> Result<usize, FirewallError> {
        conntrack::end(rules).await
    }
}

/// Returns the rules, each once.
fn distinct(rules: &[Rule]) -> Result<Vec<Rule>, FirewallError> {
    script::plan(&[], &[], rules).map(|plan| plan.result)
}

#[cfg(test)]
mod tests;
