//! The plan that the samples are played on, in a provider of each kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipam_core::embedded::EmbeddedProvider;
use ipam_core::{DefineBlock, DefineRange, IpamProvider, IpamProviderExt, NetworkInfo, Properties};
use ipam_tests::plugin_rules::violations;
use ipam_tests::plugin_samples::sample;
use serde_json::Value;
use vra_client::plugin::{Action, Fault, Plugin};

/// A provider with the samples' ranges and blocks in it, and what it calls them.
pub(crate) struct Stage {
    pub(crate) plugin: Plugin<Arc<dyn IpamProvider>>,
    pub(crate) ids: BTreeMap<&'static str, String>,
    /// Ends with the stage.
    _keep: Box<dyn std::any::Any + Send + Sync>,
}

/// The ranges of the samples: id, prefix, gateway, and whether the end point's filter chooses it.
pub(crate) const RANGES: [(&str, &str, Option<&str>, bool); 6] = [
    ("11", "10.16.10.0/30", Some("10.16.10.1"), true),
    ("12", "10.16.20.0/24", Some("10.16.20.1"), true),
    ("13", "10.16.30.0/24", None, true),
    ("14", "2001:db8:14::/64", None, true),
    ("full", "10.16.40.0/31", None, true),
    ("hidden", "10.16.50.0/24", None, false),
];

/// The blocks of the samples.
pub(crate) const BLOCKS: [(&str, &str); 2] = [("30", "10.99.0.0/29"), ("31", "192.168.192.0/20")];

/// The stages that need nothing but this machine.
pub(crate) async fn all() -> Vec<Stage> {
    vec![embedded().await]
}

/// The samples' plan in an embedded store.
pub(crate) async fn embedded() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let provider = EmbeddedProvider::open(folder.path().join("ipam.db")).await.unwrap();
    let shown = Properties::from([("custom_vRA_Range".to_owned(), "1".to_owned())]);
    for (id, net) in BLOCKS {
        let block = DefineBlock::new(id, net.parse().unwrap()).with_properties(shown.clone());
        provider.define_block(&block).await.unwrap();
    }
    for (id, net, gateway, chosen) in RANGES {
        let mut network = NetworkInfo::default();
        network.gateway = gateway.map(|gateway| gateway.parse().unwrap());
        network.dns_servers = vec!["10.16.0.53".parse().unwrap()];
        let range = DefineRange::new(id, net.parse().unwrap()).with_network(network).with_properties(if chosen {
            shown.clone()
        } else {
            Properties::new()
        });
        provider.define_range(&range).await.unwrap();
    }
    for _ in 0..2 {
        provider.allocate_one("full", "somebody else").await.unwrap();
    }
    let ids = RANGES.iter().map(|range| range.0).chain(BLOCKS.iter().map(|block| block.0));
    Stage {
        plugin: Plugin::new(Arc::new(provider)),
        ids: ids.map(|id| (id, id.to_owned())).collect(),
        _keep: Box::new(folder),
    }
}

impl Stage {
    /// The sample of this name, with the provider's ids and a resource of its own.
    pub(crate) fn sample(&self, name: &str) -> Value {
        sample(name, &self.ids)
    }

    /// Runs an action and holds its answer to the contract's rules.
    pub(crate) async fn run(&self, action: Action, inputs: &Value) -> Result<Value, Fault> {
        let outputs = self.plugin.run(action, inputs).await?;
        let broken = violations(action.name(), inputs, &outputs);
        assert!(broken.is_empty(), "{action}: {broken:#?}\n{outputs:#}");
        Ok(outputs)
    }

    /// How many addresses are allocated in all of the stage's ranges.
    pub(crate) async fn allocated(&self) -> u128 {
        let mut sum = 0;
        for (name, id) in &self.ids {
            if !BLOCKS.iter().any(|block| block.0 == *name) {
                sum += self.plugin.provider().usage_of(id.as_str()).await.unwrap().allocated;
            }
        }
        sum
    }
}

/// What DeallocateIP gets to undo what AllocateIP answered.
pub(crate) fn undo(allocated: &Value, inputs: &Value) -> Value {
    let mut entries = Vec::new();
    for result in allocated["ipAllocations"].as_array().unwrap() {
        for address in result["ipAddresses"].as_array().unwrap() {
            entries.push(serde_json::json!({
                "id": format!("undo-{}", entries.len()), "ipRangeId": result["ipRangeId"], "ipAddress": address,
            }));
        }
    }
    serde_json::json!({
        "resourceInfo": inputs["resourceInfo"], "ipDeallocations": entries, "endpoint": inputs["endpoint"],
    })
}
