//! Configuration of the provider: what it serves of a server, where it leaves its marks, and its pacing.

use std::time::Duration;

use super::pacing::Pacing;
use crate::models::{Schema, SectionId};

/// Which section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SectionChoice {
    Id(SectionId),
    Name(String),
}

/// What a [`PhpIpamProvider`](super::PhpIpamProvider) serves, and how.
///
/// ```
/// use phpipam_client::provider::PhpIpamConfig;
///
/// let config = PhpIpamConfig::new()
///     .with_section("Customers")
///     .with_range_field("custom_vRA_Range", "1")
///     .with_block_field("custom_vRA_Block", "1");
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct PhpIpamConfig {
    pub(crate) sections: Vec<SectionChoice>,
    pub(crate) range_fields: Vec<(String, String)>,
    pub(crate) block_fields: Vec<(String, String)>,
    pub(crate) address_mark: Option<String>,
    pub(crate) subnet_mark: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) reserved_tags: Vec<String>,
    pub(crate) page_size: u32,
    pub(crate) pacing: Pacing,
    pub(crate) sweep: bool,
    pub(crate) address_fields: Vec<(String, String)>,
    pub(crate) child_prefix_fields: Vec<(String, String)>,
}

impl PhpIpamConfig {
    /// All sections; ranges are all subnets without subnets below them, blocks are those with.
    pub fn new() -> Self {
        Self {
            sections: Vec::new(),
            range_fields: Vec::new(),
            block_fields: Vec::new(),
            address_mark: None,
            subnet_mark: None,
            tag: None,
            reserved_tags: vec!["Reserved".to_owned(), "DHCP".to_owned()],
            page_size: 1_000,
            pacing: Pacing::new(),
            sweep: true,
            address_fields: Vec::new(),
            child_prefix_fields: Vec::new(),
        }
    }

    /// Adds a section to serve, by its name. Without any, all are served.
    pub fn with_section(mut self, name: impl Into<String>) -> Self {
        self.sections.push(SectionChoice::Name(name.into()));
        self
    }

    /// Adds a section to serve, by its id.
    pub fn with_section_id(mut self, id: SectionId) -> Self {
        self.sections.push(SectionChoice::Id(id));
        self
    }

    /// Serves as ranges only subnets whose field (such as `description` or `custom_vRA_Range`) has this value. Flags are
    /// `0` and `1`. Several conditions have to hold all.
    pub fn with_range_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.range_fields.push((name.into(), value.into()));
        self
    }

    /// Serves as blocks the subnets whose field has this value, with subnets below them or without. They are no ranges.
    /// Several conditions have to hold all. Without any, blocks are the subnets with subnets below them.
    pub fn with_block_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.block_fields.push((name.into(), value.into()));
        self
    }

    /// Keeps the marks of addresses in this custom field of addresses (a text) instead of `note`.
    pub fn with_address_mark_field(mut self, name: impl Into<String>) -> Self {
        self.address_mark = Some(name.into());
        self
    }

    /// Keeps the marks of child prefixes in this custom field of subnets (a text) instead of `description`.
    pub fn with_subnet_mark_field(mut self, name: impl Into<String>) -> Self {
        self.subnet_mark = Some(name.into());
        self
    }

    /// Gives new addresses this tag, by its name, instead of "Used".
    pub fn with_tag(mut self, name: impl Into<String>) -> Self {
        self.tag = Some(name.into());
        self
    }

    /// Says which tags mean that an administrator set an address aside: "Reserved" and "DHCP" unless this is called.
    /// Such addresses are no allocations, and are neither handed out nor given back.
    pub fn with_reserved_tags<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.reserved_tags = names.into_iter().map(Into::into).collect();
        self
    }

    /// How many items a page has where the caller does not say; 1 000 unless this is called.
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.page_size = size.clamp(1, ipam_core::MAX_PAGE_SIZE);
        self
    }

    /// How long one claim may take, beside a tenth of a second for each address; a minute unless this is called. A claim of
    /// several addresses whose process dies half-way is honoured by others for three times as long: until then a call with
    /// its key is [`Busy`](ipam_core::ErrorKind::Busy), and after it counts as abandoned. The times are those of the server's
    /// clock; where a proxy takes `Date` out of the responses, the clocks of all hosts must agree within this time.
    pub fn with_claim_time(mut self, time: Duration) -> Self {
        self.pacing = self.pacing.with_deadline(time);
        self
    }

    /// Sets how long operations go on and how they wait in between, all at once. The deadline of a claim is part of it, so
    /// a later call replaces [`with_claim_time`](Self::with_claim_time).
    pub fn with_pacing(mut self, pacing: Pacing) -> Self {
        self.pacing = pacing;
        self
    }

    /// Gives this custom field of every new address this value. Needed where the server requires the field and has no default
    /// for it; a choice is one of its members, a flag 0 or 1.
    ///
    /// ```
    /// use phpipam_client::provider::PhpIpamConfig;
    ///
    /// let config = PhpIpamConfig::new()
    ///     .with_address_field("custom_ticket", "automatic")
    ///     .with_child_prefix_field("custom_owner", "platform");
    /// ```
    pub fn with_address_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.address_fields.push((name.into(), value.into()));
        self
    }

    /// Gives this custom field of every new child prefix, which is a subnet, this value. A request's own properties come
    /// first.
    pub fn with_child_prefix_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.child_prefix_fields.push((name.into(), value.into()));
        self
    }

    /// Sets whether connecting undoes some of the abandoned claims that it finds, as it does unless this is called: for two
    /// seconds at most unless the [`Pacing`] is another, and where the app may write and the server can search (1.6). A [`Sweep`](ipam_core::Sweep) undoes all
    /// of them.
    pub fn with_sweep_on_connect(mut self, sweep: bool) -> Self {
        self.sweep = sweep;
        self
    }
}

impl PhpIpamConfig {
    /// The custom fields of addresses that the provider writes anyway: the marks.
    pub(crate) fn written_address_fields<'a>(&'a self, schema: &'a Schema) -> Vec<&'a str> {
        self.address_mark.iter().filter_map(|name| schema.find(name)).map(|field| field.name.as_str()).collect()
    }

    /// The same of subnets: the marks, and what chooses ranges.
    pub(crate) fn written_subnet_fields<'a>(&'a self, schema: &'a Schema) -> Vec<&'a str> {
        let chosen = self.range_fields.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name);
        let names = self.subnet_mark.iter().chain(chosen);
        names.filter_map(|name| schema.find(name)).map(|field| field.name.as_str()).collect()
    }
}

impl Default for PhpIpamConfig {
    fn default() -> Self {
        Self::new()
    }
}
