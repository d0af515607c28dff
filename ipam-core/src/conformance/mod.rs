//! Test suite (feature `conformance`) for the authors of providers: cases that check the contract of
//! [`IpamProvider`](crate::IpamProvider).
//!
//! Implement a [`Harness`], which makes a fresh provider for each case. [`tests!`] then defines a `#[test]` for every
//! case:
//!
//! ```
//! use std::sync::Arc;
//! use ipam_core::conformance::{self, Fixture, Harness, NoFixture, Setup};
//! # use ipam_core::IpamProvider;
//! # fn open_my_provider() -> Arc<dyn IpamProvider> { Arc::new(ipam_core::MemoryProvider::new()) }
//!
//! struct Mine;
//!
//! #[async_trait::async_trait]
//! impl Harness for Mine {
//!     async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
//!         setup.define(open_my_provider()).await
//!     }
//! }
//!
//! conformance::tests!(Mine);
//! # fn main() {}
//! ```
//!
//! The tests have names such as `allocate::takes_the_lowest_free_address`: a module per group, a function per case. Put
//! the macro call into a file of `tests/`, or into a module of its own.
//!
//! # Terms
//! | term | meaning |
//! | --- | --- |
//! | case | one test of the suite, for one sentence of the contract; [`cases()`] lists them |
//! | harness | the author's code that makes providers and controls their clock and store |
//! | set-up | the blocks and ranges that must exist when a case begins ([`Setup`]) |
//! | fixture | a provider with the set-up, and the guard that removes it after the case ([`Fixture`]) |
//! | declare a capability | return `true` for it in [`capabilities`](crate::IpamProvider::capabilities) |
//!
//! # Selection of the cases
//! Each case lists the capabilities that it [needs](Case::needs).
//! - The provider declares all of them: the case runs.
//! - The provider does not declare one of them: the case checks that the operations of that capability, or the parts of
//!   requests that need it, fail with [`Unsupported`](crate::ErrorKind::Unsupported). The capability `durable` has
//!   none, so that nothing is checked. The result is [`CaseOutcome::Undeclared`].
//! - The harness lacks a hook of the table below, or cannot make the set-up: the case is skipped. The result is
//!   [`CaseOutcome::Skipped`] with the reason. The tests of [`tests!`] print it; `cargo test -- --nocapture` shows it.
//!
//! When the last of the tests has ended, a [`Report`] says how many cases really ran, and whether durability and other
//! processes were tested.
//!
//! # Optional parts of a harness
//! | the provider | the harness implements |
//! | --- | --- |
//! | needs a runtime such as tokio | [`block_on`](Harness::block_on), which enters it |
//! | cannot define ranges | [`fresh`](Harness::fresh), which creates them on the server and maps their ids in the [`Fixture`] |
//! | has a clock that tests can set | [`advance`](Harness::advance) and [`tick`](Harness::tick) |
//! | can be shared by processes or clients | [`Fixture::with_other`] and [`open_another`](Harness::open_another) |
//! | is durable | [`reopen`](Harness::reopen) |
//! | is a client of a server that has other users | [`plant`](Harness::plant) |
//! | writes a claim before it acknowledges an allocation | [`abandon`](Harness::abandon) |
//! | is slow, or has limits | [`limits`](Harness::limits) and [`skip`](Harness::skip) |

mod allocate;
mod bench;
mod blocks;
mod cancellation;
mod case;
mod changes;
mod child_prefixes;
mod close;
mod concurrency;
mod deallocate;
mod durable;
mod errors;
mod expiry;
mod find;
mod harness;
mod join;
mod keys;
mod list;
mod list_ranges;
mod literals;
mod needs;
mod outcome;
mod pages;
mod policies;
mod preview;
mod ranges;
mod records;
mod report;
mod run;
mod setup;
mod stage;
mod sweep;
mod threads;
mod undeclared;
mod update;
mod usage;

#[doc(inline)]
// An exported macro is an item of the root of the crate. Users find it here.
pub use crate::conformance_tests as tests;
pub use case::Case;
pub use futures_util::future::BoxFuture;
pub use harness::{Harness, Limits};
pub use needs::Need;
pub use outcome::{CaseOutcome, Failure};
pub use report::Report;
#[doc(hidden)]
pub use run::check_of_suite;
pub use run::{cases, check, run};
pub use setup::{Fixture, NoFixture, Setup};
