//! State of a key for a request: free, pending, or taken by an equal request.

use std::net::IpAddr;

use ipam_core::{Allocate, AllocationKey, Error as CoreError, ErrorKind, Operation};

use crate::provider::inner::Inner;
use crate::provider::key::contest::Contest;
use crate::provider::key::group::{Group, KeyOwner, Liveness};
use crate::provider::map::error::failed;
use crate::provider::map::mark::{missing_addresses, request_number};

/// State of a key, as the caller of a request sees it.
pub(crate) enum Resolved {
    Free,
    Pending(Group),
    Taken(Group),
}

impl Inner {
    /// Looks up a key for a request. Deletes orphaned addresses.
    ///
    /// # Errors
    /// `Conflict` if the key belongs to another request, if some of its addresses were deallocated, or if its address
    /// is registered in another subnet that had it first; otherwise what a request fails with.
    pub(crate) async fn resolve_key(
        &self,
        operation: Operation,
        key: &AllocationKey,
        request: &Allocate,
    ) -> ipam_core::Result<Resolved> {
        let decision = self.key_owner(key).await.map_err(failed(operation))?;
        // Deleted before the result is used: an orphaned address with a lower id could otherwise still be committed by
        // its process and own the key.
        for id in &decision.orphans {
            self.delete(*id).await.map_err(failed(operation))?;
        }
        match decision.owner {
            KeyOwner::Free => Ok(Resolved::Free),
            KeyOwner::Pending(group) => Ok(Resolved::Pending(group)),
            KeyOwner::Taken(group) => {
                // The mark keeps 64 bits of the fingerprint: enough to tell two requests under one key apart, and
                // short.
                if group.request != request_number(&request.fingerprint()) {
                    return Err(CoreError::other_request(operation, key));
                }
                if !group.is_whole() {
                    return Err(partly_deallocated(operation, key, &group));
                }
                self.uncontested(operation, key, group).await
            }
        }
    }

    /// Returns a claim of one address as taken only after it was compared with the other subnets of its address space.
    /// It is committed before its own caller has done that, so another call must not return it earlier.
    async fn uncontested(
        &self,
        operation: Operation,
        key: &AllocationKey,
        group: Group,
    ) -> ipam_core::Result<Resolved> {
        let first = group.rows.values().next().map(|row| &row.address);
        let (1, Some(row)) = (group.count, first) else { return Ok(Resolved::Taken(group)) };
        let (Some(subnet), Some(ip)) = (row.subnet_id, row.ip) else { return Ok(Resolved::Taken(group)) };
        let look = self.contest(row.id, subnet, ip, group.nonce).await;
        match look.map_err(failed(operation))?.0 {
            Contest::Won => Ok(Resolved::Taken(group)),
            _ if self.liveness(&group) == Liveness::Alive => Ok(Resolved::Pending(group)),
            // The later claim is still there and its process is expected to delete it. This claim was first, so it may
            // be returned.
            Contest::Open(_) => Ok(Resolved::Taken(group)),
            Contest::Lost(other) => {
                let message = format!(
                    "the key {key:?} took {ip} in subnet {subnet}, and subnet {other} of the same address space had it \
                     first; deallocate one of them"
                );
                Err(CoreError::new(ErrorKind::Conflict, operation, message).with_context("key", key))
            }
        }
    }
}

fn partly_deallocated(operation: Operation, key: &AllocationKey, group: &Group) -> CoreError {
    let there: Vec<IpAddr> = group.rows.values().filter_map(|row| row.address.ip).collect();
    let list = group.rows.values().map(|row| row.mark.addresses.as_str()).find(|list| !list.is_empty());
    let gone = list.map(|list| missing_addresses(list, &there)).filter(|gone| !gone.is_empty());
    let gone = gone.unwrap_or_else(|| "some of its addresses".to_owned());
    let message = format!(
        "the key {key:?} took {} addresses, and {gone} of them were deallocated since; use another key",
        group.count
    );
    CoreError::new(ErrorKind::Conflict, operation, message).with_context("key", key).with_context("deallocated", gone)
}
