//! AllocateIP: allocates the addresses of a machine's network cards, all or none.

use std::net::IpAddr;

use ipam_core::{Allocate, AllocateLine, Allocation, Family, IpamProvider, Placement, RangeId, Selection};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::entry::{Entry, Results};
use super::explained::of_entries;
use super::get_ip_ranges::version;
use super::gone::leave_out_ranges;
use super::resource::ResourceInfo;
use super::{held, repeat};
use crate::plugin::{ActionError, Endpoint, Members, wire};

/// Inputs of AllocateIP.
///
/// The action first looks what the resource holds for the `id` of each entry. These addresses are the result of the entry.
/// Only the other entries are requested, as one request: either each of them gets its addresses, or none does. So a
/// repetition never takes a second address for an entry:
///
/// | next request of the same resource | result |
/// | --- | --- |
/// | the same, or with its entries in another order | the same addresses |
/// | another machine name, description or `owner` | the same addresses, with these labels if the IPAM can change them |
/// | another list or order of `ipRangeIds`, with the range of the held address in it | the same addresses |
/// | fewer entries | the same addresses for these; those of the others stay allocated |
/// | more entries | the same addresses, and new ones for the others |
/// | another `size`, another `start`, or only other `ipRangeIds` | an error of kind `Conflict`; nothing is taken |
///
/// vRA accepts an address only if its range is one of those that the entry names. The error therefore says which machine
/// and entry hold which address in which range, and what to do: deallocate it, or delete the deployment.
///
/// Addresses carry their entry as the tag `vra-nic`, and the resource as their owner. Where the IPAM keeps no tags
/// ([`Capabilities::tags`](ipam_core::Capabilities::tags)), only the same request is a repetition, with its entries in any
/// order. Any other one that has the same smallest `id` of an entry, compared as text (`nic-10` is smaller than `nic-2`),
/// is a `Conflict`. The same holds for addresses that builds of this crate from before its first release allocated.
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
///
/// # Static address
/// A machine asks for an address by a property of its blueprint. The form's field `addressProperty` is the name of the property,
/// `custom_ip` by default. The address is the `start` of an entry that has none, from the first of these that is there:
///
/// 1. The property in the `properties` of the entry.
/// 2. `NAME.N` in the properties of the machine, where N is the entry's `nicIndex`.
/// 3. `NAME` in the properties of the machine, for one entry only: the one that is alone, or `isPrimary`, or has `nicIndex` 0
///    where no `isPrimary` is given.
///
/// Empty, `none` and an unspecified address count as absent. A text that is no address is an error.
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
    /// Ids of the ranges to try, in this order; at least one. Those that do not exist are left out if another one does.
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
    /// First address wanted. Absent or unspecified (`0.0.0.0`, `::`): that of the machine's property, or else any address;
    /// see [`AllocateIpInput`].
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

    /// Returns the line of the provider's request for the entry at `index`, without labels.
    fn line(&self, index: usize) -> Result<AllocateLine, ActionError> {
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
        // The provider tries the ranges in this order and in one step, so that no address is lost between two tries.
        Ok(ranges.fold(AllocateLine::new(first, selection), AllocateLine::or_from))
    }
}

impl AllocateIpInput {
    /// Returns the entries, ordered by network card, then by id.
    ///
    /// vRA may repeat them in another order, and a provider compares a repeated request line by line.
    fn entries(&self) -> Result<Vec<Entry<'_>>, ActionError> {
        let mut entries: Vec<Entry<'_>> = Vec::with_capacity(self.ip_allocations.len());
        for (index, wanted) in self.ip_allocations.iter().enumerate() {
            let id = wanted.id(index)?;
            // vRA finds the result of an entry by its id, so two entries with one id could not be told apart.
            if entries.iter().any(|earlier| earlier.id == id) {
                let member = format!("ipAllocations[{index}].id");
                return Err(ActionError::input(&member, &"repeated; every entry needs its own"));
            }
            entries.push(Entry { index, id, nic: wanted.nic_index, line: wanted.line(index)? });
        }
        if entries.is_empty() {
            return Err(ActionError::empty("ipAllocations", "name at least one network card"));
        }
        entries.sort_by_key(|entry| (entry.nic, entry.id));
        Ok(entries)
    }
}

/// Runs AllocateIP.
pub(in crate::plugin) async fn allocate_ip<P: IpamProvider + ?Sized>(
    provider: &P,
    input: AllocateIpInput,
) -> Result<AllocateIpOutput, ActionError> {
    let input = input.with_static_addresses()?;
    let resource = &input.resource_info;
    let mut entries = input.entries()?;
    // All entries are checked before the look-ups, so that a mistake costs no request to the IPAM, and takes no address
    // because others are held already.
    let labels = resource.labels(None);
    let lines = entries.iter().map(|entry| entry.tagged_line(&labels));
    let request = lines.fold(Allocate::new(resource.ipam_owner()?), Allocate::with_line);
    request.validate().map_err(|error| of_entries(error, resource, &entries.iter().collect::<Vec<_>>()))?;
    let results = match allocate(provider, resource, &entries).await {
        Err(error) if may_name_gone_ranges(provider, &entries, &error) => {
            if !leave_out_ranges(provider, resource, &mut entries).await? {
                return Err(error);
            }
            allocate(provider, resource, &entries).await?
        }
        done => done?,
    };
    entries.sort_by_key(|entry| entry.index);
    let ip_allocations = entries
        .iter()
        .map(|entry| result(entry.id, results.get(&entry.index).map(Vec::as_slice).unwrap_or_default()))
        .collect::<Result<_, _>>()?;
    Ok(AllocateIpOutput { ip_allocations })
}

/// Returns true if the error may be about a range that is gone, and an entry names another one in its place.
fn may_name_gone_ranges<P: IpamProvider + ?Sized>(provider: &P, entries: &[Entry<'_>], error: &ActionError) -> bool {
    let Some(error) = error.ipam_error() else { return false };
    // Where the key tells what an address is for, a request that was made without such a range is a conflict for its
    // repetition with it. With tags a conflict is about addresses, and looking up the ranges would only cost requests.
    let by_key = !provider.capabilities().tags && error.is_conflict();
    (error.is_not_found() || by_key) && entries.iter().any(|entry| entry.line.ranges.len() > 1)
}

async fn allocate<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    entries: &[Entry<'_>],
) -> Result<Results, ActionError> {
    if provider.capabilities().tags {
        held::allocate(provider, resource, entries).await
    } else {
        repeat::allocate_untagged(provider, resource, entries).await
    }
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
