//! DeallocateIP: addresses of a machine go back, as often as vRA asks.

use std::net::IpAddr;

use ipam_core::{Deallocate, Deallocated, Expect, IpamProvider, Target};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::resource::ResourceInfo;
use crate::plugin::{Endpoint, Fault, wire};

/// What DeallocateIP gets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeallocateIpInput {
    /// The machine.
    #[serde(default)]
    pub resource_info: ResourceInfo,
    /// The addresses.
    #[serde(default, deserialize_with = "wire::list")]
    pub ip_deallocations: Vec<IpDeallocation>,
    /// The end point.
    #[serde(default)]
    pub endpoint: Endpoint,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
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
    #[serde(default, deserialize_with = "wire::number")]
    pub ip_address: Option<IpAddr>,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
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
    fn target(&self, index: usize) -> Result<Target, Fault> {
        let missing = |name: &str| Fault::input(&format!("ipDeallocations[{index}].{name}"), &"missing");
        let range = self.ip_range_id.as_deref().ok_or_else(|| missing("ipRangeId"))?;
        let address = self.ip_address.ok_or_else(|| missing("ipAddress"))?;
        Ok(Target::Address { range: range.into(), address })
    }
}

pub(in crate::plugin) async fn deallocate_ip<P: IpamProvider + ?Sized>(
    provider: &P,
    input: DeallocateIpInput,
) -> Result<DeallocateIpOutput, Fault> {
    let owner = input.resource_info.ipam_owner()?;
    let mut wanted = Vec::with_capacity(input.ip_deallocations.len());
    for (index, entry) in input.ip_deallocations.iter().enumerate() {
        let member = format!("ipDeallocations[{index}].id");
        let id = entry.id.clone().ok_or_else(|| Fault::input(&member, &"missing; the answer has to name it"))?;
        wanted.push((id, entry.target(index)?));
    }
    let mut ip_deallocations = Vec::with_capacity(wanted.len());
    for (id, target) in wanted {
        let request = Deallocate::new(target).expecting(Expect::Owner(owner.clone()));
        let message = match provider.deallocate(&request).await {
            Ok(answer) => message(&answer),
            // A range that was taken away took its addresses with it, and vRA would ask for ever.
            Err(error) if error.is_not_found() => "There is no such range any more; nothing to free",
            Err(error) => return Err(error.into()),
        };
        ip_deallocations.push(IpDeallocationResult { ip_deallocation_id: id, message: message.to_owned() });
    }
    Ok(DeallocateIpOutput { ip_deallocations })
}

fn message(answer: &Deallocated) -> &'static str {
    if answer.was_free() { "Was free already, or belongs to another resource" } else { "Success" }
}
