//! GetIPBlocks: the blocks that networks are carved from, page by page.

use std::net::IpAddr;

use ipam_core::{Block, Family, IpamProvider, ListBlocks, Properties};
use ipnet::IpNet;
use serde::Serialize;

use super::get_ip_ranges::{GetIpRangesInput, RangeTag, tags, version};
use crate::plugin::{ActionError, Settings};

/// What GetIPBlocks answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GetIpBlocksOutput {
    /// The blocks.
    pub ip_blocks: Vec<IpBlock>,
    /// Where the next page begins; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// A block, as vRA reads it. Lists are never null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpBlock {
    /// The provider's id.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// The prefix.
    #[serde(rename = "ipBlockCIDR")]
    pub ip_block_cidr: IpNet,
    /// `IPv4` or `IPv6`.
    pub ip_version: &'static str,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The address space.
    pub address_space_id: String,
    /// The gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_address: Option<IpAddr>,
    /// DNS servers.
    pub dns_server_addresses: Vec<IpAddr>,
    /// DNS search domains.
    pub dns_search_domains: Vec<String>,
    /// The DNS domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Tags.
    pub tags: Vec<RangeTag>,
    /// Free-form properties.
    pub properties: Properties,
}

impl IpBlock {
    fn new(mut block: Block, settings: &Settings) -> Result<Self, ActionError> {
        settings.complete(&mut block.network, &block.properties)?;
        Ok(Self {
            id: block.id.into(),
            name: block.name,
            ip_block_cidr: block.net,
            ip_version: version(Family::of(&block.net)),
            description: block.description,
            address_space_id: block.space.into(),
            gateway_address: block.network.gateway,
            dns_server_addresses: block.network.dns_servers,
            dns_search_domains: block.network.search_domains,
            domain: block.network.domain,
            tags: tags(block.tags),
            properties: block.properties,
        })
    }
}

pub(in crate::plugin) async fn get_ip_blocks<P: IpamProvider + ?Sized>(
    provider: &P,
    input: GetIpRangesInput,
) -> Result<GetIpBlocksOutput, ActionError> {
    let settings = Settings::read(&input.endpoint.endpoint_properties)?;
    let mut request = ListBlocks::all().with_filter(settings.blocks.clone()).with_page(input.page());
    loop {
        let page = provider.list_blocks(&request).await?;
        // See get_ip_ranges: an empty page is not the end.
        if page.items.is_empty() && page.next.is_some() {
            request.page.token = page.next;
            continue;
        }
        let ip_blocks = page.items.into_iter().map(|block| IpBlock::new(block, &settings)).collect::<Result<_, _>>()?;
        return Ok(GetIpBlocksOutput { ip_blocks, next_page_token: page.next.map(Into::into) });
    }
}
