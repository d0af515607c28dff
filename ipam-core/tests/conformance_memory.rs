//! Conformance suite over the memory provider.
#![cfg(feature = "conformance")]

#[path = "conformance_support/memory.rs"]
mod memory;

ipam_core::conformance::tests!(memory::MemoryHarness::default());
