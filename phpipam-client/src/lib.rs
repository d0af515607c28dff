#![doc = include_str!("../README.md")]
//!
//! # Third-party types
//! Public signatures use [`futures_util::stream::BoxStream`], [`ipnet::IpNet`], [`http::Method`], [`http::HeaderName`],
//! [`secrecy::SecretString`] and [`serde_json::Value`]. The futures need a tokio runtime with time and I/O enabled.

// docs.rs marks the items that need a feature; the marks need a nightly compiler, which it has.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod client;
pub mod controllers;
#[cfg(feature = "crypt")]
mod crypt;
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
mod server_clock;
mod session;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod trace;
mod transport;
mod wire;

pub use auth::Auth;
pub use client::{Client, ClientBuilder, Created, RawResponse};
pub use error::{DecodeError, Error, Refusal, RefusalKind, Result, RowError, Shortage, UnexpectedResponse};
pub use probe::Features;
#[cfg(feature = "provider")]
pub use provider::register;
pub use query::Filter;
pub use request::ApiRequest;

/// What a client is set up with: how to reach the server, whom to trust, how often to try.
pub use ipam_core::{
    Outcome, Retry, RetryConfig,
    http::{HttpOptions, ListLimits, ProxyOptions, TlsOptions, TokenPolicy},
};
