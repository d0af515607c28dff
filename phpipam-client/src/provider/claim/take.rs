//! Taking the addresses of a claim, line after line, each by one `POST`.
//!
//! The order of the requests keeps an address from having two owners:
//!
//! 1. `POST` with the mark in it. A `GET` of what is free would be out of date: phpIPAM locks writes only (Q65). A mark
//!    in a second request would be missing if the process died between the two.
//! 2. If the response was lost: look for the mark. The `POST` may have been carried out, or may be later.
//! 3. Compare with the other subnets of the address space. The server keeps addresses unique in a subnet only (Q70).
//! 4. After the first of several: look up the key. Otherwise two calls with one key would both take all of their
//!    addresses before one of them gives up.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Instant;

use ipam_core::net::IpSet;
use ipam_core::{AllocateLine, Error as CoreError, Operation, Placement, RangeId, Selection};

use super::plan::{choose, exhausted_error, taken_error};
use super::state::{Claim, Taken, busy};
use crate::error::{Error, RefusalKind};
use crate::models::{AddressFields, AddressId, SubnetId};
use crate::provider::key::contest::Contest;
use crate::provider::map::error::{failed, is_too_large, shortage};
use crate::provider::pacing::Waits;
use crate::provider::range_view::{View, has_children};

/// Result of one line.
enum Step {
    Done,
    NoRoom(&'static str),
    /// Another call's claim owns the key.
    Lost,
}

/// Message of a claim that found free addresses and never got them.
const TAKEN_FIRST: &str = "other writers took each free address first until the deadline; repeat the call";

/// Sign that another writer has the address.
struct TakenByOthers;

/// Attempts at one address, with the waits between them.
struct Attempts {
    failed: u32,
    contention: Waits,
    lost: Waits,
}

impl Claim<'_> {
    /// Takes the addresses of all lines. Returns false if another claim of the key was found to come first.
    pub(super) async fn take_lines(&mut self) -> ipam_core::Result<bool> {
        let plan = self.plan;
        for index in plan.order() {
            let Some(line) = self.request.lines.get(index) else { continue };
            let step = match line.selection {
                Selection::Exact { .. } => self.exact_line(index, line).await?,
                Selection::Next { count, placement } => self.next_line(index, line, count, placement).await?,
            };
            match step {
                Step::Done => {}
                Step::Lost => return Ok(false),
                Step::NoRoom(why) => return Err(exhausted_error(Operation::Allocate, index, &line.ranges, why)),
            }
        }
        Ok(true)
    }

    async fn exact_line(&mut self, index: usize, line: &AllocateLine) -> ipam_core::Result<Step> {
        let plan = self.plan;
        let Some((id, wanted)) = plan.exact.get(index).and_then(Option::as_ref) else { return Ok(Step::Done) };
        let Some(view) = plan.views.get(id) else { return Ok(Step::Done) };
        if line.exclude.iter().any(|range| range.overlaps(wanted)) {
            return Err(taken_error(Operation::Allocate, index, wanted.first(), id)
                .with_context("reason", "the line excludes it"));
        }
        self.must_be_leaf(view, id).await?;
        for (offset, ip) in wanted.addresses().enumerate() {
            let seq = self.seq_of(index, offset);
            if let Err(TakenByOthers) = self.take_exactly(view, ip, seq, line).await? {
                return Err(taken_error(Operation::Allocate, index, ip, id));
            }
            if !self.is_uncontested().await? {
                let reason = "it is registered in another subnet of the address space";
                return Err(taken_error(Operation::Allocate, index, ip, id).with_context("reason", reason));
            }
            if self.has_lost_key().await? {
                return Ok(Step::Lost);
            }
        }
        Ok(Step::Done)
    }

    /// Refuses a range that has children. All versions let `POST addresses/` write into such a subnet, unlike
    /// `first_free` (Q66), so the provider has to check.
    async fn must_be_leaf(&self, view: &View, id: &RangeId) -> ipam_core::Result<()> {
        let slaves = self.inner.read(|| async { self.inner.client.subnets().slaves(view.id).await }).await;
        if slaves.map_err(failed(Operation::Allocate))?.is_empty() {
            Ok(())
        } else {
            Err(has_children(Operation::Allocate, id))
        }
    }

