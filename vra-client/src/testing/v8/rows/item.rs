//! Item of the catalog.

use std::time::SystemTime;

use crate::testing::v8::config::Item;

/// Item of the catalog, as it was added.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) struct CatalogItem {
    pub(in crate::testing::v8) id: String,
    pub(in crate::testing::v8) project: String,
    pub(in crate::testing::v8) created: SystemTime,
    pub(in crate::testing::v8) item: Item,
}
