//! GetIPRanges: lists the ranges that addresses are allocated from, page by page.

use std::net::IpAddr;

use ipam_core::{Family, IpamProvider, ListRanges, PageRequest, Properties, Range, Tags};
use serde::{Deserialize, Serialize};

use super::display::Display;
use crate::plugin::{ActionError, Endpoint, Members, Settings, wire};

/// Default number of items on a page, which is the number that vRA asks for.
const PAGE_SIZE: u32 = 1000;

/// Inputs of GetIPRanges and of GetIPBlocks.
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
/// use serde_json::json;
/// use vra_client::plugin::{Action, Plugin};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// let range = DefineRange::new("12", "10.16.20.0/24".parse().unwrap());
/// let range = range.with_name("web LAN").with_gateway([10, 16, 20, 1].into());
/// ipam.define_range(&range).await.unwrap();
/// let plugin = Plugin::new(ipam);
///
/// let inputs = json!({
///     "endpoint": {"id": "e", "endpointProperties": {"hostName": "ipam.example.test", "enableFilter": "false"}},
///     "pagingAndSorting": {"maxResults": 1000, "pageToken": null},
/// });
/// let outputs = plugin.run(Action::GetIpRanges, &inputs).await.unwrap();
/// let range = &outputs["ipRanges"][0];
/// assert_eq!((&range["id"], &range["ipVersion"]), (&json!("12"), &json!("IPv4")));
/// assert_eq!(range["name"], "10.16.20.0/24 web LAN");
/// assert_eq!((&range["startIPAddress"], &range["endIPAddress"]), (&json!("10.16.20.1"), &json!("10.16.20.254")));
/// assert_eq!((&range["subnetPrefixLength"], &range["gatewayAddress"]), (&json!(24), &json!("10.16.20.1")));
/// assert!(outputs.get("nextPageToken").is_none());
/// # });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GetIpRangesInput {
    /// Endpoint of the IPAM, with the filter in its form.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint: Endpoint,
    /// Page to return. Default: the first page.
    #[serde(default, deserialize_with = "wire::optional_model")]
    pub paging_and_sorting: Option<PagingAndSorting>,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Page of a listing. Members for sorting are ignored; the order is the provider's.
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
/// use serde_json::json;
/// use vra_client::plugin::{Action, Plugin};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// for (id, net) in [("1", "10.0.1.0/24"), ("2", "10.0.2.0/24")] {
///     ipam.define_range(&DefineRange::new(id, net.parse().unwrap())).await.unwrap();
/// }
/// let plugin = Plugin::new(ipam);
/// let first = plugin.run(Action::GetIpRanges, &json!({"pagingAndSorting": {"maxResults": 1}})).await.unwrap();
/// let paging = json!({"maxResults": 1, "pageToken": first["nextPageToken"]});
/// let second = plugin.run(Action::GetIpRanges, &json!({"pagingAndSorting": paging})).await.unwrap();
/// assert_eq!((&first["ipRanges"][0]["id"], &second["ipRanges"][0]["id"]), (&json!("1"), &json!("2")));
/// # });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PagingAndSorting {
    /// Largest number of items on the page. Default, also for 0: 1000. Limit: 10 000; a larger number counts as the limit.
    #[serde(default, deserialize_with = "wire::number")]
    pub max_results: Option<u32>,
    /// `nextPageToken` of the previous page; `None` for the first.
    #[serde(default, deserialize_with = "wire::text")]
    pub page_token: Option<String>,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

impl GetIpRangesInput {
    /// Returns the page to request from the provider.
    pub(super) fn page(&self) -> PageRequest {
        let paging = self.paging_and_sorting.as_ref();
        let size = paging.and_then(|paging| paging.max_results).filter(|size| *size > 0).unwrap_or(PAGE_SIZE);
        let token = paging.and_then(|paging| paging.page_token.as_deref()).map(Into::into);
        // A page may always be smaller than requested, and the token leads on; a larger one would be refused.
        PageRequest::of(size.min(ipam_core::MAX_PAGE_SIZE)).with_token(token)
    }
}

