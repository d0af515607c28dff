//! Taking one address, and finding out whether it was taken when the answer was lost.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ipam_core::AllocateLine;

use super::pace::{ATTEMPTS, pause};
use super::refuse::OP;
use super::state::{Claim, Taken};
use crate::error::{Error, RefusalKind};
use crate::models::{AddressFields, AddressId};
use crate::provider::map::error::failed;
use crate::provider::range_view::View;

/// Somebody else has one of the addresses.
pub(super) struct TakenByOthers;

impl Claim<'_> {
    /// Takes one address, and no other.
    pub(super) async fn take_exactly(
        &mut self,
        view: &View,
        ip: IpAddr,
        seq: u32,
        line: &AllocateLine,
    ) -> ipam_core::Result<Result<(), TakenByOthers>> {
        let mut attempt = 0;
        loop {
            let fields = self.fields(seq, line);
            match self.inner.client.addresses().create(view.id, ip, &fields).await {
                Ok(created) => {
                    self.taken.push(Taken { id: created.id, subnet: view.id, ip, seq });
                    return Ok(Ok(()));
                }
                Err(error) if error.is_conflict() => {
                    // A lost answer may have been a yes.
                    let ours = if attempt > 0 { self.look_for(seq).await? } else { None };
                    return Ok(match ours.filter(|(found, _)| found.ip == ip) {
                        Some((found, _)) => {
                            self.taken.push(found);
                            Ok(())
                        }
                        None => Err(TakenByOthers),
                    });
                }
                Err(error) => match self.after_failure(error, seq, &mut attempt).await? {
                    Some(found) => {
                        self.taken.push(found);
                        return Ok(Ok(()));
                    }
                    None => continue,
                },
            }
        }
    }

    /// What a failed call means: `Some` if it took something after all, `None` to ask again, or the error.
    pub(super) async fn after_failure(
        &mut self,
        error: Error,
        seq: u32,
        attempt: &mut u32,
    ) -> ipam_core::Result<Option<Taken>> {
        *attempt += 1;
        let again = *attempt < ATTEMPTS && Instant::now() < self.until;
        // Others were quicker, or have the lock.
        if matches!(error.refusal_kind(), Some(RefusalKind::Conflict | RefusalKind::Busy)) {
            if !again {
                return Err(failed(OP)(error));
            }
            pause(attempt.saturating_sub(1).min(5)).await;
            return Ok(None);
        }
        if !error.may_have_been_done() {
            return Err(failed(OP)(error));
        }
        self.doubts = true;
        if let Some(found) = self.look_for(seq).await? {
            return self.settle_on(found).await;
        }
        // A sentence of the server's is an answer: it was not done, and will not be the next time.
        if error.refusal_kind() == Some(RefusalKind::Server) || !again || *attempt > 8 {
            return Err(failed(OP)(error));
        }
        self.attempts += 1;
        Ok(None)
    }

    /// Looks for an address that was taken although the answer was lost. What is carried out late may need a moment.
    async fn look_for(&self, seq: u32) -> ipam_core::Result<Option<(Taken, u32)>> {
        const WAITS: [u64; 3] = [0, 100, 400];
        let mine: Vec<AddressId> = self.taken.iter().map(|taken| taken.id).collect();
        for wait in WAITS {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let groups = self.inner.groups_of(self.key).await.map_err(failed(OP))?;
            let group = groups.into_iter().find(|group| group.nonce == self.nonce());
            let row = group.and_then(|mut group| group.rows.remove(&seq));
            let row = row.filter(|row| !mine.contains(&row.address.id));
            if let Some((subnet, ip, row)) = row.and_then(|row| Some((row.address.subnet_id?, row.address.ip?, row))) {
                return Ok(Some((Taken { id: row.address.id, subnet, ip, seq }, row.mark.attempt)));
            }
        }
        Ok(None)
    }

    /// Takes what an earlier attempt took. A later attempt may still be carried out, and of several claims' addresses
    /// with one number the latest attempt counts: so this one becomes the latest. `None` if it is gone by then.
    async fn settle_on(&mut self, (found, attempt): (Taken, u32)) -> ipam_core::Result<Option<Taken>> {
        if self.count == 1 || attempt == self.attempts {
            return Ok(Some(found));
        }
        self.attempts += 1;
        let mark = self.mark(found.seq, &self.tags_of(found.seq));
        let fields = self.marked(AddressFields::new().with_tag(self.inner.tag), &mark);
        match self.inner.client.addresses().update(found.id, &fields).await {
            Ok(()) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(failed(OP)(error)),
        }
    }
}
