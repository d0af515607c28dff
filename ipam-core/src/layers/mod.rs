//! Behaviour around every call of a provider: retries, limits, tracing, guards.
//!
//! A layer implements [`Intercept`], one method for all operations; [`Layered`] is a provider with a layer around it, and
//! can have another layer around itself.
//!
//! ```
//! use std::time::Duration;
//! use ipam_core::layers::{Layered, LimitLayer, RetryLayer, TimeoutLayer};
//! use ipam_core::MemoryProvider;
//!
//! let provider = Layered::new(MemoryProvider::new(), LimitLayer::new().with_concurrency(8));
//! let provider = Layered::new(provider, TimeoutLayer::new(Duration::from_secs(10)));
//! let provider = Layered::new(provider, RetryLayer::default());
//! ```
//!
//! # Layers
//! | layer | what it does | feature |
//! | --- | --- | --- |
//! | [`RetryLayer`] | repeats calls where that is right | `layers` |
//! | [`TimeoutLayer`] | ends calls that take too long | `layers` |
//! | [`LimitLayer`] | limits calls at once and calls in a second | `layers` |
//! | [`GuardLayer`] | refuses writes; or says what an allocation would take | `layers` |
//! | [`ScopeLayer`] | shows a caller some ranges and hides the rest | `layers` |
//! | [`TraceLayer`] | spans and figures | `tracing`, `metrics` |
//!
//! # Order
//! The layer that is put on last sees a call first. From the inside to the outside:
//!
//! 1. limit: each attempt takes a place, and gives it back while a retry waits;
//! 2. timeout: of one attempt;
//! 3. retry: repeats attempts;
//! 4. trace: one span for a call, with all its attempts;
//! 5. guard and scope: refuse before anything else happens.
//!
//! Wrong: a timeout outside of a retry, meant for one attempt. It ends all attempts together, and the last error is lost.
//! Wrong: a limit outside of a retry. A call keeps its place while it waits, and a few slow callers block the rest.

mod call;
mod guard;
mod intercept;
mod limit;
mod reply;
mod retry;
mod runtime;
mod scope;
mod timeout;
#[cfg(any(feature = "tracing", feature = "metrics"))]
mod trace;

pub use call::{Call, Request};
pub use guard::GuardLayer;
pub use intercept::{Intercept, Layered, Next};
pub use limit::LimitLayer;
pub use reply::Reply;
pub use retry::RetryLayer;
pub use scope::ScopeLayer;
pub use timeout::TimeoutLayer;
#[cfg(any(feature = "tracing", feature = "metrics"))]
pub use trace::TraceLayer;
