//! Looking keys up: the rows that carry a key's mark, and which claim has the key.

use std::net::IpAddr;

use ipam_core::{Allocate, AllocationKey, Error as CoreError, ErrorKind, Operation};

use crate::error::Result;
use crate::models::Address;
use crate::provider::inner::Inner;
use crate::provider::key::contest::Contest;
use crate::provider::key::group::{Decision, Group, Life, Row, Standing, decide, groups};
use crate::provider::map::error::failed;
use crate::provider::map::mark::{Found, key_token, missing, request_number};
use crate::query::Filter;

/// Who has a key.
pub(crate) enum Known {
    Free,
    Pending(Group),
    Taken(Group),
}

impl Inner {
    /// The rows whose mark has this text, by the quickest way the server has.
    pub(crate) async fn rows_with(&self, token: &str) -> Result<Vec<Address>> {
        if self.probed.search {
            return self.read(|| async { self.client.search().addresses(token).await }).await;
        }
        let field = self.mapping.address_mark.as_deref().unwrap_or("note");
        let filter = Filter::contains(field, token);
        self.read(|| async { self.client.addresses().list_filtered(&filter).await }).await
    }

    /// The rows of a key, by claim.
    pub(crate) async fn groups_of(&self, key: &AllocationKey) -> Result<Vec<Group>> {
        Ok(groups(self.rows_of_key(key).await?))
    }

    /// The rows of a key.
    pub(crate) async fn rows_of_key(&self, key: &AllocationKey) -> Result<Vec<Row>> {
        let rows = self.rows_with(&key_token(key)).await?;
        Ok(rows.into_iter().filter_map(|address| self.row(address)).filter(|row| row.mark.key == *key).collect())
    }

    /// An address with its mark, if it has one.
    pub(crate) fn row(&self, address: Address) -> Option<Row> {
        match self.mapping.of_address(&address) {
            Found::Mark(mark) => Some(Row { address, mark: *mark }),
            Found::None | Found::Unreadable => None,
        }
    }

    /// Who has a key.
    pub(crate) async fn standing(&self, key: &AllocationKey) -> Result<Decision> {
        let mut groups = self.groups_of(key).await?;
        let unwanted = |group: &Group| self.claims.is_unwanted(group.nonce);
        let taken_back: Vec<Group> = groups.extract_if(.., |group| unwanted(group)).collect();
        let mut decision = decide(groups, |group| self.life(group));
        for group in taken_back {
            decision.strays.extend(group.ids());
        }
        Ok(decision)
    }

    /// Who has a key, as a caller with this request sees it. Rows that nobody has are deleted.
    pub(crate) async fn known(
        &self,
        operation: Operation,
        key: &AllocationKey,
        request: &Allocate,
    ) -> ipam_core::Result<Known> {
        let decision = self.standing(key).await.map_err(failed(operation))?;
        for id in &decision.strays {
            self.delete(*id).await.map_err(failed(operation))?;
        }
        match decision.standing {
            Standing::Free => Ok(Known::Free),
            Standing::Pending(group) => Ok(Known::Pending(group)),
            Standing::Taken(group) => {
                if group.request != request_number(&request.fingerprint()) {
                    let message = format!("the key {key:?} belongs to another request");
                    return Err(CoreError::new(ErrorKind::Conflict, operation, message).with_context("key", key));
                }
                if !group.is_whole() {
                    return Err(given_back(operation, key, &group));
                }
                self.uncontested(operation, key, group).await
            }
        }
    }

    /// A claim of one address is whole before its caller has looked whether the address is registered elsewhere in the
    /// address space. Until then no call returns it.
    async fn uncontested(&self, operation: Operation, key: &AllocationKey, group: Group) -> ipam_core::Result<Known> {
        let first = group.rows.values().next().map(|row| &row.address);
        let (1, Some(row)) = (group.count, first) else { return Ok(Known::Taken(group)) };
        let (Some(subnet), Some(ip)) = (row.subnet_id, row.ip) else { return Ok(Known::Taken(group)) };
        let look = self.contest(row.id, subnet, ip, group.nonce).await;
        match look.map_err(failed(operation))?.0 {
            Contest::Won => Ok(Known::Taken(group)),
            _ if self.life(&group) == Life::Alive => Ok(Known::Pending(group)),
            Contest::Open(_) => Ok(Known::Taken(group)),
            Contest::Lost(other) => {
                let message = format!(
                    "the key {key:?} took {ip} in subnet {subnet}, and subnet {other} of the same address space had it \
                     before; free one of them"
                );
                Err(CoreError::new(ErrorKind::Conflict, operation, message).with_context("key", key))
            }
        }
    }
}

fn given_back(operation: Operation, key: &AllocationKey, group: &Group) -> CoreError {
    let there: Vec<IpAddr> = group.rows.values().filter_map(|row| row.address.ip).collect();
    let list = group.rows.values().map(|row| row.mark.addresses.as_str()).find(|list| !list.is_empty());
    let gone = list.map(|list| missing(list, &there)).filter(|gone| !gone.is_empty());
    let gone = gone.unwrap_or_else(|| "some of its addresses".to_owned());
    let message = format!("the key {key:?} took {} addresses, and {gone} of them were given back since", group.count);
    CoreError::new(ErrorKind::Conflict, operation, message).with_context("key", key).with_context("given back", gone)
}
