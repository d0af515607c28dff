//! Transactions as text for `nft -f -`. No I/O.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddrV4;

use super::super::{FirewallError, Rule};
use super::layout::{MAP, MAP_TYPE, NftLayout, comment};

/// Text of a transaction.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) text: String,
    /// Rule that a line adds.
    rules: BTreeMap<usize, Rule>,
}

impl Script {
    /// Returns the rule of a line, from 1.
    pub(super) fn rule(&self, line: usize) -> Option<Rule> {
        self.rules.get(&line).copied()
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn rule_line(&mut self, line: &str, rule: Rule) {
        self.line(line);
        self.rules.insert(self.text.lines().count(), rule);
    }
}

/// Change of the map.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) remove: Vec<Rule>,
    pub(super) add: Vec<Rule>,
    /// Rules after the change.
    pub(super) result: Vec<Rule>,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.add.is_empty()
    }
}

/// Plans a change of these rules. The kernel removes by port alone, so that the target is compared here.
///
/// # Errors
/// [`FirewallError::Conflict`] if a port that is to be added has another target.
pub(super) fn plan(present: &[Rule], remove: &[Rule], add: &[Rule]) -> Result<Plan, FirewallError> {
    let before: BTreeMap<u16, SocketAddrV4> = present.iter().map(|rule| (rule.conn_port, rule.target)).collect();
    let mut after = before.clone();
    for rule in remove {
        if after.get(&rule.conn_port) == Some(&rule.target) {
            after.remove(&rule.conn_port);
        }
    }
    for rule in add {
        let target = *after.entry(rule.conn_port).or_insert(rule.target);
        if target != rule.target {
            return Err(FirewallError::Conflict { found: Rule::new(rule.conn_port, target) });
        }
    }
    let missing_in = |rules: &BTreeMap<u16, SocketAddrV4>, from: &BTreeMap<u16, SocketAddrV4>| {
        let missing = from.iter().filter(|(port, target)| rules.get(port) != Some(target));
        missing.map(|(port, target)| Rule::new(*port, *target)).collect::<Vec<_>>()
    };
    Ok(Plan {
        remove: missing_in(&after, &before),
        add: missing_in(&before, &after),
        result: after.iter().map(|(port, target)| Rule::new(*port, *target)).collect(),
    })
}

/// Transaction that changes the map.
pub(super) fn change(layout: &NftLayout, plan: &Plan) -> Script {
    let mut script = Script::default();
    let table = layout.table();
    for rule in &plan.remove {
        script.line(&format!("delete element ip {table} {MAP} {{ {} }}", element(*rule)));
    }
    for rule in &plan.add {
        script.rule_line(&format!("add element ip {table} {MAP} {{ {} }}", element(*rule)), *rule);
    }
    script
}

/// Transaction that makes the table anew, with these rules. Tracked connections go on.
pub(super) fn replace(layout: &NftLayout, rules: &[Rule]) -> Script {
    let mut script = Script::default();
    let table = layout.table();
    // A table that does not exist cannot be deleted.
    script.line(&format!("add table ip {table}"));
    script.line(&format!("delete table ip {table}"));
    script.line(&format!("add table ip {table}"));
    let (key, value) = MAP_TYPE;
    script.line(&format!("add map ip {table} {MAP} {{ type {key} : {value}; }}"));
    for chain in layout.chains() {
        let name = chain.name;
        let (kind, hook, priority) = (chain.kind, chain.hook, chain.priority);
        script.line(&format!(
            "add chain ip {table} {name} {{ type {kind} hook {hook} priority {priority}; policy accept; }}"
        ));
        for rule in &chain.rules {
            script.line(&format!("add rule ip {table} {name} {rule} comment \"{}\"", comment(rule)));
        }
    }
    if !rules.is_empty() {
        let mut elements = String::new();
        for rule in rules {
            let comma = if elements.is_empty() { "" } else { ", " };
            let _ = write!(elements, "{comma}{}", element(*rule));
        }
        script.line(&format!("add element ip {table} {MAP} {{ {elements} }}"));
    }
    script
}

fn element(rule: Rule) -> String {
    format!("{} : {} . {}", rule.conn_port, rule.target.ip(), rule.target.port())
}
