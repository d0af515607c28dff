//! DeallocateIP: addresses of a machine go back, as often as vRA asks.

use std::net::IpAddr;

use ipam_core::{Allocation, Deallocate, ErrorKind, IpamProvider, IpamProviderExt, Precondition, RangeId, SpaceId};
use serde::{Deserialize, Serialize};

use super::owned::{ambiguous_address, look_up};
use super::resource::ResourceInfo;
use crate::plugin::{ActionError, Endpoint, Members, wire};

/// What DeallocateIP gets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeallocateIpInput {
    /// The machine.
    #[serde(default, deserialize_with = "wire::model")]
    pub resource_info: ResourceInfo,
    /// The addresses; `None` if vRA did not say any.
    #[serde(default, deserialize_with = "wire::optional_list", skip_serializing_if = "Option::is_none")]
    pub ip_deallocations: Option<Vec<IpDeallocation>>,
    /// The end point.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// One address to give back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpDeallocation {
    /// vRA's id of this entry.
    #[serde(default, deserialize_with = "wire::text")]
    pub id: Option<String>,
    /// The range.
    #[serde(default, deserialize_with = "wire::text")]
    pub ip_range_id: Option<String>,
    /// The address.
    #[serde(default, deserialize_with = "wire::address")]
    pub ip_address: Option<IpAddr>,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// What DeallocateIP answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeallocateIpOutput {
    /// One entry for each of the request's, in that order.
    pub ip_deallocations: Vec<IpDeallocationResult>,
}

/// What became of one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpDeallocationResult {
    /// The id of the request's entry.
    pub ip_deallocation_id: String,
    /// A sentence about it.
    pub message: String,
}

impl IpDeallocation {
    fn place(&self, index: usize) -> Result<(RangeId, IpAddr), ActionError> {
        let missing = |name: &str| ActionError::input(&format!("ipDeallocations[{index}].{name}"), &"missing");
        let range = self.ip_range_id.as_deref().ok_or_else(|| missing("ipRangeId"))?;
        let address = self.ip_address.ok_or_else(|| missing("ipAddress"))?;
        Ok((range.into(), address))
    }
}

pub(in crate::plugin) async fn deallocate_ip<P: IpamProvider + ?Sized>(
    provider: &P,
    input: DeallocateIpInput,
) -> Result<DeallocateIpOutput, ActionError> {
    // An empty list asks for nothing and gets an empty list; without the list it is unknown what was asked.
    let entries = input.ip_deallocations.ok_or_else(|| {
        ActionError::input("ipDeallocations", &"missing; it has to name the addresses that are to be given back")
    })?;
    let owner = input.resource_info.ipam_owner()?;
    let mut wanted = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let (range, address) = entry.place(index)?;
        let member = format!("ipDeallocations[{index}].id");
        let id = entry.id.ok_or_else(|| ActionError::input(&member, &"missing; the answer has to name it"))?;
        let request = Deallocate::address(range.clone(), address).with_precondition(Precondition::Owner(owner.clone()));
        // Everything that can be wrong with the request is found before anything is freed.
        request.validate()?;
        wanted.push((id, range, address, request));
    }
    let mut ip_deallocations = Vec::with_capacity(wanted.len());
    for (id, range, address, request) in wanted {
        let direct = match provider.deallocate(&request).await {
            Ok(answer) if !answer.was_free() => Direct::Deallocated,
            Ok(_) => Direct::WasFree,
            // A range that was removed took its addresses with it, or they stand in another one by now.
            Err(error) if error.is_not_found() => Direct::NoRange,
            // The request is sound, so the address lies outside the prefix that the range has by now.
            Err(error) if error.kind() == ErrorKind::InvalidInput => Direct::Outside,
            Err(error) => return Err(error.into()),
        };
        let message = match direct {
            Direct::Deallocated => FREED,
            other => elsewhere(provider, &input.resource_info, &range, address, other).await?,
        };
        ip_deallocations.push(IpDeallocationResult { ip_deallocation_id: id, message: message.to_owned() });
    }
    Ok(DeallocateIpOutput { ip_deallocations })
}

/// What the IPAM said to a deallocation by range and address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direct {
    Deallocated,
    WasFree,
    NoRange,
    Outside,
}

const FREED: &str = "Success";

/// Gives back what the resource has of an address that is not there by its range, or says why nothing is given back.
///
/// The allocation may carry the other form of the resource's id, or stand in another range since the plan was changed.
/// Only what carries the resource's id is given back here, and only if it cannot be mistaken for another address.
async fn elsewhere<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    range: &RangeId,
    address: IpAddr,
    direct: Direct,
) -> Result<&'static str, ActionError> {
    let ownership = look_up(provider, resource, address).await?;
    let in_range = |found: &&Allocation| found.range == *range;
    let found = match ownership.own.iter().find(in_range) {
        Some(found) => Some(found),
        None if ownership.own.is_empty() => None,
        None => match space_of(provider, range).await? {
            // An address is unique in a space, so this is the one that the range had.
            Some(space) if ownership.own.iter().any(|found| found.space == space) => {
                ownership.own.iter().find(|found| found.space == space)
            }
            // The range still has the prefix; what another space has is another address of the resource.
            Some(_) if direct == Direct::WasFree => None,
            _ => match ownership.own.as_slice() {
                [only] => Some(only),
                _ => return Err(ambiguous_address(address, resource.ipam_owner()?)),
            },
        },
    };
    if let Some(found) = found {
        let mut request = Deallocate::id(found.id.clone());
        if let Some(owner) = &found.owner {
            request = request.with_precondition(Precondition::Owner(owner.clone()));
        }
        return Ok(if provider.deallocate(&request).await?.was_free() { "Was free already" } else { FREED });
    }
    Ok(if !ownership.reserved.is_empty() {
        "Is reserved in the IPAM; nothing was freed"
    } else if ownership.others.iter().any(|found| in_range(&found)) {
        "Belongs to another resource; nothing was freed"
    } else {
        match direct {
            Direct::NoRange => "There is no such range any more; nothing to free",
            Direct::Outside => {
                "Lies outside the range's prefix by now, and is not allocated to the resource; nothing to free"
            }
            Direct::WasFree | Direct::Deallocated => "Was free already",
        }
    })
}

/// The address space of a range; `None` if there is no such range.
async fn space_of<P: IpamProvider + ?Sized>(provider: &P, range: &RangeId) -> Result<Option<SpaceId>, ActionError> {
    match provider.get_range(range.clone()).await {
        Ok(range) => Ok(Some(range.space)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
