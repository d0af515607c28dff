//! Lookup of keys: the rows that carry a key's mark, and the claim that owns the key.

use ipam_core::AllocationKey;

use crate::error::Result;
use crate::models::Address;
use crate::provider::inner::Inner;
use crate::provider::key::group::{Decision, Group, Row, decide, groups};
use crate::provider::map::mark::{Found, key_token};
use crate::query::Filter;

impl Inner {
    /// Returns the rows whose mark contains this text, by the quickest way that the server has.
    pub(crate) async fn rows_with(&self, token: &str) -> Result<Vec<Address>> {
        // The search (since 1.6) runs in the database. The filter is PHP code over all addresses, which runs out of
        // memory between 20 000 and 65 000 rows with PHP's default of 128 MB (Q76).
        if self.probed.search {
            return self.read(|| async { self.client.search().addresses(token).await }).await;
        }
        let field = self.mapping.address_mark.as_deref().unwrap_or("note");
        let filter = Filter::contains(field, token);
        let has_token = |row: &Address| self.mapping.mark_text(row).is_some_and(|text| text.contains(token));
        self.filtered_addresses(&filter, has_token).await
    }

    /// Returns the claims of a key.
    pub(crate) async fn groups_of(&self, key: &AllocationKey) -> Result<Vec<Group>> {
        Ok(groups(self.rows_of_key(key).await?))
    }

    /// Returns the rows of a key.
    pub(crate) async fn rows_of_key(&self, key: &AllocationKey) -> Result<Vec<Row>> {
        let rows = self.rows_with(&key_token(key)).await?;
        // The search is a text search: it also finds addresses in whose texts people wrote the token, and keys with an
        // equal token.
        Ok(rows.into_iter().filter_map(|address| self.row(address)).filter(|row| row.mark.key == *key).collect())
    }

    /// Returns the address with its mark, if it has a readable one.
    pub(crate) fn row(&self, address: Address) -> Option<Row> {
        match self.mapping.of_address(&address) {
            Found::Mark(mark) => Some(Row { address, mark: *mark }),
            Found::None | Found::Unreadable => None,
        }
    }

    /// Returns the owner of a key, and orphaned addresses of its other claims.
    pub(crate) async fn key_owner(&self, key: &AllocationKey) -> Result<Decision> {
        let mut groups = self.groups_of(key).await?;
        // Claims that this process has given up must not own the key, or a repeated call would return them while they
        // are deleted.
        let unwanted = |group: &Group| self.claims.must_be_undone(group.nonce);
        let taken_back: Vec<Group> = groups.extract_if(.., |group| unwanted(group)).collect();
        let mut decision = decide(groups, |group| self.liveness(group));
        for group in taken_back {
            decision.orphans.extend(group.ids());
        }
        Ok(decision)
    }
}
