#![cfg_attr(feature = "v7", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "v7"),
    doc = "Typed client of VMware vRealize Automation; its front page needs the feature `v7`."
)]
// docs.rs marks the items that need a feature; the marks need a nightly compiler, which it has.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "_client")]
pub mod call;
#[cfg(feature = "_client")]
pub mod error;
#[cfg(feature = "_client")]
pub mod lenient;
#[cfg(feature = "_client")]
mod list;
#[cfg(feature = "_client")]
pub mod odata;
#[cfg(feature = "plugin")]
pub mod plugin;
#[cfg(feature = "_client")]
pub mod poll;
#[cfg(feature = "_client")]
pub mod request;
#[cfg(feature = "_client")]
mod session;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "_client")]
mod transport;
#[cfg(feature = "v7")]
pub mod v7;

#[cfg(feature = "_client")]
pub use error::{Error, Result};
/// What a client is set up with: how to reach the server, whom to trust, how often to try.
#[cfg(feature = "_client")]
pub use ipam_core::{
    Retry, RetryConfig,
    http::{HttpOptions, ListLimits, ProxyOptions, TlsOptions, TokenPolicy},
};
