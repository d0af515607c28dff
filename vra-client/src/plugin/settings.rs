//! Settings of the plug-in in the endpoint's form.

use std::net::IpAddr;

use ipam_core::{BlockFilter, NetworkInfo, Properties, RangeFilter, Tag};

use super::{ActionError, EndpointProperties};

/// Settings that the actions read from the endpoint's properties.
///
/// | property | default | meaning |
/// | --- | --- | --- |
/// | `enableFilter` | `false` | `true`: lists only the ranges and blocks that match the filter |
/// | `filterField`, `filterValue` | required if `enableFilter` is `true` | a property of the range and its value. Several, separated by commas, must all match |
/// | `addressSpace` | all | lists only this address space |
/// | `dnsServersField` | none | property of a range with its DNS servers, read if the IPAM gives none |
/// | `domainField` | none | property with the DNS domain, likewise |
/// | `searchDomainsField` | none | property with DNS search domains, likewise |
/// | `addressFields` | none | values of custom fields for every new address: `NAME=VALUE`, several separated by semicolons or line ends |
/// | `rangeFields` | none | the same for every new network |
/// | `set.NAME`, `range_set.NAME` | none | one such field in a property of its own, for values that contain a semicolon |
///
/// In `filterField`, `name` means the range's name and `tag` means a tag (`key` or `key=value`). Every other text is the
/// name of a property of the range, such as a custom field of phpIPAM. A list in a property is separated by commas,
/// semicolons or white space.
///
/// ```
/// use serde_json::json;
/// use vra_client::plugin::{EndpointProperties, Settings};
///
/// let inputs = json!({"endpointProperties": {
///     "hostName": "ipam.example.test",
///     "enableFilter": "true", "filterField": "custom_vRA,tag", "filterValue": "1,env=prod",
///     "addressSpace": "lab", "addressFields": "custom_ticket=R-1; custom_site=Prague",
/// }});
/// let settings = Settings::read(&EndpointProperties::of_inputs(&inputs)?)?;
/// assert_eq!(settings.ranges.properties["custom_vRA"], "1");
/// assert_eq!(settings.ranges.space.as_ref().unwrap().as_str(), "lab");
/// assert_eq!(settings.address_fields["custom_site"], "Prague");
/// # Ok::<(), vra_client::plugin::ActionError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Filter of the ranges that GetIPRanges lists.
    pub ranges: RangeFilter,
    /// Filter of the blocks that GetIPBlocks lists.
    pub blocks: BlockFilter,
    /// Name of the property with DNS servers, read if the IPAM gives none.
    pub dns_servers_field: Option<String>,
    /// Name of the property with the DNS domain, read if the IPAM gives none.
    pub domain_field: Option<String>,
    /// Name of the property with DNS search domains, read if the IPAM gives none.
    pub search_domains_field: Option<String>,
    /// Values of custom fields for every new address, such as those that the IPAM requires.
    ///
    /// The actions do not send them: [`host`](super::host) opens the provider with them, as the options `set.NAME`.
    pub address_fields: Properties,
    /// Values of custom fields for every new network. [`host`](super::host) passes them as the options `range_set.NAME`.
    pub range_fields: Properties,
}

impl Settings {
    /// Reads the settings from the endpoint's form and its free properties.
    ///
    /// # Errors
    /// An [`ActionError`] that names the property: `enableFilter` is neither true nor false, the filter has not one value for
    /// each field, an entry of `addressFields` or `rangeFields` is not `NAME=VALUE`, or those of
    /// [`EndpointProperties::get`].
    pub fn read(properties: &EndpointProperties) -> Result<Self, ActionError> {
        let mut settings = Self {
            dns_servers_field: properties.get("dnsServersField")?,
            domain_field: properties.get("domainField")?,
            search_domains_field: properties.get("searchDomainsField")?,
            address_fields: fields(properties, "addressFields", "set.")?,
            range_fields: fields(properties, "rangeFields", "range_set.")?,
            ..Self::default()
        };
        if let Some(space) = properties.get("addressSpace")? {
            // Ranges and blocks alike: an on-demand network has to end up where the addresses are looked for.
            settings.ranges.space = Some(space.as_str().into());
            settings.blocks.space = Some(space.as_str().into());
        }
        // A form whose filter is switched off may still have the filter's fields, half filled in.
        if properties.flag("enableFilter")? {
            settings.read_filter(properties)?;
        }
        Ok(settings)
    }

