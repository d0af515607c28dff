//! GetIPRanges: the ranges to allocate from, page by page.

use std::net::IpAddr;

use ipam_core::{Family, IpamProvider, ListRanges, PageRequest, Properties, Range, Tags};
use serde::{Deserialize, Serialize};

use crate::plugin::{ActionError, Endpoint, Members, Settings, wire};

/// How many items vRA gets at once when it does not say how many.
const PAGE_SIZE: u32 = 1000;

/// What GetIPRanges and GetIPBlocks get.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GetIpRangesInput {
    /// The end point.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// Which page; the first one if vRA does not say.
    #[serde(default, deserialize_with = "wire::optional_model")]
    pub paging_and_sorting: Option<PagingAndSorting>,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// Which page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PagingAndSorting {
    /// At most so many items.
    #[serde(default, deserialize_with = "wire::number")]
    pub max_results: Option<u32>,
    /// `nextPageToken` of the page before.
    #[serde(default, deserialize_with = "wire::text")]
    pub page_token: Option<String>,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

impl GetIpRangesInput {
    /// The page to ask the provider for.
    pub(super) fn page(&self) -> PageRequest {
        let paging = self.paging_and_sorting.as_ref();
        let size = paging.and_then(|paging| paging.max_results).filter(|size| *size > 0).unwrap_or(PAGE_SIZE);
        let token = paging.and_then(|paging| paging.page_token.as_deref()).map(Into::into);
        PageRequest::of(size.min(ipam_core::MAX_PAGE_SIZE)).with_token(token)
    }
}

/// What GetIPRanges answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GetIpRangesOutput {
    /// The ranges.
    pub ip_ranges: Vec<IpRange>,
    /// Where the next page begins; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// A range, as vRA reads it. Lists are never null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpRange {
    /// The provider's id.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// The first address to allocate.
    #[serde(rename = "startIPAddress")]
    pub start_ip_address: IpAddr,
    /// The last address to allocate.
    #[serde(rename = "endIPAddress")]
    pub end_ip_address: IpAddr,
    /// `IPv4` or `IPv6`.
    pub ip_version: &'static str,
    /// The prefix length.
    pub subnet_prefix_length: u8,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
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
    /// The address space.
    pub address_space_id: String,
    /// Tags.
    pub tags: Vec<RangeTag>,
    /// Free-form properties.
    pub properties: Properties,
}

/// A tag, as vRA reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RangeTag {
    /// What it is about.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl IpRange {
    pub(super) fn new(mut range: Range, settings: &Settings) -> Result<Self, ActionError> {
        settings.complete(&mut range.network, &range.properties)?;
        Ok(Self {
            id: range.id.into(),
            name: range.name,
            start_ip_address: range.addresses.first(),
            end_ip_address: range.addresses.last(),
            ip_version: version(Family::of(&range.net)),
            subnet_prefix_length: range.net.prefix_len(),
            description: range.description,
            gateway_address: range.network.gateway,
            dns_server_addresses: range.network.dns_servers,
            dns_search_domains: range.network.search_domains,
            domain: range.network.domain,
            address_space_id: range.space.into(),
            tags: tags(range.tags),
            properties: range.properties,
        })
    }
}

/// The family's name in the contract.
pub(super) const fn version(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

pub(super) fn tags(tags: Tags) -> Vec<RangeTag> {
    tags.into_iter().map(|tag| RangeTag { key: tag.key, value: tag.value }).collect()
}

pub(in crate::plugin) async fn get_ip_ranges<P: IpamProvider + ?Sized>(
    provider: &P,
    input: GetIpRangesInput,
) -> Result<GetIpRangesOutput, ActionError> {
    let settings = Settings::read(&input.endpoint.endpoint_properties)?;
    let mut request = ListRanges::all().with_filter(settings.ranges.clone()).with_page(input.page());
    loop {
        let page = provider.list_ranges(&request).await?;
        // A provider that filters after it has cut its pages may answer an empty one; vRA might take that for the end.
        if page.items.is_empty() && page.next.is_some() {
            request.page.token = page.next;
            continue;
        }
        let ip_ranges = page.items.into_iter().map(|range| IpRange::new(range, &settings)).collect::<Result<_, _>>()?;
        return Ok(GetIpRangesOutput { ip_ranges, next_page_token: page.next.map(Into::into) });
    }
}
