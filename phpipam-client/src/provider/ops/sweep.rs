//! `sweep`: undoes what processes left that died between taking an address, or making a subnet, and acknowledging it.
//!
//! | what is left | how it is told | undone by |
//! | --- | --- | --- |
//! | addresses of a claim of several that never became whole | marked as pending, older than they are honoured | deleting them, the first one first |
//! | a subnet of two that one key made | the key stands in a subnet with a lower id, too | deleting it, if nothing is in it |
//!
//! A claim of one address is whole with the call that takes it, so it is never pending. What belongs together is read again
//! right before it is undone. From then on nothing of it can be acknowledged, see [`liveness`](crate::provider::key::liveness): its process
//! gives the claim up long before others may.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use ipam_core::{AbandonedClaim, AllocationKey, Health, Operation, Result, Sweep, Swept};

use crate::error::Result as ClientResult;
use crate::models::{AddressId, Subnet, SubnetId};
use crate::provider::inner::Inner;
use crate::provider::key::group::{Group, Row, groups};
use crate::provider::map::error::{failed, is_too_large};
use crate::provider::map::mark::{Found, Mark};
use crate::provider::map::model::range_id;
use crate::provider::snapshot::Snapshot;

/// What the marks of pending claims begin with.
const PENDING: &str = "[ipam1;p;";

/// What one sweep did, and how much more it may.
struct SweepRun {
    request: Sweep,
    /// How many keys may still be looked at.
    keys: usize,
    claims: Vec<AbandonedClaim>,
    more: bool,
    failed: Option<ipam_core::Error>,
}

impl SweepRun {
    fn new(request: &Sweep) -> Self {
        Self { request: request.clone(), keys: usize::MAX, claims: Vec::new(), more: false, failed: None }
    }

    /// How old a claim has to be at least, in seconds.
    fn minimum(&self) -> u64 {
        self.request.older_than.map_or(0, |age| age.as_secs().saturating_add(u64::from(age.subsec_nanos() > 0)))
    }

    /// Whether there is no room for another claim. Then there are more.
    fn is_full(&mut self) -> bool {
        let full = self.claims.len() >= usize::try_from(self.request.limit).unwrap_or(usize::MAX);
        self.more |= full;
        full
    }

    /// One claim that cannot be undone does not keep the others.
    fn fail(&mut self, error: ipam_core::Error) {
        self.failed.get_or_insert(error);
    }
}

fn claimed(mark: &Mark, subnet: SubnetId, ip: Option<IpAddr>) -> AbandonedClaim {
    AbandonedClaim::new(range_id(subnet), ip)
        .with_key(mark.key.clone())
        .with_owner(mark.owner.clone())
        .with_claimed(UNIX_EPOCH.checked_add(Duration::from_secs(mark.began)))
}

impl Inner {
    pub(crate) async fn sweep(&self, request: &Sweep) -> Result<Swept> {
        self.probed.must_write(Operation::Sweep)?;
        if !request.dry_run {
            self.clean_up().await;
        }
        let mut run = SweepRun::new(request);
        self.sweep_addresses(&mut run).await.map_err(failed(Operation::Sweep))?;
        self.sweep_subnets(&mut run).await.map_err(failed(Operation::Sweep))?;
        match run.failed {
            None => Ok(Swept::new(run.claims, run.more)),
            Some(error) => Err(error.with_context("undone", run.claims.len())),
        }
    }

    /// A short sweep on connecting. It neither fails nor takes long; what it leaves is left to the next one.
    pub(crate) async fn sweep_some(&self) {
        const KEYS: usize = 8;
        // Without a search the server reads all of its addresses to find the marks.
        if !self.config.sweep || self.probed.may_write == Some(false) || !self.probed.search {
            return;
        }
        let mut run = SweepRun { keys: KEYS, ..SweepRun::new(&Sweep::new().with_limit(32_u32)) };
        let _ = tokio::time::timeout(self.config.pacing.connecting(), self.sweep_addresses(&mut run)).await;
    }

    /// Pending rows by key, of the sections that are served.
    async fn pending_rows(&self) -> ClientResult<BTreeMap<AllocationKey, Vec<Row>>> {
        let rows: Vec<Row> = self.rows_with(PENDING).await?.into_iter().filter_map(|row| self.row(row)).collect();
        let served = match rows.is_empty() || self.sections.is_empty() {
            true => None,
            false => Some(Snapshot::of_subnets(self).await?),
        };
        let mut keys: BTreeMap<AllocationKey, Vec<Row>> = BTreeMap::new();
        for row in rows {
            if let Some(served) = &served
                && row.address.subnet_id.is_none_or(|subnet| served.get(subnet).is_none())
            {
                continue;
            }
            keys.entry(row.mark.key.clone()).or_default().push(row);
        }
        Ok(keys)
    }

