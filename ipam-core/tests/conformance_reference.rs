//! Conformance suite over the smallest provider: the six required methods, with ranges that are fixed when it is made.
#![cfg(feature = "conformance")]

#[path = "conformance_support/reference.rs"]
mod reference;

ipam_core::conformance::tests!(reference::ReferenceHarness);
