//! AllocateIPRange: allocates an on-demand network, a child prefix of the first block with enough space.

use ipam_core::{AllocateRange, BlockId, ChildPrefix, IpamProvider, Properties, Tag};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::explained::of_resource;
use super::get_ip_ranges::IpRange;
use super::labels::{MAX_DESCRIPTION, MAX_TEXT, fitted};
use super::repeat;
use super::resource::{REQUESTED_BY, ResourceInfo, SUB_NETWORKS, ipam_key};
use crate::plugin::{ActionError, Endpoint, Members, Settings, wire};

/// Inputs of AllocateIPRange.
///
/// A repetition for the same resource and entry id returns the same network, also with another name, description, `owner`
/// or other properties, which stay as the first request gave them. If it asks for another prefix length or prefix, or names
/// other blocks only, it is an error of kind `Conflict` that says which network is held.
///
/// ```
/// use ipam_core::{DefineBlock, IpamProvider, MemoryProvider};
/// use serde_json::json;
/// use vra_client::plugin::{Action, Plugin};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_block(&DefineBlock::new("30", "10.99.0.0/16".parse().unwrap())).await.unwrap();
/// let plugin = Plugin::new(ipam);
///
/// let inputs = json!({
///     "resourceInfo": {"id": "/resources/sub-networks/n-1", "name": "app", "type": "SUBNET", "orgId": "o"},
///     "ipRangeAllocation": {
///         "name": "app", "ipBlockIds": ["30"], "subnetPrefixLength": "28", "properties": {"networkType": "PRIVATE"},
///     },
///     "endpoint": {"id": "e", "endpointProperties": {"hostName": "ipam.example.test"}},
/// });
/// let outputs = plugin.run(Action::AllocateIpRange, &inputs).await.unwrap();
/// let range = &outputs["ipRange"];
/// assert_eq!((&range["startIPAddress"], &range["endIPAddress"]), (&json!("10.99.0.1"), &json!("10.99.0.14")));
/// assert_eq!((&range["subnetPrefixLength"], &range["name"]), (&json!(28), &json!("10.99.0.0/28 app")));
/// assert_eq!(plugin.run(Action::AllocateIpRange, &inputs).await.unwrap(), outputs);
/// # });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllocateIpRangeInput {
    /// On-demand network that the range is for.
    #[serde(default, deserialize_with = "wire::model")]
    pub resource_info: ResourceInfo,
    /// Size or prefix wanted, and the blocks to take it from.
    #[serde(default, deserialize_with = "wire::model")]
    pub ip_range_allocation: IpRangeAllocation,
    /// Endpoint of the IPAM.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Child prefix to allocate: any of a prefix length, or an exact one.
///
/// One of `subnet_cidr` and `subnet_prefix_length` is required; with both, `subnet_cidr` takes precedence.
///
/// ```
/// use serde_json::json;
/// use vra_client::plugin::IpRangeAllocation;
///
/// let wanted: IpRangeAllocation =
///     serde_json::from_value(json!({"ipBlockIds": ["30"], "subnetCidr": "10.99.4.0/24"}))?;
/// assert_eq!(wanted.subnet_cidr, Some("10.99.4.0/24".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpRangeAllocation {
    /// vRA's id of this request, if it sends one.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name of the network. Default: the resource's name.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Ids of the blocks to try, in this order; at least one. Those that do not exist are left out if another one does.
    #[serde(default, deserialize_with = "wire::texts")]
    pub ip_block_ids: Vec<String>,
    /// Prefix length wanted.
    #[serde(default, deserialize_with = "wire::number", skip_serializing_if = "Option::is_none")]
    pub subnet_prefix_length: Option<u8>,
    /// Exact prefix wanted.
    #[serde(default, deserialize_with = "wire::prefix", skip_serializing_if = "Option::is_none")]
    pub subnet_cidr: Option<IpNet>,
    /// Address space. Not used: each block belongs to one address space.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub address_space_id: Option<String>,
    /// Free-form properties. The IPAM keeps them with the range, as text.
    #[serde(default, deserialize_with = "wire::object")]
    pub properties: Members,
    /// Tags, objects with `key` and `value`. Entries without a `key` are ignored.
    #[serde(default, deserialize_with = "wire::list", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Value>,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Outputs of AllocateIPRange. [`AllocateIpRangeInput`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllocateIpRangeOutput {
    /// New network.
    pub ip_range: IpRange,
}

