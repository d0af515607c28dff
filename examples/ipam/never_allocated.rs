//! Reasons for which an address is never allocated.

use std::net::IpAddr;

use futures_util::TryStreamExt;
use ipam_core::{IpamProvider, IpamProviderExt, ListRanges, Range, RangeFilter, RangeId};

use crate::exit::Failure;

/// Returns, for each range that contains the address or for the named range, the reason for which the address is never
/// allocated. Empty if there is no such reason.
pub(crate) async fn why_never(
    provider: &dyn IpamProvider,
    address: IpAddr,
    range: Option<&RangeId>,
) -> Result<Vec<String>, Failure> {
    let mut filter = RangeFilter::default();
    filter.ids.extend(range.cloned());
    let ranges: Vec<Range> = provider.ranges(ListRanges::all().with_filter(filter)).try_collect().await?;
    Ok(ranges.iter().filter_map(|range| reason(range, address)).collect())
}

fn reason(range: &Range, address: IpAddr) -> Option<String> {
    let id = &range.id;
    if !range.net.contains(&address) {
        return None;
    }
    if range.network.gateway == Some(address) {
        return Some(format!("{address} is the gateway of the range {id} and is never allocated"));
    }
    if range.reserved.iter().any(|reserved| reserved.contains(address)) {
        return Some(format!("{address} is reserved in the range {id} and is never allocated"));
    }
    if !range.addresses.contains(address) {
        return Some(format!("{address} is outside the addresses that the range {id} allocates, {}", range.addresses));
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn each_reason_is_told() {
        let addresses = "10.0.0.1-10.0.0.254".parse().unwrap();
        let mut range = Range::new("lan", "default", "10.0.0.0/24".parse().unwrap(), addresses);
        range.network.gateway = Some([10, 0, 0, 1].into());
        range.reserved = vec!["10.0.0.8-10.0.0.9".parse().unwrap()];
        let told = |last| reason(&range, IpAddr::from([10, 0, 0, last])).unwrap_or_default();
        assert!(told(1).contains("gateway of the range lan"));
        assert!(told(9).contains("reserved in the range lan"));
        assert!(told(255).contains("10.0.0.1-10.0.0.254"));
        assert_eq!(told(10), "");
        assert_eq!(reason(&range, IpAddr::from([10, 0, 1, 1])), None);
    }
}
