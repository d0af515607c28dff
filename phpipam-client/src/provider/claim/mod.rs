//! Claim of addresses: one call's way from its first address to its end.
//!
//! | step | where | requests |
//! | --- | --- | --- |
//! | read and check the ranges | [`plan`] | `GET subnets/ID/`, and what lies around it |
//! | take each address | [`take`] | `POST addresses/first_free/…` or `POST addresses/` |
//! | verify that all of it is there and stands, and commit | this file | a look for the key; of several addresses a `PATCH` each |
//! | or undo | this file | `DELETE addresses/ID/` |
//!
//! [`state`] is what the steps share.

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

/// How a claim ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All of it is ours, as the server keeps it, in the order of the numbers.
    Won(Vec<Address>),
    /// Another claim of the same key stands; this one is undone.
    Lost,
}

impl Claim<'_> {
    /// Takes all lines, or none: take, verify, commit, or undo.
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
            // Undone now, it would be taken from another caller that was told of it. The next call with the key finds it.
            Err(error) if self.may_be_returned && self.keyed => Err(match (error.kind(), error.retry()) {
                // It may be there: whatever is known of the call that failed, that of the claim is not. The next round, or
                // the next call, looks for the key first, so a claim that others hindered may be made anew at once.
                (ErrorKind::Busy, _) | (_, Retry::Never | Retry::IfIdempotent) => {
                    error.with_outcome(CoreOutcome::Unknown)
                }
                (_, Retry::Safe) => error.with_retry(Retry::IfIdempotent),
            }),
            Err(error) => {
                // What was lost may still be carried out, whatever a later request says of itself.
                let response_lost = self.response_lost;
                Err(match self.undo().await {
                    Ok(()) if response_lost => error.with_outcome(CoreOutcome::Unknown),
                    Ok(()) => error,
                    Err(left) => error.with_context("left behind", left.message()).with_outcome(CoreOutcome::Unknown),
                })
            }
        }
    }

    /// Gives back what was taken.
    async fn undo(mut self) -> ipam_core::Result<()> {
        self.undo_from(0).await?;
        // Otherwise it counts as abandoned: what is left, or comes late, is cleaned up by the calls that follow.
        if !self.response_lost {
            self.guard.finish(false);
        }
        Ok(())
    }

    /// Makes sure that the claim is there and stands, and makes it whole. `None` if another one of the key does.
    async fn verify_and_commit(&mut self) -> ipam_core::Result<Option<Vec<Address>>> {
        if self.count == 1 {
            if !self.keyed && !self.response_lost {
                return self.verified_one().map(Some);
            }
            // The call that took it made it whole.
            self.may_be_returned = true;
        } else {
            // In this order: a claim that is committed may be returned by other calls, and cannot be taken back from them.
            self.all_uncontested().await?;
            self.commit_first().await?;
        }
        // phpIPAM cannot keep keys unique: two calls may have marked addresses with one key at the same time. Both look
        // after they wrote, and come to the same answer.
        let decision = self.inner.key_owner(self.key).await.map_err(failed(Operation::Allocate))?;
        let KeyOwner::Taken(group) = decision.owner else {
            return if self.has_key(&decision.owner) {
                Err(busy("the claim was made, and is not whole"))
            } else if matches!(decision.owner, KeyOwner::Free) {
                Err(busy("the claim was made, and is gone again"))
            } else {
                Ok(None)
            };
        };
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

    /// Makes a claim of several whole: its first address says so. One change decides it, as there is no call that changes
    /// several addresses at once.
    async fn commit_first(&mut self) -> ipam_core::Result<()> {
        if Instant::now() >= self.take_until {
            return Err(self.too_late());
        }
        if let Some(first) = self.taken.iter().copied().find(|taken| taken.seq == 0) {
            self.may_be_returned = true;
            if let Err(error) = self.mark_committed(first).await {
                self.may_be_returned = error.may_have_been_done();
                return Err(match error.is_not_found() {
                    true => busy("the address was taken, and is gone again"),
                    false => failed(Operation::Allocate)(error),
                });
            }
        }
        // A process that took it for abandoned before then is undoing it now.
        if Instant::now() >= self.commit_until { Err(self.too_late()) } else { Ok(()) }
    }

    /// The first one decides; the others save readers a look at it, and stay whole when it is given back.
    async fn commit_others(&mut self) {
        let others: Vec<Taken> = self.taken.iter().copied().filter(|taken| taken.seq != 0).collect();
        let this = &*self;
        let all = stream::iter(others)
            .map(|taken| this.mark_committed(taken))
            .buffer_unordered(MAX_CONCURRENT)
            .fold(true, |all, marked| async move { all && marked.is_ok() })
            .await;
        // Then the calls that follow complete them.
        self.response_lost |= !all;
    }

    fn too_late(&self) -> CoreError {
        busy(format!(
            "taking {} addresses took longer than {:?}, and other processes may have taken the claim for abandoned; ask for \
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
            mark.addresses.clear();
        }
        let fields = self.marked(AddressFields::new().with_tag(self.inner.tag), &mark);
        self.inner.client.addresses().update(taken.id, &fields).await
    }

    /// Deletes orphaned addresses of the key. Among them may be a claim that came first and was taken for abandoned: left
    /// there, its process could still commit it, and it would stand before this one.
    async fn delete_orphans(&self, orphans: &[AddressId]) -> ipam_core::Result<()> {
        for id in orphans {
            let deleted = self.inner.delete(*id).await;
            // Without a key of the caller's these are but duplicates of this claim, which is looked after.
            if self.keyed {
                deleted.map_err(failed(Operation::Allocate))?;
            }
        }
        Ok(())
    }

    /// The rows of a claim, if they are those that were taken.
    fn verified(&self, group: &Group) -> ipam_core::Result<Vec<Address>> {
        let ids: Vec<AddressId> = self.taken.iter().map(|taken| taken.id).collect();
        // Of two attempts at a single address the one that was first stands, and others may have returned it.
        let same = self.count == 1 || group.rows.values().all(|row| ids.contains(&row.address.id));
        if !group.is_whole() || !same {
            return Err(busy("the claim was made, and part of it is gone again"));
        }
        Ok(group.rows.values().map(|row| row.address.clone()).collect())
    }

    /// The row of one address without a key, as it was read when it was compared with others.
    fn verified_one(&mut self) -> ipam_core::Result<Vec<Address>> {
        let Some(taken) = self.taken.first().copied() else {
            return Err(CoreError::new(
                ErrorKind::Protocol,
                Operation::Allocate,
                "the server took nothing and did not say why",
            ));
        };
        let row = match self.verified_row.take().filter(|row| row.id == taken.id) {
            Some(row) => row,
            None => return Err(busy("the address was taken, and is gone again")),
        };
        let mark = self.inner.mapping.of_address(&row);
        if mark.mark().is_none_or(|mark| mark.nonce != self.nonce()) {
            let field = self.inner.mapping.address_mark.as_deref().unwrap_or("note");
            let message = "the server did not keep the mark; the app or the field does not allow it";
            return Err(CoreError::new(ErrorKind::Config, Operation::Allocate, message).with_context("field", field));
        }
        Ok(vec![row])
    }

    /// Before a claim of several addresses becomes whole: whether all of them are registered nowhere else in their
    /// spaces. One request for each range, and one for each subnet that lies around it.
    async fn all_uncontested(&mut self) -> ipam_core::Result<()> {
        const MEANWHILE: &str = "one of the addresses was registered in another subnet of the address space meanwhile";
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

    /// Where the subnets around a range cannot be listed.
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
