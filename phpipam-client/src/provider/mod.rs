//! phpIPAM behind [`ipam_core::IpamProvider`].
//!
//! ```no_run
//! # async fn example() -> ipam_core::Result<()> {
//! use ipam_core::{IpamProviderExt, ListRanges};
//! use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
//! use phpipam_client::{Auth, Client};
//!
//! let client = Client::builder("https://ipam.example", "vra", Auth::user("svc", "secret")).build()?;
//! let config = PhpIpamConfig::new().with_section("Customers").with_range_field("custom_vRA_Range", "1");
//! let provider = PhpIpamProvider::connect(client, config).await?;
//! let address = provider.allocate_one("8", "vm-42").await?;
//! println!("{} of subnet {}", address.address, address.range);
//! # Ok(())
//! # }
//! ```
//!
//! # What is what
//! | in the contract | in phpIPAM |
//! | --- | --- |
//! | range | a subnet without subnets below it, in the chosen sections, with the chosen fields; its id is the subnet's |
//! | block | a subnet with subnets below it, or one with the chosen fields |
//! | address space | the VRF, in all sections: `vrf/7`; without one the section: `3` |
//! | allocation | an address; its id is the row's and the claim's number |
//! | reservation | the gateway, and addresses whose tag is "Reserved" or "DHCP" that were not allocated here; all that is free of a subnet that is marked full |
//! | properties | every plain field of a subnet by the server's name, such as `custom_vRA_Range` |
//! | name of a range | the first line of the description; the prefix where there is none |
//!
//! # Addresses are unique in an address space
//! phpIPAM keeps them unique in a subnet only; the provider does the rest.
//! - Addresses that are registered in a subnet around a range, from before it was divided, count as taken, and a gateway
//!   there is the range's. `find` shows such an address with the range that holds it. It is freed by its id;
//!   `deallocate` by range and address says where it is registered.
//! - Ranges of one space that overlap, such as those of one VRF in two sections, leave alone what the other one has,
//!   also where only one of the sections is served. Each claim is compared with the others before its caller is told: of
//!   two of them, the one with the lower id stands.
//! - [`check`](ipam_core::IpamProvider::check) names both.
//!
//! It takes one request to learn which subnets lie around a range, and one for each of those; none for a range at the top
//! of a section without a VRF. What others register in phpIPAM's pages after a claim was acknowledged cannot be kept out.
//!
//! # Marks
//! A claim says in the very call that makes it whose it is: a mark, `[ipam1;c;0/1;…]`, with key, owner, fingerprint of
//! the request, and the number of the call. It is kept in `note` of an address and in `description` of a subnet, or in a
//! custom field that is a text. Everything in it is percent-encoded, so that nothing is stripped, and it has a checksum:
//! people may write before and behind it. The owner is shown in the field `owner`, too; if somebody writes another one
//! there, the address is that one's.
//!
//! A key is looked up by one request: by the server's search (since 1.6, done by its database), else by a filter over
//! all addresses, which a server with more than some 30 000 of them cannot do with PHP's default memory.
//!
//! # How an address is taken
//! 1. With a key: who has it? A claim that stands is answered, or refused; one that is under way is waited for.
//! 2. `POST addresses/first_free/…` with the mark. Where the server's next address may not be the right one (IPv6, whose
//!    lowest address belongs to the routers; exclusions; several addresses; rows) the subnet is listed, addresses are
//!    chosen, and each is taken by `POST addresses/`. Never a `GET` of what is free and then a `POST` that hopes.
//! 3. Where somebody else was quicker, again, with growing pauses; for a minute at most.
//! 4. Where the answer was lost, the mark is looked for, and what is found is taken over.
//! 5. Several addresses are marked as *pending* first. When all are there, the first is changed to *committed*; that
//!    decides it. [`find`](ipam_core::IpamProvider::find) does not show what is pending.
//! 6. All is read back. Of two claims of one key the one with the lower id stands, the other one is undone by its caller.
//! 7. What fails is undone, the last address first.
//!
//! # Callers that go away
//! There is no task in the background. A claim that was dropped half-way, or whose response was lost, is noted in the
//! process, and the next calls of the provider clean up after it: at once, and again after 1, 5, 30 and 120 seconds,
//! because the server may still be at work; [`close`](ipam_core::IpamProvider::close) looks once more.
//!
//! What a dead process left is found by its mark. A claim of several addresses that is not whole is honoured for three
//! times [`with_claim_time`](PhpIpamConfig::with_claim_time) of its own process, by the server's clock. Until then
//! `allocate` and `deallocate` with its key are `Busy`, after a few seconds, with the time in the message. After it the
//! claim is abandoned:
//! - [`check`](ipam_core::IpamProvider::check) counts abandoned claims: no allocation shows them, and they use up
//!   addresses.
//! - The next call with the key undoes its own.
//! - [`sweep`](ipam_core::IpamProvider::sweep) undoes all of them, and child prefixes that two processes made for one key.
//! - Connecting undoes a few, see [`with_sweep_on_connect`](PhpIpamConfig::with_sweep_on_connect).
//!
//! A process that was stopped in the middle of a claim cannot acknowledge it later: it gives a claim up after twice its
//! time, and reads it back before it acknowledges it.
//!
//! # Required custom fields
//! A "required field" of phpIPAM without a default makes every new address or subnet fail, and a text that is empty every
//! change of an address. [`with_address_field`](PhpIpamConfig::with_address_field) and
//! [`with_child_prefix_field`](PhpIpamConfig::with_child_prefix_field) give values, which connecting checks against the
//! server's fields. Where one is lacking, `check` names it, and `allocate` and `allocate_range` fail with kind `Config`
//! before anything is taken; reading works.
//!
//! # Limits
//! - phpIPAM 1.4 and later; 1.3 has no list of addresses and no filters.
//! - No expiry, no quarantine, no order but first-free, no feed.
//! - A key is unique as long as nobody's insert becomes visible after the call that follows it; with the database that
//!   phpIPAM needs, that is a matter of microseconds.
//! - Between the look at a range and its deletion by `deallocate_range` somebody may allocate in it.
//! - phpIPAM does not make a subnet of the same size as the one around it, so a block is never carved whole.

