//! Work on one subnet: what it needs, and the reading of the rows that decide.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::client::Client;
use crate::error::Error;
use crate::models::{AddressId, ScanAgentId, Subnet};
use crate::scan::plan::{PlannedSubnet, assignment};
use crate::scan::progress::Progress;
use crate::scan::records::{Record, Records};
use crate::scan::report::SubnetReport;
use crate::scan::{Observation, Policy};

/// Longest time between the reading of a row and its change.
pub(super) const FRESH: Duration = Duration::from_secs(10);
/// Most addresses of one subnet that are held in memory. The server itself fails far earlier with its usual memory.
const MAX_ADDRESSES: usize = 200_000;

/// Work on one subnet.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Work<'a> {
    pub(in crate::scan) client: &'a Client,
    pub(in crate::scan) records: &'a Records,
    pub(in crate::scan) agent: ScanAgentId,
    pub(in crate::scan) subnet: &'a PlannedSubnet,
    pub(in crate::scan) policy: &'a Policy,
    /// Permits of all subnets together.
    pub(in crate::scan) permits: &'a Semaphore,
    pub(in crate::scan) at_once: usize,
    pub(in crate::scan) progress: &'a dyn Progress,
}

/// Subnet and its addresses, as they were read together.
#[derive(Debug)]
pub(in crate::scan) struct Fresh {
    pub(super) row: Subnet,
    pub(super) records: HashMap<AddressId, Record>,
    pub(super) unreadable: Vec<String>,
    pub(super) read: Instant,
}

impl Fresh {
    /// Returns the known addresses.
    pub(in crate::scan) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.records.values().map(|record| record.host.address)
    }

    /// Returns the known addresses whose silence a scan would act upon.
    pub(in crate::scan) fn up(&self) -> impl Iterator<Item = IpAddr> {
        let marked = self.records.values().filter(|record| record.may_be_marked() && record.host.last_seen.is_some());
        marked.map(|record| record.host.address)
    }

    /// Returns the host names of the known addresses.
    pub(in crate::scan) fn hostnames(&self) -> BTreeMap<IpAddr, Option<&str>> {
        self.records.values().map(|record| (record.host.address, record.host.hostname.as_deref())).collect()
    }
}

/// Reason why a subnet is left alone.
#[derive(Debug, thiserror::Error)]
pub(in crate::scan) enum Refused {
    /// The subnet is not the agent's any more.
    #[error("{0}; nothing was changed")]
    NotOurs(String),
    #[error("reading the subnet and its addresses: {0}")]
    Request(#[from] Error),
    #[error("the subnet has more than {MAX_ADDRESSES} addresses, too many to compare; split it")]
    TooMany,
}

impl Refused {
    /// Notes the reason.
    pub(in crate::scan) fn note(&self, report: &mut SubnetReport) {
        match self {
            // Not a failure: a person has changed the assignment, and the next plan follows.
            Self::NotOurs(_) => report.withheld(self),
            Self::Request(_) | Self::TooMany => report.error(self),
        }
    }
}

impl Work<'_> {
    /// Reads the subnet, if it is still the agent's, and its addresses.
    pub(in crate::scan) async fn read(&self) -> Result<Fresh, Refused> {
        let (id, net) = (self.subnet.id, self.subnet.net);
        let row = assignment(self.client, id, self.agent).await?;
        let row = row.ok_or_else(|| Refused::NotOurs(format!("subnet {id} is not assigned to this agent any more")))?;
        if row.network() != Some(net) {
            return Err(Refused::NotOurs(format!("subnet {id} does not have the network {net} any more")));
        }
        if !row.discover_subnet && !row.ping_subnet {
            return Err(Refused::NotOurs(format!("scanning of subnet {id} was switched off")));
        }
        let read = Instant::now();
        let mut fresh = Fresh { row, records: HashMap::new(), unreadable: Vec::new(), read };
        let mut rows = self.client.subnets().stream_addresses(id);
        while let Some(row) = rows.next().await {
            match row {
                Ok(row) => {
                    if let Some(record) = self.records.record(&row) {
                        fresh.records.insert(row.id, record);
                    }
                }
                // It may be any address. If it is one that replied, its creation is refused as existing.
                Err(Error::Row(row)) => fresh.unreadable.push(format!("left alone a row that cannot be read: {row}")),
                Err(error) => return Err(error.into()),
            }
            if fresh.records.len() > MAX_ADDRESSES {
                return Err(Refused::TooMany);
            }
        }
        Ok(fresh)
    }

    /// Returns the present time of the server.
    pub(in crate::scan) fn now(&self) -> SystemTime {
        self.on_server_clock(SystemTime::now())
    }

    /// Returns a time of this host on the server's clock, so that a wrong clock of this host changes nothing.
    fn on_server_clock(&self, time: SystemTime) -> SystemTime {
        self.client.on_server_clock(time).unwrap_or(time)
    }

    /// Brings the times of an observation that this host made to the server's clock.
    pub(in crate::scan) fn localise(&self, observation: &mut Observation) {
        let now = self.now();
        for host in &mut observation.hosts {
            host.seen = self.on_server_clock(host.seen).min(now);
        }
        observation.ended = observation.ended.map(|ended| self.on_server_clock(ended).min(now));
        observation.cut_to_seconds();
    }
}
