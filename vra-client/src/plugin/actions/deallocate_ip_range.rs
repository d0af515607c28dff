//! DeallocateIPRange: a network on demand goes back, as often as vRA asks.

use ipam_core::{DeallocateRange, IpamProvider, IpamProviderExt, Owner, Precondition};
use serde::{Deserialize, Serialize};

use super::resource::ResourceInfo;
use crate::plugin::{ActionError, Endpoint, Members, wire};

/// What DeallocateIPRange gets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeallocateIpRangeInput {
    /// The network.
    #[serde(default, deserialize_with = "wire::model")]
    pub resource_info: ResourceInfo,
    /// What goes back.
    #[serde(default, deserialize_with = "wire::model")]
    pub ip_range_deallocation: IpRangeDeallocation,
    /// The end point.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// A network to give back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpRangeDeallocation {
    /// vRA's id of this entry.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The range.
    #[serde(default, deserialize_with = "wire::text")]
    pub ip_range_id: Option<String>,
    /// The address space. The range says it already.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub address_space_id: Option<String>,
    /// Free-form properties. `removeAllocations` set to `true` lets addresses that are still allocated end with it.
    #[serde(default, deserialize_with = "wire::object")]
    pub properties: Members,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// What DeallocateIPRange answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeallocateIpRangeOutput {
    /// A sentence about it.
    pub message: String,
}

/// The property that lets addresses end with their network.
const REMOVE_ALLOCATIONS: &str = "removeAllocations";

pub(in crate::plugin) async fn deallocate_ip_range<P: IpamProvider + ?Sized>(
    provider: &P,
    input: DeallocateIpRangeInput,
) -> Result<DeallocateIpRangeOutput, ActionError> {
    let wanted = &input.ip_range_deallocation;
    let id =
        wanted.ip_range_id.as_deref().ok_or_else(|| ActionError::input("ipRangeDeallocation.ipRangeId", &"missing"))?;
    let told = match wanted.properties.get(REMOVE_ALLOCATIONS) {
        None => None,
        Some(value) => wire::flag(value).map_err(|error| {
            ActionError::input(&format!("ipRangeDeallocation.properties.{REMOVE_ALLOCATIONS}"), &error)
        })?,
    };
    let request = |owner: Owner| {
        DeallocateRange::id(id).with_precondition(Precondition::Owner(owner)).with_allocations(told.unwrap_or(false))
    };
    let mut answer = provider.deallocate_range(&request(input.resource_info.ipam_owner()?)).await?;
    if answer.was_free() {
        // It may carry the other form of the resource's id.
        let other = match provider.get_range(id).await {
            Err(error) if error.is_not_found() => return Ok(output("Was gone already")),
            range => range?.owner,
        };
        match other {
            Some(owner) if input.resource_info.is_owner(&owner)? => {
                answer = provider.deallocate_range(&request(owner)).await?;
            }
            _ => return Ok(output("Belongs to another resource; nothing was removed")),
        }
    }
    Ok(output(if answer.was_free() { "Was gone already" } else { "Success" }))
}

fn output(message: &str) -> DeallocateIpRangeOutput {
    DeallocateIpRangeOutput { message: message.to_owned() }
}
