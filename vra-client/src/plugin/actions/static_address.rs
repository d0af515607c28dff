//! Address that a machine asks for by a property of its blueprint.

use std::net::IpAddr;

use serde_json::Value;

use super::allocate_ip::{AllocateIpInput, IpAllocation};
use crate::plugin::{ActionError, Members, Settings};

impl AllocateIpInput {
    /// Returns the inputs with the `start` of each entry that has none taken from the property that the form names.
    ///
    /// # Errors
    /// An error that names the property, if its value is not an IP address; those of [`Settings::read`].
    pub(super) fn with_static_addresses(mut self) -> Result<Self, ActionError> {
        let settings = Settings::read(&self.endpoint.endpoint_properties)?;
        let name = settings.address_property.as_str();
        let alone = self.ip_allocations.len() == 1;
        for (index, entry) in self.ip_allocations.iter_mut().enumerate() {
            // vRA's own choice takes precedence: it is the address of the blueprint's network card.
            if entry.start.is_some_and(|start| !start.is_unspecified()) {
                continue;
            }
            let member = format!("ipAllocations[{index}].properties.{name}");
            entry.start = match address(&entry.properties, name, &member)? {
                Some(address) => Some(address),
                None => of_machine(&self.resource_info.properties, name, entry, alone)?,
            };
        }
        Ok(self)
    }
}

/// Returns the address in the properties of a machine: `NAME.N` for the network card with the index N, and `NAME` for the
/// primary one.
fn of_machine(
    properties: &Members,
    name: &str,
    entry: &IpAllocation,
    alone: bool,
) -> Result<Option<IpAddr>, ActionError> {
    if let Some(nic) = entry.nic_index {
        let name = format!("{name}.{nic}");
        if let Some(address) = address(properties, &name, &format!("resourceInfo.properties.{name}"))? {
            return Ok(Some(address));
        }
    }
    // One address cannot be that of several network cards. Without `isPrimary` it is the first one's.
    let primary = alone || entry.is_primary.unwrap_or(entry.nic_index == Some(0));
    if primary { address(properties, name, &format!("resourceInfo.properties.{name}")) } else { Ok(None) }
}

/// Returns the address in a property. Absent, empty, `none` and an unspecified address are `None`.
fn address(properties: &Members, name: &str, member: &str) -> Result<Option<IpAddr>, ActionError> {
    let text = match properties.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim(),
        Some(_) => return Err(ActionError::input(member, &"expected a string with an IP address")),
    };
    // A form of a catalog item often has a choice for "no fixed address", which arrives as this word.
    if text.is_empty() || text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let address: IpAddr = text.parse().map_err(|_| {
        ActionError::input(member, &"not an IP address; write one such as 192.0.2.10, or none for any free address")
    })?;
    Ok(Some(address).filter(|address| !address.is_unspecified()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    /// Returns the first addresses wanted, for network cards 0 and 1 with these properties of the machine.
    fn starts(form: Value, machine: Value, entries: Value) -> Result<Vec<String>, ActionError> {
        let inputs = json!({
            "resourceInfo": {"id": "vm", "properties": machine}, "ipAllocations": entries,
            "endpoint": {"endpointProperties": form},
        });
        let input: AllocateIpInput = serde_json::from_value(inputs).unwrap();
        let input = input.with_static_addresses()?;
        let shown = |start: Option<IpAddr>| start.map_or_else(|| "any".to_owned(), |start| start.to_string());
        Ok(input.ip_allocations.iter().map(|entry| shown(entry.start)).collect())
    }

    fn two() -> Value {
        json!([{"id": "b", "nicIndex": "1"}, {"id": "a", "nicIndex": "0", "isPrimary": "true"}])
    }

    #[test]
    fn the_property_is_the_start_of_the_primary_network_card() {
        let machine = json!({"custom_ip": " 10.0.0.7 "});
        assert_eq!(starts(json!({}), machine.clone(), two()).unwrap(), ["any", "10.0.0.7"]);
        // The first one, if none is said to be primary, and the only one whatever it is.
        let cards = json!([{"id": "b", "nicIndex": 1}, {"id": "a", "nicIndex": 0}]);
        assert_eq!(starts(json!({}), machine.clone(), cards).unwrap(), ["any", "10.0.0.7"]);
        assert_eq!(starts(json!({}), machine, json!([{"id": "b", "nicIndex": 3}])).unwrap(), ["10.0.0.7"]);
    }

    #[test]
    fn each_network_card_may_have_a_property_of_its_own() {
        let machine = json!({"custom_ip": "10.0.0.7", "custom_ip.0": "10.0.0.8", "custom_ip.1": "10.0.1.9"});
        assert_eq!(starts(json!({}), machine, two()).unwrap(), ["10.0.1.9", "10.0.0.8"]);
        let cards =
            json!([{"id": "b", "nicIndex": 1, "properties": {"custom_ip": "10.0.1.5"}}, {"id": "a", "nicIndex": 0}]);
        assert_eq!(starts(json!({}), json!({"custom_ip": "10.0.0.7"}), cards).unwrap(), ["10.0.1.5", "10.0.0.7"]);
    }

    #[test]
    fn a_start_of_vra_takes_precedence_and_an_unspecified_one_does_not() {
        for (start, wanted) in [("10.0.0.1", "10.0.0.1"), ("0.0.0.0", "10.0.0.7"), ("", "10.0.0.7")] {
            let cards = json!([{"id": "a", "start": start}]);
            assert_eq!(starts(json!({}), json!({"custom_ip": "10.0.0.7"}), cards).unwrap(), [wanted], "{start}");
        }
    }

    #[test]
    fn the_form_names_the_property_and_no_address_means_any() {
        let form = json!({"addressProperty": "fixedAddress"});
        let machine = json!({"custom_ip": "10.0.0.7", "fixedAddress": "10.0.0.8"});
        assert_eq!(starts(form, machine, two()).unwrap(), ["any", "10.0.0.8"]);
        for none in [json!("none"), json!("None"), json!(""), json!(null), json!("0.0.0.0"), json!("::")] {
            assert_eq!(starts(json!({}), json!({"custom_ip": none}), two()).unwrap(), ["any", "any"], "{none}");
        }
    }

    #[test]
    fn what_is_no_address_is_named_and_not_shown() {
        for wrong in [json!("s3cret"), json!("10.0.0.7/24"), json!(["10.0.0.7"])] {
            let error = starts(json!({}), json!({"custom_ip": wrong}), two()).unwrap_err().to_string();
            assert!(error.starts_with("resourceInfo.properties.custom_ip: ") && !error.contains("s3cret"), "{error}");
        }
    }
}
