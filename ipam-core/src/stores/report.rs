//! Result of a check of a store.

/// Result of a check of all records: [`EmbeddedProvider::check_store`](crate::EmbeddedProvider::check_store) (feature
/// `embedded`) and [`PostgresProvider::check_store`](crate::PostgresProvider::check_store) (feature `postgres`).
///
/// All counts are 0 if an embedded store's file itself is damaged: then only SQLite's findings are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StoreReport {
    /// Number of ranges.
    pub ranges: u64,
    /// Number of allocations. Includes expired ones whose rows have not been removed yet.
    pub allocations: u64,
    /// Number of quarantined addresses.
    pub quarantined: u64,
    /// Sentences for people about what is wrong, at most 100. Empty for a sound store.
    pub violations: Vec<String>,
}

impl StoreReport {
    /// Returns true if there are no violations.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.violations.is_empty()
    }
}
