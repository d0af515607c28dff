//! Cluster with its networks, datastores and resource pools.

/// Cluster; each network, datastore and resource pool has an id and a name.
#[derive(Debug)]
pub(in crate::testing::v7) struct Compute {
    pub(in crate::testing::v7) id: String,
    pub(in crate::testing::v7) name: String,
    pub(in crate::testing::v7) networks: Vec<(String, String)>,
    pub(in crate::testing::v7) storages: Vec<(String, String)>,
    pub(in crate::testing::v7) pools: Vec<(String, String)>,
}
