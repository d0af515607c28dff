//! Layers (feature `layers`): behaviour around every call of a provider, such as retries, limits, tracing and guards.
//!
//! A layer implements [`Intercept`], one method for all operations. [`Layered`] is a provider with a layer around it,
//! and can have another layer around itself.
//!
//! ```
//! use std::time::Duration;
//! use ipam_core::layers::{GuardLayer, Layered, LimitLayer, RetryLayer, ScopeLayer, TimeoutLayer};
//! use ipam_core::MemoryProvider;
//!
//! // From the inside to the outside. The wait for a permit is a part of the attempt: it is shorter than the timeout.
//! let limits = LimitLayer::new().with_concurrency(8).with_max_wait(Duration::from_secs(5));
//! let provider = Layered::new(MemoryProvider::new(), limits);
//! let provider = Layered::new(provider, TimeoutLayer::new(Duration::from_secs(10)));
//! let provider = Layered::new(provider, RetryLayer::default());
//! let provider = Layered::new(provider, ScopeLayer::new(["lan"]));
//! let provider = Layered::new(provider, GuardLayer::read_only());
//! ```
//!
//! # Layers
//! | layer | effect | feature |
//! | --- | --- | --- |
//! | [`RetryLayer`] | repeats calls that failed, if their errors allow it | `layers` |
//! | [`TimeoutLayer`] | ends calls that take too long | `layers` |
//! | [`LimitLayer`] | limits the number of calls at once, and per second | `layers` |
//! | [`GuardLayer`] | refuses writes, or reports what an allocation would take | `layers` |
//! | [`ScopeLayer`] | restricts a caller to some ranges | `layers` |
//! | [`TraceLayer`] | makes a span and metrics of each call | `tracing` or `metrics`; each enables `layers`, too |
//!
//! # Order
//! The layer that is put on last sees a call first. From the inside to the outside:
//!
//! 1. limit: each attempt takes one of the permits, and holds none while a retry waits;
//! 2. timeout: of one attempt, with its wait for a permit;
//! 3. retry: repeats attempts;
//! 4. trace: one span for a call, with all its attempts;
//! 5. guard and scope: refuse before anything else happens.
//!
//! Set [`with_max_wait`](LimitLayer::with_max_wait) shorter than the timeout; the default wait is 30 seconds. A call
//! that gets no permit then fails with `Busy` or `RateLimited`, and any request may be repeated, because nothing was
//! sent. If the timeout ends first, the call fails with `Timeout`: the layer cannot tell that nothing was sent, and the
//! outcome of a write is unknown.
//!
//! Wrong: a timeout outside of a retry, meant for one attempt. It ends all attempts together, and the last error is
//! lost. Wrong: a limit outside of a retry. A call holds its permit while it waits, and a few slow callers block all
//! others.

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
