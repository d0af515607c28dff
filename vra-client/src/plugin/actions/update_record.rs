//! UpdateRecord: what is known of a machine after it was made, its MAC addresses above all.

use std::net::IpAddr;

use ipam_core::{Allocation, IpamProvider, MacAddr, Patch, Update};
use serde::{Deserialize, Serialize};

use super::owned::{ambiguous_address, look_up};
use super::resource::ResourceInfo;
use crate::plugin::{ActionError, Endpoint, Members, wire};

/// What UpdateRecord gets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UpdateRecordInput {
    /// The machine.
    #[serde(default, deserialize_with = "wire::model")]
    pub resource_info: ResourceInfo,
    /// Its network cards.
    #[serde(default, deserialize_with = "wire::list")]
    pub address_infos: Vec<AddressInfo>,
    /// The end point.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// A network card as it was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AddressInfo {
    /// The network card's number.
    #[serde(default, deserialize_with = "wire::number")]
    pub nic_index: Option<u32>,
    /// Its address.
    #[serde(default, deserialize_with = "wire::address")]
    pub address: Option<IpAddr>,
    /// Its MAC address.
    #[serde(default, deserialize_with = "wire::mac")]
    pub mac_address: Option<MacAddr>,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// What UpdateRecord answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UpdateRecordOutput {
    /// One sentence for each network card, in the request's order.
    pub update_results: Vec<String>,
}

pub(in crate::plugin) async fn update_record<P: IpamProvider + ?Sized>(
    provider: &P,
    input: UpdateRecordInput,
) -> Result<UpdateRecordOutput, ActionError> {
    if input.address_infos.is_empty() {
        return Err(ActionError::input("addressInfos", &"empty; there is nothing to update"));
    }
    let mut update_results = Vec::with_capacity(input.address_infos.len());
    for (index, info) in input.address_infos.iter().enumerate() {
        let member = format!("addressInfos[{index}].address");
        let address = info.address.ok_or_else(|| ActionError::input(&member, &"missing"))?;
        let allocation = owned(provider, &input.resource_info, address).await?;
        let update = Update::new(allocation.id)
            .with_mac(Patch::from(info.mac_address))
            .with_hostname(Patch::from(input.resource_info.name.clone()));
        provider.update(&update).await?;
        update_results.push("Success".to_owned());
    }
    Ok(UpdateRecordOutput { update_results })
}

/// The resource's allocation of this address; one without an owner, as older plug-ins left them, if there is none.
async fn owned<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    address: IpAddr,
) -> Result<Allocation, ActionError> {
    let ownership = look_up(provider, resource, address).await?;
    let fitting = if ownership.own.is_empty() { ownership.ownerless } else { ownership.own };
    let owner = resource.ipam_owner()?;
    match <[Allocation; 1]>::try_from(fitting) {
        Ok([only]) => Ok(only),
        Err(none) if none.is_empty() => {
            Err(ActionError::new(format!("{address} is not allocated to resource {owner}")))
        }
        // The same private address may stand in several spaces; without a range in the request it cannot be told apart.
        Err(_) => Err(ambiguous_address(address, owner)),
    }
}
