//! The same comparison over any provider of `ipam-core`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::TryStreamExt as _;
use ipam_core::{
    Allocate, AllocateLine, Allocation, AllocationId, AllocationState, Deallocate, Error, ErrorKind, Find,
    IpamProvider, IpamProviderExt as _, Labels, Operation, Owner, Precondition, Range, RangeId, Result, Tag, Tags,
    Update,
};
use jiff::Timestamp;

use super::report::Counts;
use super::{Change, KnownHost, Observation, Policy, Presence, ProbeTarget, Reconciliation, reconcile};

/// Key of the tag with the time of the last reply, in UTC.
const LAST_SEEN: &str = "last-seen";
/// Key of the tag with the host name that the scan gave, so that one that a person gave is told from it.
const NAMED: &str = "scan-hostname";
/// Key of the tag that says that a host is offline.
const STATE: &str = "scan-state";
const OFFLINE: &str = "offline";
/// Most failures that are reported in words.
const MAX_FAILURES: usize = 20;

/// Keeps the allocations of a provider in line with scans.
///
/// Providers have no fields for scans, so the time of the last reply is the tag `last-seen`, and a silent host has the tag
/// `scan-state=offline`. A new host becomes an allocation of the owner `scan:CODE`. A provider without tags holds neither
/// time nor state: it gets new hosts, host names and MAC addresses, and silence is not looked at. Probe from the machine
/// that compares: its own addresses are told from those of others there.
///
/// Times are those of this host's clock. A tag that another program sets between the look-up of an allocation and its
/// change may be lost, because an update replaces all tags.
///
/// ```
/// use std::sync::Arc;
/// use std::time::SystemTime;
///
/// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
/// use phpipam_client::scan::{Coverage, Evidence, Host, Observation, ProviderScan};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let ipam = Arc::new(MemoryProvider::new());
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let host = Host::new("192.0.2.9".parse()?, Evidence::Echo, SystemTime::now()).with_hostname("web1");
/// let scan = ProviderScan::new(ipam.clone(), "building7");
/// let target = scan.target(&"lan".into()).await?;
/// // A probe asks the target; here one that found a host.
/// let observation = Observation::new(target.net, Coverage::Whole, [host]);
///
/// let report = scan.apply(&"lan".into(), &observation).await?;
/// assert_eq!(report.counts.created, 1);
/// let again = scan.apply(&"lan".into(), &observation).await?;
/// assert_eq!((again.counts.created, again.counts.unchanged), (0, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ProviderScan {
    provider: Arc<dyn IpamProvider>,
    owner: Owner,
    policy: Policy,
}

/// Result of [`ProviderScan::apply`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ProviderReport {
    /// Id of the range.
    pub range: String,
    /// Numbers of hosts and of changes.
    pub counts: Counts,
    /// Reason why silent hosts were left as they are; `None` if they were looked at.
    pub withheld: Option<String>,
    /// Changes that failed, up to 20 of them.
    pub failures: Vec<String>,
}

impl std::fmt::Debug for ProviderScan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderScan").field("owner", &self.owner).field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Result of one change.
enum Done {
    Made,
    Skipped,
}

impl ProviderScan {
    /// Scan of this provider, by an agent with this code.
    #[must_use]
    pub fn new(provider: Arc<dyn IpamProvider>, code: &str) -> Self {
        Self { provider, owner: Owner::from(format!("scan:{code}")), policy: Policy::default() }
    }

    /// Sets the rules. Default: [`Policy::default`].
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Returns the addresses to probe: all of an IPv4 range, with those that were up before to be asked once more if they
    /// are silent; of an IPv6 range, which is never swept, those that are allocated.
    ///
    /// # Errors
    /// `NotFound` if there is no such range; otherwise the [common errors](ipam_core::Error#common-errors) of reads.
    pub async fn target(&self, range: &RangeId) -> Result<ProbeTarget> {
        let range = self.provider.get_range(range.clone()).await?;
        let known = self.hosts(&range).await?;
        if range.net.addr().is_ipv6() {
            return Ok(ProbeTarget::addresses(range.net, known.iter().map(|host| host.address)));
        }
        let up = known.iter().filter(|host| host.last_seen.is_some() && host.presence != Presence::Kept);
        Ok(ProbeTarget::whole(range.net).with_known(up.map(|host| host.address)))
    }

    /// Returns the changes that [`apply`](Self::apply) would make now.
    ///
    /// # Errors
    /// `NotFound` if there is no such range; otherwise the [common errors](ipam_core::Error#common-errors) of reads.
    pub async fn preview(&self, range: &RangeId, observation: &Observation) -> Result<Reconciliation<AllocationId>> {
        let range = self.provider.get_range(range.clone()).await?;
        self.compare(&range, observation).await
    }

