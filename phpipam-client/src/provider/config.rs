//! Configuration of the provider: the parts of a server that it serves, the fields of its marks, and its pacing.

use std::time::Duration;

use super::pacing::Pacing;
use crate::models::{Schema, SectionId};

/// Section to serve, by id or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SectionChoice {
    Id(SectionId),
    Name(String),
}

/// Configuration of a [`PhpIpamProvider`](super::PhpIpamProvider): sections, ranges and blocks to serve, fields and
/// tags to write, and time limits.
///
/// | setting | default | option of the [URL](super::register()) |
/// | --- | --- | --- |
/// | [`with_section`](Self::with_section), [`with_section_id`](Self::with_section_id) | all sections | `section` |
/// | [`with_range_field`](Self::with_range_field) | all subnets without subnets below them | `field.NAME` |
/// | [`with_block_field`](Self::with_block_field) | all subnets with subnets below them | `block.NAME` |
/// | [`with_address_field`](Self::with_address_field) | none | `set.NAME` |
/// | [`with_child_prefix_field`](Self::with_child_prefix_field) | none | `range_set.NAME` |
/// | [`with_address_mark_field`](Self::with_address_mark_field) | `note` | `mark` |
/// | [`with_subnet_mark_field`](Self::with_subnet_mark_field) | `description` | `range_mark` |
/// | [`with_tag`](Self::with_tag) | `Used` | `tag` |
/// | [`with_reserved_tags`](Self::with_reserved_tags) | `Reserved`, `DHCP` | `reserved_tags` |
/// | [`with_page_size`](Self::with_page_size) | 1 000 | `page_size` |
/// | [`with_list_age`](Self::with_list_age) | 1 s | `list_age` |
/// | [`with_claim_time`](Self::with_claim_time) | 60 s | `claim_time` |
/// | [`with_pacing`](Self::with_pacing) | [`Pacing::new`] | |
/// | [`with_sweep_on_connect`](Self::with_sweep_on_connect) | true | `sweep` |
///
/// Names are checked by [`connect`](super::PhpIpamProvider::connect), which knows what the server has.
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
    pub(crate) list_age: Duration,
    pub(crate) pacing: Pacing,
    pub(crate) sweep: bool,
    pub(crate) address_fields: Vec<(String, String)>,
    pub(crate) child_prefix_fields: Vec<(String, String)>,
}

impl PhpIpamConfig {
    /// Creates the default configuration, which serves all sections.
    pub fn new() -> Self {
        Self {
            sections: Vec::new(),
            range_fields: Vec::new(),
            block_fields: Vec::new(),
            address_mark: None,
            subnet_mark: None,
            tag: None,
            // Names and not ids, because an administrator may have deleted and made them anew.
            reserved_tags: vec!["Reserved".to_owned(), "DHCP".to_owned()],
            page_size: 1_000,
            list_age: Duration::from_secs(1),
            pacing: Pacing::new(),
            sweep: true,
            address_fields: Vec::new(),
            child_prefix_fields: Vec::new(),
        }
    }

    /// Adds a section to serve, by its name in any case. Without a section, all are served.
    pub fn with_section(mut self, name: impl Into<String>) -> Self {
        self.sections.push(SectionChoice::Name(name.into()));
        self
    }

    /// Adds a section to serve, by its id.
    pub fn with_section_id(mut self, id: SectionId) -> Self {
        self.sections.push(SectionChoice::Id(id));
        self
    }

