//! Cleaning up after claims that this process abandoned, and the two changes that takes: deleting an address, and making
//! all marks of a claim say that it is whole.

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
    /// Cleans up after the claims of this process whose callers went away, or whose responses were lost.
    pub(crate) async fn clean_up(&self) {
        for look in self.claims.ready() {
            if self.clean_up_one(look.claim()).await.is_ok() {
                look.done();
            }
        }
    }

    /// Cleans up once more after everything that may have been left behind, whenever its next time is.
    pub(crate) async fn close(&self) -> ipam_core::Result<()> {
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
                let message =
                    format!("what earlier calls left could not be undone in {limit:?}; a sweep undoes it later");
                Err(CoreError::new(ErrorKind::Timeout, Operation::Close, message).with_outcome(Outcome::Unknown))
            }
        }
    }

    async fn clean_up_one(&self, claim: &UnfinishedClaim) -> Result<()> {
        // Another call is at work with this key, and visits by itself.
        let Some(_turn) = self.locks.try_lock(&claim.key) else { return Ok(()) };
        let orphans: Vec<AddressId> = if claim.undo_whole {
            let groups = self.groups_of(&claim.key).await?;
            groups.iter().filter(|group| group.nonce == claim.nonce).flat_map(Group::ids).collect()
        } else {
            let decision = self.key_owner(&claim.key).await?;
            if let KeyOwner::Taken(group) = &decision.owner
                && group.nonce == claim.nonce
            {
                // A change of its other marks may have failed.
                self.complete(Operation::Close, group).await?;
            }
            decision.orphans
        };
        for id in orphans {
            self.delete(id).await?;
        }
        Ok(())
    }

    /// Deletes an address. Whether it was this call that did; one that is gone already is no error.
    pub(crate) async fn delete(&self, id: AddressId) -> Result<bool> {
        let path = Path::new("addresses").id("address id", id.get());
        // Repeated here and not by the client, to know whose "gone already" it is.
        let request = ApiRequest::new(Method::DELETE, Call::Write, path)?.not_idempotent();
        let mut waits = self.config.pacing.change();
        let mut lost = false;
        loop {
            let error = match self.client.call(&request).await {
                Ok(_) => return Ok(true),
                Err(error) if error.is_not_found() => return Ok(lost),
                Err(error) => error,
            };
            let unknown = error.may_have_been_done();
            lost |= unknown;
            let may_repeat = unknown || error.kind() == ErrorKind::Busy;
            if !may_repeat || !waits.next().await {
                return Err(error);
            }
        }
    }

    /// Makes all addresses of a claim say that it is whole.
    pub(crate) async fn complete(&self, operation: Operation, group: &Group) -> ipam_core::Result<()> {
        for row in group.rows.values().filter(|row| row.mark.state == State::Pending) {
            let mut mark = row.mark.clone();
            mark.state = State::Committed;
            mark.protected_secs = None;
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

    /// Adds what the server requires of every change of an address.
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
