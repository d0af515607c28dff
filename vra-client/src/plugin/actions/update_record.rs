//! Update (UpdateRecord): records the MAC addresses and the host name of a machine after it was provisioned.

use std::net::IpAddr;

use ipam_core::{Allocation, ErrorKind, IpamProvider, MacAddr, Update};
use serde::{Deserialize, Serialize};

use super::owned::{ambiguous_address, holder, look_up};
use super::resource::ResourceInfo;
use crate::plugin::{ActionError, Endpoint, Members, wire};

/// Inputs of Update, which the contract's text calls UpdateRecord.
///
/// Each address gets the MAC address of its entry and the resource's name as its host name. A member that is absent leaves
/// the value in the IPAM as it is, and so do description and tags, such as the one with the person who requested the machine.
///
/// The request names no range, so the allocation is found by the address, in every range and address space. The
/// machine's own allocation is taken, or else one without an owner, as older plug-ins left them. An address is an error
/// - if it is free, reserved, or of another resource,
/// - if more than one address space has such an allocation of it.
///
/// The message names the address, and who holds it. [`ipam_error`](ActionError::ipam_error) returns `None`, and a
/// [host](crate::plugin::host) reports the kind `invalid input`. Entries are written one by
/// one, in their order: those before the error are updated, and those after it are not. Run the action again with the
/// same inputs after the cause was removed.
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
/// use serde_json::json;
/// use vra_client::plugin::{Action, Plugin};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("12", "10.16.20.0/24".parse().unwrap())).await.unwrap();
/// ipam.allocate_one("12", "vm-1").await.unwrap();
/// let plugin = Plugin::new(ipam);
///
/// let inputs = json!({
///     "resourceInfo": {"id": "/resources/compute/vm-1", "name": "web1", "type": "VM"},
///     "addressInfos": [{"nicIndex": "0", "address": "10.16.20.1", "macAddress": "00:50:56:ab:cd:ef"}],
///     "endpoint": {"id": "e", "endpointProperties": {"hostName": "ipam.example.test"}},
/// });
/// let outputs = plugin.run(Action::UpdateRecord, &inputs).await.unwrap();
/// assert_eq!(outputs, json!({"updateResults": ["Success"]}));
/// # });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UpdateRecordInput {
    /// Machine that has the addresses.
    #[serde(default, deserialize_with = "wire::model")]
    pub resource_info: ResourceInfo,
    /// Network cards of the machine; at least one.
    #[serde(default, deserialize_with = "wire::list")]
    pub address_infos: Vec<AddressInfo>,
    /// Endpoint of the IPAM. Its filter and address space are not used.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Network card of a provisioned machine: an entry of [`UpdateRecordInput`].
///
/// ```
/// use serde_json::json;
/// use vra_client::plugin::AddressInfo;
///
/// let info: AddressInfo =
///     serde_json::from_value(json!({"nicIndex": "0", "address": "10.16.20.1", "macAddress": "00-50-56-AB-CD-EF"}))?;
/// assert_eq!(info.mac_address.unwrap().to_string(), "00:50:56:ab:cd:ef");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AddressInfo {
    /// Number of the network card, from 0. Not used: the address finds the allocation.
    #[serde(default, deserialize_with = "wire::number")]
    pub nic_index: Option<u32>,
    /// Address of the network card. Required.
    #[serde(default, deserialize_with = "wire::address")]
    pub address: Option<IpAddr>,
    /// MAC address of the network card.
    #[serde(default, deserialize_with = "wire::mac")]
    pub mac_address: Option<MacAddr>,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Outputs of Update. [`UpdateRecordInput`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UpdateRecordOutput {
    /// Sentences for the log, one for each network card, in the order of the inputs: `Success`.
    pub update_results: Vec<String>,
}

/// Runs Update.
pub(in crate::plugin) async fn update_record<P: IpamProvider + ?Sized>(
    provider: &P,
    input: UpdateRecordInput,
) -> Result<UpdateRecordOutput, ActionError> {
    if input.address_infos.is_empty() {
        return Err(ActionError::empty("addressInfos", "name at least one network card"));
    }
    let mut update_results = Vec::with_capacity(input.address_infos.len());
    for (index, info) in input.address_infos.iter().enumerate() {
        let member = format!("addressInfos[{index}].address");
        let address = info.address.ok_or_else(|| ActionError::missing(&member, "it names the allocation to update"))?;
        // The request names no range, so the allocation is found by its address and the machine.
        let allocation = owned(provider, &input.resource_info, address).await?;
        // Written one by one: a repeat writes the same values, so a failure in the middle needs no undo.
        let update = Update::new(allocation.id).with_mac(info.mac_address);
        let name = input.resource_info.hostname();
        let updated = provider.update(&update.clone().with_hostname(name.clone())).await;
        match updated {
            // The name is a note for people; the MAC address is recorded without it.
            Err(error) if error.kind() == ErrorKind::InvalidInput && name.is_some() => {
                provider.update(&update).await?;
            }
            updated => drop(updated?),
        }
        update_results.push("Success".to_owned());
    }
    Ok(UpdateRecordOutput { update_results })
}

/// Returns the resource's allocation of this address, or else one without an owner, as older plug-ins left them.
async fn owned<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    address: IpAddr,
) -> Result<Allocation, ActionError> {
    let ownership = look_up(provider, resource, address).await?;
    let candidates = if ownership.own.is_empty() { ownership.ownerless } else { ownership.own };
    let owner = resource.ipam_owner()?;
    match <[Allocation; 1]>::try_from(candidates) {
        Ok([only]) => Ok(only),
        Err(none) if none.is_empty() => {
            let other = ownership.others.first().or(ownership.reserved.first());
            let held = other.map(|other| format!("; {}", holder(other))).unwrap_or_default();
            Err(ActionError::new(format!("{address} is not allocated to resource {owner}{held}")))
        }
        // The same private address may be allocated in several address spaces, and the request names no range.
        Err(_) => Err(ambiguous_address(address, owner)),
    }
}
