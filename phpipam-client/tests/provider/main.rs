//! `PhpIpamProvider` over the in-process server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod ancestors;
mod claims;
mod harness;
mod quirks;
mod requests;
mod required_fields;
mod sites;
mod spaces;
mod sweep;

/// The contract, on a server that answers every call.
mod calm {
    ipam_core::conformance::tests!(crate::harness::Simulated::calm());
}

/// The contract, on a server that finds a key's addresses by reading them all.
mod without_search {
    ipam_core::conformance::tests!(crate::harness::Simulated::without_search());
}

/// The contract, on a server that loses requests and answers, has its lock held, and gives up in between.
mod stormy {
    ipam_core::conformance::tests!(crate::harness::Simulated::stormy());
}
