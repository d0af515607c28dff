//! Stage of a test: the ranges and blocks of the samples, in a provider of each kind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ipam_core::embedded::EmbeddedProvider;
use ipam_core::http::HttpOptions;
use ipam_core::{DefineBlock, DefineRange, IpamProvider, IpamProviderExt, NetworkInfo, Properties};
use ipam_tests::live::{Made, client};
use ipam_tests::plugin_rules::violations;
use ipam_tests::plugin_samples::sample;
use phpipam_client::models::{AddressFields, SectionId, SubnetFields};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{CustomColumn, Object, Server, Store};
use phpipam_client::{Auth, Client};
use serde_json::Value;
use vra_client::plugin::{Action, ActionError, Plugin};

/// Provider with the samples' ranges and blocks, and the provider's own ids of them.
pub(crate) struct Stage {
    pub(crate) plugin: Plugin<Arc<dyn IpamProvider>>,
    pub(crate) ids: BTreeMap<&'static str, String>,
    /// Field of the endpoint's filter.
    pub(crate) filter: &'static str,
    /// Resources that are freed with the stage.
    _keep: Box<dyn std::any::Any + Send + Sync>,
}

/// Ranges of the samples: id, prefix, gateway, and true if the endpoint's filter matches.
pub(crate) const RANGES: [(&str, &str, Option<&str>, bool); 6] = [
    ("11", "10.16.10.0/30", Some("10.16.10.1"), true),
    ("12", "10.16.20.0/24", Some("10.16.20.1"), true),
    ("13", "10.16.30.0/24", None, true),
    ("14", "2001:db8:14::/64", None, true),
    ("full", "10.16.40.0/31", None, true),
    ("hidden", "10.16.50.0/24", None, false),
];

/// Blocks of the samples: id and prefix.
pub(crate) const BLOCKS: [(&str, &str); 2] = [("30", "10.99.0.0/29"), ("31", "192.168.192.0/20")];

/// Field of the samples' filter.
const CUSTOM_FIELD: &str = "custom_vRA_Range";

/// Field that every phpIPAM has, for a real server whose custom fields the tests cannot choose.
const PLAIN_FIELD: &str = "showName";

/// Returns a stage in an embedded store, one in a simulated phpIPAM, and one in a real phpIPAM if `IPAM_LIVE_PHPIPAM_URL`
/// names it. [`ipam_tests::live`] lists the other variables that it needs.
pub(crate) async fn all() -> Vec<Stage> {
    let mut stages = vec![embedded().await, simulated().await.0];
    if std::env::var_os("IPAM_LIVE_PHPIPAM_URL").is_some() {
        stages.push(live().await);
    }
    stages
}

/// Returns a stage in an embedded store.
pub(crate) async fn embedded() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let provider = EmbeddedProvider::open(folder.path().join("ipam.db")).await.unwrap();
    let shown = |value: &str| Properties::from([(CUSTOM_FIELD.to_owned(), value.to_owned())]);
    for (id, net) in BLOCKS {
        // Without the property of the filter, which is one of ranges.
        provider.define_block(&DefineBlock::new(id, net.parse().unwrap())).await.unwrap();
    }
    for (id, net, gateway, chosen) in RANGES {
        let mut network = NetworkInfo::default();
        network.gateway = gateway.map(|gateway| gateway.parse().unwrap());
        network.dns_servers = vec!["10.16.0.53".parse().unwrap()];
        let properties = shown(if chosen { "1" } else { "0" });
        let range = DefineRange::new(id, net.parse().unwrap()).with_network(network).with_properties(properties);
        provider.define_range(&range).await.unwrap();
    }
    for _ in 0..2 {
        provider.allocate_one("full", "another owner").await.unwrap();
    }
    let ids = RANGES.iter().map(|range| range.0).chain(BLOCKS.iter().map(|block| block.0));
    Stage {
        plugin: Plugin::new(Arc::new(provider)),
        ids: ids.map(|id| (id, id.to_owned())).collect(),
        filter: CUSTOM_FIELD,
        _keep: Box::new(folder),
    }
}

/// Returns a stage in a simulated phpIPAM, and that phpIPAM.
pub(crate) async fn simulated() -> (Stage, Arc<Server>) {
    let server = Arc::new(Server::start().await.unwrap());
    let ids = server.seed(fill);
    let plugin = connect(&server).await;
    (Stage { plugin, ids, filter: CUSTOM_FIELD, _keep: Box::new(Arc::clone(&server)) }, server)
}

/// Returns a plug-in over a phpIPAM with nothing cached, as a new process has it.
pub(crate) async fn connect(server: &Server) -> Plugin<Arc<dyn IpamProvider>> {
    // An incomplete claim counts as abandoned after three times the claim time, so a short one keeps the tests short.
    let config = PhpIpamConfig::new().with_claim_time(Duration::from_secs(1)).with_list_age(Duration::ZERO);
    Plugin::new(open(server, config).await.unwrap())
}

/// Opens a simulated phpIPAM with the samples' blocks.
pub(crate) async fn open(server: &Server, config: PhpIpamConfig) -> ipam_core::Result<Arc<dyn IpamProvider>> {
    let http = HttpOptions::new().with_allow_http(true);
    let auth = Auth::user(Server::USER, Server::PASSWORD);
    let client = Client::builder(server.url(), Server::APP, auth).with_http_options(http).build().unwrap();
    let config = config.with_block_field("custom_block", "1");
    Ok(Arc::new(PhpIpamProvider::connect(client, config).await?))
}

