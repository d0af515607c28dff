//! Allocations of a provider as a file needs them: in order of address, and small.

use std::collections::HashMap;
use std::net::IpAddr;

use futures_util::TryStreamExt;
use ipnet::IpNet;

use super::left_out::{Counts, Refused};
use super::names;
use crate::{
    Allocation, AllocationState, Error, ErrorKind, Find, IpamProvider, IpamProviderExt, ListRanges, MacAddr, Operation,
    Owner, RangeFilter, RangeId, Result, SpaceId, Tag,
};

/// Greatest number of allocations in a file.
const MAX_HOSTS: usize = 1_000_000;
/// Greatest number of ranges in a file.
const MAX_RANGES: usize = 100_000;

/// Fields that a format writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Name, with the domain if there is one.
    Name,
    /// Name with a domain.
    FullName,
    /// MAC address; a name may be missing.
    Mac,
    /// Name, owner, MAC address and tags.
    Inventory,
}

/// Range, as a file needs it.
#[derive(Debug)]
pub(super) struct RangeEntry {
    pub(super) id: RangeId,
    pub(super) space: SpaceId,
    pub(super) net: IpNet,
    pub(super) domain: Option<String>,
}

/// Allocation, as a file needs it. There may be a million of them.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) address: IpAddr,
    /// Index in [`HostList::ranges`]; `None` if the range was removed since the ranges were read.
    pub(super) range: Option<u32>,
    /// Valid host name, as it was entered.
    // `Box<str>` is a word smaller than `String`, and never grows.
    pub(super) name: Option<Box<str>>,
    pub(super) mac: Option<MacAddr>,
    pub(super) owner: Option<Owner>,
    /// Indexes in [`HostList::tags`].
    pub(super) tags: Box<[u32]>,
}

/// Allocations in order of address, with their ranges and tags.
#[derive(Debug, Default)]
pub(super) struct HostList {
    pub(super) ranges: Vec<RangeEntry>,
    pub(super) hosts: Vec<Host>,
    pub(super) tags: Vec<Tag>,
    pub(super) left_out: Counts,
    /// Domain of names whose range has none.
    pub(super) domain: Option<String>,
}

impl HostList {
    /// Returns the name of a host with its domain, if it has a name.
    pub(super) fn full_name(&self, host: &Host) -> Option<String> {
        let name = host.name.as_deref()?;
        Some(names::with_domain(name, self.domain_of(host)))
    }

    fn domain_of(&self, host: &Host) -> Option<&str> {
        let range = host.range.and_then(|index| self.ranges.get(usize::try_from(index).ok()?));
        range.and_then(|range| range.domain.as_deref()).or(self.domain.as_deref())
    }

    pub(super) fn range_of(&self, host: &Host) -> Option<&RangeEntry> {
        self.ranges.get(usize::try_from(host.range?).ok()?)
    }
}

/// Reads the ranges that a filter for allocations can match, in the order of space, prefix and id.
pub(super) async fn ranges(provider: &dyn IpamProvider, filter: &Find) -> Result<Vec<RangeEntry>> {
    let ids = filter.range.iter().cloned().collect();
    let wanted = RangeFilter { ids, space: filter.space.clone(), ..RangeFilter::default() };
    let mut found = provider.ranges(ListRanges::all().with_filter(wanted));
    let mut ranges = Vec::new();
    while let Some(range) = found.try_next().await? {
        if ranges.len() == MAX_RANGES {
            return Err(too_many("ranges", MAX_RANGES));
        }
        let domain = range.network.domain.filter(|domain| !domain.is_empty());
        ranges.push(RangeEntry { id: range.id, space: range.space, net: range.net, domain });
    }
    ranges.sort_by(|one, other| (&one.space, one.net, &one.id).cmp(&(&other.space, other.net, &other.id)));
    Ok(ranges)
}

/// Reads the allocations that match, with what is needed of each.
pub(super) async fn read(
    provider: &dyn IpamProvider,
    filter: &Find,
    domain: Option<&str>,
    needs: Needs,
    leave_invalid_out: bool,
) -> Result<HostList> {
    let mut reader = Reader::new(ranges(provider, filter).await?, domain, needs)?;
    // One listing for all ranges: over a server, a listing of each range would cost a request for each.
    let mut found = provider.find_all(filter.clone());
    while let Some(allocation) = found.try_next().await? {
        reader.add(allocation)?;
    }
    reader.finish(leave_invalid_out)
}

fn too_many(what: &str, most: usize) -> Error {
    let message = format!("the provider has more than {most} {what} for a file; export a range or a space at a time");
    Error::new(ErrorKind::Unsupported, Operation::Export, message)
}

struct Reader {
    list: HostList,
    needs: Needs,
    index: HashMap<RangeId, u32>,
    tag_index: HashMap<Tag, u32>,
    /// Space of the first allocation.
    space: Option<SpaceId>,
    refused: Refused,
}