impl AllocateIpRangeInput {
    /// Returns the provider's request. Equal inputs give equal requests with equal keys.
    fn request(&self) -> Result<AllocateRange, ActionError> {
        let wanted = &self.ip_range_allocation;
        let prefix = match (wanted.subnet_cidr, wanted.subnet_prefix_length) {
            // An exact prefix has a length already, so that one beside it decides nothing.
            (Some(net), _) => ChildPrefix::Exact(net),
            (None, Some(len)) => ChildPrefix::PrefixLen(len),
            (None, None) => {
                let reason = "give it or subnetPrefixLength, so that the size of the network is known";
                return Err(ActionError::missing("ipRangeAllocation.subnetCidr", reason));
            }
        };
        let mut blocks = wanted.ip_block_ids.iter().map(|id| BlockId::from(id.as_str()));
        let first = blocks
            .next()
            .ok_or_else(|| ActionError::empty("ipRangeAllocation.ipBlockIds", "name at least one block"))?;
        let name = wanted.name.as_deref().or(self.resource_info.name.as_deref());
        let description = self.resource_info.description.as_deref();
        let owner = self.resource_info.ipam_owner()?;
        let key = ipam_key(&owner, self.part());
        let mut request = AllocateRange::new(owner, first, prefix)
            .with_key(key)
            .with_name(name.and_then(|name| fitted(name, MAX_DESCRIPTION)).unwrap_or_default())
            .with_description(description.and_then(|text| fitted(text, MAX_TEXT)))
            .with_properties(texts(&wanted.properties));
        for tag in &wanted.tags {
            let member = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default();
            if !member("key").is_empty() {
                request.tags.insert(Tag::new(member("key"), member("value")));
            }
        }
        // A tag of this name in the blueprint is what the user wanted to be there.
        if let Some(person) = self.resource_info.person()
            && !request.tags.iter().any(|tag| tag.key == REQUESTED_BY)
        {
            request.tags.insert(Tag::new(REQUESTED_BY, person));
        }
        Ok(blocks.fold(request, AllocateRange::or_from))
    }

    /// Returns the part of the key that tells the requests of one resource apart.
    fn part(&self) -> &str {
        // vRA requests one network for one resource and sends no id then; a constant keeps its repeats equal.
        self.ip_range_allocation.id.as_deref().unwrap_or("network")
    }
}

/// Returns the properties as text, as an IPAM keeps them. A value that is not a string is written as JSON.
fn texts(properties: &Map<String, Value>) -> Properties {
    properties
        .iter()
        // An IPAM has no property without a name, and null means that the property is not set.
        .filter(|(name, value)| !name.is_empty() && !value.is_null())
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect()
}

/// Runs AllocateIPRange.
pub(in crate::plugin) async fn allocate_ip_range<P: IpamProvider + ?Sized>(
    provider: &P,
    input: AllocateIpRangeInput,
) -> Result<AllocateIpRangeOutput, ActionError> {
    // Read before anything is taken: a form that cannot be read would fail the action after the network was made.
    let settings = Settings::read(&input.endpoint.endpoint_properties)?;
    let request = input.request()?;
    request.validate().map_err(of_resource)?;
    let other = input.resource_info.other_owner(SUB_NETWORKS)?;
    let other_key = ipam_key(&other, input.part());
    let range = repeat::allocate_range(provider, &input.resource_info, request, (other, other_key)).await?;
    Ok(AllocateIpRangeOutput { ip_range: IpRange::new(range, &settings)? })
}
