//! Settings of the plug-in in the endpoint's form.

mod custom_fields;
mod dns;
mod filter;
mod unsupported;

use std::collections::BTreeSet;

use ipam_core::{Block, BlockFilter, NetworkInfo, Properties, Range, RangeFilter};

use self::dns::Dns;
use self::filter::{Condition, Filter};
use super::{ActionError, EndpointProperties};

/// Settings that the actions read from the endpoint's properties.
///
/// | property | default | meaning |
/// | --- | --- | --- |
/// | `enableFilter` | `false` | `true`: lists only the ranges that match the filter |
/// | `filterField`, `filterValue` | required if `enableFilter` is `true` | a property of the range and its value. Several, separated by commas, must all match. The value of a single field may contain commas |
/// | `filterMatch` | `exact` | `exact` (or `full`): the whole value; `partial`: a part of it; `regex`: a regular expression that matches a part of it |
/// | `enableBlockFilter`, `blockFilterField`, `blockFilterValue`, `blockFilterMatch` | `false` | the same for the blocks of on-demand networks. The filter of ranges does not apply to blocks |
/// | `addressSpace` | all | lists only ranges and blocks of this address space |
/// | `shownFields` | none | properties of ranges and blocks that are sent to vRA, separated by commas; `*` for all. Those that the filter and the DNS fields name are always sent |
/// | `dnsServersField` | none | property of a range with its DNS servers, read if the IPAM gives none |
/// | `domainField` | none | property with the DNS domain, likewise |
/// | `searchDomainsField` | none | property with DNS search domains, likewise |
/// | `dnsServerAddresses` | none | DNS servers of ranges that have none by the IPAM and by the property |
/// | `dnsDomain` | none | DNS domain, likewise. A text without a dot is the name of a property, with or without `custom_` before it; a domain of one label is written with a dot at its end, as `lan.` |
/// | `dnsSearchDomains` | none | DNS search domains, likewise, each a domain or the name of a property |
/// | `addressProperty` | `custom_ip` | property of a machine with the address that it has to get; see [`AllocateIpInput`](super::AllocateIpInput) |
/// | `addressFields` | none | values of custom fields for every new address: `NAME=VALUE`, several separated by semicolons or line ends |
/// | `rangeFields` | none | the same for every new network |
/// | `set.NAME`, `range_set.NAME` | none | one such field in a property of its own, for values that contain a semicolon |
///
/// In `filterField`, `name` means the range's name in the IPAM and `tag` means a tag (`key` or `key=value`). Every other text
/// is the name of a property of the range, such as a custom field of phpIPAM. A range without the property does not match. A
/// list in a property is separated by commas, semicolons or white space.
///
/// Case counts. In a regular expression, `\d`, `\w` and `\s` mean ASCII characters; there are no back references and no
/// look-around. It may stand between delimiters with modifiers, as `/^web/i`. Limit: 1000 bytes. The IPAM's own filter
/// compares whole values, so that with `partial` and `regex` every range is read and the pages are filtered here.
///
/// # Fields of other plug-ins
/// Public plug-ins for phpIPAM have fields that change which addresses machines get. Such a field is refused with what to do,
/// and never ignored:
///
/// | property | meaning there | here |
/// | --- | --- | --- |
/// | `pingAllocatedAddress` | skips addresses that respond to a ping | refused if `true` |
/// | `checkAddressPtr` | skips addresses that have a name in DNS | refused if `true` |
/// | `reserve_ips` | sets the first addresses of each range aside | refused if `true` |
/// | `ignoreSslWarning`, `ignoreSsl` | accepts any certificate | refused if `true` |
/// | `ssl_verify` | checks the certificate | refused if `false` |
/// | `isPool` | lists only pools | refused if `true`; it is a filter |
/// | `domain`, `dnsSuffix` | DNS domain | refused; it is `dnsDomain` |
///
/// Properties without a meaning are allowed. A free property with another value than the field of its name is refused.
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
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Filter of the ranges that GetIPRanges lists, as far as the IPAM can apply it; see
    /// [`matches_range`](Self::matches_range).
    pub ranges: RangeFilter,
    /// Filter of the blocks that GetIPBlocks lists, as far as the IPAM can apply it; see
    /// [`matches_block`](Self::matches_block).
    pub blocks: BlockFilter,
    /// Name of a machine's property with the address that it has to get.
    pub address_property: String,
    /// Values of custom fields for every new address, such as those that the IPAM requires.
    ///
    /// The actions do not send them: [`host`](super::host) opens the provider with them, as the options `set.NAME`.
    pub address_fields: Properties,
    /// Values of custom fields for every new network. [`host`](super::host) passes them as the options `range_set.NAME`.
    pub range_fields: Properties,
    range_conditions: Vec<Condition>,
    block_conditions: Vec<Condition>,
    range_names: Vec<String>,
    block_names: Vec<String>,
    dns: Dns,
    shown: BTreeSet<String>,
    all_shown: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ranges: RangeFilter::default(),
            blocks: BlockFilter::default(),
            address_property: "custom_ip".to_owned(),
            address_fields: Properties::new(),
            range_fields: Properties::new(),
            range_conditions: Vec::new(),
            block_conditions: Vec::new(),
            range_names: Vec::new(),
            block_names: Vec::new(),
            dns: Dns::default(),
            shown: BTreeSet::new(),
            all_shown: false,
        }
    }
}

