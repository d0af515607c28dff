//! Stores of the providers of this crate.

#[cfg(any(feature = "embedded", feature = "postgres"))]
mod check;
#[cfg(any(feature = "embedded", feature = "postgres"))]
mod columns;
#[cfg(feature = "embedded")]
pub mod embedded;
pub(crate) mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "embedded", feature = "postgres"))]
pub(crate) mod report;
#[cfg(any(feature = "embedded", feature = "postgres"))]
mod states;