    /// Compares the range with an observation, and applies the changes one after the other.
    ///
    /// # Errors
    /// `NotFound` if there is no such range; `Unsupported` if the provider can neither update allocations nor has tags;
    /// otherwise the [common errors](ipam_core::Error#common-errors) of reads. Changes that fail are in the report.
    pub async fn apply(&self, range: &RangeId, observation: &Observation) -> Result<ProviderReport> {
        let capabilities = self.provider.capabilities();
        if !capabilities.update {
            let message = format!("{} cannot update allocations, so a scan cannot keep them", capabilities.provider);
            return Err(Error::new(ErrorKind::Unsupported, Operation::Update, message));
        }
        let range = self.provider.get_range(range.clone()).await?;
        let result = self.compare(&range, observation).await?;
        let mut report = ProviderReport {
            range: range.id.to_string(),
            counts: Counts { found: observation.hosts.len(), ..Counts::default() },
            withheld: result.withheld.as_ref().map(ToString::to_string),
            failures: Vec::new(),
        };
        if !capabilities.tags {
            let reason =
                format!("{} has no tags, so it holds neither times nor states of hosts", capabilities.provider);
            report.withheld = Some(reason);
        }
        report.counts.seen = result.counts().seen;
        for change in result.changes {
            let address = change.address();
            match self.change(&range, change, &mut report.counts).await {
                Ok(()) => {}
                Err(error) => {
                    report.counts.failed += 1;
                    if report.failures.len() < MAX_FAILURES {
                        report.failures.push(format!("{address}: {error}"));
                    }
                }
            }
        }
        Ok(report)
    }

    async fn compare(&self, range: &Range, observation: &Observation) -> Result<Reconciliation<AllocationId>> {
        let known = self.hosts(range).await?;
        // Without tags nothing says when a host replied last, so silence has no length.
        let check = self.policy.check && self.provider.capabilities().tags;
        let policy = self.policy.clone().with_check(check);
        let mut observation = observation.clone();
        observation.note_own();
        observation.cut_to_seconds();
        let mut result = reconcile(&known, &observation, &policy, SystemTime::now());
        let usable = |address: IpAddr| {
            range.addresses.contains(address) && !range.reserved.iter().any(|part| part.contains(address))
        };
        // A host at an address that the range does not give out, such as a router, is no allocation.
        result.changes.retain(|change| !matches!(change, Change::Create { address, .. } if !usable(*address)));
        Ok(result)
    }

    /// Returns the allocations of a range as the records of a scan.
    async fn hosts(&self, range: &Range) -> Result<Vec<KnownHost<AllocationId>>> {
        let request = Find::default().with_range(range.id.clone()).with_quarantined(true);
        self.provider.find_all(request).map_ok(|row| self.known(&row)).try_collect().await
    }

    fn known(&self, row: &Allocation) -> KnownHost<AllocationId> {
        let offline = row.labels.tags.contains(&Tag::new(STATE, OFFLINE));
        let presence = match row.state {
            AllocationState::Allocated if offline => Presence::Offline,
            AllocationState::Allocated => Presence::Used,
            // Reserved by an administrator, or deallocated.
            _ => Presence::Kept,
        };
        let mut known = KnownHost::new(row.id.clone(), row.address, presence);
        known.hostname.clone_from(&row.labels.hostname);
        known.mac = row.labels.mac;
        known.last_seen = last_seen(&row.labels.tags);
        known.created_by_agent = row.owner.as_ref() == Some(&self.owner)
            && row.labels.description.is_none()
            && row.labels.hostname.as_deref() == named(&row.labels.tags)
            && row.labels.tags.iter().all(|tag| [LAST_SEEN, STATE, NAMED].contains(&tag.key.as_str()));
        known
    }

    async fn change(&self, range: &Range, change: Change<AllocationId>, counts: &mut Counts) -> Result<()> {
        if change.is_unchanged() {
            counts.unchanged += 1;
            return Ok(());
        }
        let address = change.address();
        let (done, count) = match &change {
            Change::Create { .. } => (self.create(range, &change).await?, &mut counts.created),
            Change::Seen { id, online, .. } => {
                let done = self.update(id, address, &change).await?;
                if *online && matches!(done, Done::Made) {
                    counts.online += 1;
                }
                (done, &mut counts.updated)
            }
            Change::Offline { id, .. } => (self.update(id, address, &change).await?, &mut counts.offline),
            Change::Remove { id, last_seen, .. } => (self.remove(id, address, *last_seen).await?, &mut counts.removed),
        };
        match done {
            Done::Made => *count += 1,
            Done::Skipped => counts.skipped += 1,
        }
        Ok(())
    }

