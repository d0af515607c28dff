//! Usage of a subnet.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::{Count, from_value, model};

model! {
    /// Usage of a subnet. Values of single tags are in `extra`, under the tags' names; see [`by_tag`](Usage::by_tag).
    ///
    /// ```
    /// use phpipam_client::models::Usage;
    ///
    /// let usage: Usage = serde_json::from_str(r#"{"used": "12", "Used": 10, "freehosts": "242"}"#)?;
    /// assert_eq!(usage.free_hosts.and_then(|count| count.to_u128()), Some(242));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct Usage {
        /// Number of addresses in use, with any tag.
        used: Option<Count> = "used",
        /// Number of free addresses; below zero if more are in use than the subnet holds.
        free_hosts: Option<Count> = "freehosts",
        /// Percentage of free addresses.
        free_hosts_percent: Option<f64> = "freehosts_percent",
        /// Number of usable addresses.
        max_hosts: Option<Count> = "maxhosts",
    }
}

impl Usage {
    /// Returns the number of addresses per tag name. Empty before 1.5, which sends percentages only.
    ///
    /// A key that ends with `_percent` counts as a percentage, so a tag with such a name is left out.
    #[must_use]
    pub fn by_tag(&self) -> BTreeMap<&str, Count> {
        // Keys differ by case only: `used` is the total, `Used` the count of that tag (Q37). Tag names are free text.
        let counts = self.extra.iter().filter(|(name, _)| !name.ends_with("_percent"));
        counts.filter_map(|(name, value)| Some((name.as_str(), from_value::<Count>(value).ok()?))).collect()
    }

    /// Returns the percentage of addresses per tag name.
    #[must_use]
    pub fn percent_by_tag(&self) -> BTreeMap<&str, f64> {
        let number = |value: &Value| from_value::<f64>(value).ok();
        let percents = self.extra.iter().filter_map(|(name, value)| Some((name.strip_suffix("_percent")?, value)));
        percents.filter_map(|(name, value)| Some((name, number(value)?))).collect()
    }
}
