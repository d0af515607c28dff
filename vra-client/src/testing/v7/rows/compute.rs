//! Cluster with its networks and stores.

/// A cluster with what hangs on it.
#[derive(Debug)]
pub(in crate::testing::v7) struct Compute {
    pub(in crate::testing::v7) id: String,
    pub(in crate::testing::v7) name: String,
    pub(in crate::testing::v7) networks: Vec<(String, String)>,
    pub(in crate::testing::v7) storages: Vec<(String, String)>,
    pub(in crate::testing::v7) pools: Vec<(String, String)>,
}
