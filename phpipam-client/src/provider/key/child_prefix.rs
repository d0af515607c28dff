//! Child prefixes of a key: subnets that [`allocate_range`](ipam_core::IpamProvider::allocate_range) created inside a
//! block, each with a mark in its description or mark field.

use ipam_core::{AllocationKey, Error as CoreError, ErrorKind, Operation, Result};

use crate::controllers::SearchKind;
use crate::models::{Subnet, SubnetId};
use crate::provider::inner::Inner;
use crate::provider::map::error::failed;
use crate::provider::map::mark::{Found, Mark, key_token};
use crate::query::Filter;

/// Subnet that was created as a child prefix, with its mark.
#[derive(Debug)]
pub(crate) struct ChildPrefix {
    pub(crate) subnet: Subnet,
    pub(crate) mark: Mark,
}

impl Inner {
    /// Returns the child prefixes of a key in ascending order of their ids. The first one owns the key.
    pub(crate) async fn child_prefixes(&self, operation: Operation, key: &AllocationKey) -> Result<Vec<ChildPrefix>> {
        let rows = self.subnets_with(&key_token(key)).await.map_err(failed(operation))?;
        let mut children: Vec<ChildPrefix> = rows
            .into_iter()
            .filter_map(|subnet| match self.mapping.of_subnet(&subnet) {
                Found::Mark(mark) if mark.key == *key => Some(ChildPrefix { subnet, mark: *mark }),
                _ => None,
            })
            .collect();
        // All callers must agree on the first one, and the server promises no order.
        children.sort_by_key(|child| child.subnet.id);
        Ok(children)
    }

    /// Returns the subnets whose mark contains this text, by the quickest way that the server has.
    async fn subnets_with(&self, token: &str) -> crate::error::Result<Vec<Subnet>> {
        // The search (since 1.6) runs in the database. The filter is PHP code over all subnets, which runs out of memory
        // at some 20 000 of them with PHP's default of 128 MB (Q76).
        if self.probed.search {
            let kinds = [SearchKind::Subnets];
            return Ok(self.read(|| async { self.client.search().find(token, &kinds).await }).await?.subnets);
        }
        let field = self.mapping.subnet_mark.as_deref().unwrap_or("description");
        let filter = Filter::contains(field, token);
        // The marks of other keys are left out by the caller.
        self.filtered_subnets(&filter, |row| self.mapping.of_subnet(row).mark().is_some()).await
    }

    /// Refuses a key that belongs to a child prefix: one key names either a request for addresses or one for a range.
    ///
    /// # Errors
    /// `Conflict` if the key has a child prefix.
    pub(crate) async fn must_name_no_range(&self, operation: Operation, key: &AllocationKey) -> Result<()> {
        match self.child_prefixes(operation, key).await?.first() {
            None => Ok(()),
            Some(child) => Err(CoreError::new(
                ErrorKind::Conflict,
                operation,
                format!("the key {key:?} belongs to a request for a range, subnet {}", child.subnet.id),
            )
            .with_context("key", key)),
        }
    }

    /// Deletes a child prefix. One that does not exist any more is no error.
    pub(crate) async fn delete_child_prefix(&self, operation: Operation, id: SubnetId) -> Result<()> {
        let mut waits = self.config.pacing.change();
        loop {
            let deleted = self.client.subnets().delete(id).await;
            self.shared.changed();
            match deleted {
                Ok(()) => return Ok(()),
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) => {
                    let may_repeat = error.may_have_been_done() || error.kind() == ErrorKind::Busy;
                    if !may_repeat || !waits.next().await {
                        return Err(failed(operation)(error));
                    }
                }
            }
        }
    }
}