mod capabilities;
mod claim;
mod config;
pub(crate) mod key;
pub(crate) mod map;
mod ops;
mod range_view;
mod register;
mod snapshot;

use std::sync::Arc;

use async_trait::async_trait;
use ipam_core::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, AllocationKey, Block, Capabilities, Deallocate,
    DeallocateRange, Deallocated, Find, Health, IpamProvider, ListBlocks, ListRanges, Page, Preview, Range, RangeId,
    RemovedRange, Result, Sweep, Swept, Update, Usage,
};

pub use config::PhpIpamConfig;
#[doc(hidden)]
pub use map::spaces;
pub use register::register;

use capabilities::Probed;
use key::abandoned::Claims;
use map::error::failed;
use map::model::Words;
use map::required::{FieldValues, Of, written};

use crate::client::Client;
use crate::models::{Schema, SectionId, Tag, TagId};

/// The operation that connecting is to callers.
const OPEN: &str = "open";

/// phpIPAM as a provider. A clone is another handle to the same one. See the [module](self).
#[derive(Debug, Clone)]
pub struct PhpIpamProvider(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    client: Client,
    config: PhpIpamConfig,
    words: Words,
    /// The sections that are served; empty for all.
    sections: Vec<SectionId>,
    /// The tag of new addresses.
    tag: TagId,
    probed: Probed,
    claims: Arc<Claims>,
}

/// A random number; not for secrets.
fn random() -> u64 {
    // Without the system's random numbers the clock has to do: callers only need to differ.
    getrandom::u64().unwrap_or_else(|_| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::from(now.subsec_nanos()) << 32 | u64::from(std::process::id())
    })
}

/// A key for a request that has none.
fn new_key() -> AllocationKey {
    AllocationKey::new(format!("auto/{:016x}{:016x}", random(), random()))
}

impl PhpIpamProvider {
    /// A provider on the app that `client` is for. Asks what the app may do, which custom fields and sections there are,
    /// and whether the server can search.
    ///
    /// # Errors
    /// `Config`, with what there is, for a section, field or tag that the server does not have, `Unauthenticated`, `Unavailable` and the other
    /// kinds that any call may fail with.
    pub async fn connect(client: Client, config: PhpIpamConfig) -> Result<Self> {
        let fail = failed(OPEN);
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
        let always = written(Of::Addresses, &config, &schema);
        let address_values = FieldValues::new(Of::Addresses, &config.address_fields, &schema, &always)?;
        let schema = Schema::new(subnet_fields);
        let always = written(Of::Subnets, &config, &schema);
        let subnet_values = FieldValues::new(Of::Subnets, &config.child_prefix_fields, &schema, &always)?;
        let tags = client.tools().tags().list().await.map_err(&fail)?;
        let reserved = capabilities::tag_ids(&config.reserved_tags, &tags)?;
        let tag = match &config.tag {
            None => Tag::USED,
            Some(name) => {
                capabilities::tag_ids(std::slice::from_ref(name), &tags)?.first().copied().unwrap_or(Tag::USED)
            }
        };
        let search = crate::probe::has_search(&client).await.map_err(&fail)?;
        let subnet_fields: Vec<String> = schema.fields().iter().map(|field| field.name.clone()).collect();
        capabilities::must_know(config.range_fields.iter().chain(&config.block_fields), &subnet_fields)?;
        let probed =
            Probed { may_write, search, subnet_fields, address_width, subnet_width, address_values, subnet_values };
        let words = Words { address_mark, subnet_mark, reserved };
        let instance = u32::try_from(random() >> 32).unwrap_or_default();
        let claims = Claims::new(instance);
        let inner = Inner { client, config, words, sections, tag, probed, claims };
        inner.sweep_some().await;
        Ok(Self(Arc::new(inner)))
    }

    /// The client it works with.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.client
    }
}

#[async_trait]
impl IpamProvider for PhpIpamProvider {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn check(&self) -> Result<Health> {
        // A caller that asks whether it works now wants more than the memory of a login that failed a while ago.
        self.0.client.retry_login();
        self.0.check().await
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        self.0.list_ranges(request).await
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        self.0.allocate(request).await
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

    async fn close(&self) -> Result<()> {
        self.0.close().await
    }
}
