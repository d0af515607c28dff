//! Run over one subnet.

use std::time::SystemTime;

use tokio::time::{Instant, timeout};

use super::names::look_up;
use super::setup::Setup;
use crate::scan::apply::{Refused, Work};
use crate::scan::plan::{Plan, PlannedSubnet, assignment};
use crate::scan::progress::{Event, Progress};
use crate::scan::records::Records;
use crate::scan::relay::{Delivery, RelayReport};
use crate::scan::report::SubnetReport;
use crate::scan::{Coverage, HostnameRule, Observation, Probe, ProbeTarget};

/// One run of an agent.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) agent: &'a Setup,
    pub(super) plan: &'a Plan,
    pub(super) probe: &'a dyn Probe,
    /// `None` if reports are delivered.
    pub(super) records: Option<&'a Records>,
    pub(super) dry_run: bool,
    pub(super) progress: &'a dyn Progress,
}

impl Run<'_> {
    /// Scans the subnet at this place of the plan; `None` if there is none. By its place, because a closure over a borrowed
    /// subnet would keep the run's future from being sent to another thread.
    pub(super) async fn subnet_at(&self, index: usize) -> Option<(usize, SubnetReport)> {
        let subnet = self.plan.subnets.get(index)?;
        Some((index, self.subnet(subnet).await))
    }

    /// Scans a subnet and applies or delivers what was found.
    async fn subnet(&self, subnet: &PlannedSubnet) -> SubnetReport {
        let started = Instant::now();
        let mut report = SubnetReport::new(subnet, self.probe.name());
        self.progress.event(&Event::Probing { subnet });
        match (self.records, &self.agent.delivery) {
            (Some(records), _) => {
                if let Err(refused) = self.apply(subnet, records, &mut report).await {
                    refused.note(&mut report);
                }
            }
            (None, Some(delivery)) => self.deliver(subnet, delivery.as_ref(), &mut report).await,
            (None, None) => report.error("the run has no way for its results"),
        }
        report.seconds = started.elapsed().as_secs_f64();
        self.progress.event(&Event::Finished { subnet, report: &report });
        report
    }

    async fn apply(&self, subnet: &PlannedSubnet, records: &Records, report: &mut SubnetReport) -> Result<(), Refused> {
        let agent = self.agent;
        let work = Work {
            client: &agent.client,
            records,
            agent: self.plan.agent,
            subnet,
            policy: &agent.policy,
            permits: &agent.permits,
            at_once: agent.changes_at_once,
            progress: self.progress,
        };
        // Read before the probe, too: it asks known hosts once more before their silence counts.
        let before = work.read().await?;
        let target = if subnet.is_swept() {
            ProbeTarget::whole(subnet.net).with_known(before.up())
        } else {
            ProbeTarget::addresses(subnet.net, before.addresses())
        };
        let mut observation = self.probe(subnet, &target, report).await;
        if subnet.resolve_dns {
            let known = before.hostnames();
            let wanted = |address: &std::net::IpAddr| match known.get(address) {
                None => agent.policy.discover && subnet.discover && !subnet.is_of_child(*address),
                Some(name) => match agent.policy.hostnames {
                    HostnameRule::Keep => false,
                    HostnameRule::FillIn => name.is_none(),
                    HostnameRule::Replace => true,
                },
            };
            look_up(agent, subnet, &mut observation, &wanted).await;
        } else {
            forget_names(&mut observation);
        }
        work.localise(&mut observation);
        // Read after the probe and the look-ups, which may have taken an hour: decisions are made on these rows.
        let fresh = work.read().await?;
        work.settle(fresh, observation, self.dry_run, report).await;
        Ok(())
    }

    async fn deliver(&self, subnet: &PlannedSubnet, delivery: &dyn Delivery, report: &mut SubnetReport) {
        let client = &self.agent.client;
        // The relay checks it as well, but by then the network would have been probed.
        match assignment(client, subnet.id, self.plan.agent).await {
            Ok(Some(row)) if row.network() == Some(subnet.net) => {}
            Ok(_) => {
                let (id, net) = (subnet.id, subnet.net);
                return report.withheld(format!("subnet {id} with {net} is not assigned to this agent any more"));
            }
            Err(error) => return report.error(format!("reading subnet {}: {error}", subnet.id)),
        }
        let rows = match client.subnets().addresses(subnet.id).await {
            Ok(rows) => rows,
            Err(error) => return report.error(format!("reading the addresses of subnet {}: {error}", subnet.id)),
        };
        let up = || rows.iter().filter(|row| row.last_seen.is_some()).filter_map(|row| row.ip);
        let target = if subnet.is_swept() {
            ProbeTarget::whole(subnet.net).with_known(up())
        } else {
            ProbeTarget::addresses(subnet.net, rows.iter().filter_map(|row| row.ip))
        };
        let mut observation = self.probe(subnet, &target, report).await;
        // The relay cannot know which host is the scanner.
        if !observation.has_reply() && up().next().is_some() && !self.agent.policy.accept_all_silent {
            observation.coverage = Coverage::Incomplete("no host but the scanner itself replied".to_owned());
            report.withheld("no host but the scanner itself replied; check the scanner's connection");
        }
        if subnet.resolve_dns {
            look_up(self.agent, subnet, &mut observation, &|_| true).await;
        } else {
            forget_names(&mut observation);
        }
        let on_server_clock = |time| client.on_server_clock(time).unwrap_or(time);
        for host in &mut observation.hosts {
            host.seen = on_server_clock(host.seen);
        }
        observation.ended = observation.ended.map(on_server_clock);
        if self.dry_run {
            return;
        }
        let message = RelayReport::new(self.agent.code.as_str(), subnet, &observation);
        match delivery.deliver(&message).await {
            Ok(Some(reply)) if reply.net == report.net => report.received(reply),
            // The community server says nothing of what it did.
            Ok(_) => {}
            Err(error) => report.error(format!("delivering the report: {error}")),
        }
    }

    /// Probes the subnet within the time limit.
    async fn probe(&self, subnet: &PlannedSubnet, target: &ProbeTarget, report: &mut SubnetReport) -> Observation {
        let (started, limit) = (Instant::now(), self.agent.time_limit);
        let mut observation = match timeout(limit, self.probe.probe(target)).await {
            // What a probe says of another network says nothing about this one.
            Ok(observation) if observation.net == subnet.net => observation,
            Ok(other) => Observation::incomplete(subnet.net, format!("the probe reported on {}", other.net)),
            Err(_) => {
                Observation::incomplete(subnet.net, format!("the time limit of {} s was reached", limit.as_secs()))
            }
        };
        observation.note_own();
        // Silence is known until here, and not until the names are looked up.
        observation.ended.get_or_insert(SystemTime::now());
        report.observed(&observation, started.elapsed());
        self.progress.event(&Event::Probed { subnet, hosts: observation.hosts.len() });
        observation
    }
}

/// Drops names that a probe found by itself, where the subnet wants none.
fn forget_names(observation: &mut Observation) {
    for host in &mut observation.hosts {
        host.hostname = None;
    }
}
