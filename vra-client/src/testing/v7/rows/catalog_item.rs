//! Item of the catalog with its ids.

use std::time::SystemTime;

use crate::testing::v7::config::{Component, Item};

/// Item with its ids.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) struct CatalogItem {
    pub(in crate::testing::v7) id: String,
    /// Id in the links of the flat form.
    pub(in crate::testing::v7) link_id: String,
    pub(in crate::testing::v7) service_id: String,
    pub(in crate::testing::v7) tenant: String,
    pub(in crate::testing::v7) subtenant: String,
    pub(in crate::testing::v7) created: SystemTime,
    pub(in crate::testing::v7) item: Item,
}

impl CatalogItem {
    /// Returns the machines of the blueprint; one default machine if the test named none.
    pub(in crate::testing::v7) fn components(&self) -> Vec<Component> {
        if self.item.components.is_empty() {
            return vec![Component { name: "machine".to_owned(), cpu: 1, memory: 1024, storage: 8 }];
        }
        self.item.components.clone()
    }

    /// Returns the description.
    pub(in crate::testing::v7) fn description(&self) -> String {
        format!("{} blueprint", self.item.name)
    }
}