impl Reader {
    fn new(mut ranges: Vec<RangeEntry>, domain: Option<&str>, needs: Needs) -> Result<Self> {
        let domain = match domain.map(|domain| (domain, names::checked(domain))) {
            None => None,
            Some((_, Ok(domain))) => Some(domain.to_owned()),
            Some((domain, Err(problem))) => return Err(Error::invalid(Operation::Export, "domain", domain, problem)),
        };
        let mut refused = Refused::default();
        for range in &mut ranges {
            let Some(own) = &range.domain else { continue };
            match names::checked(own) {
                Ok(valid) => range.domain = Some(valid.to_owned()),
                // The domain is wrong for each host of the range; a range without hosts is named all the same.
                Err(problem) => {
                    refused.add(range.net.addr(), &range.id, "domain", own, problem);
                    range.domain = None;
                }
            }
        }
        let index = (0..).zip(&ranges).map(|(index, range)| (range.id.clone(), index)).collect();
        let list = HostList { ranges, domain, ..HostList::default() };
        Ok(Self { list, needs, index, tag_index: HashMap::new(), space: None, refused })
    }

    fn add(&mut self, allocation: Allocation) -> Result<()> {
        // A filter for quarantined addresses is no filter for files.
        if allocation.state == AllocationState::Quarantined {
            return Ok(());
        }
        match &self.space {
            None => self.space = Some(allocation.space.clone()),
            // The same address means another machine there.
            Some(space) if *space != allocation.space => {
                let both = format!("{space} and {}", allocation.space);
                return Err(Error::invalid(Operation::Export, "space", both, "name the address space to export"));
            }
            Some(_) => {}
        }
        let labels = allocation.labels;
        let name = labels.hostname.filter(|name| !name.is_empty());
        let checked = name.as_deref().map(|name| match self.needs {
            Needs::Mac => names::checked(name).and_then(names::checked_for_dnsmasq),
            _ => names::checked(name),
        });
        // A lease without a name is useful, a hosts line without one is not.
        let wants_mac = self.needs == Needs::Mac;
        if wants_mac && labels.mac.is_none() {
            self.list.left_out.add("without a MAC address");
            return Ok(());
        }
        let name: Option<Box<str>> = match checked {
            Some(Ok(name)) => Some(name.into()),
            Some(Err(problem)) => {
                let value = name.as_deref().unwrap_or_default();
                self.refused.add(allocation.address, &allocation.range, "hostname", value, problem);
                self.list.left_out.add("with a host name that cannot be written");
                return Ok(());
            }
            None if wants_mac => None,
            None => {
                self.list.left_out.add("without a host name");
                return Ok(());
            }
        };
        let mut host = Host {
            address: allocation.address,
            range: self.index.get(&allocation.range).copied(),
            name,
            mac: None,
            owner: None,
            tags: Box::default(),
        };
        match self.needs {
            Needs::Name => {}
            Needs::FullName => {
                let full = self.list.full_name(&host).unwrap_or_default();
                if !full.contains('.') {
                    self.list.left_out.add("with a host name that has no domain");
                    return Ok(());
                }
                if let Err(problem) = names::checked(&full) {
                    self.refused.add(host.address, &allocation.range, "hostname with domain", &full, problem);
                    self.list.left_out.add("with a host name that cannot be written");
                    return Ok(());
                }
            }
            Needs::Mac => host.mac = labels.mac,
            Needs::Inventory => {
                (host.mac, host.owner) = (labels.mac, allocation.owner);
                if let Some(owner) = &host.owner
                    && let Some(problem) = template(owner.as_str())
                {
                    self.refused.add(host.address, &allocation.range, "owner", owner.as_str(), problem);
                    self.list.left_out.add("without their owner, which cannot be written");
                    host.owner = None;
                }
                host.tags = labels.tags.into_iter().map(|tag| self.tag(tag)).collect();
            }
        }
        if self.list.hosts.len() == MAX_HOSTS {
            return Err(too_many("allocations", MAX_HOSTS));
        }
        self.list.hosts.push(host);
        Ok(())
    }

    fn tag(&mut self, tag: Tag) -> u32 {
        // Fewer than hosts times tags; a provider limits both.
        let next = u32::try_from(self.list.tags.len()).unwrap_or(u32::MAX);
        *self.tag_index.entry(tag).or_insert_with_key(|tag| {
            self.list.tags.push(tag.clone());
            next
        })
    }

    fn finish(mut self, leave_invalid_out: bool) -> Result<HostList> {
        if !leave_invalid_out {
            self.refused.check()?;
        }
        // Providers list in an order of their own.
        self.list.hosts.sort_unstable_by(|one, other| (one.address, &one.name).cmp(&(other.address, &other.name)));
        Ok(self.list)
    }
}

/// Returns the problem if Ansible would take a value for a template: it would run what is inside.
fn template(value: &str) -> Option<&'static str> {
    // Refused and not escaped: an escape that one version of Ansible undoes, another may run.
    let is_template = ["{{", "{%", "{#"].iter().any(|start| value.contains(start));
    is_template.then_some("reads as a template of Ansible ({{, {% or {#); change the owner")
}
