//! AllocateIP: addresses for the network cards of a machine, all or none.

use std::net::IpAddr;

use ipam_core::{Allocate, AllocateLine, Allocation, Family, IpamProvider, Labels, Placement, RangeId, Selection};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::get_ip_ranges::version;
use super::repeat;
use super::resource::{COMPUTE, ResourceInfo, ipam_key};
use crate::plugin::{ActionError, Endpoint, Members, wire};

/// What AllocateIP gets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllocateIpInput {
    /// The machine.
    #[serde(default, deserialize_with = "wire::model")]
    pub resource_info: ResourceInfo,
    /// One entry for each network card.
    #[serde(default, deserialize_with = "wire::list")]
    pub ip_allocations: Vec<IpAllocation>,
    /// The end point.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
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
    /// The first address wanted; any if vRA does not say, or writes an unspecified one (`0.0.0.0`, `::`).
    #[serde(default, deserialize_with = "wire::address", skip_serializing_if = "Option::is_none")]
    pub start: Option<IpAddr>,
    /// Free-form properties.
    #[serde(default, deserialize_with = "wire::object")]
    pub properties: Members,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
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
    fn id(&self, index: usize) -> Result<&str, ActionError> {
        let member = format!("ipAllocations[{index}].id");
        self.id.as_deref().ok_or_else(|| ActionError::input(&member, &"missing; the answer has to name it"))
    }

    fn line(&self, index: usize, labels: Labels) -> Result<AllocateLine, ActionError> {
        let count = self.size.unwrap_or(1);
        let what = match self.start.filter(|start| !start.is_unspecified()) {
            Some(first) => Selection::Exact { first, count },
            None if count > 1 => Selection::Next { count, placement: Placement::Contiguous },
            None => Selection::Next { count, placement: Placement::Scattered },
        };
        let mut ranges = self.ip_range_ids.iter().map(|id| RangeId::from(id.as_str()));
        let member = format!("ipAllocations[{index}].ipRangeIds");
        let first = ranges.next().ok_or_else(|| ActionError::input(&member, &"empty; name at least one range"))?;
        let line = AllocateLine::new(first, what).with_labels(labels);
        Ok(ranges.fold(line, AllocateLine::or_from))
    }
}

impl AllocateIpInput {
    /// The request that stands for the inputs, with its entries in the order of [`positions`](Self::positions). Equal
    /// inputs give equal requests with equal keys, also with their entries in another order.
    fn request(&self, ids: &[&str]) -> Result<Allocate, ActionError> {
        for (index, id) in ids.iter().enumerate() {
            if ids.iter().take(index).any(|earlier| earlier == id) {
                return Err(ActionError::input(
                    &format!("ipAllocations[{index}].id"),
                    &"repeated; every entry needs its own",
                ));
            }
        }
        let mut labels = Labels::default();
        labels.hostname = self.resource_info.name.clone();
        labels.description = self.resource_info.description.clone();
        let owner = self.resource_info.ipam_owner()?;
        let key = ipam_key(&owner, smallest(ids)?);
        let mut request = Allocate::new(owner).with_key(key);
        for (index, wanted) in self.ip_allocations.iter().enumerate() {
            request = request.with_line(wanted.line(index, labels.clone())?);
        }
        let mut lines: Vec<_> = self.positions(ids).into_iter().zip(request.lines).collect();
        lines.sort_by_key(|(position, _)| *position);
        request.lines = lines.into_iter().map(|(_, line)| line).collect();
        Ok(request)
    }

    /// The position of each entry in the request: by network card, then by id.
    fn positions(&self, ids: &[&str]) -> Vec<usize> {
        let key = |index: usize| (self.ip_allocations.get(index).and_then(|wanted| wanted.nic_index), ids.get(index));
        (0..ids.len()).map(|index| (0..ids.len()).filter(|other| key(*other) < key(index)).count()).collect()
    }
}

/// The smallest id names the request whatever the order of its entries; another request with that id, which has to be
/// another one for the same card, is a conflict and takes nothing.
fn smallest<'a>(ids: &[&'a str]) -> Result<&'a str, ActionError> {
    let empty = || ActionError::input("ipAllocations", &"empty; there is nothing to allocate");
    ids.iter().min().copied().ok_or_else(empty)
}

pub(in crate::plugin) async fn allocate_ip<P: IpamProvider + ?Sized>(
    provider: &P,
    input: AllocateIpInput,
) -> Result<AllocateIpOutput, ActionError> {
    let ids: Vec<&str> =
        input.ip_allocations.iter().enumerate().map(|(index, wanted)| wanted.id(index)).collect::<Result<_, _>>()?;
    let request = input.request(&ids)?;
    request.validate()?;
    let positions = input.positions(&ids);
    let other = input.resource_info.other_owner(COMPUTE)?;
    let other_key = ipam_key(&other, smallest(&ids)?);
    let answer = repeat::allocate(provider, request, &positions, (other, other_key)).await?;
    let ip_allocations = ids
        .iter()
        .zip(positions)
        .map(|(id, position)| result(id, answer.lines.get(position).map(Vec::as_slice).unwrap_or_default()))
        .collect::<Result<_, _>>()?;
    Ok(AllocateIpOutput { ip_allocations })
}

fn result(id: &str, got: &[Allocation]) -> Result<IpAllocationResult, ActionError> {
    let first =
        got.first().ok_or_else(|| ActionError::new(format!("the IPAM answered no address for allocation {id}")))?;
    Ok(IpAllocationResult {
        ip_allocation_id: id.to_owned(),
        ip_range_id: first.range.to_string(),
        ip_version: version(Family::of(&IpNet::from(first.address))),
        ip_addresses: got.iter().map(|allocation| allocation.address).collect(),
    })
}
