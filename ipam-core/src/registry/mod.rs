//! Registry of providers (feature `registry`): opens one from a URL, chosen at run time.
//!
//! ```
//! # futures_executor::block_on(async {
//! use ipam_core::registry::Registry;
//! use ipam_core::{DefineRange, IpamProvider, IpamProviderExt};
//!
//! let provider = Registry::new().open("memory:").await?;
//! provider.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse().unwrap())).await?;
//! assert_eq!(provider.allocate_one("lan", "vm-42").await?.address.to_string(), "192.0.2.1");
//! # Ok::<(), ipam_core::Error>(())
//! # }).unwrap();
//! ```
//!
//! A [`Registry`] is a value that the program owns; there is no global one. Other crates add their schemes to it. The
//! factory of a scheme gets an [`OpenRequest`]: the URL, and the values that its caller passes beside it.
//!
//! ```
//! use ipam_core::registry::{Registry, Secrets};
//!
//! let mut registry = Registry::new().with_secrets(Secrets::env("IPAM"));
//! registry.register("nothing", |request| async move {
//!     let password = request.secret("password").await?; // IPAM_PASSWORD, or the file IPAM_PASSWORD_FILE names
//!     # let _ = password;
//!     Err(ipam_core::Error::unsupported(ipam_core::Operation::Open, request.url))
//! })?;
//! # Ok::<(), ipam_core::Error>(())
//! ```
//!
//! # Values beside the URL
//! A program that has asked for a password, or has a certificate to trust, passes them as values. They are in no URL,
//! file or environment variable.
//!
//! ```
//! use ipam_core::registry::{OpenRequest, Registry};
//! use secrecy::SecretString;
//!
//! # futures_executor::block_on(async {
//! let mut registry = Registry::new();
//! registry.register("example", |request| async move {
//!     assert_eq!(request.user(), Some("svc"));
//!     assert_eq!(request.trust.pinned_pems().count(), 1);
//!     let _password = request.secret("password").await?;
//!     Err(ipam_core::Error::unsupported(ipam_core::Operation::Open, request.url))
//! })?;
//! let request = OpenRequest::parse("example://ipam.example/app")?
//!     .with_user("svc")
//!     .with_secret("password", SecretString::from("s3cret"))
//!     .with_pinned_pem("-----BEGIN CERTIFICATE-----\n…");
//! assert!(registry.open_with(request).await.is_err());
//! # Ok::<(), ipam_core::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Values of options
//! A boolean is `1`, `true`, `yes` or `on`, or `0`, `false`, `no` or `off`, in any case: see [`parse_flag`]. A duration
//! is a number and a unit, such as `250ms` or `5s`: see [`ProviderUrl::duration`].

mod builtin;
mod flag;
#[cfg(feature = "http")]
mod http;
mod open_request;
#[cfg(feature = "postgres")]
mod postgres;
mod schemes;
mod secrets;
mod trust;
mod url;

pub use self::flag::parse_flag;
pub use self::open_request::OpenRequest;
#[cfg(feature = "postgres")]
pub use self::postgres::open_postgres;
pub use self::schemes::Registry;
pub use self::secrets::{SecretRequest, Secrets};
pub use self::trust::Trust;
pub use self::url::ProviderUrl;
