//! Provider handle: connecting, and the methods of the trait, each of which is in a file of [`ops`](super::ops).

use std::sync::Arc;

use async_trait::async_trait;
use ipam_core::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, Deallocate, DeallocateRange,
    Deallocated, Find, Health, IpamProvider, ListBlocks, ListRanges, ListRecords, Operation, Page, PortableRecord,
    Preview, Range, RangeId, RemovedRange, Result, Sweep, Swept, Update, Usage,
};

use super::capabilities::{self, Probed};
use super::config::PhpIpamConfig;
use super::inner::Inner;
use super::kept::{Kept, Shared, TooLong};
use super::key::process_claims::Claims;
use super::map::error::failed;
use super::map::model::Mapping;
use super::map::required::{FieldValues, FieldsOf};
use super::random::random_half;
use crate::client::Client;
use crate::keyed_locks::KeyedLocks;
use crate::models::{Schema, Tag};

/// IPAM provider that allocates in a phpIPAM server. A clone is another handle to the same provider.
///
/// The [module page](super) describes mapping, marks, unfinished claims, errors and limits.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// use ipam_core::{IpamProvider, ListRanges};
/// # use ipam_core::http::HttpOptions;
/// # use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
/// # use phpipam_client::testing::Server;
/// # use phpipam_client::{Auth, Client};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::start().await?;
/// # server.seed(|store| {
/// #     let section = store.add_section("Lab");
/// #     let subnet = store.add_subnet(section, "10.0.0.0/29".parse()?);
/// #     store.set_field(phpipam_client::testing::Object::Subnet, subnet, "description", "Web servers");
/// #     Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// let provider = PhpIpamProvider::connect(client, PhpIpamConfig::new().with_section("Lab")).await?;
/// let page = provider.list_ranges(&ListRanges::all()).await?;
/// assert_eq!((page.items[0].name.as_str(), page.items[0].net.to_string().as_str()), ("Web servers", "10.0.0.0/29"));
/// assert!(provider.check().await?.warnings.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PhpIpamProvider(Arc<Inner>);

impl PhpIpamProvider {
    #[cfg(feature = "doctor")]
    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Connects to the server of `client`, with the configuration `config`.
    ///
    /// Reads the permission of the app, sections, custom fields and tags, and whether the server has a search: six
    /// requests, or five without a configured section. Then it undoes a few abandoned claims, unless that is
    /// [switched off](PhpIpamConfig::with_sweep_on_connect), the app may only read, or the server is older than 1.6.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// use ipam_core::ErrorKind;
    /// # use ipam_core::http::HttpOptions;
    /// # use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
    /// # use phpipam_client::testing::Server;
    /// # use phpipam_client::{Auth, Client};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::start().await?;
    /// # server.seed(|store| store.add_section("Lab"));
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let error = PhpIpamProvider::connect(client, PhpIpamConfig::new().with_section("Labs")).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// assert!(error.message().contains("Lab (#"), "{error}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Config` if the configuration names a section, field or tag that the server does not have, or a value that a
    /// field does not take; the message lists the existing ones. Otherwise the [errors of the
    /// module](super#errors).
    pub async fn connect(client: Client, config: PhpIpamConfig) -> Result<Self> {
        let fail = failed(Operation::Open);
        // First, because it reads nothing: a wrong URL, app or password fails here, before any list is sent.
        let may_write = crate::probe::may_write(&client).await.map_err(&fail)?;
        let sections = if config.sections.is_empty() {
            Vec::new()
        } else {
            let known = client.sections().list().await.map_err(&fail)?;
            capabilities::section_ids(&config.sections, &known)?
        };
        let subnet_fields = client.subnets().custom_fields().await.map_err(&fail)?;
        let address_fields = client.addresses().custom_fields().await.map_err(&fail)?;
        let mark = capabilities::mark_field;
        let (address_mark, address_width) = mark(config.address_mark.as_deref(), &address_fields, "addresses")?;
        let (subnet_mark, subnet_width) = mark(config.subnet_mark.as_deref(), &subnet_fields, "subnets")?;
        let schema = Schema::new(address_fields);
        let always = config.written_address_fields(&schema);
        let address_values = FieldValues::new(FieldsOf::Addresses, &config.address_fields, &schema, &always)?;
        let schema = Schema::new(subnet_fields);
        let always = config.written_subnet_fields(&schema);
        let subnet_values = FieldValues::new(FieldsOf::Subnets, &config.child_prefix_fields, &schema, &always)?;
        let tags = client.tools().tags().list().await.map_err(&fail)?;
        let reserved = capabilities::tag_ids(&config.reserved_tags, &tags)?;
        let tag = match &config.tag {
            None => Tag::USED,
            Some(name) => {
                capabilities::tag_ids(std::slice::from_ref(name), &tags)?.first().copied().unwrap_or(Tag::USED)
            }
        };
        // Decides how marks are found: the search reads in the database, a filter makes PHP read all addresses (Q76).
        let search = crate::probe::has_search(&client).await.map_err(&fail)?;
        let subnet_fields: Vec<String> = schema.fields().iter().map(|field| field.name.clone()).collect();
        capabilities::check_fields_exist(config.range_fields.iter().chain(&config.block_fields), &subnet_fields)?;
        let probed =
            Probed { may_write, search, subnet_fields, address_width, subnet_width, address_values, subnet_values };
        let mapping = Mapping { address_mark, subnet_mark, reserved };
        // The random half tells this process's claims from those of every other process.
        let claims = Claims::new(random_half(), config.pacing.revisits());
        let (locks, deletions) = (KeyedLocks::new("key"), KeyedLocks::new("address"));
        let (kept, shared, too_long) = (Kept::default(), Shared::default(), TooLong::default());
        let inner =
            Inner { client, config, mapping, sections, tag, probed, claims, locks, deletions, kept, shared, too_long };
        inner.sweep_some().await;
        Ok(Self(Arc::new(inner)))
    }