    async fn next_line(
        &mut self,
        index: usize,
        line: &AllocateLine,
        count: u32,
        placement: Placement,
    ) -> ipam_core::Result<Step> {
        let plan = self.plan;
        let mut why = "all addresses are taken";
        for id in &line.ranges {
            let Some(view) = plan.views.get(id) else { continue };
            let before = self.taken.len();
            let off_limits = plan.off_limits(line, id).union(&self.own_overlaps(view));
            // The server's own choice is one request, but knows nothing of addresses in other subnets and of
            // exclusions.
            let direct = count == 1 && !view.server_differs && !off_limits.overlaps(&view.addresses);
            let step = if direct {
                self.first_free(index, line, view, id, &off_limits).await?
            } else {
                self.chosen(index, line, view, id, count, placement, &off_limits).await?
            };
            match step {
                Step::NoRoom(reason) => why = reason,
                step => return Ok(step),
            }
            self.undo_from(before).await?;
        }
        Ok(Step::NoRoom(why))
    }

    /// Takes the next free address by the server's own choice, in one request.
    async fn first_free(
        &mut self,
        index: usize,
        line: &AllocateLine,
        view: &View,
        id: &RangeId,
        off_limits: &IpSet,
    ) -> ipam_core::Result<Step> {
        let seq = self.seq_of(index, self.taken_for_line(index));
        if let Some(reason) = self.take_first_free(seq, line, view, id).await? {
            return Ok(Step::NoRoom(reason));
        }
        if !self.has_usable_address(view) {
            self.undo_from(self.taken.len().saturating_sub(1)).await?;
        } else if self.is_uncontested().await? {
            return Ok(if self.has_lost_key().await? { Step::Lost } else { Step::Done });
        }
        // The server's choice is the network address or a gateway (Q67), or is registered in another subnet: choose
        // here.
        self.chosen(index, line, view, id, 1, Placement::Scattered, off_limits).await
    }

