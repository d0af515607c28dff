//! The suite over the smallest provider an author can write: six methods, a plan of its own making.
#![cfg(feature = "conformance")]

#[path = "conformance_support/reference.rs"]
mod reference;

ipam_core::conformance::tests!(reference::ReferenceHarness);
