//! Making a claim whole, and making sure that it is there and stands.

use std::time::Instant;

use futures_util::{StreamExt, stream};

use super::refuse::{OP, busy};
use super::state::{Claim, Taken};
use crate::error::Error;
use crate::models::{Address, AddressFields, AddressId};
use crate::provider::claim::choose::runs;
use crate::provider::key::group::Standing;
use crate::provider::key::mark::State;
use crate::provider::map::error::failed;
use crate::provider::snapshot::AT_ONCE;

impl Claim<'_> {
    /// Makes the claim whole, and makes sure that it is there and stands. `None` if another one does.
    pub(super) async fn commit(&mut self) -> ipam_core::Result<Option<Vec<Address>>> {
        if self.count == 1 {
            if !self.keyed && !self.doubts {
                return self.verify_one().await.map(Some);
            }
            // The call that took it made it whole.
            self.known = true;
        } else {
            self.all_alone().await?;
            self.decide_it().await?;
        }
        let decision = self.inner.standing(self.key).await.map_err(failed(OP))?;
        let Standing::Taken(group) = decision.standing else {
            return if self.stands(&decision.standing) {
                Err(busy("the claim was made, and is not whole"))
            } else if matches!(decision.standing, Standing::Free) {
                Err(busy("the claim was made, and is gone again"))
            } else {
                Ok(None)
            };
        };
        if group.nonce != self.nonce() {
            return Ok(None);
        }
        self.delete_strays(&decision.strays).await?;
        let rows = self.verified(&group)?;
        if self.count > 1 {
            let others: Vec<Taken> = self.taken.iter().copied().filter(|taken| taken.seq != 0).collect();
            let this = &*self;
            // The first one decides; the others save readers a look at it, and stay whole when it is given back.
            let all = stream::iter(others)
                .map(|taken| this.mark_committed(taken))
                .buffer_unordered(AT_ONCE)
                .fold(true, |all, marked| async move { all && marked.is_ok() })
                .await;
            // Then the next calls look after it.
            self.doubts |= !all;
        }
        Ok(Some(rows))
    }

    /// Makes a claim of several whole: its first address says so.
    async fn decide_it(&mut self) -> ipam_core::Result<()> {
        if Instant::now() >= self.until {
            return Err(self.late());
        }
        if let Some(first) = self.taken.iter().copied().find(|taken| taken.seq == 0) {
            self.known = true;
            if let Err(error) = self.mark_committed(first).await {
                self.known = error.may_have_been_done();
                return Err(match error.is_not_found() {
                    true => busy("the address was taken, and is gone again"),
                    false => failed(OP)(error),
                });
            }
        }
        // Whoever took it for dead before then is undoing it now.
        if Instant::now() >= self.deadline { Err(self.late()) } else { Ok(()) }
    }

    fn late(&self) -> ipam_core::Error {
        busy(format!(
            "taking {} addresses took longer than {:?}, and other processes may have taken the claim for abandoned; ask for \
             fewer addresses at once, or raise claim_time",
            self.count,
            self.inner.time_for(self.count)
        ))
    }

    async fn mark_committed(&self, taken: Taken) -> Result<(), Error> {
        let mut mark = self.mark(taken.seq, &self.tags_of(taken.seq));
        mark.state = State::Committed;
        mark.honoured = None;
        mark.addresses = runs(self.taken.iter().map(|taken| taken.ip));
        if self.inner.probed.address_width.is_some_and(|width| mark.to_string().len() > width) {
            mark.addresses.clear();
        }
        let fields = self.marked(AddressFields::new().with_tag(self.inner.tag), &mark);
        self.inner.client.addresses().update(taken.id, &fields).await
    }

    /// Deletes what nobody has. Among it may be a claim that came first and was taken for dead: left there, it could come
    /// to life and stand before this one.
    async fn delete_strays(&self, strays: &[AddressId]) -> ipam_core::Result<()> {
        for id in strays {
            let deleted = self.inner.delete(*id).await;
            // Without a key of the caller's these are but doubles of this claim, which is looked after.
            if self.keyed {
                deleted.map_err(failed(OP))?;
            }
        }
        Ok(())
    }
}
