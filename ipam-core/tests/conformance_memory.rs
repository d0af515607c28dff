//! The suite over the provider in memory.
#![cfg(feature = "conformance")]

#[path = "conformance_support/memory.rs"]
mod memory;

ipam_core::conformance::tests!(memory::MemoryHarness::default());
