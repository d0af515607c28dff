#![doc = include_str!("../README.md")]
//!
//! # Types of other crates
//! Public signatures use types of [`http`](https://docs.rs/http), [`ipnet`](https://docs.rs/ipnet),
//! [`secrecy`](https://docs.rs/secrecy), [`serde_json`](https://docs.rs/serde_json) and [`url`](https://docs.rs/url),
//! and [`BoxStream`](https://docs.rs/futures-util/latest/futures_util/stream/type.BoxStream.html) of `futures-util`.
//! Those of [`ipam_core`] that a client is set
//! up with are exported again here ([`HttpOptions`], [`RetryConfig`], [`ErrorKind`], [`Outcome`] and others); for the
//! rest, such as [`ipam_core::Patch`] and [`ipam_core::Family`], add `ipam-core` to your dependencies. The futures need a
//! tokio runtime with time and I/O enabled.

// docs.rs marks the items that need a feature; the marks need a nightly compiler, which it has.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod client;
pub mod controllers;
#[cfg(feature = "crypt")]
mod crypt;
#[cfg(feature = "doctor")]
pub mod doctor;
mod envelope;
mod error;
mod keyed_locks;
pub mod models;
#[cfg(feature = "plan")]
pub mod plan;
mod probe;
#[cfg(feature = "provider")]
pub mod provider;
mod query;
mod request;
mod rows;
#[cfg(feature = "scan-agent")]
pub mod scan;
mod server_clock;
mod session;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod trace;
mod transport;
#[cfg(any(feature = "doctor", feature = "scan-agent"))]
mod utc_offset;
mod wire;

pub use auth::Auth;
pub use client::{Client, ClientBuilder, Created, RawResponse};
pub use error::{DecodeError, Error, Refusal, RefusalKind, Result, RowError, Shortage, UnexpectedResponse};
pub use probe::Features;
#[cfg(feature = "provider")]
pub use provider::register;
pub use query::Filter;
pub use request::ApiRequest;

pub use ipam_core::{
    BackoffConfig, ErrorKind, Outcome, Retry, RetryConfig,
    http::{HttpOptions, ListLimits, ProxyOptions, TlsOptions, TokenPolicy},
};
