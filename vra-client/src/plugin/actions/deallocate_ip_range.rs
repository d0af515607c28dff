//! DeallocateIPRange: deallocates an on-demand network; may be repeated.

use ipam_core::{DeallocateRange, IpamProvider, IpamProviderExt, Owner, Precondition};
use serde::{Deserialize, Serialize};

use super::owned::shown;
use super::resource::ResourceInfo;
use crate::plugin::{ActionError, Endpoint, Members, wire};

/// Inputs of DeallocateIPRange.
///
/// A network of another resource is left alone, and the message names that resource. A network that does not exist any more is a
/// success.
///
/// ```
/// use ipam_core::{DefineBlock, IpamProvider, MemoryProvider};
/// use serde_json::json;
/// use vra_client::plugin::{Action, Plugin};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_block(&DefineBlock::new("30", "10.99.0.0/16".parse().unwrap())).await.unwrap();
/// let plugin = Plugin::new(ipam);
/// let allocate = json!({
///     "resourceInfo": {"id": "/resources/sub-networks/n-1"},
///     "ipRangeAllocation": {"ipBlockIds": ["30"], "subnetPrefixLength": "28"},
/// });
/// let allocated = plugin.run(Action::AllocateIpRange, &allocate).await.unwrap();
///
/// let inputs = json!({
///     "resourceInfo": {"id": "/resources/sub-networks/n-1", "type": "SUBNET"},
///     "ipRangeDeallocation": {"id": "r-0", "ipRangeId": allocated["ipRange"]["id"]},
///     "endpoint": {"id": "e", "endpointProperties": {"hostName": "ipam.example.test"}},
/// });
/// let outputs = plugin.run(Action::DeallocateIpRange, &inputs).await.unwrap();
/// assert_eq!(outputs, json!({"message": "Success"}));
/// let repeated = plugin.run(Action::DeallocateIpRange, &inputs).await.unwrap();
/// assert_eq!(repeated, json!({"message": "Was gone already"}));
/// # });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeallocateIpRangeInput {
    /// On-demand network that the range was for.
    #[serde(default, deserialize_with = "wire::model")]
    pub resource_info: ResourceInfo,
    /// Range to deallocate.
    #[serde(default, deserialize_with = "wire::model")]
    pub ip_range_deallocation: IpRangeDeallocation,
    /// Endpoint of the IPAM.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Range to deallocate: the entry of [`DeallocateIpRangeInput`].
///
/// ```
/// use serde_json::json;
/// use vra_client::plugin::IpRangeDeallocation;
///
/// let entry: IpRangeDeallocation =
///     serde_json::from_value(json!({"ipRangeId": "31", "properties": {"removeAllocations": "true"}}))?;
/// assert_eq!(entry.properties["removeAllocations"], "true");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpRangeDeallocation {
    /// vRA's id of this entry, if it sends one.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Id of the range. Required.
    #[serde(default, deserialize_with = "wire::text")]
    pub ip_range_id: Option<String>,
    /// Address space. Not used: the range belongs to one address space.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub address_space_id: Option<String>,
    /// Free-form properties. With `removeAllocations` set to `true`, addresses that are still allocated are freed with the
    /// range. Default: `false`; such addresses then make the action fail with kind `Conflict`, and nothing is freed.
    #[serde(default, deserialize_with = "wire::object")]
    pub properties: Members,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Outputs of DeallocateIPRange. [`DeallocateIpRangeInput`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeallocateIpRangeOutput {
    /// Sentence for the log: `Success` if the range was deallocated, otherwise the reason why it was not.
    pub message: String,
}

/// Name of the property that frees the addresses of a range together with it.
const REMOVE_ALLOCATIONS: &str = "removeAllocations";

/// Runs DeallocateIPRange.
pub(in crate::plugin) async fn deallocate_ip_range<P: IpamProvider + ?Sized>(
    provider: &P,
    input: DeallocateIpRangeInput,
) -> Result<DeallocateIpRangeOutput, ActionError> {
    let wanted = &input.ip_range_deallocation;
    let id = wanted
        .ip_range_id
        .as_deref()
        .ok_or_else(|| ActionError::missing("ipRangeDeallocation.ipRangeId", "it names what to deallocate"))?;
    // Off unless it is set: addresses that are still allocated may belong to machines that run.
    let remove_allocations = match wanted.properties.get(REMOVE_ALLOCATIONS) {
        None => None,
        Some(value) => wire::flag(value).map_err(|error| {
            ActionError::input(&format!("ipRangeDeallocation.properties.{REMOVE_ALLOCATIONS}"), &error)
        })?,
    };
    let request = |owner: Owner| {
        DeallocateRange::id(id)
            .with_precondition(Precondition::Owner(owner))
            .with_allocations(remove_allocations.unwrap_or(false))
    };
    let mut deallocated = provider.deallocate_range(&request(input.resource_info.ipam_owner()?)).await?;
    if deallocated.was_free() {
        // The precondition takes a range of another owner for free. The range may carry the other form of the resource's id,
        // as an earlier version of this crate wrote it.
        let range = match provider.get_range(id).await {
            // Gone before the request, or removed by a repeat that runs at the same time: either is a success.
            Err(error) if error.is_not_found() => return Ok(output("Was gone already")),
            range => range?,
        };
        match range.owner {
            Some(owner) if input.resource_info.is_owner(&owner)? => {
                deallocated = provider.deallocate_range(&request(owner)).await?;
            }
            Some(owner) => {
                let owner = shown(owner.as_str());
                let message =
                    format!("Network {} (range {id}) is held by resource {owner}; nothing was removed", range.net);
                return Ok(output(&message));
            }
            // It came back under the same id since the request, or the provider left it for a reason of its own.
            None => {
                let message =
                    format!("Network {} (range {id}) has no owner in the IPAM; nothing was removed", range.net);
                return Ok(output(&message));
            }
        }
    }
    Ok(output(if deallocated.was_free() { "Was gone already" } else { "Success" }))
}

fn output(message: &str) -> DeallocateIpRangeOutput {
    DeallocateIpRangeOutput { message: message.to_owned() }
}
