//! Firewall: the rules by which ports of the gateway lead into the lab.

mod conntrack;
mod error;
mod memory;
mod nft;

use std::fmt::Debug;
use std::net::SocketAddrV4;

use async_trait::async_trait;

pub use error::FirewallError;
pub use memory::MemoryFirewall;
pub use nft::{LOG_PREFIX, NftFirewall, NftLayout};

/// Rule of one port map: TCP connections to a port of the gateway go to a target in the lab.
///
/// ```
/// use lab_gateway::firewall::Rule;
///
/// let rule = Rule::new(50001, "10.0.0.5:22".parse()?);
/// assert_eq!(rule.to_string(), "50001 -> 10.0.0.5:22");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// Port of the gateway. A firewall has at most one rule for a port.
    pub conn_port: u16,
    /// Machine and port in the lab.
    pub target: SocketAddrV4,
}

impl Rule {
    /// Makes a rule.
    #[must_use]
    pub const fn new(conn_port: u16, target: SocketAddrV4) -> Self {
        Self { conn_port, target }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {}", self.conn_port, self.target)
    }
}

/// Change of the rules, which a firewall makes as a whole or not at all.
///
/// ```
/// use lab_gateway::firewall::{Firewall, MemoryFirewall, Rule, Transaction};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let firewall = MemoryFirewall::new();
/// let rule = Rule::new(50001, "10.0.0.5:22".parse()?);
/// firewall.apply(&Transaction::add(rule)).await?;
/// firewall.apply(&Transaction::add(rule)).await?; // a repeat succeeds
/// assert_eq!(firewall.read().await?.rules, [rule]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transaction {
    /// Removes some rules, then adds others. To remove a rule that is not there, and to add one that is there, succeeds.
    Change {
        /// Rules to remove.
        remove: Vec<Rule>,
        /// Rules to add.
        add: Vec<Rule>,
    },
    /// Replaces all rules by these, and whatever else is in the gateway's own table. It makes the table if there is none.
    Replace(Vec<Rule>),
}

impl Transaction {
    /// Makes a change that adds one rule.
    #[must_use]
    pub fn add(rule: Rule) -> Self {
        Self::Change { remove: Vec::new(), add: vec![rule] }
    }

    /// Makes a change that removes one rule.
    #[must_use]
    pub fn remove(rule: Rule) -> Self {
        Self::Change { remove: vec![rule], add: Vec::new() }
    }
}

/// Rules that a firewall has.
///
/// ```
/// use lab_gateway::firewall::FirewallState;
///
/// let flushed = FirewallState::new(false, Vec::new());
/// assert!(!flushed.intact && flushed.rules.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FirewallState {
    /// True if everything around the rules is in place: the gateway's table with its chains and its map. Anyone's
    /// `nft flush ruleset` removes it.
    pub intact: bool,
    /// Rules, sorted by port.
    pub rules: Vec<Rule>,
}

impl FirewallState {
    /// Makes a state, and sorts the rules.
    #[must_use]
    pub fn new(intact: bool, mut rules: Vec<Rule>) -> Self {
        rules.sort_unstable();
        Self { intact, rules }
    }
}

/// Firewall of the gateway.
///
/// Every method ends within a time limit of its own. Dropping a future is safe; a transaction has then happened or not.
#[async_trait]
pub trait Firewall: Debug + Send + Sync + 'static {
    /// Checks that rules can be read and changed, and changes nothing.
    ///
    /// # Errors
    /// [`FirewallError::Unavailable`] with the missing program or right.
    async fn check(&self) -> Result<(), FirewallError>;

    /// Changes the rules: all of the transaction or nothing. It makes the gateway's table if there is none.
    ///
    /// # Errors
    /// - [`FirewallError::Conflict`]: a port has a rule with another target; nothing changed.
    /// - [`FirewallError::Unavailable`], [`FirewallError::Refused`]: nothing changed.
    /// - [`FirewallError::Unknown`]: the change may have happened; [`read`](Self::read) tells.
    async fn apply(&self, transaction: &Transaction) -> Result<(), FirewallError>;

    /// Returns the rules that the kernel has now.
    ///
    /// # Errors
    /// [`FirewallError::Unavailable`] or [`FirewallError::Unreadable`].
    async fn read(&self) -> Result<FirewallState, FirewallError>;

    /// Ends the connections that came in by these rules, and returns how many there were. The rules are removed already: a
    /// connection that lives on would not need them.
    ///
    /// # Errors
    /// [`FirewallError::Unavailable`], [`FirewallError::Refused`] or [`FirewallError::Unknown`]; some may have ended. It can
    /// be repeated.
    async fn end_connections(&self, rules: &[Rule]) -> Result<usize, FirewallError>;
}