    /// Returns the client that the provider uses, for calls that the trait does not have.
    ///
    /// `client` and `subnet` are those of the [module's example](super).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// use phpipam_client::models::{AddressFields, SubnetId};
    /// # use ipam_core::http::HttpOptions;
    /// # use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
    /// # use phpipam_client::testing::Server;
    /// # use phpipam_client::{Auth, Client};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::start().await?;
    /// # let subnet = server.seed(|store| {
    /// #     let section = store.add_section("Lab");
    /// #     Ok::<_, Box<dyn std::error::Error>>(store.add_subnet(section, "10.0.0.0/29".parse()?))
    /// # })?;
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let provider = PhpIpamProvider::connect(client, PhpIpamConfig::new()).await?;
    /// // The trait cannot define a gateway, phpIPAM can.
    /// let fields = AddressFields::new().with_is_gateway(true);
    /// provider.client().addresses().create(SubnetId::new(subnet), "10.0.0.1".parse()?, &fields).await?;
    /// # use ipam_core::IpamProviderExt;
    /// assert_eq!(provider.allocate_one(subnet.to_string(), "vm-42").await?.address.to_string(), "10.0.0.2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.client
    }
}

#[async_trait]
impl IpamProvider for PhpIpamProvider {
    fn capabilities(&self) -> Capabilities {
        self.0.probed.capabilities()
    }

    async fn check(&self) -> Result<Health> {
        // `check` asks about the present. A failed login of the past is not repeated by itself (Q55), so it is released
        // here.
        self.0.client.retry_login();
        self.0.check().await
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        self.0.list_ranges(request).await
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        self.0.allocate(request).await
    }

    fn validate_allocate(&self, request: &Allocate) -> Result<()> {
        self.0.validate_allocate(request)
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        self.0.deallocate(request).await
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        self.0.find(request).await
    }

    async fn preview_allocate(&self, request: &Allocate) -> Result<Preview> {
        self.0.preview(request).await
    }

    async fn update(&self, request: &Update) -> Result<Allocation> {
        self.0.update(request).await
    }

    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        self.0.usage(ranges).await
    }

    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        self.0.list_blocks(request).await
    }

    async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        self.0.allocate_range(request).await
    }

    async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        self.0.deallocate_range(request).await
    }

    async fn sweep(&self, request: &Sweep) -> Result<Swept> {
        self.0.sweep(request).await
    }

    async fn list_records(&self, request: &ListRecords) -> Result<Page<PortableRecord>> {
        self.0.list_records(request).await
    }

    async fn close(&self) -> Result<()> {
        self.0.close().await
    }
}
