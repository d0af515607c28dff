//! AllocateIP: addresses for the network cards of a machine, all or none.

use std::net::IpAddr;

use ipam_core::{Allocate, AllocateLine, Allocation, Family, IpamProvider, Labels, RangeId, Shape, What};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::get_ip_ranges::version;
use super::resource::ResourceInfo;
use crate::plugin::{Endpoint, Fault, wire};

/// What AllocateIP gets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllocateIpInput {
    /// The machine.
    #[serde(default)]
    pub resource_info: ResourceInfo,
    /// One entry for each network card.
    #[serde(default, deserialize_with = "wire::list")]
    pub ip_allocations: Vec<IpAllocation>,
    /// The end point.
    #[serde(default)]
    pub endpoint: Endpoint,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What one network card needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpAllocation {
    /// vRA's id of this allocation.
    #[serde(default, deserialize_with = "wire::text")]
    pub id: Option<String>,
    /// The ranges to try, in this order.
    #[serde(default, deserialize_with = "wire::texts")]
    pub ip_range_ids: Vec<String>,
    /// The network card's number.
    #[serde(default, deserialize_with = "wire::number", skip_serializing_if = "Option::is_none")]
    pub nic_index: Option<u32>,
    /// Whether it is the machine's first network card.
    #[serde(default, deserialize_with = "wire::flag", skip_serializing_if = "Option::is_none")]
    pub is_primary: Option<bool>,
    /// How many addresses, one after another; one if vRA does not say.
    #[serde(default, deserialize_with = "wire::number", skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// The first address wanted; any if vRA does not say.
    #[serde(default, deserialize_with = "wire::number", skip_serializing_if = "Option::is_none")]
    pub start: Option<IpAddr>,
    /// Free-form properties.
    #[serde(default, deserialize_with = "wire::object")]
    pub properties: Map<String, Value>,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What AllocateIP answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllocateIpOutput {
    /// One entry for each of the request's, in that order.
    pub ip_allocations: Vec<IpAllocationResult>,
}

/// What one network card got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpAllocationResult {
    /// The id of the request's entry.
    pub ip_allocation_id: String,
    /// The range the addresses are from.
    pub ip_range_id: String,
    /// `IPv4` or `IPv6`.
    pub ip_version: &'static str,
    /// The addresses, in ascending order.
    pub ip_addresses: Vec<IpAddr>,
}

impl IpAllocation {
    fn id(&self, index: usize) -> Result<&str, Fault> {
        let member = format!("ipAllocations[{index}].id");
        self.id.as_deref().ok_or_else(|| Fault::input(&member, &"missing; the answer has to name it"))
    }

    fn line(&self, index: usize, labels: Labels) -> Result<AllocateLine, Fault> {
        let count = self.size.unwrap_or(1);
        let what = match self.start {
            Some(first) => What::Exactly { first, count },
            None if count > 1 => What::Next { count, shape: Shape::Contiguous },
            None => What::Next { count, shape: Shape::Scattered },
        };
        let mut ranges = self.ip_range_ids.iter().map(|id| RangeId::from(id.as_str()));
        let member = format!("ipAllocations[{index}].ipRangeIds");
        let first = ranges.next().ok_or_else(|| Fault::input(&member, &"empty; name at least one range"))?;
        let line = AllocateLine::new(first, what).with_labels(labels);
        Ok(ranges.fold(line, AllocateLine::or_from))
    }
}

impl AllocateIpInput {
    /// The request that stands for the inputs. Equal inputs give equal requests with equal keys.
    fn request(&self) -> Result<Allocate, Fault> {
        let ids: Vec<&str> =
            self.ip_allocations.iter().enumerate().map(|(index, wanted)| wanted.id(index)).collect::<Result<_, _>>()?;
        // The smallest id names the request whatever the order of its entries; another request with that id, which has
        // to be another one for the same card, is a conflict and takes nothing.
        let smallest =
            ids.iter().min().ok_or_else(|| Fault::input("ipAllocations", &"empty; there is nothing to allocate"))?;
        for (index, id) in ids.iter().enumerate() {
            if ids[..index].contains(id) {
                return Err(Fault::input(
                    &format!("ipAllocations[{index}].id"),
                    &"repeated; every entry needs its own",
                ));
            }
        }
        let mut labels = Labels::default();
        labels.hostname = self.resource_info.name.clone();
        labels.description = self.resource_info.description.clone();
        let mut request =
            Allocate::new(self.resource_info.ipam_owner()?).with_key(self.resource_info.ipam_key(smallest)?);
        for (index, wanted) in self.ip_allocations.iter().enumerate() {
            request = request.with_line(wanted.line(index, labels.clone())?);
        }
        Ok(request)
    }
}

pub(in crate::plugin) async fn allocate_ip<P: IpamProvider + ?Sized>(
    provider: &P,
    input: AllocateIpInput,
) -> Result<AllocateIpOutput, Fault> {
    let answer = provider.allocate(&input.request()?).await?;
    let ip_allocations = input
        .ip_allocations
        .iter()
        .enumerate()
        .zip(answer.lines)
        .map(|((index, wanted), got)| result(wanted.id(index)?, &got))
        .collect::<Result<_, _>>()?;
    Ok(AllocateIpOutput { ip_allocations })
}

fn result(id: &str, got: &[Allocation]) -> Result<IpAllocationResult, Fault> {
    let first = got.first().ok_or_else(|| Fault::new(format!("the IPAM answered no address for allocation {id}")))?;
    Ok(IpAllocationResult {
        ip_allocation_id: id.to_owned(),
        ip_range_id: first.range.to_string(),
        ip_version: version(Family::of(&IpNet::from(first.address))),
        ip_addresses: got.iter().map(|allocation| allocation.address).collect(),
    })
}
