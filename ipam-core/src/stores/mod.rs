//! Where the providers of this crate keep their records.

#[cfg(feature = "embedded")]
pub mod embedded;
pub(crate) mod memory;