    /// Adds a condition for ranges: only subnets whose field has this value are served. A subnet must fulfil all
    /// conditions.
    ///
    /// The field is one of phpIPAM, such as `description`, or a custom field, with or without the prefix `custom_`.
    /// Flags are `0` and `1`. An empty value selects subnets whose field is empty.
    ///
    /// `server` and `client` are those of the [module's example](super).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// use ipam_core::{IpamProvider, ListRanges};
    /// use phpipam_client::testing::{CustomColumn, Object};
    /// # use ipam_core::http::HttpOptions;
    /// # use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
    /// # use phpipam_client::testing::Server;
    /// # use phpipam_client::{Auth, Client};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::start().await?;
    /// server.seed(|store| {
    ///     store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_vRA_Range", false));
    ///     let section = store.add_section("Lab");
    ///     store.add_subnet(section, "10.0.0.0/24".parse()?);
    ///     let served = store.add_subnet(section, "10.0.1.0/24".parse()?);
    ///     store.set_field(Object::Subnet, served, "custom_vRA_Range", "1");
    /// #   Ok::<_, Box<dyn std::error::Error>>(())
    /// })?;
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let config = PhpIpamConfig::new().with_range_field("vRA_Range", "1");
    /// let provider = PhpIpamProvider::connect(client, config).await?;
    /// let ranges = provider.list_ranges(&ListRanges::all()).await?.items;
    /// assert_eq!(ranges.iter().map(|range| range.net.to_string()).collect::<Vec<_>>(), ["10.0.1.0/24"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_range_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.range_fields.push((name.into(), value.into()));
        self
    }

    /// Adds a condition for blocks: the subnets whose field has this value are blocks, with or without subnets below
    /// them, and are not ranges. A subnet must fulfil all conditions. Without a condition, the subnets with subnets
    /// below them are blocks.
    ///
    /// `client` is that of the [module's example](super), and `block` the id of a subnet whose field `custom_block` is 1.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// use ipam_core::{AllocateRange, IpamProvider};
    /// use phpipam_client::testing::{CustomColumn, Object};
    /// # use ipam_core::http::HttpOptions;
    /// # use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
    /// # use phpipam_client::testing::Server;
    /// # use phpipam_client::{Auth, Client};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::start().await?;
    /// # let block = server.seed(|store| {
    /// #     store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_block", false));
    /// #     let section = store.add_section("Lab");
    /// #     let block = store.add_subnet(section, "10.0.0.0/24".parse()?);
    /// #     store.set_field(Object::Subnet, block, "custom_block", "1");
    /// #     Ok::<_, Box<dyn std::error::Error>>(block)
    /// # })?;
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let config = PhpIpamConfig::new().with_block_field("custom_block", "1");
    /// let provider = PhpIpamProvider::connect(client, config).await?;
    /// // The block is 10.0.0.0/24.
    /// let made = provider.allocate_range(&AllocateRange::prefix_len("Tenant 7", block.to_string(), 26)).await?;
    /// assert_eq!(made.range.net.to_string(), "10.0.0.0/26");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_block_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.block_fields.push((name.into(), value.into()));
        self
    }

    /// Sets the custom field of addresses that holds the [marks](super#marks), instead of `note`. Its type must be
    /// text, or `varchar` of at least 255 characters.
    pub fn with_address_mark_field(mut self, name: impl Into<String>) -> Self {
        self.address_mark = Some(name.into());
        self
    }

    /// Sets the custom field of subnets that holds the marks of child prefixes, instead of `description`. Its type must
    /// be text, or `varchar` of at least 255 characters.
    pub fn with_subnet_mark_field(mut self, name: impl Into<String>) -> Self {
        self.subnet_mark = Some(name.into());
        self
    }

    /// Sets the tag of new addresses by its name, instead of `Used`.
    pub fn with_tag(mut self, name: impl Into<String>) -> Self {
        self.tag = Some(name.into());
        self
    }

    /// Sets the tags of reserved addresses by their names, instead of `Reserved` and `DHCP`. An address with such a tag
    /// and without a mark is a reservation: it is neither allocated nor deallocated. `find` returns it only if the
    /// request names its address.
    pub fn with_reserved_tags<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.reserved_tags = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the size of pages for requests that name none, 1 000 by default. It is limited to 1 to
    /// [`MAX_PAGE_SIZE`](ipam_core::MAX_PAGE_SIZE), 10 000.
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.page_size = size.clamp(1, ipam_core::MAX_PAGE_SIZE);
        self
    }

    /// Sets the age up to which the list of subnets, gateways and VLANs is used again by other calls, 1 s by default. It
    /// is limited to 60 s; with zero only calls at the same time share one.
    ///
    /// It matters to calls for many ranges at once, such as a listing and the usage of what it returned. Changes by this
    /// provider are seen at once, changes by others after this time. Addresses are read anew by each call, but for the
    /// further pages of its own listing.
    ///
    /// ```
    /// use std::time::Duration;
    /// use phpipam_client::provider::PhpIpamConfig;
    ///
    /// let config = PhpIpamConfig::new().with_list_age(Duration::from_secs(10));
    /// ```
    pub fn with_list_age(mut self, age: Duration) -> Self {
        self.list_age = age.min(Duration::from_secs(60));
        self
    }

    /// Sets the claim time: the longest time that one claim may take, 60 s by default, and 100 ms more for each of its
    /// addresses. Less than a second is set to a second. It is the same setting as [`Pacing::with_deadline`]: of
    /// `with_claim_time` and [`with_pacing`](Self::with_pacing), the later call counts.
    ///
    /// If a process dies in the middle of a claim of several addresses, other processes protect the claim for three
    /// times this time. Until then a call with its key is [`Busy`](ipam_core::ErrorKind::Busy); afterwards the claim is
    /// abandoned. Times are those of the server's clock, from the header `Date` of its responses. If a proxy removes
    /// that header, the clocks of all hosts must agree within this time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use phpipam_client::provider::{Pacing, PhpIpamConfig};
    ///
    /// // The claim time is 20 s: the later call changes one time of the pacing.
    /// let pacing = Pacing::new().with_settle(Duration::from_secs(10));
    /// let config = PhpIpamConfig::new().with_pacing(pacing).with_claim_time(Duration::from_secs(20));
    /// ```
    pub fn with_claim_time(mut self, time: Duration) -> Self {
        self.pacing = self.pacing.with_deadline(time);
        self
    }

    /// Sets all time limits and waits at once, the [claim time](Self::with_claim_time) among them.
    pub fn with_pacing(mut self, pacing: Pacing) -> Self {
        self.pacing = pacing;
        self
    }

    /// Sets a value for a custom field of every new address. Needed if the server requires the field and has no default
    /// for it. A field of type enum takes one of its members, a flag `0` or `1`.
    ///
    /// `client` and `subnet` are those of the [module's example](super).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// use ipam_core::{ErrorKind, IpamProviderExt};
    /// use phpipam_client::testing::{CustomColumn, Object};
    /// # use ipam_core::http::HttpOptions;
    /// # use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
    /// # use phpipam_client::testing::Server;
    /// # use phpipam_client::{Auth, Client};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::start().await?;
    /// # let subnet = server.seed(|store| {
    /// #     let ticket = CustomColumn::text("custom_ticket", 64).required(None);
    /// #     store.add_custom_field(Object::Address, ticket);
    /// #     let section = store.add_section("Lab");
    /// #     Ok::<_, Box<dyn std::error::Error>>(store.add_subnet(section, "10.0.0.0/29".parse()?))
    /// # })?;
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// // Addresses of this server have a required field "custom_ticket" without a default.
    /// let provider = PhpIpamProvider::connect(client.clone(), PhpIpamConfig::new()).await?;
    /// let error = provider.allocate_one(subnet.to_string(), "vm-42").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    ///
    /// let config = PhpIpamConfig::new().with_address_field("custom_ticket", "CHG-1");
    /// let provider = PhpIpamProvider::connect(client, config).await?;
    /// provider.allocate_one(subnet.to_string(), "vm-42").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_address_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.address_fields.push((name.into(), value.into()));
        self
    }

    /// Sets a value for a custom field of every new child prefix, which is a subnet. A property of the request with the
    /// same name takes precedence.
    pub fn with_child_prefix_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.child_prefix_fields.push((name.into(), value.into()));
        self
    }

    /// Sets whether `connect` undoes some of the [abandoned claims](super#unfinished-claims), true by default. It
    /// undoes the claims of up to 8 keys and up to 32 addresses, within the time limit of the [`Pacing`], 2 s by
    /// default. It does nothing if the app may not write, or if the server has no search (before 1.6). A failure does
    /// not fail `connect`. A [`Sweep`](ipam_core::Sweep) undoes all of them.
    pub fn with_sweep_on_connect(mut self, sweep: bool) -> Self {
        self.sweep = sweep;
        self
    }
}

impl PhpIpamConfig {
    /// Returns the custom fields of addresses that the provider writes itself: the mark field.
    pub(crate) fn written_address_fields<'a>(&'a self, schema: &'a Schema) -> Vec<&'a str> {
        self.address_mark.iter().filter_map(|name| schema.find(name)).map(|field| field.name.as_str()).collect()
    }

    /// Returns the custom fields of subnets that the provider writes itself: the mark field, and the fields that select
    /// ranges.
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
