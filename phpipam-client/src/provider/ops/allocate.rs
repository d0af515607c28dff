//! `allocate`: looks up the key, plans, and makes a claim that is committed or undone.

use std::collections::BTreeMap;
use std::time::Instant;

use ipam_core::{
    Allocate, Allocated, Allocation, AllocationKey, Error as CoreError, ErrorKind, Operation, Outcome as CoreOutcome,
    Retry, Selection,
};

use crate::models::{Address, AddressId, SubnetId};
use crate::provider::claim::Outcome;
use crate::provider::claim::plan::ClaimPlan;
use crate::provider::claim::state::{Claim, address_count, longest_mark};
use crate::provider::inner::Inner;
use crate::provider::key::group::Group;
use crate::provider::key::resolve::Resolved;
use crate::provider::map::error::{failed, mark_too_long, no_expiry};
use crate::provider::map::model::labels_fit;
use crate::provider::map::overlap::OwningRange;
use crate::provider::pacing::Waits;
use crate::provider::random::new_key;

/// Rounds of one call: looks at another call's claim, and claims of its own.
struct Rounds {
    waits: Waits,
    number: u32,
    /// True if a claim was made again after the time limit. Once is allowed, for a server that was slow for a moment.
    made_late: bool,
    /// Time limit for making claims again: three claim times. On a slow server each claim takes its whole time.
    until: Instant,
    /// True if a claim of an earlier round may be on the server, or may still arrive there.
    in_doubt: bool,
}

impl Rounds {
    /// Returns true if no further claim may be made.
    fn is_late(&mut self) -> bool {
        let late = Instant::now() >= self.until;
        late && std::mem::replace(&mut self.made_late, late)
    }

    /// Waits before the next round. Returns false if there is to be none.
    async fn next(&mut self, reason: &'static str) -> bool {
        let again = self.waits.next().await;
        if again {
            self.number += 1;
            crate::trace::claim_again(reason, self.number);
        }
        again
    }
}

impl Inner {
    /// Takes the addresses of all lines, or returns what an earlier call with the key took.
    ///
    /// Each round looks up the key and then makes a claim: [`ClaimPlan::new`] reads and checks, [`Claim::run`] takes,
    /// verifies and commits, or undoes.
    pub(crate) async fn allocate(&self, request: &Allocate) -> ipam_core::Result<Allocated> {
        self.check_request(Operation::Allocate, request)?;
        self.clean_up().await;
        let key = request.key.clone().unwrap_or_else(new_key);
        let honoured = self.config.pacing.time_for(address_count(request)).saturating_mul(3);
        // Two calls of one process with one key would only undo each other's claims.
        let Some(_turn) = self.locks.lock_within(&key, honoured).await else { return Err(key_contended()) };
        let mut rounds = Rounds {
            waits: self.config.pacing.pending(),
            number: 0,
            made_late: false,
            until: Instant::now() + honoured,
            in_doubt: false,
        };
        let end = self.allocate_in_rounds(request, key, &mut rounds).await;
        end.map_err(|error| if rounds.in_doubt { error.with_outcome(CoreOutcome::Unknown) } else { error })
    }