impl Settings {
    /// Reads the settings from the endpoint's form and its free properties.
    ///
    /// # Errors
    /// An [`ActionError`] that names the property and never shows its value: a flag is neither true nor false, a filter has
    /// not one value for each field, a regular expression cannot be read or is too large, an entry of `addressFields` or
    /// `rangeFields` is not `NAME=VALUE`, a DNS server is not an address, a DNS domain is none, a field of another plug-in is
    /// not supported, or those of [`EndpointProperties::get`].
    pub fn read(properties: &EndpointProperties) -> Result<Self, ActionError> {
        unsupported::refuse(properties)?;
        let (ranges, blocks) = (Filter::read(properties, &filter::RANGES)?, Filter::read(properties, &filter::BLOCKS)?);
        let mut settings = Self {
            address_fields: custom_fields::read(properties, "addressFields", "set.")?,
            range_fields: custom_fields::read(properties, "rangeFields", "range_set.")?,
            range_conditions: ranges.conditions,
            block_conditions: blocks.conditions,
            range_names: ranges.names,
            block_names: blocks.names,
            dns: Dns::read(properties)?,
            ..Self::default()
        };
        (settings.ranges.name, settings.ranges.tags, settings.ranges.properties) =
            (ranges.name, ranges.tags, ranges.properties);
        (settings.blocks.name, settings.blocks.tags, settings.blocks.properties) =
            (blocks.name, blocks.tags, blocks.properties);
        if let Some(space) = properties.get("addressSpace")? {
            // Ranges and blocks alike: an on-demand network has to end up where the addresses are looked for.
            settings.ranges.space = Some(space.as_str().into());
            settings.blocks.space = Some(space.as_str().into());
        }
        if let Some(name) = properties.get("addressProperty")? {
            name.trim().clone_into(&mut settings.address_property);
        }
        let shown = properties.get("shownFields")?.unwrap_or_default();
        let shown = shown.split([',', ';', '\n']).map(str::trim).filter(|name| !name.is_empty());
        settings.shown = shown.map(str::to_owned).collect();
        settings.all_shown = settings.shown.remove("*");
        Ok(settings)
    }

