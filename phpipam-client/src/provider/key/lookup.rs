//! Looking keys up: the rows that carry a key's mark, and which claim has the key.

use ipam_core::AllocationKey;

use crate::error::Result;
use crate::models::Address;
use crate::provider::inner::Inner;
use crate::provider::key::group::{Decision, Group, Row, decide, groups};
use crate::provider::map::mark::{Found, key_token};
use crate::query::Filter;

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
    pub(crate) async fn key_owner(&self, key: &AllocationKey) -> Result<Decision> {
        let mut groups = self.groups_of(key).await?;
        let unwanted = |group: &Group| self.claims.must_be_undone(group.nonce);
        let taken_back: Vec<Group> = groups.extract_if(.., |group| unwanted(group)).collect();
        let mut decision = decide(groups, |group| self.liveness(group));
        for group in taken_back {
            decision.orphans.extend(group.ids());
        }
        Ok(decision)
    }
}
