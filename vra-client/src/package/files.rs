//! Text files of a package.

use std::fmt::Write as _;

use serde_json::Value;

use super::Support;
use crate::plugin::Action;

/// Returns the id of an action in the package, such as `MyIPAM_AllocateIP`.
pub(super) fn action_id(name: &str, action: Action) -> String {
    format!("{name}_{}", action.name())
}

/// Returns a text as a quoted YAML scalar. JSON strings are YAML.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Returns the key of an action in `registration.yaml`.
const fn registration_key(action: Action) -> &'static str {
    match action {
        Action::ValidateEndpoint => "validateEndpointActionId",
        Action::GetIpRanges => "getIPRangesActionId",
        Action::AllocateIp => "allocateIPActionId",
        Action::DeallocateIp => "deallocateIPActionId",
        Action::UpdateRecord => "updateResourceActionId",
        Action::GetIpBlocks => "getIPBlocksActionId",
        Action::AllocateIpRange => "allocateNetworkActionId",
        Action::DeallocateIpRange => "deallocateNetworkActionId",
    }
}

/// Returns `registration.yaml`.
pub(super) fn registration(name: &str, description: &str, version: &str, support: Support) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "name: {}\ndescription: {}\nversion: {}\nabxConfig:\n",
        quoted(name),
        quoted(description),
        quoted(version)
    );
    for action in Action::ALL.into_iter().filter(|action| support.has(*action)) {
        let _ = writeln!(text, "  {}: {}", registration_key(action), quoted(&action_id(name, action)));
    }
    let _ = write!(
        text,
        "properties:\n  supportsAddressSpaces: {}\n  supportsUpdateRecord: {}\n  supportsOnDemandNetworks: {}\n",
        support.address_spaces, support.update_record, support.on_demand_networks
    );
    text
}

/// Returns the description of an action, `NAME_ACTION.abx`.
///
/// Its `inputs` are a sample for people who try an action by hand. It is empty, so that no value of it can reach a call.
pub(super) fn abx(name: &str, action: Action, timeout_seconds: u32, memory_mb: u32) -> String {
    let id = quoted(&action_id(name, action));
    format!(
        "exportVersion: \"1\"\n\
         exportId: {id}\n\
         name: {id}\n\
         runtime: python\n\
         entrypoint: source.handler\n\
         inputs: {{}}\n\
         timeoutSeconds: {timeout_seconds}\n\
         deploymentTimeoutSeconds: 900\n\
         actionType: SCRIPT\n\
         configuration: {{}}\n\
         actionTemplateName: Custom script\n\
         actionTemplateNamespace: com.vmware.automation.abx\n\
         memoryInMB: {memory_mb}\n"
    )
}

/// Returns the script of an action, `source.py`.
pub(super) fn script(action: Action, program: &str, timeout_seconds: u32) -> String {
    include_str!("source.py")
        .replace("@ACTION@", action.command())
        .replace("@PROGRAM@", program)
        .replace("@TIMEOUT@", &timeout_seconds.to_string())
}