    /// Returns true if a range that the IPAM listed also fulfils the part of the filter that the IPAM cannot apply: with
    /// `filterMatch` `partial` or `regex`.
    ///
    /// ```
    /// use ipam_core::Range;
    /// use ipam_core::net::{HostPolicy, hosts};
    /// use serde_json::json;
    /// use vra_client::plugin::{EndpointProperties, Settings};
    ///
    /// let settings = Settings::read(&EndpointProperties::of_inputs(&json!({"endpointProperties": {
    ///     "enableFilter": "true", "filterField": "name", "filterValue": "^web", "filterMatch": "regex",
    /// }}))?)?;
    /// let net = "192.0.2.0/24".parse()?;
    /// let mut range = Range::new("12", "default", net, hosts(net, HostPolicy::Hosts));
    /// assert!(!settings.matches_range(&range));
    /// range.name = "web LAN".into();
    /// assert!(settings.matches_range(&range));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn matches_range(&self, range: &Range) -> bool {
        self.range_conditions.iter().all(|condition| condition.holds(&range.name, &range.tags, &range.properties))
    }

    /// Returns true if a block that the IPAM listed also fulfils the part of the filter that the IPAM cannot apply: with
    /// `blockFilterMatch` `partial` or `regex`.
    #[must_use]
    pub fn matches_block(&self, block: &Block) -> bool {
        self.block_conditions.iter().all(|condition| condition.holds(&block.name, &block.tags, &block.properties))
    }

    /// Completes the DNS data that the IPAM does not have from the properties that the form names, and from its values.
    pub(super) fn complete(&self, network: &mut NetworkInfo, properties: &Properties) -> Result<(), ActionError> {
        self.dns.complete(network, properties)
    }

    /// Returns the properties of a range that vRA gets.
    pub(super) fn shown_of_range(&self, properties: Properties) -> Properties {
        self.shown(properties, &self.range_names)
    }

    /// Returns the properties of a block that vRA gets.
    pub(super) fn shown_of_block(&self, properties: Properties) -> Properties {
        self.shown(properties, &self.block_names)
    }

    fn shown(&self, mut properties: Properties, filtered: &[String]) -> Properties {
        // An IPAM may have dozens of columns, with notes that are not for the users of vRA.
        let dns: Vec<String> = self.dns.properties().flat_map(|(_, names)| names).collect();
        properties.retain(|name, _| {
            self.all_shown || self.shown.contains(name) || filtered.contains(name) || dns.contains(name)
        });
        properties
    }

    /// Returns the properties of ranges that the form names, with the form's field. One of each list has to exist.
    pub(super) fn named_of_ranges(&self) -> Vec<(&'static str, Vec<String>)> {
        let filtered = self.range_names.iter().map(|name| (filter::RANGES.field, vec![name.clone()]));
        let shown = self.shown.iter().map(|name| ("shownFields", vec![name.clone()]));
        filtered.chain(self.dns.properties()).chain(shown).collect()
    }

    /// Returns the properties of blocks that the form's filter names, with the form's field.
    pub(super) fn named_of_blocks(&self) -> Vec<(&'static str, Vec<String>)> {
        self.block_names.iter().map(|name| (filter::BLOCKS.field, vec![name.clone()])).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use ipam_core::Tag;
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
    fn the_filter_of_ranges_does_not_hide_blocks() {
        let ranges = json!({"enableFilter": "true", "filterField": "a", "filterValue": "1", "addressSpace": "lab"});
        let read = settings(ranges).unwrap();
        assert_eq!(read.blocks, BlockFilter::default().with_space("lab"));
        let blocks = json!({"enableBlockFilter": "true", "blockFilterField": "a,name", "blockFilterValue": "1,x"});
        let read = settings(blocks).unwrap();
        assert_eq!((read.blocks.properties["a"].as_str(), read.blocks.name.as_deref()), ("1", Some("x")));
        assert_eq!(read.ranges, RangeFilter::default());
    }

    #[test]
    fn only_properties_that_the_form_names_are_shown() {
        let all = || {
            let names = ["custom_vRA", "custom_dom", "site", "note", "custom_block"];
            names.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect::<Properties>()
        };
        let names = |properties: Properties| properties.into_keys().collect::<Vec<_>>().join(" ");
        let read = settings(json!({
            "enableFilter": "true", "filterField": "custom_vRA", "filterValue": "1", "dnsDomain": "dom",
            "enableBlockFilter": "true", "blockFilterField": "custom_block", "blockFilterValue": "1",
            "shownFields": "site, other",
        }))
        .unwrap();
        assert_eq!(names(read.shown_of_range(all())), "custom_dom custom_vRA site");
        assert_eq!(names(read.shown_of_block(all())), "custom_block custom_dom site");
        assert_eq!(settings(json!({"shownFields": "*"})).unwrap().shown_of_range(all()), all());
        assert!(Settings::default().shown_of_range(all()).is_empty());
    }

    #[test]
    fn fields_of_other_plug_ins_are_refused_and_unknown_ones_are_not() {
        assert!(settings(json!({"checkAddressPtr": "true"})).is_err());
        assert!(settings(json!({"providerId": "x", "anything": {"a": 1}})).is_ok());
    }
}
