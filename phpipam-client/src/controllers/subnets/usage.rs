//! How full a subnet is.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::{Count, from_value, model};

model! {
    /// How full a subnet is. What belongs to single tags is in `extra`, under the tags' names; see
    /// [`by_tag`](Usage::by_tag).
    pub struct Usage {
        /// Addresses in use, whatever their tag.
        used: Option<Count> = "used",
        /// Addresses left; below zero when more are in use than fit.
        free_hosts: Option<Count> = "freehosts",
        /// The percentage left.
        free_hosts_percent: Option<f64> = "freehosts_percent",
        /// All usable addresses.
        max_hosts: Option<Count> = "maxhosts",
    }
}

impl Usage {
    /// Addresses per tag name; versions before 1.5 send percentages only.
    ///
    /// A key that ends in `_percent` is taken for a percentage, so a tag with such a name is not seen.
    #[must_use]
    pub fn by_tag(&self) -> BTreeMap<&str, Count> {
        let counts = self.extra.iter().filter(|(name, _)| !name.ends_with("_percent"));
        counts.filter_map(|(name, value)| Some((name.as_str(), from_value::<Count>(value).ok()?))).collect()
    }

    /// The percentage per tag name.
    #[must_use]
    pub fn percent_by_tag(&self) -> BTreeMap<&str, f64> {
        let number = |value: &Value| from_value::<f64>(value).ok();
        let percents = self.extra.iter().filter_map(|(name, value)| Some((name.strip_suffix("_percent")?, value)));
        percents.filter_map(|(name, value)| Some((name, number(value)?))).collect()
    }
}