/// Outputs of GetIPRanges. [`GetIpRangesInput`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GetIpRangesOutput {
    /// Ranges on this page; not empty unless it is the last page.
    pub ip_ranges: Vec<IpRange>,
    /// Token of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// Range in the form of the contract. Lists are never null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IpRange {
    /// Id of the range at the provider.
    pub id: String,
    /// Name for display, different for each range: the prefix, the addresses if they are a part of it, the range's name in
    /// the IPAM, and its address space in brackets unless that is the default one or the form's. For example
    /// `10.16.20.0/24 web LAN [vrf/7]`.
    pub name: String,
    /// First address that can be allocated.
    #[serde(rename = "startIPAddress")]
    pub start_ip_address: IpAddr,
    /// Last address that can be allocated.
    #[serde(rename = "endIPAddress")]
    pub end_ip_address: IpAddr,
    /// Address family: `IPv4` or `IPv6`.
    pub ip_version: &'static str,
    /// Prefix length of the range's prefix.
    pub subnet_prefix_length: u8,
    /// Description; the range's name if the IPAM has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_address: Option<IpAddr>,
    /// DNS servers.
    // Not skipped when empty, like all lists here: the contract asks for a list, never null.
    pub dns_server_addresses: Vec<IpAddr>,
    /// DNS search domains.
    pub dns_search_domains: Vec<String>,
    /// DNS domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Id of the address space.
    pub address_space_id: String,
    /// Tags.
    pub tags: Vec<RangeTag>,
    /// Properties that the form names: those of the filter, of the DNS fields, and `shownFields`.
    pub properties: Properties,
}

/// Tag in the form of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RangeTag {
    /// Key.
    pub key: String,
    /// Value; empty if the tag has only a key.
    pub value: String,
}

impl IpRange {
    /// Converts a range of the provider, with DNS data completed from the form's settings.
    pub(super) fn new(mut range: Range, settings: &Settings) -> Result<Self, ActionError> {
        settings.complete(&mut range.network, &range.properties)?;
        let display = Display::of_range(&range, settings.ranges.space.is_some());
        Ok(Self {
            id: range.id.into(),
            name: display.name,
            start_ip_address: range.addresses.first(),
            end_ip_address: range.addresses.last(),
            ip_version: version(Family::of(&range.net)),
            subnet_prefix_length: range.net.prefix_len(),
            description: display.description,
            gateway_address: range.network.gateway,
            dns_server_addresses: range.network.dns_servers,
            dns_search_domains: range.network.search_domains,
            domain: range.network.domain,
            address_space_id: range.space.into(),
            tags: tags(range.tags),
            properties: settings.shown_of_range(range.properties),
        })
    }
}

/// Returns the name of an address family in the contract.
pub(super) const fn version(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

/// Converts tags.
pub(super) fn tags(tags: Tags) -> Vec<RangeTag> {
    tags.into_iter().map(|tag| RangeTag { key: tag.key, value: tag.value }).collect()
}

/// Runs GetIPRanges.
pub(in crate::plugin) async fn get_ip_ranges<P: IpamProvider + ?Sized>(
    provider: &P,
    input: GetIpRangesInput,
) -> Result<GetIpRangesOutput, ActionError> {
    let settings = Settings::read(&input.endpoint.endpoint_properties)?;
    let mut request = ListRanges::all().with_filter(settings.ranges.clone()).with_page(input.page());
    loop {
        let mut page = provider.list_ranges(&request).await?;
        page.items.retain(|range| settings.matches_range(range));
        // A page that is filtered after reading it, here or by the provider, may be empty and have a token. vRA could take
        // an empty page for the end of the list and forget the ranges after it, so the next page is read here.
        if page.items.is_empty() && page.next.is_some() {
            request.page.token = page.next;
            continue;
        }
        let ip_ranges = page.items.into_iter().map(|range| IpRange::new(range, &settings)).collect::<Result<_, _>>()?;
        return Ok(GetIpRangesOutput { ip_ranges, next_page_token: page.next.map(Into::into) });
    }
}
