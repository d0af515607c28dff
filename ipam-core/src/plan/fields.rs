//! Fields of a row by name and text, shared by CSV and JSON.

use std::collections::BTreeMap;

use super::rows::RowKind;
use crate::Order;

/// Fields in the order of the columns; true for those that hold several values.
// In the order in which the columns are written: first what identifies a row, as people read from the left.
pub(super) const FIELDS: [(&str, bool); 24] = [
    ("id", false),
    ("space", false),
    ("net", false),
    ("name", false),
    ("description", false),
    ("addresses", false),
    ("hosts", false),
    ("gateway", false),
    ("dns_servers", true),
    ("search_domains", true),
    ("domain", false),
    ("vlan", false),
    ("vlan_name", false),
    ("reserved", true),
    ("order", false),
    ("quarantine", false),
    ("range", false),
    ("address", false),
    ("owner", false),
    ("key", false),
    ("hostname", false),
    ("mac", false),
    ("tags", true),
    ("properties", true),
];

/// Returns true if a field holds several values.
pub(super) fn is_list(name: &str) -> bool {
    FIELDS.iter().any(|(known, several)| *known == name && *several)
}

/// Values of the field `order`.
pub(super) const ORDERS: [(&str, Order); 3] =
    [("first-free", Order::FirstFree), ("random", Order::Random), ("least-recently-used", Order::LeastRecentlyUsed)];

/// Row whose values are still texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) at: String,
    pub(super) kind: RowKind,
    /// Values by the name of the field; empty fields are left out.
    // Texts also for JSON: both formats go through one reader, and the same fault has the same message.
    pub(super) fields: BTreeMap<String, Vec<String>>,
}
