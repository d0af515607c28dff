//! DeallocateIP: deallocates addresses of a machine; may be repeated.

use std::net::IpAddr;

use ipam_core::{Allocation, Deallocate, ErrorKind, IpamProvider, IpamProviderExt, Precondition, RangeId, SpaceId};
use serde::{Deserialize, Serialize};

use super::explained::of_resource;
use super::owned::{ambiguous_address, holder, look_up};
use super::resource::ResourceInfo;
use crate::plugin::{ActionError, Endpoint, Members, wire};

/// Inputs of DeallocateIP.
///
/// # Rule
/// 1. The address is freed in the named range if the machine owns it, or if it has no owner and is not reserved.
/// 2. Otherwise the address is looked up in the whole IPAM, among the allocations that carry the machine's id. One in the
///    named range is freed, or else one in the address space of that range. If the range does not exist any more, or does
///    not contain the address any more, an allocation in another address space is freed, provided that it is the only one.
/// 3. Otherwise nothing is freed, and the message says why: the address is free, or it is reserved or held by another
///    resource, with the host name, the resource's id and the range:
///    `10.0.0.5 is held by web2 (resource vm-9) in range 12; nothing was freed`.
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
/// let allocate = json!({"resourceInfo": {"id": "vm-1"}, "ipAllocations": [{"id": "nic-0", "ipRangeIds": ["12"]}]});
/// plugin.run(Action::AllocateIp, &allocate).await.unwrap();
///
/// let inputs = json!({
///     "resourceInfo": {"id": "vm-1", "name": "web1", "type": "VM"},
///     "ipDeallocations": [{"id": "d-0", "ipRangeId": "12", "ipAddress": "10.16.20.1"}],
///     "endpoint": {"id": "e", "endpointProperties": {"hostName": "ipam.example.test"}},
/// });
/// let outputs = plugin.run(Action::DeallocateIp, &inputs).await.unwrap();
/// assert_eq!(outputs, json!({"ipDeallocations": [{"ipDeallocationId": "d-0", "message": "Success"}]}));
/// let repeated = plugin.run(Action::DeallocateIp, &inputs).await.unwrap();
/// assert_eq!(repeated["ipDeallocations"][0]["message"], "Was free already");
/// # });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeallocateIpInput {
    /// Machine that has the addresses.
    #[serde(default, deserialize_with = "wire::model")]
    pub resource_info: ResourceInfo,
    /// Addresses to deallocate. An empty list deallocates nothing; a missing one is an error.
    #[serde(default, deserialize_with = "wire::optional_list", skip_serializing_if = "Option::is_none")]
    pub ip_deallocations: Option<Vec<IpDeallocation>>,
    /// Endpoint of the IPAM.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Address to deallocate: an entry of [`DeallocateIpInput`]. All three members are required.
///
/// ```
/// use serde_json::json;
/// use vra_client::plugin::IpDeallocation;
///
/// let entry: IpDeallocation =
///     serde_json::from_value(json!({"id": "d-0", "ipRangeId": 12, "ipAddress": "10.16.20.1"}))?;
/// assert_eq!(entry.ip_range_id.as_deref(), Some("12"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpDeallocation {
    /// vRA's id of this entry. The result repeats it.
    #[serde(default, deserialize_with = "wire::text")]
    pub id: Option<String>,
    /// Id of the range that the address was allocated from.
    #[serde(default, deserialize_with = "wire::text")]
    pub ip_range_id: Option<String>,
    /// Address.
    #[serde(default, deserialize_with = "wire::address")]
    pub ip_address: Option<IpAddr>,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Outputs of DeallocateIP. [`DeallocateIpInput`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeallocateIpOutput {
    /// Results, one for each entry of the inputs, in the same order.
    pub ip_deallocations: Vec<IpDeallocationResult>,
}

/// Result for one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpDeallocationResult {
    /// Id of the entry in the inputs.
    pub ip_deallocation_id: String,
    /// Sentence for the log: `Success` if the address was freed, otherwise the reason why nothing was freed.
    pub message: String,
}

impl IpDeallocation {
    /// Returns the range and the address of the entry at `index`.
    fn place(&self, index: usize) -> Result<(RangeId, IpAddr), ActionError> {
        let missing = |name: &str| {
            ActionError::missing(&format!("ipDeallocations[{index}].{name}"), "it names what to deallocate")
        };
        let range = self.ip_range_id.as_deref().ok_or_else(|| missing("ipRangeId"))?;
        let address = self.ip_address.ok_or_else(|| missing("ipAddress"))?;
        Ok((range.into(), address))
    }
}

