//! Comparison of the rows with an observation, and the order of the changes.

use std::collections::BTreeSet;
use std::net::IpAddr;

use futures_util::StreamExt as _;

use super::change::{explained, is_hopeless};
use super::work::{FRESH, Fresh, Work};
use crate::models::{AddressId, ServerTime, Subnet, SubnetFields};
use crate::scan::progress::Event;
use crate::scan::report::SubnetReport;
use crate::scan::{Change, Observation, Policy, reconcile};

impl Work<'_> {
    /// Compares the observation with the rows, and applies the changes; a dry run only lists them. The times of the
    /// observation are on the server's clock.
    pub(in crate::scan) async fn settle(
        &self,
        fresh: Fresh,
        mut observation: Observation,
        dry_run: bool,
        report: &mut SubnetReport,
    ) {
        let (discover, check) =
            (self.policy.discover && fresh.row.discover_subnet, self.policy.check && fresh.row.ping_subnet);
        let mut policy = self.policy.clone().with_discover(discover).with_check(check);
        // Recorded times may be off by this, and a host must not look silent for longer than it was.
        let doubt = self.records.zone.doubt();
        policy.offline_after = policy.offline_after.saturating_add(doubt);
        policy.remove_after = policy.remove_after.map(|silence| silence.saturating_add(doubt));
        for row in &fresh.unreadable {
            report.failure(row.clone());
        }
        let known: Vec<_> = fresh.records.values().map(|record| record.host.clone()).collect();
        let addresses: BTreeSet<IpAddr> = known.iter().map(|host| host.address).collect();
        // An unknown host of a child subnet is recorded there, by that subnet's own agent.
        observation.hosts.retain(|host| addresses.contains(&host.address) || !self.subnet.is_of_child(host.address));
        let result = reconcile(&known, &observation, &policy, self.now());
        if let Some(reason) = &result.withheld {
            report.withheld(reason);
        }
        report.counts.seen = result.counts().seen;
        let (same, changes): (Vec<_>, Vec<_>) = result.changes.into_iter().partition(Change::is_unchanged);
        report.counts.unchanged = same.len();
        if dry_run {
            report.changes = changes.iter().map(Into::into).collect();
            return;
        }
        let row = fresh.row.clone();
        self.apply(fresh, changes, &policy, report).await;
        if report.error.is_none() {
            self.note_times(&row, &policy, report).await;
        }
    }

    /// Makes the changes. Ends early if requests keep failing.
    async fn apply(
        &self,
        mut fresh: Fresh,
        changes: Vec<Change<AddressId>>,
        policy: &Policy,
        report: &mut SubnetReport,
    ) {
        /// Changes between two looks at the age of the rows.
        const BATCH: usize = 64;
        /// Failures in a row after which the server is taken for broken.
        const MAX_IN_A_ROW: usize = 20;
        let of = changes.len();
        let (mut done, mut in_a_row) = (0, 0);
        let mut changes = changes.into_iter();
        loop {
            let batch: Vec<_> = changes.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return;
            }
            if fresh.read.elapsed() >= FRESH {
                fresh = match self.read().await {
                    Ok(fresh) => fresh,
                    Err(refused) => return refused.note(report),
                };
            }
            let of_this = &fresh;
            let mut results = futures_util::stream::iter(batch)
                .map(|change| self.change(of_this, change, policy))
                .buffer_unordered(self.at_once);
            let mut stop = None;
            while let Some((address, result)) = results.next().await {
                done += 1;
                match result {
                    Ok(outcome) => {
                        in_a_row = 0;
                        outcome.count(&mut report.counts);
                    }
                    Err(error) => {
                        in_a_row += 1;
                        report.failure(format!("{address}: {}", explained(&error)));
                        if is_hopeless(&error) || in_a_row >= MAX_IN_A_ROW {
                            stop = Some(error.to_string());
                            break;
                        }
                    }
                }
                self.progress.event(&Event::Changed { subnet: self.subnet, done, of });
            }
            drop(results);
            if let Some(error) = stop {
                return report.error(format!("gave up with {} of {of} changes left: {error}", of - done));
            }
        }
    }

    /// Writes the times of the last scan into the subnet, as phpIPAM's own agents do.
    async fn note_times(&self, row: &Subnet, policy: &Policy, report: &mut SubnetReport) {
        let now = self.now();
        let zone = &self.records.zone;
        // With a user's login each write is an entry in the changelog, so the times are written as seldom as those of hosts.
        let due = |time: Option<ServerTime>| {
            let last = time.and_then(|time| zone.moment(time));
            last.is_none_or(|last| now.duration_since(last).is_ok_and(|age| age >= policy.last_seen_interval))
        };
        let mut fields = SubnetFields::new();
        let mut any = false;
        if policy.discover && report.incomplete.is_none() && due(row.last_discovery) {
            (fields, any) = (fields.with_last_discovery(zone.local(now)), true);
        }
        if policy.check && report.withheld.is_none() && due(row.last_scan) {
            (fields, any) = (fields.with_last_scan(zone.local(now)), true);
        }
        if any && let Err(error) = self.client.subnets().update(self.subnet.id, &fields).await {
            report.failure(format!("the times of subnet {}: {error}", self.subnet.id));
        }
    }
}
