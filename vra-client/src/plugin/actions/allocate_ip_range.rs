//! AllocateIPRange: a network on demand, carved from the first block that can give it.

use ipam_core::{AllocateRange, BlockId, ChildPrefix, IpamProvider, Properties, Tag};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::get_ip_ranges::IpRange;
use super::repeat;
use super::resource::{ResourceInfo, SUB_NETWORKS, ipam_key};
use crate::plugin::{ActionError, Endpoint, Members, Settings, wire};

/// What AllocateIPRange gets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllocateIpRangeInput {
    /// The network.
    #[serde(default, deserialize_with = "wire::model")]
    pub resource_info: ResourceInfo,
    /// What is wanted.
    #[serde(default, deserialize_with = "wire::model")]
    pub ip_range_allocation: IpRangeAllocation,
    /// The end point.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// A network to carve: of a prefix length, or exactly this one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpRangeAllocation {
    /// vRA's id of this request, where it sends one.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The network's name.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The blocks to try, in this order.
    #[serde(default, deserialize_with = "wire::texts")]
    pub ip_block_ids: Vec<String>,
    /// The prefix length wanted.
    #[serde(default, deserialize_with = "wire::number", skip_serializing_if = "Option::is_none")]
    pub subnet_prefix_length: Option<u8>,
    /// The prefix wanted.
    #[serde(default, deserialize_with = "wire::prefix", skip_serializing_if = "Option::is_none")]
    pub subnet_cidr: Option<IpNet>,
    /// The address space. The blocks say it already.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub address_space_id: Option<String>,
    /// Free-form properties.
    #[serde(default, deserialize_with = "wire::object")]
    pub properties: Members,
    /// Tags, where vRA sends some.
    #[serde(default, deserialize_with = "wire::list", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Value>,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// What AllocateIPRange answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllocateIpRangeOutput {
    /// The new network.
    pub ip_range: IpRange,
}

impl AllocateIpRangeInput {
    /// The request that stands for the inputs. Equal inputs give equal requests with equal keys.
    fn request(&self) -> Result<AllocateRange, ActionError> {
        let wanted = &self.ip_range_allocation;
        let what = match (wanted.subnet_cidr, wanted.subnet_prefix_length) {
            (Some(net), _) => ChildPrefix::Exact(net),
            (None, Some(len)) => ChildPrefix::PrefixLen(len),
            (None, None) => {
                let problem = "missing, and so is subnetPrefixLength; one of them has to say how large the network is";
                return Err(ActionError::input("ipRangeAllocation.subnetCidr", &problem));
            }
        };
        let mut blocks = wanted.ip_block_ids.iter().map(|id| BlockId::from(id.as_str()));
        let first = blocks
            .next()
            .ok_or_else(|| ActionError::input("ipRangeAllocation.ipBlockIds", &"empty; name at least one block"))?;
        let name = wanted.name.as_deref().or(self.resource_info.name.as_deref()).unwrap_or_default();
        let owner = self.resource_info.ipam_owner()?;
        let key = ipam_key(&owner, self.part());
        let mut request = AllocateRange::new(owner, first, what)
            .with_key(key)
            .with_name(name)
            .with_description(self.resource_info.description.clone())
            .with_properties(texts(&wanted.properties));
        for tag in &wanted.tags {
            let member = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default();
            if !member("key").is_empty() {
                request.tags.insert(Tag::new(member("key"), member("value")));
            }
        }
        Ok(blocks.fold(request, AllocateRange::or_from))
    }

    /// What tells the requests of one resource apart.
    fn part(&self) -> &str {
        self.ip_range_allocation.id.as_deref().unwrap_or("network")
    }
}

/// Properties are texts in the IPAM; what is not one is kept as its JSON.
fn texts(properties: &Map<String, Value>) -> Properties {
    properties
        .iter()
        .filter(|(name, value)| !name.is_empty() && !value.is_null())
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect()
}

pub(in crate::plugin) async fn allocate_ip_range<P: IpamProvider + ?Sized>(
    provider: &P,
    input: AllocateIpRangeInput,
) -> Result<AllocateIpRangeOutput, ActionError> {
    let settings = Settings::read(&input.endpoint.endpoint_properties)?;
    let request = input.request()?;
    request.validate()?;
    let other = input.resource_info.other_owner(SUB_NETWORKS)?;
    let other_key = ipam_key(&other, input.part());
    let answer = repeat::allocate_range(provider, request, (other, other_key)).await?;
    Ok(AllocateIpRangeOutput { ip_range: IpRange::new(answer.range, &settings)? })
}