/// Runs DeallocateIP.
pub(in crate::plugin) async fn deallocate_ip<P: IpamProvider + ?Sized>(
    provider: &P,
    input: DeallocateIpInput,
) -> Result<DeallocateIpOutput, ActionError> {
    // An empty list asks for nothing. A missing one is a mistake of the caller: a success would let vRA forget addresses
    // that stay allocated.
    let entries = input
        .ip_deallocations
        .ok_or_else(|| ActionError::missing("ipDeallocations", "it has to name the addresses to deallocate"))?;
    let owner = input.resource_info.ipam_owner()?;
    let mut wanted = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let (range, address) = entry.place(index)?;
        let member = format!("ipDeallocations[{index}].id");
        let id = entry.id.ok_or_else(|| ActionError::missing_entry_id(&member))?;
        // The precondition makes check and deallocation one step: another machine may get the address between two.
        let request = Deallocate::address(range.clone(), address).with_precondition(Precondition::Owner(owner.clone()));
        // Every entry is checked before anything is freed: a mistake in the last one leaves the first ones as they are.
        request.validate().map_err(of_resource)?;
        wanted.push((id, range, address, request));
    }
    let mut ip_deallocations = Vec::with_capacity(wanted.len());
    // One after another: a failure leaves the entries after it for the repeat, which finds the others free.
    for (id, range, address, request) in wanted {
        let direct = match provider.deallocate(&request).await {
            Ok(deallocated) if !deallocated.was_free() => Direct::Deallocated,
            Ok(_) => Direct::WasFree,
            // The range was removed, with its addresses or after they were moved to another range.
            Err(error) if error.is_not_found() => Direct::NoRange,
            // `validate` accepted the request, so the only cause left is an address outside the range's current prefix.
            Err(error) if error.kind() == ErrorKind::InvalidInput => Direct::Outside,
            Err(error) => return Err(error.into()),
        };
        let message = match direct {
            Direct::Deallocated => FREED.to_owned(),
            other => deallocate_by_address(provider, &input.resource_info, &range, address, other).await?,
        };
        ip_deallocations.push(IpDeallocationResult { ip_deallocation_id: id, message });
    }
    Ok(DeallocateIpOutput { ip_deallocations })
}

/// Outcome of a deallocation by range and address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direct {
    /// The address was freed.
    Deallocated,
    /// The address is free, reserved, or has another owner.
    WasFree,
    /// The range does not exist.
    NoRange,
    /// The address is outside the range's prefix.
    Outside,
}

/// Message for an address that was freed.
const FREED: &str = "Success";
/// Message for an address that was free.
const WAS_FREE: &str = "Was free already";

/// Deallocates an address that the named range does not have, or returns the reason why nothing is freed.
///
/// The allocation may carry the other form of the resource's id, or may be in another range since the plan was changed.
async fn deallocate_by_address<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    range: &RangeId,
    address: IpAddr,
    direct: Direct,
) -> Result<String, ActionError> {
    let ownership = look_up(provider, resource, address).await?;
    // Only allocations with the resource's id are freed here. One without an owner may belong to any machine once the range
    // is not the named one.
    let in_range = |found: &&Allocation| found.range == *range;
    let found = match ownership.own.iter().find(in_range) {
        Some(found) => Some(found),
        None if ownership.own.is_empty() => None,
        None => match space_of(provider, range).await? {
            // An address is unique in an address space, so this is the allocation that the range contained.
            Some(space) if ownership.own.iter().any(|found| found.space == space) => {
                ownership.own.iter().find(|found| found.space == space)
            }
            // The range still contains the address, so an allocation in another space is another address of the resource.
            Some(_) if direct == Direct::WasFree => None,
            _ => match ownership.own.as_slice() {
                [only] => Some(only),
                _ => return Err(ambiguous_address(address, resource.ipam_owner()?)),
            },
        },
    };
    if let Some(found) = found {
        // By id and with the owner that was read: a repeat that runs at the same time frees nothing twice.
        let mut request = Deallocate::id(found.id.clone());
        if let Some(owner) = &found.owner {
            request = request.with_precondition(Precondition::Owner(owner.clone()));
        }
        return Ok(if provider.deallocate(&request).await?.was_free() { WAS_FREE } else { FREED }.to_owned());
    }
    // In this order, so that the message names what an administrator can act on.
    let other = ownership.others.iter().find(in_range).or(ownership.reserved.first());
    if let Some(other) = other {
        return Ok(format!("{}; nothing was freed", holder(other)));
    }
    let reason = match direct {
        Direct::WasFree | Direct::Deallocated => return Ok(WAS_FREE.to_owned()),
        Direct::NoRange => "The range does not exist any more",
        Direct::Outside => "Outside the current prefix of the range",
    };
    Ok(match ownership.others.first() {
        // It may be the same address in another address space, so the range is named with it.
        Some(other) => format!("{reason}, and {}; nothing was freed", holder(other)),
        None if direct == Direct::NoRange => format!("{reason}; nothing to free"),
        None => format!("{reason}, and not allocated to the resource; nothing to free"),
    })
}

/// Returns the address space of a range; `None` if the range does not exist.
async fn space_of<P: IpamProvider + ?Sized>(provider: &P, range: &RangeId) -> Result<Option<SpaceId>, ActionError> {
    match provider.get_range(range.clone()).await {
        Ok(range) => Ok(Some(range.space)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
