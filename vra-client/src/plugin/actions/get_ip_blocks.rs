//! GetIPBlocks: lists the blocks that on-demand networks are allocated in, page by page.

use std::net::IpAddr;

use ipam_core::{Block, Family, IpamProvider, ListBlocks, Properties};
use ipnet::IpNet;
use serde::Serialize;

use super::display::Display;
use super::get_ip_ranges::{GetIpRangesInput, RangeTag, tags, version};
use crate::plugin::{ActionError, Settings};

/// Outputs of GetIPBlocks. Its inputs are [`GetIpRangesInput`].
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
///
/// let inputs = json!({
///     "endpoint": {"id": "e", "endpointProperties": {"hostName": "ipam.example.test"}},
///     "pagingAndSorting": {"maxResults": 1000, "pageToken": null},
/// });
/// let outputs = plugin.run(Action::GetIpBlocks, &inputs).await.unwrap();
/// let block = &outputs["ipBlocks"][0];
/// assert_eq!((&block["id"], &block["ipBlockCIDR"]), (&json!("30"), &json!("10.99.0.0/16")));
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GetIpBlocksOutput {
    /// Blocks on this page; not empty unless it is the last page.
    pub ip_blocks: Vec<IpBlock>,
    /// Token of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// Block in the form of the contract. Lists are never null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpBlock {
    /// Id of the block at the provider.
    pub id: String,
    /// Name for display, different for each block, as [`IpRange::name`](super::IpRange::name).
    pub name: String,
    /// Prefix of the block.
    #[serde(rename = "ipBlockCIDR")]
    pub ip_block_cidr: IpNet,
    /// Address family: `IPv4` or `IPv6`.
    pub ip_version: &'static str,
    /// Description; the block's name if the IPAM has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Id of the address space.
    pub address_space_id: String,
    /// Gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_address: Option<IpAddr>,
    /// DNS servers.
    pub dns_server_addresses: Vec<IpAddr>,
    /// DNS search domains.
    pub dns_search_domains: Vec<String>,
    /// DNS domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Tags.
    pub tags: Vec<RangeTag>,
    /// Properties that the form names: those of the filter of blocks, of the DNS fields, and `shownFields`.
    pub properties: Properties,
}

impl IpBlock {
    /// Converts a block of the provider, with DNS data completed from the form's settings.
    fn new(mut block: Block, settings: &Settings) -> Result<Self, ActionError> {
        settings.complete(&mut block.network, &block.properties)?;
        let display = Display::of_block(&block, settings.blocks.space.is_some());
        Ok(Self {
            id: block.id.into(),
            name: display.name,
            ip_block_cidr: block.net,
            ip_version: version(Family::of(&block.net)),
            description: display.description,
            address_space_id: block.space.into(),
            gateway_address: block.network.gateway,
            dns_server_addresses: block.network.dns_servers,
            dns_search_domains: block.network.search_domains,
            domain: block.network.domain,
            tags: tags(block.tags),
            properties: settings.shown_of_block(block.properties),
        })
    }
}

/// Runs GetIPBlocks.
pub(in crate::plugin) async fn get_ip_blocks<P: IpamProvider + ?Sized>(
    provider: &P,
    input: GetIpRangesInput,
) -> Result<GetIpBlocksOutput, ActionError> {
    let settings = Settings::read(&input.endpoint.endpoint_properties)?;
    let mut request = ListBlocks::all().with_filter(settings.blocks.clone()).with_page(input.page());
    loop {
        let mut page = provider.list_blocks(&request).await?;
        page.items.retain(|block| settings.matches_block(block));
        // An empty page is not the end of the list; see get_ip_ranges.
        if page.items.is_empty() && page.next.is_some() {
            // The loop ends: a provider's token leads forward, and the last page has none.
            request.page.token = page.next;
            continue;
        }
        let ip_blocks = page.items.into_iter().map(|block| IpBlock::new(block, &settings)).collect::<Result<_, _>>()?;
        return Ok(GetIpBlocksOutput { ip_blocks, next_page_token: page.next.map(Into::into) });
    }
}
