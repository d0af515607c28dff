//! Advisory locks: they order transactions, and write nothing.
//!
//! Rows are not locked when they are read. A lock of a row gives the transaction its id, and the order of these ids is
//! the order of the feed: it has to be the order in which transactions depend on each other. So a transaction gets its
//! id with its first write, after all of its reads. See `DESIGN.md`.

use sha2::{Digest, Sha256};

use crate::RangeId;

/// Names of the locks of one schema.
#[derive(Debug, Clone)]
pub(super) struct Locks {
    schema: String,
}

impl Locks {
    pub(super) fn new(schema: &str) -> Self {
        Self { schema: schema.to_owned() }
    }

    /// Returns the lock of upgrades of the schema.
    pub(super) fn upgrade(&self) -> i64 {
        self.key("upgrade", "")
    }

    /// Returns the lock of all changes of ranges and blocks.
    pub(super) fn structure(&self) -> i64 {
        self.key("structure", "")
    }

    /// Returns the lock of a range: shared by allocations, and exclusive for a change of the range itself.
    pub(super) fn range(&self, range: &RangeId) -> i64 {
        self.key("range", range.as_str())
    }

    /// Returns the seed from which the server computes the locks of a range's pages.
    pub(super) fn pages(&self, range: &RangeId) -> i64 {
        self.key("page", range.as_str())
    }

    /// Returns the lock of the removal of expired and released addresses: of a range, or of all together.
    pub(super) fn sweep(&self, range: Option<&RangeId>) -> i64 {
        range.map_or_else(|| self.key("sweep all", ""), |range| self.key("sweep", range.as_str()))
    }

    fn key(&self, kind: &str, name: &str) -> i64 {
        let mut hash = Sha256::new();
        // Names have no control characters, so that the parts cannot run into each other.
        for part in ["ipam", kind, &self.schema, name] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let (words, _) = digest.as_chunks::<8>();
        words.first().map_or(0, |word| i64::from_be_bytes(*word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_of_different_things_differ() {
        let (one, two) = (Locks::new("ipam"), Locks::new("other"));
        let all = [
            one.upgrade(),
            one.structure(),
            one.range(&"a".into()),
            one.range(&"b".into()),
            one.pages(&"a".into()),
            two.structure(),
            two.range(&"a".into()),
        ];
        let different: std::collections::BTreeSet<i64> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(one.range(&"a".into()), Locks::new("ipam").range(&"a".into()));
    }
}
