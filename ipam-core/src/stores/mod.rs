//! Stores of the providers of this crate.

#[cfg(feature = "embedded")]
mod columns;
#[cfg(feature = "embedded")]
pub mod embedded;
pub(crate) mod memory;
