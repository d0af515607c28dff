//! `sweep`: undoes what processes left that died after they had taken an address or created a subnet, and before they
//! acknowledged it.
//!
//! | leftover | recognized by | undone by |
//! | --- | --- | --- |
//! | pending addresses | their marks, older than their protection | deleting them, the first one first |
//! | a second child prefix of one key | another subnet with the key has a lower id | deleting it, if it is empty |
//!
//! A claim of one address is never pending. The rows of a key are read again right before they are undone. From then on
//! their process cannot commit them: it gives up after twice the claim time, and others wait for three times; see
//! [`liveness`](crate::provider::key::liveness).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use ipam_core::{AbandonedClaim, AllocationKey, Operation, Result, Sweep, Swept};

use crate::error::Result as ClientResult;
use crate::models::{AddressId, SubnetId};
use crate::provider::inner::Inner;
use crate::provider::key::group::{Group, Row, groups};
use crate::provider::map::error::{failed, is_too_large};
use crate::provider::map::mark::Mark;
use crate::provider::map::model::range_id;
use crate::provider::map::subnet_row::SubnetRow;
use crate::provider::snapshot::Snapshot;
use crate::provider::warning::Warning;

/// Start of the marks of pending claims, by which they are searched.
const PENDING: &str = "[ipam1;p;";

/// State of one sweep: its results, and its limits.
struct SweepRun {
    request: Sweep,
    /// Number of keys that may still be processed.
    keys: usize,
    claims: Vec<AbandonedClaim>,
    more: bool,
    failed: Option<ipam_core::Error>,
}

impl SweepRun {
    fn new(request: &Sweep) -> Self {
        Self { request: request.clone(), keys: usize::MAX, claims: Vec::new(), more: false, failed: None }
    }

    /// Returns the minimum age of a claim, in seconds.
    fn minimum(&self) -> u64 {
        self.request.older_than.map_or(0, |age| age.as_secs().saturating_add(u64::from(age.subsec_nanos() > 0)))
    }

    /// Returns true if the limit is reached, and then notes that there may be more.
    fn is_full(&mut self) -> bool {
        let full = self.claims.len() >= usize::try_from(self.request.limit).unwrap_or(usize::MAX);
        self.more |= full;
        full
    }

    /// Keeps the first failure. A claim that cannot be undone does not prevent the others.
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

    /// Sweeps a little while connecting. Does not fail and takes limited time; the next sweep does the rest.
    pub(crate) async fn sweep_some(&self) {
        const KEYS: usize = 8;
        // Without a search (before 1.6) the server would filter all of its addresses.
        if !self.config.sweep || self.probed.may_write == Some(false) || !self.probed.search {
            return;
        }
        let mut run = SweepRun { keys: KEYS, ..SweepRun::new(&Sweep::new().with_limit(32_u32)) };
        let _ = tokio::time::timeout(self.config.pacing.connecting(), self.sweep_addresses(&mut run)).await;
    }

    /// Reads the pending rows of the served sections, by key.
    async fn pending_rows(&self) -> ClientResult<BTreeMap<AllocationKey, Vec<Row>>> {
        let rows: Vec<Row> = self.rows_with(PENDING).await?.into_iter().filter_map(|row| self.row(row)).collect();
        let served = match rows.is_empty() || self.sections.is_empty() {
            true => None,
            false => Some(self.subnets_snapshot().await?),
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
            // Read again by key: the list of pending rows is old by now, and has no committed rows of the same claims.
            let rows = self.rows_of_key(&key).await?;
            let places: BTreeMap<AddressId, AbandonedClaim> = rows.iter().filter_map(place).collect();
            for group in groups(rows) {
                if group.is_committed() {
                    // Row 0 says for all rows that the claim is committed. If it is deleted, the others would look
                    // abandoned, so their marks are completed now.
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

    /// Deletes the rows of an abandoned claim, row 0 first: without it the claim cannot be committed any more.
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
        let snapshot = self.fresh_subnets().await?;
        let minimum = run.minimum().max(self.protection_secs_for(1));
        for (subnet, mark) in Self::duplicates(&snapshot) {
            if self.now().saturating_sub(mark.began) <= minimum || !snapshot.below(subnet.id).is_empty() {
                continue;
            }
            // Addresses in it were allocated by other callers after it was listed as a range.
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

    /// Returns the subnets whose key is also in a subnet with a lower id. The caller of the later one deletes it, or
    /// died before.
    ///
    /// A copy that a person made of a subnet has the same claim number and another prefix, and is left alone.
    fn duplicates(snapshot: &Snapshot) -> Vec<(&SubnetRow, Mark)> {
        let mut first: BTreeMap<AllocationKey, (&SubnetRow, Mark)> = BTreeMap::new();
        let mut duplicates = Vec::new();
        for subnet in snapshot.all() {
            let Some(mark) = subnet.found.mark() else { continue };
            match first.get(&mark.key) {
                None => {
                    first.insert(mark.key.clone(), (subnet, mark.clone()));
                }
                Some((one, of)) if of.nonce != mark.nonce || one.net == subnet.net => {
                    duplicates.push((subnet, mark.clone()));
                }
                Some(_) => {}
            }
        }
        duplicates
    }

    /// Returns a warning with the number of abandoned claims, if there are any.
    pub(crate) async fn abandoned_warning(&self) -> ClientResult<Option<Warning>> {
        let pending = match self.pending_rows().await {
            Err(error) if is_too_large(&error) => {
                let message = "abandoned claims cannot be counted: the server has too many addresses to read them all, and no \
                               search";
                return Ok(Some(Warning::new("claims", message, "")));
            }
            pending => pending?,
        };
        let (mut claims, mut addresses, mut oldest) = (0_usize, 0_usize, u64::MAX);
        for rows in pending.into_values() {
            for group in groups(rows).into_iter().filter(|group| self.is_abandoned(group, 0)) {
                let rows = group.ids().count();
                // Without row 0 among the pending rows, it may be part of a committed claim whose other marks were not
                // completed.
                if !group.rows.contains_key(&0) && self.is_part_of_a_whole(&group).await? {
                    continue;
                }
                claims += 1;
                addresses += rows;
                oldest = oldest.min(group.began);
            }
        }
        if claims == 0 {
            return Ok(None);
        }
        let oldest = i64::try_from(oldest).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
        let since = oldest.map(|at| format!(", the oldest since {at}")).unwrap_or_default();
        let message = format!(
            "{} held by {} that a process took and never acknowledged{since}: no allocation shows them, and they count as \
             taken",
            plural(addresses, "address is", "addresses are"),
            plural(claims, "claim", "claims"),
        );
        Ok(Some(Warning::new("claims", message, "undo them with a sweep (`ipam sweep`)")))
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
