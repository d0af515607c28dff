//! `PhpIpamProvider` over the in-process server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod ancestors;
mod claims;
mod deletions;
mod harness;
mod large;
mod profiles;
mod quirks;
mod requests;
mod required_fields;
mod sites;
mod spaces;
mod sweep;

/// Conformance suite on a server without faults.
mod calm {
    ipam_core::conformance::tests!(crate::harness::Simulated::calm());
}

/// Conformance suite on a server without a search, which filters all addresses.
mod without_search {
    ipam_core::conformance::tests!(crate::harness::Simulated::without_search());
}

/// Conformance suite on a server that loses requests and responses, holds its lock, and fails now and then.
mod stormy {
    ipam_core::conformance::tests!(crate::harness::Simulated::stormy());
}
