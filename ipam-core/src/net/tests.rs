//! Tests that cross the files of this module: every 8-bit input, random inputs of both families, and the ends of the
//! address space.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod eight_bits;
mod fixed;
mod random;
