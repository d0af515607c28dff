//! Conformance suite over the provider on PostgreSQL, directly and through a proxy that pools transactions.
#![cfg(all(unix, feature = "conformance", feature = "postgres"))]

#[path = "conformance_support/postgres.rs"]
mod postgres;
mod postgres_support;

mod direct {
    use super::postgres::PostgresHarness;

    ipam_core::conformance::tests!(PostgresHarness::default());
}

mod proxied {
    use super::postgres::PostgresHarness;

    ipam_core::conformance::tests!(PostgresHarness::proxied());
}
