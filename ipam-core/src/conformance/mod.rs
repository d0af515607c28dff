//! The suite that a provider's author runs: a test for each sentence of the contract of
//! [`IpamProvider`](crate::IpamProvider).
//!
//! Write a [`Harness`], which makes a fresh provider for each case, and let [`tests!`] make a `#[test]` of every case:
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
//!     async fn fresh(&self, plan: &Setup) -> Result<Fixture, NoFixture> {
//!         plan.define(open_my_provider()).await
//!     }
//! }
//!
//! conformance::tests!(Mine);
//! # fn main() {}
//! ```
//!
//! That gives tests such as `allocate::takes_the_lowest_free_address`, to be named and filtered as any other. Put the
//! line into a file of `tests/`, or into a module: each case becomes a function of a module of its group.
//!
//! # What runs
//! Cases are chosen by [`capabilities`](crate::IpamProvider::capabilities). Where a provider does not claim what a case
//! is about, the case looks that it answers [`Unsupported`](crate::ErrorKind::Unsupported) instead. A case that the
//! harness has no means for (a plan that the server cannot have, a clock, a second process) is skipped and says so;
//! `--nocapture` shows it, and [`run()`] answers it as [`Outcome::Skipped`].
//!
//! # What a harness may add
//! | the provider | the harness |
//! | --- | --- |
//! | needs a runtime | [`block_on`](Harness::block_on) enters it |
//! | does not own its plan | [`fresh`](Harness::fresh) creates the plan by the server's means and names what became of it |
//! | has a clock to be moved | [`advance`](Harness::advance), [`tick`](Harness::tick) |
//! | can be shared by processes or clients | [`Fixture::with_other`], [`open_another`](Harness::open_another) |
//! | is durable | [`reopen`](Harness::reopen) |
//! | stands over a server that others use | [`plant`](Harness::plant) |
//! | claims before it acknowledges | [`abandon`](Harness::abandon) |
//! | is slow, or limited | [`limits`](Harness::limits), [`skip`](Harness::skip) |

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
mod run;
mod setup;
mod stage;
mod sweep;
mod threads;
mod unclaimed;
mod update;
mod usage;

#[doc(inline)]
pub use crate::conformance_tests as tests;
pub use case::Case;
pub use futures_util::future::BoxFuture;
pub use harness::{Harness, Limits};
pub use needs::Need;
pub use outcome::{Failure, Outcome};
pub use run::{cases, check, run};
pub use setup::{Fixture, NoFixture, Setup};
