//! Cleanup of unfinished claims of this process, and the two changes that it needs: deleting an address, and marking
//! all addresses of a claim as committed.

use http::Method;
use ipam_core::{Error as CoreError, ErrorKind, Operation, Outcome};

use crate::error::Result;
use crate::models::{Address, AddressFields, AddressId};
use crate::provider::inner::Inner;
use crate::provider::key::group::{Group, KeyOwner};
use crate::provider::key::process_claims::UnfinishedClaim;
use crate::provider::map::error::failed;
use crate::provider::map::mark::{State, with_mark};
use crate::request::{ApiRequest, Call, Path};

impl Inner {
    /// Cleans up after claims of this process whose callers were dropped, or whose responses were lost. A failure is no
    /// failure of the calling operation: the task is queued again.
    pub(crate) async fn clean_up(&self) {
        for look in self.claims.ready() {
            if self.clean_up_one(look.claim()).await.is_ok() {
                look.done();
            }
        }
    }

    /// Cleans up after all unfinished claims now, whatever their next time is.
    ///
    /// # Errors
    /// `Timeout` if it takes longer than [`Pacing::closing`](crate::provider::pacing::Pacing::closing); otherwise what
    /// a request fails with.
    pub(crate) async fn close(&self) -> ipam_core::Result<()> {
        self.kept.clear();
        let limit = self.config.pacing.closing();
        let all = async {
            for look in self.claims.all() {
                self.clean_up_one(look.claim()).await?;
                look.done();
            }
            Ok(())
        };
        match tokio::time::timeout(limit, all).await {
            Ok(cleaned) => cleaned.map_err(failed(Operation::Close)),
            Err(_) => {
                let message = format!(
                    "unfinished claims of earlier calls could not be undone within {limit:?}; run a sweep later"
                );
                Err(CoreError::new(ErrorKind::Timeout, Operation::Close, message).with_outcome(Outcome::Unknown))
            }
        }
    }

    async fn clean_up_one(&self, claim: &UnfinishedClaim) -> Result<()> {
        // Another call with this key is in progress, and checks the key itself.
        let Some(_turn) = self.locks.try_lock(&claim.key) else { return Ok(()) };
        // Under a made-up key no caller can find the rows, so all of them go. Under a caller's key another process may
        // have returned them, so only orphaned addresses go.
        let orphans: Vec<AddressId> = if claim.undo_whole {
            let groups = self.groups_of(&claim.key).await?;
            groups.iter().filter(|group| group.nonce == claim.nonce).flat_map(Group::ids).collect()
        } else {
            let decision = self.key_owner(&claim.key).await?;
            if let KeyOwner::Taken(group) = &decision.owner
                && group.nonce == claim.nonce
            {
                // The request that marked the other rows as committed may have failed.
                self.complete(Operation::Close, group).await?;
            }
            decision.orphans
        };
        for id in orphans {
            self.delete(id).await?;
        }
        Ok(())
    }

    /// Deletes an address by its id. Returns true if this call deleted it, and false if it did not exist.
    ///
    /// Calls of one process take turns. Of two processes both may get true before 1.8, where two concurrent deletions of
    /// one address succeed (Q74).
    pub(crate) async fn delete(&self, id: AddressId) -> Result<bool> {
        let path = Path::new("addresses").id("address id", id.get());
        // Repeated here and not by the client: a repetition that finds nothing deleted it itself, if an earlier
        // response was lost.
        // By id: deletion by IP and subnet never finds the address on 1.5 and 1.6 with PHP 8.1 (Q64).
        let request = ApiRequest::new(Method::DELETE, Call::Write, path)?.not_idempotent();
        // Without a turn in that time, which takes many callers, the address is deleted all the same.
        let _turn = self.deletions.lock_within(&id, self.config.pacing.time_for(1)).await;
        let mut waits = self.config.pacing.change();
        let mut lost = false;
        loop {
            let error = match self.client.call(&request).await {
                Ok(_) => return Ok(true),
                Err(error) if error.is_not_found() => return Ok(lost),
                Err(error) => error,
            };
            let unknown = error.may_have_been_done();
            // A later "not found" may be the effect of this request.
            lost |= unknown;
            let may_repeat = unknown || error.kind() == ErrorKind::Busy;
            if !may_repeat || !waits.next().await {
                return Err(error);
            }
        }
    }

    /// Marks all pending addresses of a committed claim as committed.
    ///
    /// # Errors
    /// `Config` if a required custom field has no value; otherwise what the request fails with.
    pub(crate) async fn complete(&self, operation: Operation, group: &Group) -> ipam_core::Result<()> {
        for row in group.rows.values().filter(|row| row.mark.state == State::Pending) {
            let mut mark = row.mark.clone();
            mark.state = State::Committed;
            mark.protected_secs = None;
            // Without the tag phpIPAM would reset it to "Used" (Q61).
            let fields = AddressFields::new().with_tag(row.address.tag.unwrap_or(self.tag));
            let fields = match &self.mapping.address_mark {
                None => fields.with_note(with_mark(row.address.note.as_deref().unwrap_or_default(), &mark)),
                Some(field) => fields.with_custom_field(field, mark.to_string()),
            };
            let fields = self.with_required_texts(operation, &row.address, fields)?;
            match self.client.addresses().update(row.address.id, &fields).await {
                Err(error) if error.is_not_found() => {}
                result => result.map_err(failed(operation))?,
            }
        }
        Ok(())
    }

    /// Adds the values that the server requires in every change of an address.
    pub(crate) fn with_required_texts(
        &self,
        operation: Operation,
        row: &Address,
        fields: AddressFields,
    ) -> ipam_core::Result<AddressFields> {
        let mark = self.mapping.address_mark.as_deref();
        self.probed.address_values.add_to_change(operation, row, fields, mark)
    }
}