    fn read_filter(&mut self, properties: &EndpointProperties) -> Result<(), ActionError> {
        let missing = |name: &str| {
            ActionError::input(&format!("endpointProperties.{name}"), &"missing, though enableFilter is true")
        };
        let fields = properties.get("filterField")?.ok_or_else(|| missing("filterField"))?;
        let values = properties.get("filterValue")?.ok_or_else(|| missing("filterValue"))?;
        let (fields, values): (Vec<_>, Vec<_>) = (fields.split(',').collect(), values.split(',').collect());
        // A missing value would match every range; listing too many would let machines be placed in the wrong networks.
        if fields.len() != values.len() {
            let problem = format!("{} values for {} fields; give one value for each", values.len(), fields.len());
            return Err(ActionError::input("endpointProperties.filterValue", &problem));
        }
        for (field, value) in fields.into_iter().map(str::trim).zip(values.into_iter().map(str::trim)) {
            match field {
                "" => return Err(ActionError::input("endpointProperties.filterField", &"a field without a name")),
                "name" => {
                    self.ranges.name = Some(value.to_owned());
                    self.blocks.name = Some(value.to_owned());
                }
                "tag" => {
                    // A tag without `=` is one with an empty value, as a provider stores it.
                    let (key, value) = value.split_once('=').unwrap_or((value, ""));
                    self.ranges.tags.insert(Tag::new(key, value));
                    self.blocks.tags.insert(Tag::new(key, value));
                }
                _ => {
                    self.ranges.properties.insert(field.to_owned(), value.to_owned());
                    self.blocks.properties.insert(field.to_owned(), value.to_owned());
                }
            }
        }
        Ok(())
    }

    /// Completes the DNS data that the IPAM does not have from the properties that the form names.
    pub(super) fn complete(&self, network: &mut NetworkInfo, properties: &Properties) -> Result<(), ActionError> {
        // Data of the IPAM itself takes precedence: a forgotten custom field must not override it.
        if network.dns_servers.is_empty()
            && let Some((field, value)) = property(properties, self.dns_servers_field.as_ref())
        {
            network.dns_servers = entries(value)
                .map(|entry| {
                    entry
                        .parse::<IpAddr>()
                        .map_err(|_| ActionError::input(field, &format_args!("{entry:?} is not an IP address")))
                })
                .collect::<Result<_, _>>()?;
        }
        if network.domain.is_none() {
            network.domain = property(properties, self.domain_field.as_ref())
                // A range has one domain; a property with several is taken to name the main one first.
                .and_then(|(_, value)| entries(value).next())
                .map(str::to_owned);
        }
        if network.search_domains.is_empty()
            && let Some((_, value)) = property(properties, self.search_domains_field.as_ref())
        {
            network.search_domains = entries(value).map(str::to_owned).collect();
        }
        Ok(())
    }
}

/// Returns the values of custom fields in the list `list` and in the properties that start with `prefix`. Of two values for
/// one field, the one in its own property takes precedence.
fn fields(properties: &EndpointProperties, list: &str, prefix: &str) -> Result<Properties, ActionError> {
    let mut fields = Properties::new();
    let text = properties.get(list)?.unwrap_or_default();
    for (index, entry) in text.split([';', '\n']).map(str::trim).filter(|entry| !entry.is_empty()).enumerate() {
        let parts = entry.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
        let Some((name, value)) = parts.filter(|(name, value)| !name.is_empty() && !value.is_empty()) else {
            // The entry is named by its position and not shown: a password may have been typed into the wrong field.
            let problem = format!("entry {} is not NAME=VALUE; separate entries by semicolons", index + 1);
            return Err(ActionError::input(&format!("endpointProperties.{list}"), &problem));
        };
        fields.insert(name.to_owned(), value.to_owned());
    }
    fields.extend(properties.starting_with(prefix)?);
    Ok(fields)
}

