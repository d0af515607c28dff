//! Failures of the firewall.

use super::Rule;

/// Failure of a firewall.
///
/// ```
/// use lab_gateway::firewall::FirewallError;
///
/// let error = FirewallError::Unavailable("nft is not installed; apt-get install nftables".to_owned());
/// assert!(!error.may_have_changed());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FirewallError {
    /// The firewall cannot be used at all: a program or a right is missing. Nothing changed.
    #[error("the firewall cannot be used: {0}")]
    Unavailable(String),
    /// The firewall refused the change. Nothing changed.
    #[error("the firewall refused the change: {0}")]
    Refused(String),
    /// Another rule has the port. Nothing changed.
    #[error("the firewall has another rule for port {}: {found}", found.conn_port)]
    Conflict {
        /// Rule that is there.
        found: Rule,
    },
    /// The change was cut off, such as by its time limit: it happened or not.
    #[error("the change of the firewall was cut off: {0}")]
    Unknown(String),
    /// The rules that are there cannot be understood.
    #[error("the rules of the firewall cannot be read: {0}")]
    Unreadable(String),
}

impl FirewallError {
    /// Returns true if a failed change may have happened.
    #[must_use]
    pub const fn may_have_changed(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}
