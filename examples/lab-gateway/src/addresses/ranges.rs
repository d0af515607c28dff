//! Ranges of the lab, read now and then.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ipam_core::{DefineRange, IpamProvider, ListRanges, PageRequest, Range};
use ipnet::{IpNet, Ipv4Net};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::AddressError;
use crate::background::note;

/// Age at which the ranges are read again. A phpIPAM with thousands of subnets needs seconds to list them.
const AGE: Duration = Duration::from_secs(300);
/// Ranges of one page.
const PAGE: u32 = 1_000;

/// Ranges of the lab, and when they were read.
#[derive(Debug)]
pub(super) struct Ranges {
    networks: Vec<Ipv4Net>,
    space: Option<String>,
    read: Mutex<Option<(Instant, Arc<[Range]>)>>,
}

impl Ranges {
    pub(super) fn new(networks: Vec<Ipv4Net>, space: Option<String>) -> Self {
        Self { networks, space, read: Mutex::new(None) }
    }

    pub(super) fn networks(&self) -> &[Ipv4Net] {
        &self.networks
    }

    /// Returns the ranges. The first call defines those that are missing. If they cannot be read again, the earlier ones are
    /// returned.
    pub(super) async fn get(&self, provider: &dyn IpamProvider) -> Result<Arc<[Range]>, AddressError> {
        // One caller reads, and the others wait for it.
        let mut read = self.read.lock().await;
        let earlier = match read.as_ref() {
            Some((time, ranges)) if time.elapsed() < AGE => return Ok(Arc::clone(ranges)),
            Some((_, ranges)) => Some(Arc::clone(ranges)),
            None => None,
        };
        let fresh = match &earlier {
            Some(_) => self.list(provider).await,
            None => self.defined(provider).await,
        };
        let ranges = match (fresh, earlier) {
            (Ok(ranges), _) => Arc::from(ranges),
            (Err(error), Some(earlier)) => {
                note(format_args!("addresses: the ranges cannot be read again: {error}"));
                earlier
            }
            (Err(error), None) => return Err(error),
        };
        *read = Some((Instant::now(), Arc::clone(&ranges)));
        Ok(ranges)
    }

    /// Returns the networks without a range, for which ranges can be defined.
    pub(super) async fn missing(&self, provider: &dyn IpamProvider) -> Result<Vec<Ipv4Net>, AddressError> {
        self.without_range(provider, &self.list(provider).await?)
    }

    /// Returns the ranges after those that are missing were defined.
    async fn defined(&self, provider: &dyn IpamProvider) -> Result<Vec<Range>, AddressError> {
        let ranges = self.list(provider).await?;
        let missing = self.without_range(provider, &ranges)?;
        if missing.is_empty() {
            return Ok(ranges);
        }
        for net in missing {
            let mut range = DefineRange::new(format!("lab-{net}"), IpNet::V4(net));
            if let Some(space) = &self.space {
                range = range.with_space(space.as_str());
            }
            provider.define_range(&range).await?;
        }
        self.list(provider).await
    }

    fn without_range(&self, provider: &dyn IpamProvider, ranges: &[Range]) -> Result<Vec<Ipv4Net>, AddressError> {
        let mut missing = Vec::new();
        for net in &self.networks {
            let ours = ranges.iter().filter(|range| overlap(*net, range));
            let spaces: BTreeSet<&str> = ours.map(|range| range.space.as_str()).collect();
            if spaces.len() > 1 {
                let spaces = Vec::from_iter(spaces).join(", ");
                return Err(AddressError::Spaces { net: *net, spaces });
            }
            if spaces.is_empty() {
                missing.push(*net);
            }
        }
        match missing.first() {
            Some(net) if !provider.capabilities().define_ranges => Err(AddressError::NoRange { net: *net }),
            _ => Ok(missing),
        }
    }

    async fn list(&self, provider: &dyn IpamProvider) -> Result<Vec<Range>, AddressError> {
        let mut ranges = Vec::new();
        let mut request = ListRanges::all().with_page(PageRequest::of(PAGE));
        if let Some(space) = &self.space {
            request.filter = request.filter.with_space(space.as_str());
        }
        loop {
            let page = provider.list_ranges(&request).await?;
            let ours = |range: &Range| self.networks.iter().any(|net| overlap(*net, range));
            ranges.extend(page.items.into_iter().filter(ours));
            let Some(token) = page.next else { return Ok(ranges) };
            request.page.token = Some(token);
        }
    }
}

/// Returns true if a range has addresses of the network. It may be larger than the part of it behind this gateway.
fn overlap(net: Ipv4Net, range: &Range) -> bool {
    let net = IpNet::V4(net);
    net.contains(&range.net) || range.net.contains(&net)
}