/// Returns the property that the form names, with its name.
fn property<'a>(properties: &'a Properties, field: Option<&String>) -> Option<(&'a String, &'a String)> {
    properties.get_key_value(field?)
}

/// Splits a list in a property. Administrators separate names by any of these characters.
fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ';', ' ', '\t', '\n', '\r']).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    fn settings(value: serde_json::Value) -> Result<Settings, ActionError> {
        Settings::read(&serde_json::from_value(value).unwrap())
    }

    #[test]
    fn several_fields_must_all_hold() {
        let settings = settings(json!({
            "enableFilter": "true", "filterField": "custom_vRA_Range, tag,name", "filterValue": "1,env=prod, lan",
        }));
        let ranges = settings.unwrap().ranges;
        assert_eq!(ranges.properties["custom_vRA_Range"], "1");
        assert!(ranges.tags.contains(&Tag::new("env", "prod")));
        assert_eq!(ranges.name.as_deref(), Some("lan"));
    }

    #[test]
    fn a_filter_that_is_off_is_not_even_read() {
        assert_eq!(
            settings(json!({"enableFilter": "false", "filterField": "a,b", "filterValue": "1"})).unwrap(),
            Settings::default()
        );
    }

    #[test]
    fn a_filter_without_one_value_for_each_field_is_refused() {
        for wrong in [
            json!({"enableFilter": true}),
            json!({"enableFilter": "true", "filterField": "a,b", "filterValue": "1"}),
            json!({"enableFilter": "perhaps"}),
        ] {
            assert!(settings(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_of_custom_fields_come_from_lists_and_from_single_properties() {
        let settings = settings(json!({
            "addressFields": "custom_ticket = R-1; custom_owner=a=b;", "rangeFields": "custom_site=Prague\ncustom_x=1",
            "properties": "[{\"prop_key\":\"set.custom_note\",\"prop_value\":\"a;b\"}]",
        }))
        .unwrap();
        let shown =
            |fields: &Properties| fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        assert_eq!(shown(&settings.address_fields), ["custom_note=a;b", "custom_owner=a=b", "custom_ticket=R-1"]);
        assert_eq!(shown(&settings.range_fields), ["custom_site=Prague", "custom_x=1"]);
    }

    #[test]
    fn a_custom_field_without_a_value_is_named_by_its_place_and_never_shown() {
        for wrong in ["a=1; s3cret", "a=1;=s3cret", "a=1;s3cret="] {
            let error = settings(json!({"addressFields": wrong})).unwrap_err().to_string();
            assert!(
                error.starts_with("endpointProperties.addressFields: entry 2") && !error.contains("s3cret"),
                "{error}"
            );
        }
    }

    #[test]
    fn properties_fill_in_only_what_is_missing() {
        let settings =
            settings(json!({"dnsServersField": "dns", "domainField": "domain", "searchDomainsField": "search"}))
                .unwrap();
        let properties = Properties::from([
            ("dns".into(), "10.0.0.1; 10.0.0.2".into()),
            ("domain".into(), "a.test".into()),
            ("search".into(), "a.test,b.test".into()),
        ]);
        let mut network = NetworkInfo::default();
        network.domain = Some("own.test".into());
        settings.complete(&mut network, &properties).unwrap();
        assert_eq!(network.dns_servers.len(), 2);
        assert_eq!(network.domain.as_deref(), Some("own.test"));
        assert_eq!(network.search_domains, ["a.test", "b.test"]);
    }
}
