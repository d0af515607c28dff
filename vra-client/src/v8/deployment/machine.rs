//! Machines among the resources, and their addresses.

use serde_json::Value;

use super::resource::{DeploymentResource, Resource};
use crate::lenient::{JsonObject, distinct};

/// Network card of a machine.
// Borrowed from the properties: nothing is copied for a caller that wants one address of each machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MachineNetwork<'a> {
    /// Name of the network in the cloud template.
    pub name: Option<&'a str>,
    /// IP address.
    pub address: Option<&'a str>,
    /// Further IPv6 addresses, those of the link included.
    pub ipv6_addresses: Vec<&'a str>,
    /// MAC address.
    pub mac_address: Option<&'a str>,
    /// `static` or `dynamic`.
    pub assignment: Option<&'a str>,
    /// Name of the network at the provider.
    pub resource_name: Option<&'a str>,
}

macro_rules! machine {
    ($name:ident) => {
        impl $name {
            /// Returns true if it is a machine, by its type: `Cloud.Machine`, `Cloud.vSphere.Machine` and those of the
            /// other providers.
            #[must_use]
            pub fn is_machine(&self) -> bool {
                self.resource_type.as_deref().is_some_and(is_machine)
            }

            /// Returns the addresses of a machine: the main one, then those of its networks, each once.
            ///
            /// The result is empty until the server knows them. Further IPv6 addresses are in
            /// [`networks`](Self::networks).
            #[must_use]
            pub fn ip_addresses(&self) -> Vec<&str> {
                let main = text(self.properties.as_ref(), "address");
                let others = networks(self.properties.as_ref()).into_iter().filter_map(|network| network.address);
                distinct(main.into_iter().chain(others))
            }

            /// Returns the network cards of a machine.
            #[must_use]
            pub fn networks(&self) -> Vec<MachineNetwork<'_>> {
                networks(self.properties.as_ref())
            }

            /// Returns a property that is a text, such as `powerState` or `resourceName`.
            #[must_use]
            pub fn property(&self, name: &str) -> Option<&str> {
                text(self.properties.as_ref(), name)
            }
        }
    };
}

// Two types of the server for the same object: one has `dependsOn` and `state`, the other project and deployment.
machine!(DeploymentResource);
machine!(Resource);

fn is_machine(resource_type: &str) -> bool {
    // The name that Amazon's machines have in the list is the only one without the word.
    resource_type.ends_with(".Machine") || resource_type == "Cloud.AWS.EC2.Instance"
}

fn text<'a>(properties: Option<&'a JsonObject>, name: &str) -> Option<&'a str> {
    properties?.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn networks(properties: Option<&JsonObject>) -> Vec<MachineNetwork<'_>> {
    let cards = properties.and_then(|properties| properties.get("networks")).and_then(Value::as_array);
    cards.into_iter().flatten().filter_map(network).collect()
}

fn network(card: &Value) -> Option<MachineNetwork<'_>> {
    // A card of another shape is skipped: one must not hide the addresses of the others.
    let card = card.as_object()?;
    let text = |name: &str| card.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let further = card.get("ipv6Addresses").and_then(Value::as_array).into_iter().flatten();
    Some(MachineNetwork {
        name: text("name"),
        address: text("address"),
        ipv6_addresses: further.filter_map(Value::as_str).filter(|text| !text.is_empty()).collect(),
        mac_address: text("mac_address"),
        assignment: text("assignment"),
        resource_name: text("resourceName"),
    })
}
