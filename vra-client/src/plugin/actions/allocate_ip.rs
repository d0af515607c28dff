//! AllocateIP: allocates the addresses of a machine's network cards, all or none.

use std::net::IpAddr;

use ipam_core::{Allocate, AllocateLine, Allocation, Family, IpamProvider, Labels, Placement, RangeId, Selection};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::get_ip_ranges::version;
use super::repeat;
use super::resource::{COMPUTE, ResourceInfo, ipam_key};
use crate::plugin::{ActionError, Endpoint, Members, wire};

/// Inputs of AllocateIP.
///
/// All entries are one request: either every network card gets its addresses, or none does. The same inputs, also with the
/// entries in another order, return the same addresses.
///
/// The request's key is the resource's id and the smallest `id` of the entries, compared as text (`nic-10` is smaller
/// than `nic-2`). For a resource whose entries `a` and `b` have addresses:
///
/// | entries of the next request | result |
/// | --- | --- |
/// | the same `a` and `b`, in any order | the same addresses |
/// | others with the smallest id `a`, such as `a` alone | an error of kind `Conflict`; nothing is taken |
/// | others with another smallest id, such as `b` alone | a new request with another key; it takes other addresses |
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
/// use serde_json::json;
/// use vra_client::plugin::{Action, Plugin};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("12", "10.16.20.0/24".parse().unwrap())).await.unwrap();
/// let plugin = Plugin::new(ipam);
///
/// let inputs = json!({
///     "resourceInfo": {"id": "/resources/compute/vm-1", "name": "web1", "type": "VM", "orgId": "o"},
///     "ipAllocations": [{
///         "id": "nic-0", "ipRangeIds": ["12"], "nicIndex": "0", "isPrimary": "true", "size": "2", "properties": {},
///     }],
///     "endpoint": {"id": "e", "endpointProperties": {"hostName": "ipam.example.test"}},
/// });
/// let outputs = plugin.run(Action::AllocateIp, &inputs).await.unwrap();
/// assert_eq!(outputs, json!({"ipAllocations": [{
///     "ipAllocationId": "nic-0", "ipRangeId": "12", "ipVersion": "IPv4", "ipAddresses": ["10.16.20.1", "10.16.20.2"],
/// }]}));
/// assert_eq!(plugin.run(Action::AllocateIp, &inputs).await.unwrap(), outputs);
/// # });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllocateIpInput {
    /// Machine that the addresses are for.
    #[serde(default, deserialize_with = "wire::model")]
    pub resource_info: ResourceInfo,
    /// Entries, one for each network card; at least one.
    #[serde(default, deserialize_with = "wire::list")]
    pub ip_allocations: Vec<IpAllocation>,
    /// Endpoint of the IPAM.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Addresses wanted for one network card: an entry of [`AllocateIpInput`].
///
/// ```
/// use serde_json::json;
/// use vra_client::plugin::IpAllocation;
///
/// // Numbers and booleans are read from strings and from JSON values alike.
/// let entry: IpAllocation = serde_json::from_value(json!({
///     "id": "nic-0", "ipRangeIds": ["12", 13], "nicIndex": "0", "isPrimary": true, "size": "1", "start": "10.16.20.9",
/// }))?;
/// assert_eq!((entry.nic_index, entry.is_primary, entry.size), (Some(0), Some(true), Some(1)));
/// assert_eq!(entry.ip_range_ids, ["12", "13"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpAllocation {
    /// vRA's id of this entry. Required; the result repeats it.
    #[serde(default, deserialize_with = "wire::text")]
    pub id: Option<String>,
    /// Ids of the ranges to try, in this order; at least one.
    #[serde(default, deserialize_with = "wire::texts")]
    pub ip_range_ids: Vec<String>,
    /// Number of the network card, from 0.
    #[serde(default, deserialize_with = "wire::number", skip_serializing_if = "Option::is_none")]
    pub nic_index: Option<u32>,
    /// True if this is the machine's primary network card. Not used.
    #[serde(default, deserialize_with = "wire::flag", skip_serializing_if = "Option::is_none")]
    pub is_primary: Option<bool>,
    /// Number of addresses, contiguous if more than one. Default: 1. Limit: 65,536 for all
    /// entries of a request together.
    #[serde(default, deserialize_with = "wire::number", skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// First address wanted. Any address if absent or unspecified (`0.0.0.0`, `::`).
    #[serde(default, deserialize_with = "wire::address", skip_serializing_if = "Option::is_none")]
    pub start: Option<IpAddr>,
    /// Free-form properties.
    #[serde(default, deserialize_with = "wire::object")]
    pub properties: Members,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Outputs of AllocateIP. [`AllocateIpInput`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllocateIpOutput {
    /// Results, one for each entry of the inputs, in the same order.
    pub ip_allocations: Vec<IpAllocationResult>,
}

/// Addresses of one network card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpAllocationResult {
    /// Id of the entry in the inputs.
    pub ip_allocation_id: String,
    /// Id of the range that holds the addresses.
    pub ip_range_id: String,
    /// Address family: `IPv4` or `IPv6`.
    pub ip_version: &'static str,
    /// Addresses, in ascending order; at least one.
    pub ip_addresses: Vec<IpAddr>,
}

