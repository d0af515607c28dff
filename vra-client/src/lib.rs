// The front page has examples and links that exist only with both clients.
#![cfg_attr(all(feature = "v7", feature = "v8"), doc = include_str!("../README.md"))]
#![cfg_attr(
    not(all(feature = "v7", feature = "v8")),
    doc = "Typed client of VMware vRealize Automation 6.2 to 8 and VCF Automation, and the IPAM plug-in contract. The \
           front page needs the features `v7` and `v8`."
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
#[cfg(feature = "package")]
pub mod package;
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
#[cfg(feature = "v8")]
pub mod v8;

#[cfg(feature = "_client")]
pub use error::{Error, Result};
#[cfg(feature = "_client")]
pub use ipam_core::{
    BackoffConfig, ErrorKind, Outcome, Retry, RetryConfig,
    http::{HttpOptions, ListLimits, ProxyOptions, TlsOptions, TokenPolicy},
};