    async fn allocate_in_rounds(
        &self,
        request: &Allocate,
        key: AllocationKey,
        rounds: &mut Rounds,
    ) -> ipam_core::Result<Allocated> {
        let mut plan = None;
        loop {
            if request.key.is_some() {
                match self.resolve_key(Operation::Allocate, &key, request).await? {
                    Resolved::Taken(group) => return self.repeated(request, key, &group).await,
                    Resolved::Pending(group) => {
                        self.wait_for_pending(&key, &group, rounds).await?;
                        continue;
                    }
                    // Checked in the first round only: a key does not change its kind while its caller waits.
                    Resolved::Free if plan.is_none() => self.must_name_no_range(Operation::Allocate, &key).await?,
                    Resolved::Free => {}
                }
            }
            let current = match plan.take() {
                Some(plan) => plan,
                None => {
                    let count = address_count(request);
                    self.probed.address_values.must_allow_addresses(Operation::Allocate, count)?;
                    ClaimPlan::new(self, Operation::Allocate, request).await?
                }
            };
            let current = plan.insert(current);
            let end = Claim::begin(self, request, &key, current).run().await;
            rounds.in_doubt |= end.as_ref().is_err_and(|error| error.outcome() == CoreOutcome::Unknown);
            match end {
                Ok(Outcome::Won(rows)) => {
                    let lines = self.lines(request, current, rows)?;
                    return Ok(Allocated::new(key, lines, false));
                }
                // The next round finds the claim that won: it is returned, or waited for.
                Ok(Outcome::Lost) => {
                    if rounds.is_late() || !rounds.next("another claim with the key came first").await {
                        return Err(key_contended());
                    }
                }
                Err(error) if request.key.is_some() && (error.is_exhausted() || error.is_conflict()) => {
                    // The address that was taken may be that of another claim of the same key.
                    match self.resolve_key(Operation::Allocate, &key, request).await? {
                        Resolved::Free => return Err(error),
                        Resolved::Taken(group) => return self.repeated(request, key, &group).await,
                        Resolved::Pending(group) => self.wait_for_pending(&key, &group, rounds).await?,
                    }
                }
                Err(error) if error.kind() == ErrorKind::Busy && error.retry() == Retry::Safe => {
                    // Other subnets may overlap the ranges by now.
                    plan = None;
                    if rounds.is_late() || !rounds.next("others kept the claim from being made").await {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for the pending claim of another call with the key.
    ///
    /// # Errors
    /// `Busy` if the waits are used up.
    async fn wait_for_pending(&self, key: &AllocationKey, group: &Group, rounds: &mut Rounds) -> ipam_core::Result<()> {
        match rounds.waits.next().await {
            true => Ok(()),
            false => Err(self.pending_error(Operation::Allocate, key, group)),
        }
    }

    /// Refuses requests that phpIPAM cannot hold, before anything is taken.
    ///
    /// # Errors
    /// `Unsupported` if a line has an expiry, `InvalidInput` if a text does not fit its column or the mark does not fit
    /// its field.
    pub(crate) fn check_request(&self, operation: Operation, request: &Allocate) -> ipam_core::Result<()> {
        request.validate()?;
        for (index, line) in request.lines.iter().enumerate() {
            if line.expiry.is_some() {
                return Err(no_expiry(operation));
            }
            labels_fit(operation, index, &line.labels)?;
        }
        let longest = longest_mark(request);
        if let Some(width) = self.probed.address_width.filter(|width| longest > *width) {
            return Err(mark_too_long(operation, &request.owner, longest, width));
        }
        Ok(())
    }

    /// Refuses what [`allocate`](Self::allocate) refuses whatever is on the server.
    ///
    /// # Errors
    /// Those of [`check_request`](Self::check_request); `Unsupported` if the app may only read; `Config` if a required
    /// field of addresses has no value.
    pub(crate) fn validate_allocate(&self, request: &Allocate) -> ipam_core::Result<()> {
        self.check_request(Operation::Allocate, request)?;
        self.probed.must_write(Operation::Allocate)?;
        self.probed.address_values.must_allow_addresses(Operation::Allocate, address_count(request))
    }

    /// Returns what an earlier call with the key took.
    pub(crate) async fn repeated(
        &self,
        request: &Allocate,
        key: AllocationKey,
        group: &Group,
    ) -> ipam_core::Result<Allocated> {
        // Completing the marks is not needed for this call: row 0 is committed and decides. So a failure is ignored.
        let _ = self.complete(Operation::Allocate, group).await;
        let rows: Vec<Address> = group.rows.values().map(|row| row.address.clone()).collect();
        let lines = self.lines_of_rows(request, rows).await?;
        Ok(Allocated::new(key, lines, true))
    }

    async fn lines_of_rows(&self, request: &Allocate, rows: Vec<Address>) -> ipam_core::Result<Vec<Vec<Allocation>>> {
        let owning_ranges = self.owning_ranges(&rows).await.map_err(failed(Operation::Allocate))?;
        let mut allocations = Vec::with_capacity(rows.len());
        for (row, owning_range) in rows.iter().zip(owning_ranges) {
            let allocation = owning_range.and_then(|owning_range| self.mapping.allocation(row, &owning_range));
            allocations.push(allocation.ok_or_else(|| unserved(row.id))?);
        }
        Ok(split_by_line(request, allocations))
    }

    fn lines(
        &self,
        request: &Allocate,
        plan: &ClaimPlan,
        rows: Vec<Address>,
    ) -> ipam_core::Result<Vec<Vec<Allocation>>> {
        let spaces: BTreeMap<SubnetId, _> = plan.views.values().map(|view| (view.id, &view.space)).collect();
        let mut allocations = Vec::with_capacity(rows.len());
        for row in &rows {
            let owning_range =
                row.subnet_id.and_then(|subnet| Some(OwningRange { subnet, space: (*spaces.get(&subnet)?).clone() }));
            let allocation = owning_range.and_then(|owning_range| self.mapping.allocation(row, &owning_range));
            allocations.push(allocation.ok_or_else(|| unserved(row.id))?);
        }
        Ok(split_by_line(request, allocations))
    }
}

fn key_contended() -> CoreError {
    let message = "other calls with this key made their claims first; repeat the call when they are done";
    CoreError::new(ErrorKind::Busy, Operation::Allocate, message).with_retry(Retry::Safe)
}

fn unserved(id: AddressId) -> CoreError {
    let message = format!("address {id} is in a subnet that was deleted, or that this provider does not serve");
    CoreError::new(ErrorKind::Conflict, Operation::Allocate, message)
}

/// Splits the allocations of a claim, in the order of their numbers, into the lists of the lines.
fn split_by_line(request: &Allocate, allocations: Vec<Allocation>) -> Vec<Vec<Allocation>> {
    let mut lines = vec![Vec::new(); request.lines.len()];
    let is_exact =
        |index: &usize| request.lines.get(*index).is_some_and(|line| matches!(line.selection, Selection::Exact { .. }));
    let (exact, next): (Vec<usize>, Vec<usize>) = (0..request.lines.len()).partition(is_exact);
    let mut allocations = allocations.into_iter();
    for index in exact.into_iter().chain(next) {
        let (Some(line), Some(place)) = (request.lines.get(index), lines.get_mut(index)) else { continue };
        let count = usize::try_from(line.selection.count()).unwrap_or(usize::MAX);
        *place = allocations.by_ref().take(count).collect();
        place.sort_by_key(|allocation| allocation.address);
    }
    lines
}