impl IpAllocation {
    /// Returns the id of the entry at `index`.
    fn id(&self, index: usize) -> Result<&str, ActionError> {
        let member = format!("ipAllocations[{index}].id");
        self.id.as_deref().ok_or_else(|| ActionError::missing_entry_id(&member))
    }

    /// Returns the line of the provider's request for the entry at `index`.
    fn line(&self, index: usize, labels: Labels) -> Result<AllocateLine, ActionError> {
        let count = self.size.unwrap_or(1);
        // vRA writes an unspecified address into `start` where the blueprint has none.
        let selection = match self.start.filter(|start| !start.is_unspecified()) {
            Some(first) => Selection::Exact { first, count },
            // The contract asks for contiguous addresses; a single one may come from anywhere in the range.
            None if count > 1 => Selection::Next { count, placement: Placement::Contiguous },
            None => Selection::Next { count, placement: Placement::Scattered },
        };
        let mut ranges = self.ip_range_ids.iter().map(|id| RangeId::from(id.as_str()));
        let member = format!("ipAllocations[{index}].ipRangeIds");
        let first = ranges.next().ok_or_else(|| ActionError::empty(&member, "name at least one range"))?;
        let line = AllocateLine::new(first, selection).with_labels(labels);
        // The provider tries the ranges in this order and in one step, so that no address is lost between two tries.
        Ok(ranges.fold(line, AllocateLine::or_from))
    }
}

impl AllocateIpInput {
    /// Returns the provider's request, with its lines in the order of [`positions`](Self::positions).
    ///
    /// Inputs that differ in the order of the entries only give equal requests with equal keys.
    fn request(&self, ids: &[&str]) -> Result<Allocate, ActionError> {
        // vRA finds the result of an entry by its id, so two entries with one id could not be told apart.
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
        // Sorted here and put back into the order of the inputs by the positions, once the addresses are known.
        lines.sort_by_key(|(position, _)| *position);
        request.lines = lines.into_iter().map(|(_, line)| line).collect();
        Ok(request)
    }

    /// Returns the position of each entry in the request: ordered by network card, then by id.
    fn positions(&self, ids: &[&str]) -> Vec<usize> {
        // vRA may repeat the entries in another order, and a provider compares a repeated request line by line.
        let key = |index: usize| (self.ip_allocations.get(index).and_then(|wanted| wanted.nic_index), ids.get(index));
        (0..ids.len()).map(|index| (0..ids.len()).filter(|other| key(*other) < key(index)).count()).collect()
    }
}

/// Returns the smallest entry id, which the key of the request is made from.
fn smallest<'a>(ids: &[&'a str]) -> Result<&'a str, ActionError> {
    // The smallest id does not depend on the order of the entries. A key of all ids would let a request with one more
    // network card take new addresses for the others; with the smallest one it is a conflict and takes nothing.
    let empty = || ActionError::empty("ipAllocations", "name at least one network card");
    ids.iter().min().copied().ok_or_else(empty)
}

/// Runs AllocateIP.
pub(in crate::plugin) async fn allocate_ip<P: IpamProvider + ?Sized>(
    provider: &P,
    input: AllocateIpInput,
) -> Result<AllocateIpOutput, ActionError> {
    let ids: Vec<&str> =
        input.ip_allocations.iter().enumerate().map(|(index, wanted)| wanted.id(index)).collect::<Result<_, _>>()?;
    let request = input.request(&ids)?;
    // Checked before the look-ups of earlier requests, so that a mistake costs no request to the IPAM.
    request.validate()?;
    let positions = input.positions(&ids);
    // The owner and the key that an earlier version of this crate made for the same machine.
    let other = input.resource_info.other_owner(COMPUTE)?;
    let other_key = ipam_key(&other, smallest(&ids)?);
    let allocated = repeat::allocate(provider, request, &positions, (other, other_key)).await?;
    let ip_allocations = ids
        .iter()
        .zip(positions)
        .map(|(id, position)| result(id, allocated.lines.get(position).map(Vec::as_slice).unwrap_or_default()))
        .collect::<Result<_, _>>()?;
    Ok(AllocateIpOutput { ip_allocations })
}

/// Returns the result of the entry `id` from its allocations.
fn result(id: &str, allocations: &[Allocation]) -> Result<IpAllocationResult, ActionError> {
    let first = allocations
        .first()
        .ok_or_else(|| ActionError::new(format!("the IPAM returned no address for allocation {id}")))?;
    Ok(IpAllocationResult {
        ip_allocation_id: id.to_owned(),
        ip_range_id: first.range.to_string(),
        ip_version: version(Family::of(&IpNet::from(first.address))),
        ip_addresses: allocations.iter().map(|allocation| allocation.address).collect(),
    })
}