    async fn create(&self, range: &Range, change: &Change<AllocationId>) -> Result<Done> {
        let Change::Create { address, hostname, mac, seen } = change else { return Ok(Done::Skipped) };
        let mut labels = Labels::default();
        labels.hostname.clone_from(hostname);
        labels.mac = *mac;
        if self.provider.capabilities().tags {
            labels.tags.insert(seen_tag(*seen));
            labels.tags.extend(hostname.as_ref().map(|name| Tag::new(NAMED, name.as_str())));
        }
        let line = AllocateLine::exactly(range.id.clone(), *address).with_labels(labels);
        // The key makes two agents, or a repeated run, agree on one allocation of the address.
        let key = format!("{}/{}/{address}", self.owner.as_str(), range.id);
        let request = Allocate::new(self.owner.clone()).with_key(key).with_line(line);
        match self.provider.allocate(&request).await {
            Ok(_) => Ok(Done::Made),
            // Allocated meanwhile, by this agent with another time or by a person, or quarantined.
            Err(error)
                if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists | ErrorKind::Exhausted) =>
            {
                Ok(Done::Skipped)
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the allocation as it is now; `None` if it is gone or another one.
    async fn read(&self, id: &AllocationId, address: IpAddr) -> Result<Option<Allocation>> {
        let page = self.provider.find(&Find::default().with_id(id.clone())).await?;
        Ok(page.items.into_iter().find(|row| row.address == address))
    }

    async fn update(&self, id: &AllocationId, address: IpAddr, change: &Change<AllocationId>) -> Result<Done> {
        let Some(row) = self.read(id, address).await? else { return Ok(Done::Skipped) };
        let mut update = Update::new(id.clone());
        let mut tags = row.labels.tags.clone();
        match change {
            Change::Seen { seen, hostname, mac, online, .. } => {
                update = update.with_hostname(hostname.clone()).with_mac(*mac);
                if let Some(name) = hostname.as_ref().filter(|_| self.known(&row).created_by_agent) {
                    tags.retain(|tag| tag.key != NAMED);
                    tags.insert(Tag::new(NAMED, name.as_str()));
                }
                if let Some(seen) = seen.filter(|seen| last_seen(&tags).is_none_or(|last| last < *seen)) {
                    tags.retain(|tag| tag.key != LAST_SEEN);
                    tags.insert(seen_tag(seen));
                }
                if *online {
                    tags.remove(&Tag::new(STATE, OFFLINE));
                }
            }
            Change::Offline { last_seen: decided, .. } => {
                // Seen or changed meanwhile, by another agent or a person.
                if row.state != AllocationState::Allocated || last_seen(&tags) != Some(*decided) {
                    return Ok(Done::Skipped);
                }
                tags.insert(Tag::new(STATE, OFFLINE));
            }
            _ => return Ok(Done::Skipped),
        }
        // Reservations of a server may have no place for tags.
        if self.provider.capabilities().tags && row.state == AllocationState::Allocated && tags != row.labels.tags {
            update = update.with_tags(tags);
        }
        match self.provider.update(&update).await {
            Ok(_) => Ok(Done::Made),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Done::Skipped),
            Err(error) => Err(error),
        }
    }

    async fn remove(&self, id: &AllocationId, address: IpAddr, decided: SystemTime) -> Result<Done> {
        let Some(row) = self.read(id, address).await? else { return Ok(Done::Skipped) };
        let known = self.known(&row);
        if !known.created_by_agent || known.last_seen != Some(decided) || known.presence == Presence::Kept {
            return Ok(Done::Skipped);
        }
        let request = Deallocate::id(id.clone()).with_precondition(Precondition::Owner(self.owner.clone()));
        let freed = self.provider.deallocate(&request).await?;
        Ok(if freed.freed().next().is_some() { Done::Made } else { Done::Skipped })
    }
}

fn seen_tag(time: SystemTime) -> Tag {
    let stamp = Timestamp::try_from(time).unwrap_or_default();
    Tag::new(LAST_SEEN, stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Returns the host name that the scan gave.
fn named(tags: &Tags) -> Option<&str> {
    tags.iter().find(|tag| tag.key == NAMED).map(|tag| tag.value.as_str())
}

/// Returns the latest time of the tags; people may have added one by hand.
fn last_seen(tags: &Tags) -> Option<SystemTime> {
    let times = tags.iter().filter(|tag| tag.key == LAST_SEEN).filter_map(|tag| tag.value.parse::<Timestamp>().ok());
    times.max().map(SystemTime::from)
}