/// Returns the ids of all subnets and addresses of a simulated phpIPAM.
pub(crate) fn rows(server: &Server) -> (Vec<u64>, Vec<u64>) {
    server.seed(|store| (store.ids(Object::Subnet), store.ids(Object::Address)))
}

/// Adds the ranges and blocks of the samples, and returns their ids.
pub(crate) fn fill(store: &mut Store) -> BTreeMap<&'static str, String> {
    for field in ["custom_vRA_Range", "custom_block"] {
        store.add_custom_field(Object::Subnet, CustomColumn::flag(field, false));
    }
    let section = store.add_section("plug-in");
    let servers = store.add_nameservers("set", &["10.16.0.53".parse().unwrap()]).to_string();
    let mut ids = BTreeMap::new();
    for (name, net) in BLOCKS {
        let id = store.add_subnet(section, net.parse().unwrap());
        store.set_field(Object::Subnet, id, "custom_block", "1");
        ids.insert(name, id.to_string());
    }
    for (name, net, gateway, chosen) in RANGES {
        let id = store.add_subnet(section, net.parse().unwrap());
        store.set_field(Object::Subnet, id, "custom_vRA_Range", if chosen { "1" } else { "0" });
        store.set_field(Object::Subnet, id, "nameserverId", &servers);
        if let Some(gateway) = gateway {
            let row = store.add_address(id, gateway.parse().unwrap(), "gateway");
            store.set_field(Object::Address, row, "is_gateway", "1");
        }
        if name == "full" {
            store.fill(id, 2);
        }
        ids.insert(name, id.to_string());
    }
    ids
}

/// Adds the ranges and blocks of the samples to a section of a real phpIPAM, and returns their ids. Blocks have the
/// description `block`, and ranges that the filter chooses have the flag [`PLAIN_FIELD`].
pub(crate) async fn fill_real(client: &Client, section: SectionId, block: &str) -> BTreeMap<&'static str, String> {
    let mut ids = BTreeMap::new();
    for (name, net) in BLOCKS {
        let fields = SubnetFields::new().with_description(block);
        let subnet = client.subnets().create(section, net.parse().unwrap(), &fields).await.unwrap().id;
        ids.insert(name, subnet.to_string());
    }
    for (name, net, gateway, chosen) in RANGES {
        let fields = SubnetFields::new().with_show_name(chosen);
        let subnet = client.subnets().create(section, net.parse().unwrap(), &fields).await.unwrap().id;
        if let Some(gateway) = gateway {
            let fields = AddressFields::new().with_is_gateway(true);
            client.addresses().create(subnet, gateway.parse().unwrap(), &fields).await.unwrap();
        }
        if name == "full" {
            for address in net.parse::<ipnet::IpNet>().unwrap().hosts() {
                client.addresses().create(subnet, address, &AddressFields::new()).await.unwrap();
            }
        }
        ids.insert(name, subnet.to_string());
    }
    ids
}

/// Returns a stage in a section of a real phpIPAM, which is removed with the stage.
async fn live() -> Stage {
    const BLOCK: &str = "a block of the plug-in's tests";
    let client = client();
    let made = Made::new(client.clone());
    let section = made.section().await.unwrap();
    let ids = fill_real(&client, section, BLOCK).await;
    let config = PhpIpamConfig::new().with_section_id(section).with_block_field("description", BLOCK);
    let provider = PhpIpamProvider::connect(client, config).await.unwrap();
    Stage { plugin: Plugin::new(Arc::new(provider)), ids, filter: PLAIN_FIELD, _keep: Box::new(made) }
}

impl Stage {
    /// Returns the sample of this name, with the provider's ids and a resource of its own.
    pub(crate) fn sample(&self, name: &str) -> Value {
        let mut sample = sample(name, &self.ids);
        for pointer in ["/endpoint/endpointProperties/filterField", "/endpointProperties/filterField"] {
            if let Some(field) = sample.pointer_mut(pointer) {
                *field = self.filter.into();
            }
        }
        // Keys are unique in a whole server, and a real server outlives the test.
        if self.filter == PLAIN_FIELD
            && let Some(id) = sample.pointer_mut("/resourceInfo/id")
        {
            *id = format!("{}@{}", id.as_str().unwrap(), self.ids["12"]).into();
        }
        sample
    }

    /// Returns the same stage with another plug-in, as another process has it.
    pub(crate) fn with_plugin(mut self, plugin: Plugin<Arc<dyn IpamProvider>>) -> Self {
        self.plugin = plugin;
        self
    }

    /// Runs an action and checks its response against the contract's rules.
    pub(crate) async fn run(&self, action: Action, inputs: &Value) -> Result<Value, ActionError> {
        let outputs = self.plugin.run(action, inputs).await?;
        let broken = violations(action.name(), inputs, &outputs);
        assert!(broken.is_empty(), "{action}: {broken:#?}\n{outputs:#}");
        Ok(outputs)
    }

    /// Returns the number of addresses that are allocated in all ranges of the stage.
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

/// Returns the inputs of DeallocateIP that undo the outputs of AllocateIP.
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
