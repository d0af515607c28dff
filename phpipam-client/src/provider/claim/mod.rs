//! Claim protocol: one call of `allocate`, from its first address until its caller is told, or until it is undone.
//!
//! # Words
//! - *Row*: an address in phpIPAM's table. Its id grows: a row that was inserted later has a higher id.
//! - *Mark*: text in a row that says which call took it, for which key and owner. See [`mark`](super::map::mark).
//! - *Claim*: all rows of one call. They share the call's number, the *nonce*. Each has a number in the claim, from 0.
//! - *Pending*: a claim of several addresses that is not decided yet. *Committed*: a claim that callers may be told of.
//! - *Owner of a key*: of all claims of one key, the one whose row 0 has the lowest id. See
//!   [`group`](super::key::group).
//! - *Orphaned address*: a row of a claim that can no longer be committed.
//!
//! phpIPAM has no transactions, no unique keys, and no call that changes several addresses. It gives three things: an
//! insert is atomic, ids grow, and an address is unique in its subnet. The protocol is built on these.
//!
//! # Steps
//! | step | where | requests |
//! | --- | --- | --- |
//! | read and check the ranges | [`plan`] | `GET subnets/ID/`, and one for each subnet that overlaps the range |
//! | take each address, with its mark | [`take`] | `POST addresses/first_free/ID/` or `POST addresses/` |
//! | compare with other subnets of the address space | [`contest`](super::key::contest) | `GET addresses/search/IP/` |
//! | commit a claim of several: row 0 | this file | `PATCH addresses/ID/` |
//! | look up the owner of the key | [`lookup`](super::key::lookup) | `GET search/…` |
//! | mark the other rows as committed | this file | a `PATCH` for each |
//! | or undo, row 0 first | this file | `DELETE addresses/ID/` |
//!
//! [`state`] is what the steps share. A single address is committed by the `POST` that takes it.
//!
//! # Example
//! Two processes, A and B, allocate two addresses with the key `k` at the same time.
//!
//! | | A | B | rows (id: address, mark) |
//! | --- | --- | --- | --- |
//! | 1 | looks up `k`: free | looks up `k`: free | |
//! | 2 | `POST`, number 0 | | 7: .1 A 0/2 pending |
//! | 3 | looks up `k`: 7 is its own | `POST`, number 0 | 8: .2 B 0/2 pending |
//! | 4 | `POST`, number 1 | looks up `k`: 7 is lower, B has lost | 9: .3 A 1/2 pending |
//! | 5 | `PATCH` 7 | `DELETE` 8 | 7: .1 A 0/2 committed |
//! | 6 | looks up `k`: 7 is its own | waits, looks up `k`: committed | |
//! | 7 | `PATCH` 9, returns .1 and .3 | returns .1 and .3, `repeated` | 9: .3 A 1/2 committed |
//!
//! If A is killed:
//!
//! | after step | what is on the server | what happens to it |
//! | --- | --- | --- |
//! | 2 or 4 | pending rows | `Busy` for others while protected; then the next call with `k`, or a sweep, undoes it |
//! | 5 | row 0 committed, row 1 pending | committed: the next call with `k` returns it and completes the marks |
//! | 7 | all committed | the next call with `k` returns it |
//!
//! # Why this order
//! - **Mark in the `POST`**, not in a second call: a process that dies between the two would leave a row without a
//!   mark.
//! - **Look up the key after writing, not only before**: two calls that look first both see a free key. Of two that
//!   write first and look afterwards, at least one sees the other, and both pick the same lowest id.
//! - **Compare with other subnets before committing**: a committed claim may be returned by another call with the key,
//!   and cannot be undone from then on.
//! - **Commit row 0 only, in one `PATCH`**: there is no moment at which half of a claim is committed.
//! - **Undo from row 0**: without row 0 no late `PATCH` can commit the claim, so the rest may be deleted by any
//!   process.

pub(crate) mod plan;
pub(crate) mod state;
mod take;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::{Error as CoreError, ErrorKind, Operation, Outcome as CoreOutcome, Retry};

