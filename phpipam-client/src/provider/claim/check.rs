//! Whether a claim stands, and is what was taken.

use ipam_core::{Error as CoreError, ErrorKind};

use super::refuse::{OP, busy};
use super::state::Claim;
use crate::models::{Address, AddressId};
use crate::provider::key::group::{Group, Standing};
use crate::provider::map::error::failed;

impl Claim<'_> {
    /// After the first of several addresses: whether somebody else's claim of the key came before this one.
    pub(super) async fn has_lost(&self) -> ipam_core::Result<bool> {
        if !self.keyed || self.count == 1 || self.taken.len() != 1 {
            return Ok(false);
        }
        let decision = self.inner.standing(self.key).await.map_err(failed(OP))?;
        Ok(!self.stands(&decision.standing))
    }

    pub(super) fn stands(&self, standing: &Standing) -> bool {
        match standing {
            Standing::Free => false,
            Standing::Pending(group) | Standing::Taken(group) => group.nonce == self.nonce(),
        }
    }

    /// The rows of a claim, if they are those that were taken.
    pub(super) fn verified(&self, group: &Group) -> ipam_core::Result<Vec<Address>> {
        let ids: Vec<AddressId> = self.taken.iter().map(|taken| taken.id).collect();
        // Of two attempts at a single address the one that was first stands, and others may have answered with it.
        let same = self.count == 1 || group.rows.values().all(|row| ids.contains(&row.address.id));
        if !group.is_whole() || !same {
            return Err(busy("the claim was made, and part of it is gone again"));
        }
        Ok(group.rows.values().map(|row| row.address.clone()).collect())
    }

    pub(super) async fn verify_one(&mut self) -> ipam_core::Result<Vec<Address>> {
        let Some(taken) = self.taken.first().copied() else {
            return Err(CoreError::new(ErrorKind::Protocol, OP, "the server took nothing and did not say why"));
        };
        let row = match self.seen.take().filter(|row| row.id == taken.id) {
            Some(row) => row,
            None => return Err(busy("the address was taken, and is gone again")),
        };
        let mark = self.inner.words.of_address(&row);
        if mark.mark().is_none_or(|mark| mark.nonce != self.nonce()) {
            let field = self.inner.words.address_mark.as_deref().unwrap_or("note");
            let message = "the server did not keep the mark; the app or the field does not allow it";
            return Err(CoreError::new(ErrorKind::Config, OP, message).with_context("field", field));
        }
        Ok(vec![row])
    }
}