    async fn sweep_addresses(&self, run: &mut SweepRun) -> ClientResult<()> {
        let minimum = run.minimum();
        for (key, rows) in self.pending_rows().await? {
            if !groups(rows).iter().any(|group| self.is_abandoned(group, minimum)) {
                continue;
            }
            if run.is_full() {
                return Ok(());
            }
            let Some(keys) = run.keys.checked_sub(1) else {
                run.more = true;
                return Ok(());
            };
            run.keys = keys;
            let rows = self.rows_of_key(&key).await?;
            let places: BTreeMap<AddressId, AbandonedClaim> = rows.iter().filter_map(place).collect();
            for group in groups(rows) {
                if group.is_committed() {
                    // Its first address says for the others that the claim is whole, as long as it is there.
                    if !run.request.dry_run {
                        let _ = self.complete(Operation::Sweep, &group).await;
                    }
                } else if self.is_abandoned(&group, minimum) {
                    self.undo_abandoned(run, &group, &places).await;
                }
            }
        }
        Ok(())
    }

    /// Deletes the first address of a claim first: without it nothing can make the claim whole.
    async fn undo_abandoned(&self, run: &mut SweepRun, group: &Group, places: &BTreeMap<AddressId, AbandonedClaim>) {
        for id in group.ids() {
            if run.is_full() {
                return;
            }
            if !run.request.dry_run {
                match self.delete(id).await {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(error) => return run.fail(failed(Operation::Sweep)(error)),
                }
            }
            run.claims.extend(places.get(&id).cloned());
        }
    }

    async fn sweep_subnets(&self, run: &mut SweepRun) -> ClientResult<()> {
        let snapshot = Snapshot::of_subnets(self).await?;
        let minimum = run.minimum().max(self.protection_secs_for(1));
        for (subnet, mark) in self.duplicates(&snapshot) {
            if self.now().saturating_sub(mark.began) <= minimum || snapshot.children(subnet.id).next().is_some() {
                continue;
            }
            // Whatever is in it was put there by others.
            let addresses = self.read(|| async { self.client.subnets().addresses(subnet.id).await }).await?;
            if !addresses.is_empty() {
                continue;
            }
            if run.is_full() {
                return Ok(());
            }
            if !run.request.dry_run
                && let Err(error) = self.delete_child_prefix(Operation::Sweep, subnet.id).await
            {
                run.fail(error);
                continue;
            }
            run.claims.push(claimed(&mark, subnet.id, None));
        }
        Ok(())
    }

    /// Subnets whose key stands in a subnet with a lower id, too: the caller of the later one found that, or died before.
    /// Copies that people made of a subnet are none: they have its mark and another prefix.
    fn duplicates<'a>(&self, snapshot: &'a Snapshot) -> Vec<(&'a Subnet, Mark)> {
        let mut first: BTreeMap<AllocationKey, (&Subnet, Mark)> = BTreeMap::new();
        let mut duplicates = Vec::new();
        for subnet in snapshot.all() {
            let Found::Mark(mark) = self.mapping.of_subnet(subnet) else { continue };
            match first.get(&mark.key) {
                None => {
                    first.insert(mark.key.clone(), (subnet, *mark));
                }
                Some((one, of)) if of.nonce != mark.nonce || one.network() == subnet.network() => {
                    duplicates.push((subnet, *mark));
                }
                Some(_) => {}
            }
        }
        duplicates
    }

    /// Counts abandoned claims, and says what to do about them.
    pub(crate) async fn with_abandoned(&self, health: Health) -> ClientResult<Health> {
        let pending = match self.pending_rows().await {
            Err(error) if is_too_large(&error) => {
                let warning = "abandoned claims cannot be counted: the server has too many addresses to read them all, and no \
                               search";
                return Ok(health.with_warning(warning));
            }
            pending => pending?,
        };
        let (mut claims, mut addresses, mut oldest) = (0_usize, 0_usize, u64::MAX);
        for rows in pending.into_values() {
            for group in groups(rows).into_iter().filter(|group| self.is_abandoned(group, 0)) {
                let rows = group.ids().count();
                // Without its first address it may be part of a whole claim, whose last step failed.
                if !group.rows.contains_key(&0) && self.is_part_of_a_whole(&group).await? {
                    continue;
                }
                claims += 1;
                addresses += rows;
                oldest = oldest.min(group.began);
            }
        }
        if claims == 0 {
            return Ok(health);
        }
        let oldest = i64::try_from(oldest).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
        let since = oldest.map(|at| format!(", the oldest since {at}")).unwrap_or_default();
        Ok(health.with_warning(format!(
            "{} held by {} that a process took and never acknowledged{since}: no allocation shows them, and they count as \
             taken; undo them with a sweep (`ipam sweep`)",
            plural(addresses, "address is", "addresses are"),
            plural(claims, "claim", "claims"),
        )))
    }

    async fn is_part_of_a_whole(&self, part: &Group) -> ClientResult<bool> {
        let Some(key) = part.rows.values().next().map(|row| row.mark.key.clone()) else { return Ok(false) };
        let groups = self.groups_of(&key).await?;
        Ok(groups.iter().any(|group| group.nonce == part.nonce && group.is_committed()))
    }
}

fn place(row: &Row) -> Option<(AddressId, AbandonedClaim)> {
    Some((row.address.id, claimed(&row.mark, row.address.subnet_id?, row.address.ip)))
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