use self::state::{Claim, Taken, busy};
use crate::error::{Error, Result};
use crate::models::{Address, AddressFields, AddressId};
use crate::provider::inner::MAX_CONCURRENT;
use crate::provider::key::contest::{Contest, OtherClaim, other_claim};
use crate::provider::key::group::{Group, KeyOwner};
use crate::provider::map::error::failed;
use crate::provider::map::mark::{State, address_list};
use crate::provider::range_view::View;

/// Result of a claim that did not fail.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The claim owns its addresses. The rows as the server keeps them, in the order of their numbers.
    Won(Vec<Address>),
    /// Another claim owns the key. This one is undone.
    Lost,
}

impl Claim<'_> {
    /// Takes all lines or none: takes, verifies and commits, or undoes.
    ///
    /// # Errors
    /// `Busy` if other writers were faster until the deadline, `Exhausted` if no range has room, `Conflict` if an exact
    /// address is taken; otherwise what the failed request says. The outcome is `Unknown` while a row of the claim may
    /// be left.
    pub(crate) async fn run(mut self) -> ipam_core::Result<Outcome> {
        let end = match self.take_lines().await {
            Ok(true) => self.verify_and_commit().await,
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        match end {
            Ok(Some(rows)) => {
                let response_lost = self.response_lost;
                self.guard.finish(response_lost);
                Ok(Outcome::Won(rows))
            }
            Ok(None) => match self.undo().await {
                Ok(()) => Ok(Outcome::Lost),
                Err(left) => Err(left.with_outcome(CoreOutcome::Unknown)),
            },
            // Undoing it now could free addresses of another caller: one with the same key may have found the claim
            // committed and returned it. It is left; the next call with the key finds it.
            Err(error) if self.may_be_returned && self.keyed => Err(match (error.kind(), error.retry()) {
                // The failed request may say "not applied", but the claim is applied: so the outcome of the whole call
                // is unknown. `Busy` keeps its advice: the next round looks the key up before it takes anything.
                (ErrorKind::Busy, _) | (_, Retry::Never | Retry::IfIdempotent) => {
                    error.with_outcome(CoreOutcome::Unknown)
                }
                (_, Retry::Safe) => error.with_retry(Retry::IfIdempotent),
            }),
            Err(error) => {
                // A `POST` whose response was lost may be carried out later, even if the requests after it were
                // refused.
                let response_lost = self.response_lost;
                Err(match self.undo().await {
                    Ok(()) if response_lost => error.with_outcome(CoreOutcome::Unknown),
                    Ok(()) => error,
                    Err(left) => error.with_context("left behind", left.message()).with_outcome(CoreOutcome::Unknown),
                })
            }
        }
    }

    /// Deletes all rows of the claim.
    async fn undo(mut self) -> ipam_core::Result<()> {
        self.undo_from(0).await?;
        // With a lost response the guard stays unfinished, and its drop queues a cleanup: a row may still appear.
        if !self.response_lost {
            self.guard.finish(false);
        }
        Ok(())
    }

    /// Verifies that the claim is complete and owns the key, and commits it. Returns `None` if another claim owns the
    /// key.
    async fn verify_and_commit(&mut self) -> ipam_core::Result<Option<Vec<Address>>> {
        if self.count == 1 {
            if !self.keyed && !self.response_lost {
                return self.verified_one().map(Some);
            }
            // The `POST` committed it.
            self.may_be_returned = true;
        } else {
            // Compared before it is committed: a committed claim may be returned by other calls, and cannot be undone.
            self.all_uncontested().await?;
            self.commit_first().await?;
        }
        // Two calls may have written rows with one key at the same time. Both look after they wrote, so both see the
        // lower id and agree on the owner.
        let decision = self.inner.key_owner(self.key).await.map_err(failed(Operation::Allocate))?;
        let KeyOwner::Taken(group) = decision.owner else {
            return if self.has_key(&decision.owner) {
                Err(busy("the claim was committed, and the server shows it as pending again"))
            } else if matches!(decision.owner, KeyOwner::Free) {
                Err(busy("the claim was written, and the server does not show it any more"))
            } else {
                Ok(None)
            };
        };
        // A claim with a lower id owns the key.
        if group.nonce != self.nonce() {
            return Ok(None);
        }
        self.delete_orphans(&decision.orphans).await?;
        let rows = self.verified(&group)?;
        if self.count > 1 {
            self.commit_others().await;
        }
        Ok(Some(rows))
    }

    /// Commits a claim of several addresses: marks row 0 as committed. One `PATCH` decides, as phpIPAM has no call that
    /// changes several addresses.
    async fn commit_first(&mut self) -> ipam_core::Result<()> {
        // Committing takes time, too: a claim that used up its time while taking is undone instead.
        if Instant::now() >= self.take_until {
            return Err(self.too_late());
        }
        if let Some(first) = self.taken.iter().copied().find(|taken| taken.seq == 0) {
            self.may_be_returned = true;
            if let Err(error) = self.mark_committed(first).await {
                // If the change was certainly not made, no other call can have seen a committed claim, and it may be
                // undone.
                self.may_be_returned = error.may_have_been_done();
                return Err(match error.is_not_found() {
                    true => busy("the address was taken, and its row does not exist any more"),
                    false => failed(Operation::Allocate)(error),
                });
            }
        }
        // The `PATCH` may have arrived after the protection ended. Another process may be deleting the rows by now.
        if Instant::now() >= self.commit_until { Err(self.too_late()) } else { Ok(()) }
    }

    /// Marks the other rows as committed. Row 0 decides alone; the other marks spare readers the look at it, and keep
    /// the claim committed when row 0 is deallocated.
    async fn commit_others(&mut self) {
        let others: Vec<Taken> = self.taken.iter().copied().filter(|taken| taken.seq != 0).collect();
        let this = &*self;
        let all = stream::iter(others)
            .map(|taken| this.mark_committed(taken))
            .buffer_unordered(MAX_CONCURRENT)
            .fold(true, |all, marked| async move { all && marked.is_ok() })
            .await;
        // A failure is no failure of the claim: later calls complete the marks.
        self.response_lost |= !all;
    }

    fn too_late(&self) -> CoreError {
        busy(format!(
            "taking {} addresses took longer than {:?}, and other processes may treat the claim as abandoned; ask for \
             fewer addresses at once, or raise claim_time",
            self.count,
            self.inner.config.pacing.time_for(self.count)
        ))
    }

    async fn mark_committed(&self, taken: Taken) -> Result<(), Error> {
        let mut mark = self.mark(taken.seq, &self.tags_for(taken.seq));
        mark.state = State::Committed;
        mark.protected_secs = None;
        mark.addresses = address_list(self.taken.iter().map(|taken| taken.ip));
        if self.inner.probed.address_width.is_some_and(|width| mark.to_string().len() > width) {
            // The list is only for messages, so it goes first if the field is short.
            mark.addresses.clear();
        }
        let fields = self.marked(AddressFields::new().with_tag(self.inner.tag), &mark);
        self.inner.client.addresses().update(taken.id, &fields).await
    }

    /// Deletes orphaned addresses of the key.
    ///
    /// One of them may belong to an earlier claim that was taken for abandoned. If it stayed, its process could still
    /// commit it, and with its lower id it would own the key.
    async fn delete_orphans(&self, orphans: &[AddressId]) -> ipam_core::Result<()> {
        for id in orphans {
            let deleted = self.inner.delete(*id).await;
            // A made-up key is known to this call only: the rows are duplicates of this claim, and a cleanup is queued
            // for them.
            if self.keyed {
                deleted.map_err(failed(Operation::Allocate))?;
            }
        }
        Ok(())
    }

    /// Returns the rows of the claim, if they are those that this call took.
    fn verified(&self, group: &Group) -> ipam_core::Result<Vec<Address>> {
        let ids: Vec<AddressId> = self.taken.iter().map(|taken| taken.id).collect();
        // Both requests for a single address may have been carried out. The lower id counts, and another call may have
        // returned it: so it is right even if this call did not know of it.
        let same = self.count == 1 || group.rows.values().all(|row| ids.contains(&row.address.id));
        if !group.is_whole() || !same {
            return Err(busy("the claim was written, and its rows are not those that this call wrote"));
        }
        Ok(group.rows.values().map(|row| row.address.clone()).collect())
    }

    /// Returns the row of a single address without a key, as it was read when it was compared with other subnets. This
    /// saves the request that would read it back.
    fn verified_one(&mut self) -> ipam_core::Result<Vec<Address>> {
        let Some(taken) = self.taken.first().copied() else {
            return Err(CoreError::new(
                ErrorKind::Protocol,
                Operation::Allocate,
                "the server took no address and gave no reason",
            ));
        };
        let row = match self.verified_row.take().filter(|row| row.id == taken.id) {
            Some(row) => row,
            None => return Err(busy("the address was taken, and its row does not exist any more")),
        };
        let mark = self.inner.mapping.of_address(&row);
        if mark.mark().is_none_or(|mark| mark.nonce != self.nonce()) {
            let field = self.inner.mapping.address_mark.as_deref().unwrap_or("note");
            let message = "the server did not keep the mark; let the app write the field, or choose another field";
            return Err(CoreError::new(ErrorKind::Config, Operation::Allocate, message).with_context("field", field));
        }
        Ok(vec![row])
    }

    /// Verifies, before a claim of several is committed, that its addresses are registered in no other subnet of their
    /// address spaces. One request for each range, and one for each subnet that overlaps it.
    async fn all_uncontested(&mut self) -> ipam_core::Result<()> {
        const MEANWHILE: &str = "another writer registered one of the addresses in another subnet of the address space";
        let mut waits = self.inner.config.pacing.contested();
        loop {
            match self.worst_contest().await.map_err(failed(Operation::Allocate))? {
                OtherClaim::None => return Ok(()),
                OtherClaim::Later if waits.next().await => {}
                OtherClaim::Later | OtherClaim::Earlier => return Err(busy(MEANWHILE)),
            }
        }
    }

    async fn worst_contest(&self) -> Result<OtherClaim> {
        let mut worst = OtherClaim::None;
        for view in self.plan.views.values() {
            let mine: BTreeMap<IpAddr, AddressId> =
                self.taken.iter().filter(|taken| taken.subnet == view.id).map(|taken| (taken.ip, taken.id)).collect();
            if mine.is_empty() {
                continue;
            }
            let around = self.inner.subnets_around(view.id, view.net).await?;
            let found = self.inner.elsewhere(view.net, &around).await?;
            let met = found.rows.iter().filter_map(|row| Some((row, mine.get(&row.ip?)?)));
            let met = met.map(|(row, id)| other_claim(&self.inner.mapping, row, *id, self.nonce())).max();
            worst = worst.max(met.unwrap_or(OtherClaim::None));
            if !found.is_complete {
                worst = worst.max(self.contests_one_by_one(view, mine).await?);
            }
        }
        Ok(worst)
    }

    /// Compares address by address, where the overlapping subnets cannot be listed.
    async fn contests_one_by_one(&self, view: &View, mine: BTreeMap<IpAddr, AddressId>) -> Result<OtherClaim> {
        let (nonce, subnet) = (self.nonce(), view.id);
        let found: Vec<Contest> = stream::iter(mine)
            .map(|(ip, id)| async move { Ok::<_, Error>(self.inner.contest(id, subnet, ip, nonce).await?.0) })
            .buffered(MAX_CONCURRENT)
            .try_collect()
            .await?;
        let others = found.into_iter().map(|contest| match contest {
            Contest::Won => OtherClaim::None,
            Contest::Open(_) => OtherClaim::Later,
            Contest::Lost(_) => OtherClaim::Earlier,
        });
        Ok(others.max().unwrap_or(OtherClaim::None))
    }
}
