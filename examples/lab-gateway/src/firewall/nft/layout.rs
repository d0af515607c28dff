//! Table of the gateway: its chains, rules and map, by the settings.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::super::FirewallError;

/// Name of the map from port to target.
pub(super) const MAP: &str = "ports";
/// Type of its keys, and of its values.
pub(super) const MAP_TYPE: (&str, &str) = ("inet_service", "ipv4_addr . inet_service");

/// Settings of the gateway's table.
///
/// ```
/// use lab_gateway::firewall::NftLayout;
///
/// let layout = NftLayout::new("lab_gateway", "eth0")?.with_masquerade(true).with_log_group(Some(5));
/// assert_eq!(layout.table(), "lab_gateway");
/// assert!(NftLayout::new("lab gateway; flush ruleset", "eth0").is_err());
/// # Ok::<(), lab_gateway::firewall::FirewallError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NftLayout {
    table: String,
    outside: String,
    masquerade: bool,
    guard: bool,
    log_group: Option<u16>,
}

/// Chain of the table.
pub(super) struct Chain {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) hook: &'static str,
    pub(super) priority: i32,
    /// Text of each rule, without its comment.
    pub(super) rules: Vec<String>,
}

impl NftLayout {
    /// Names the table, and the interface to the outside. Every other interface is a part of the lab.
    ///
    /// Without further settings connections of the lab leave with their own addresses, connections from outside come in by a
    /// rule only, and nothing is logged.
    ///
    /// # Errors
    /// [`FirewallError::Refused`] if a name has characters that such a name cannot have, or is too long.
    pub fn new(table: &str, outside: &str) -> Result<Self, FirewallError> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if table.is_empty()
            || table.len() > 64
            || !table.chars().all(word)
            || table.starts_with(|c: char| !c.is_ascii_alphabetic())
        {
            return Err(FirewallError::Refused(format!(
                "{table:?} is no name of a table; use a letter, then letters, digits and _, up to 64"
            )));
        }
        // Longer names do not exist; others would end the quotation, or be a pattern.
        let interface = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '/' | '*');
        if outside.is_empty() || outside.len() > 15 || !outside.chars().all(interface) {
            return Err(FirewallError::Refused(format!(
                "{outside:?} is no name of an interface; name the one to the outside, see `ip link`"
            )));
        }
        Ok(Self {
            table: table.to_owned(),
            outside: outside.to_owned(),
            masquerade: false,
            guard: true,
            log_group: None,
        })
    }

    /// Lets connections of the lab leave with the gateway's address. Leave it off where another table does so.
    #[must_use]
    pub fn with_masquerade(mut self, masquerade: bool) -> Self {
        self.masquerade = masquerade;
        self
    }

    /// Refuses connections from outside that no rule lets in, although a route into the lab exists. On by default.
    #[must_use]
    pub fn with_guard(mut self, guard: bool) -> Self {
        self.guard = guard;
        self
    }

    /// Logs the first packet of each forwarded connection to a group of the kernel's log (NFLOG).
    #[must_use]
    pub fn with_log_group(mut self, group: Option<u16>) -> Self {
        self.log_group = group;
        self
    }

    /// Name of the table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Group of the kernel's log, if forwarded connections are logged.
    pub fn log_group(&self) -> Option<u16> {
        self.log_group
    }

    /// Chains of the table, in order.
    pub(super) fn chains(&self) -> Vec<Chain> {
        let outside = &self.outside;
        let chain = |name, kind, hook, priority| Chain { name, kind, hook, priority, rules: Vec::new() };
        let mut arriving = chain("arriving", "nat", "prerouting", -100);
        // Addressed to the gateway itself: a port of another machine outside is not ours to map.
        arriving.rules.push(format!("iifname \"{outside}\" fib daddr type local dnat ip to tcp dport map @{MAP}"));
        let mut leaving = chain("leaving", "nat", "postrouting", 100);
        if self.masquerade {
            leaving.rules.push(format!("oifname \"{outside}\" masquerade"));
        }
        let mut through = chain("through", "filter", "forward", 0);
        if self.guard {
            through.rules.push(format!("iifname \"{outside}\" ct state new ct status & dnat == 0 drop"));
        }
        if let Some(group) = self.log_group {
            // After the guard: what it drops is not forwarded. Once for each connection; the translated target is in the
            // packet by now.
            through.rules.push(format!("ct state new log prefix \"{LOG_PREFIX}\" group {group}"));
        }
        vec![arriving, leaving, through]
    }
}

/// Prefix of logged packets.
pub const LOG_PREFIX: &str = "lab-gateway forward: ";

/// Comment of a rule, which changes with its text.
pub(super) fn comment(rule: &str) -> String {
    let mut hash = DefaultHasher::new();
    rule.hash(&mut hash);
    let mut comment = String::from("lab-gateway ");
    let _ = write!(comment, "{:016x}", hash.finish());
    comment
}