    /// Takes the address that the server chooses. Returns the reason if it has none.
    async fn take_first_free(
        &mut self,
        seq: u32,
        line: &AllocateLine,
        view: &View,
        id: &RangeId,
    ) -> ipam_core::Result<Option<&'static str>> {
        let mut attempts = self.attempts();
        loop {
            let fields = self.fields(seq, line);
            let taken = match self.inner.client.addresses().allocate_first_free(view.id, &fields).await {
                Ok(taken) => Taken { id: taken.id, subnet: view.id, ip: taken.ip, seq },
                Err(error) if error.is_exhausted() => {
                    self.must_be_leaf(view, id).await?;
                    return Ok(Some(shortage(&error)));
                }
                Err(error) if error.is_not_found() => {
                    return Err(CoreError::not_found(Operation::Allocate, "range", id));
                }
                Err(error) => match self.after_failure(error, seq, &mut attempts).await? {
                    Some(found) => found,
                    None => continue,
                },
            };
            self.taken.push(taken);
            return Ok(None);
        }
    }

    /// Returns true if a host may have the address that was taken last.
    fn has_usable_address(&self, view: &View) -> bool {
        let ip = self.taken.last().map(|taken| taken.ip);
        ip.is_some_and(|ip| view.addresses.contains(ip) && view.gateway != Some(ip))
    }

    /// Takes several addresses in any placement by the server's own choice, where it cannot list the range (Q76).
    ///
    /// # Errors
    /// `unlisted`, the error of the list, if the server chooses an address that no host may have.
    async fn each_first_free(
        &mut self,
        (index, line): (usize, &AllocateLine),
        view: &View,
        id: &RangeId,
        (before, count): (usize, u32),
        unlisted: CoreError,
    ) -> ipam_core::Result<Step> {
        while u32::try_from(self.taken.len() - before).is_ok_and(|had| had < count) {
            let seq = self.seq_of(index, self.taken.len() - before);
            if let Some(reason) = self.take_first_free(seq, line, view, id).await? {
                return Ok(Step::NoRoom(reason));
            }
            // The server would choose the same address again.
            if !self.has_usable_address(view) || !self.is_uncontested().await? {
                return Err(unlisted);
            }
            if self.has_lost_key().await? {
                return Ok(Step::Lost);
            }
        }
        Ok(Step::Done)
    }

    /// Chooses addresses from the list of taken ones, then takes each by its own `POST`. If another writer takes one
    /// first, the list is read again and others are chosen.
    #[allow(clippy::too_many_arguments, reason = "the parts of one line, which are not used together elsewhere")]
    async fn chosen(
        &mut self,
        index: usize,
        line: &AllocateLine,
        view: &View,
        id: &RangeId,
        count: u32,
        placement: Placement,
        off_limits: &IpSet,
    ) -> ipam_core::Result<Step> {
        let before = self.taken.len();
        let inner = self.inner;
        // Calls of this process would read the same list and choose the same addresses. Per-subnet locks make them take
        // turns. Other processes are dealt with by choosing again.
        let left = self.take_until.saturating_duration_since(Instant::now());
        let Some(turn) = inner.client.subnet_locks().lock_within(&view.id, left).await else {
            let message = "other calls of this process allocated in the range until the deadline; repeat the call";
            return Err(busy(message));
        };
        let mut waits = inner.config.pacing.contention(self.take_until);
        'choose: loop {
            let contents = match inner.contents(view).await {
                Ok(Some(contents)) => contents,
                Ok(None) => return Err(has_children(Operation::Allocate, id)),
                Err(error) if error.is_not_found() => {
                    return Err(CoreError::not_found(Operation::Allocate, "range", id));
                }
                Err(error) if is_too_large(&error) => {
                    let unlisted = failed(Operation::Allocate)(error);
                    let free_choice = !view.server_differs && !off_limits.overlaps(&view.addresses);
                    if placement != Placement::Scattered || !free_choice {
                        return Err(unlisted);
                    }
                    // The client takes turns at the server's choice by itself.
                    drop(turn);
                    return self.each_first_free((index, line), view, id, (before, count), unlisted).await;
                }
                Err(error) => return Err(failed(Operation::Allocate)(error)),
            };
            if view.is_full {
                return Ok(Step::NoRoom("it is marked full"));
            }
            // Rows that this line has taken are in the list, so they are not chosen again.
            let had = u32::try_from(self.taken.len() - before).unwrap_or(count);
            let taken = contents.taken.union(off_limits).union(&self.contested_addresses);
            let Some(addresses) = choose(view.addresses, &taken, count.saturating_sub(had), placement) else {
                let why =
                    if placement == Placement::Scattered { "too few are free" } else { "no contiguous run is free" };
                return Ok(Step::NoRoom(why));
            };
            for ip in addresses {
                let seq = self.seq_of(index, self.taken.len() - before);
                if let Err(TakenByOthers) = self.take_exactly(view, ip, seq, line).await? {
                    if placement != Placement::Scattered {
                        self.undo_from(before).await?;
                    }
                    if !waits.next().await {
                        return Err(busy(TAKEN_FIRST));
                    }
                    continue 'choose;
                }
                if !self.is_uncontested().await? {
                    if Instant::now() >= self.take_until {
                        return Err(busy(TAKEN_FIRST));
                    }
                    continue 'choose;
                }
                if self.has_lost_key().await? {
                    return Ok(Step::Lost);
                }
            }
            return Ok(Step::Done);
        }
    }

    /// Takes exactly this address.
    async fn take_exactly(
        &mut self,
        view: &View,
        ip: IpAddr,
        seq: u32,
        line: &AllocateLine,
    ) -> ipam_core::Result<Result<(), TakenByOthers>> {
        let mut attempts = self.attempts();
        loop {
            let fields = self.fields(seq, line);
            match self.inner.client.addresses().create(view.id, ip, &fields).await {
                Ok(created) => {
                    self.taken.push(Taken { id: created.id, subnet: view.id, ip, seq });
                    return Ok(Ok(()));
                }
                Err(error) if error.is_conflict() => {
                    // An earlier attempt may have been carried out although its response was lost: then the conflict is
                    // with itself.
                    // Only after a failed attempt, so that an ordinary conflict costs no look-up.
                    let found_late = if attempts.failed > 0 { self.find_taken(seq).await? } else { None };
                    return Ok(match found_late.filter(|(found, _)| found.ip == ip) {
                        Some((found, _)) => {
                            self.taken.push(found);
                            Ok(())
                        }
                        None => Err(TakenByOthers),
                    });
                }
                Err(error) => match self.after_failure(error, seq, &mut attempts).await? {
                    Some(found) => {
                        self.taken.push(found);
                        return Ok(Ok(()));
                    }
                    None => continue,
                },
            }
        }
    }

    fn attempts(&self) -> Attempts {
        let pacing = &self.inner.config.pacing;
        let (contention, lost) = (pacing.contention(self.take_until), pacing.change().until(self.take_until));
        Attempts { failed: 0, contention, lost }
    }

    /// Handles a failed `POST`. Returns the address if it was taken after all, and `None` to repeat the request.
    ///
    /// # Errors
    /// The failure, if a repetition cannot help or the deadline has passed.
    async fn after_failure(
        &mut self,
        error: Error,
        seq: u32,
        attempts: &mut Attempts,
    ) -> ipam_core::Result<Option<Taken>> {
        attempts.failed += 1;
        // The server said so: nothing was taken. Which message means this depends on the version (Q48, Q50).
        if matches!(error.refusal_kind(), Some(RefusalKind::Conflict | RefusalKind::Busy)) {
            return if attempts.contention.next().await { Ok(None) } else { Err(failed(Operation::Allocate)(error)) };
        }
        if !error.may_have_been_done() {
            return Err(failed(Operation::Allocate)(error));
        }
        self.response_lost = true;
        if let Some(found) = self.find_taken(seq).await? {
            return self.adopt(found).await;
        }
        // The server responded with a message, so nothing is in flight: the row would have been found.
        if error.refusal_kind() == Some(RefusalKind::Server) || !attempts.lost.next().await {
            return Err(failed(Operation::Allocate)(error));
        }
        // The repetition carries another attempt number: if both are carried out, readers can tell the two rows apart.
        self.attempts += 1;
        Ok(None)
    }

    /// Looks for the row of a `POST` whose response was lost. Looks three times, because the server may still be at
    /// work.
    async fn find_taken(&self, seq: u32) -> ipam_core::Result<Option<(Taken, u32)>> {
        let mine: Vec<AddressId> = self.taken.iter().map(|taken| taken.id).collect();
        let mut waits = self.inner.config.pacing.lookup();
        loop {
            let groups = self.inner.groups_of(self.key).await.map_err(failed(Operation::Allocate))?;
            let group = groups.into_iter().find(|group| group.nonce == self.nonce());
            let row = group.and_then(|mut group| group.rows.remove(&seq));
            // A row that this claim knows already is not the missing one.
            let row = row.filter(|row| !mine.contains(&row.address.id));
            if let Some((subnet, ip, row)) = row.and_then(|row| Some((row.address.subnet_id?, row.address.ip?, row))) {
                return Ok(Some((Taken { id: row.address.id, subnet, ip, seq }, row.mark.attempt)));
            }
            if !waits.next().await {
                return Ok(None);
            }
        }
    }

    /// Takes over the row of an earlier attempt; `None` if it is gone by now.
    ///
    /// Of several rows with one number the highest attempt counts. A later attempt may still be carried out, so the
    /// found row gets a higher attempt number. Otherwise readers would prefer the late row over the one that this call
    /// returns.
    async fn adopt(&mut self, (found, attempt): (Taken, u32)) -> ipam_core::Result<Option<Taken>> {
        if self.count == 1 || attempt == self.attempts {
            return Ok(Some(found));
        }
        self.attempts += 1;
        let mark = self.mark(found.seq, &self.tags_for(found.seq));
        let fields = self.marked(AddressFields::new().with_tag(self.inner.tag), &mark);
        match self.inner.client.addresses().update(found.id, &fields).await {
            Ok(()) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(failed(Operation::Allocate)(error)),
        }
    }

    /// Returns true if the single address of this claim, which was just taken, is registered in no other subnet of its
    /// address space. If it is, deletes it.
    ///
    /// A claim of several is compared as a whole before it is committed: until then no call returns it.
    async fn is_uncontested(&mut self) -> ipam_core::Result<bool> {
        // A claim of several is not committed yet, so `all_uncontested` compares it later, in one request per range.
        let (1, Some(taken)) = (self.count, self.taken.last().copied()) else { return Ok(true) };
        // The row is committed already. If the comparison fails, the row must stay: another call may have returned it.
        self.may_be_returned = true;
        let mut waits = self.inner.config.pacing.contested();
        loop {
            let look = self.inner.contest(taken.id, taken.subnet, taken.ip, self.nonce()).await;
            let (contest, rows) = look.map_err(failed(Operation::Allocate))?;
            let again = match contest {
                Contest::Won => {
                    self.verified_row = rows.into_iter().find(|row| row.id == taken.id);
                    return Ok(true);
                }
                Contest::Open(_) => waits.next().await,
                Contest::Lost(_) => false,
            };
            if !again {
                break;
            }
        }
        // Other calls compare too, and return no address that is contested: so it can be deleted.
        self.may_be_returned = false;
        self.contested_addresses.extend([taken.ip]);
        self.undo_from(self.taken.len().saturating_sub(1)).await?;
        Ok(false)
    }

    /// Returns true if, after the first of several addresses, another claim of the key has a lower id.
    async fn has_lost_key(&self) -> ipam_core::Result<bool> {
        // A made-up key has no other caller, and a single address is looked up after it was compared. Looking once is
        // enough here: it only saves work, as the owner of the key is looked up again after the commit.
        if !self.keyed || self.count == 1 || self.taken.len() != 1 {
            return Ok(false);
        }
        let decision = self.inner.key_owner(self.key).await.map_err(failed(Operation::Allocate))?;
        Ok(!self.has_key(&decision.owner))
    }

    /// Returns the addresses of a range that are free on the server and taken for this claim: those that were found in
    /// other subnets, and its own in ranges that overlap this one.
    fn own_overlaps(&self, view: &View) -> IpSet {
        let beside: BTreeSet<SubnetId> = view.around.iter().map(|subnet| subnet.id).collect();
        let taken = self.taken.iter().filter(|taken: &&Taken| beside.contains(&taken.subnet)).map(|taken| taken.ip);
        self.contested_addresses.union(&taken.collect())
    }
}
