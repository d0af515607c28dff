//! Typed client of phpIPAM's REST API, versions 1.3 to 1.8.
//!
//! ```no_run
//! # async fn example() -> Result<(), phpipam_client::Error> {
//! use phpipam_client::models::{AddressFields, SubnetId};
//! use phpipam_client::{Auth, Client};
//!
//! let client = Client::builder("https://ipam.example", "myapp", Auth::user("svc", "secret")).build()?;
//! let fields = AddressFields::new().with_hostname("web1.example");
//! let taken = client.addresses().allocate_first_free(SubnetId::new(8), &fields).await?;
//! println!("{} (id {})", taken.ip, taken.id);
//! # Ok(())
//! # }
//! ```
//!
//! | to do | use |
//! | --- | --- |
//! | set up | [`Client::builder`], [`Auth`], [`ipam_core::http::HttpOptions`] for TLS, proxy, time limits |
//! | call a controller | [`Client::sections`], [`Client::subnets`], [`Client::folders`], [`Client::addresses`], [`Client::user`] |
//! | read what they refer to | [`Client::vlans`], [`Client::vrfs`], [`Client::l2domains`], [`Client::tools`] |
//! | read long lists row by row | [`Subnets::stream`](controllers::Subnets::stream), [`Subnets::stream_addresses`](controllers::Subnets::stream_addresses), [`Addresses::stream`](controllers::Addresses::stream) |
//! | call anything else | [`Client::raw`] |
//! | filter a list | [`Filter`] |
//! | read a failure | [`Error`], [`Refusal`], [`RefusalKind`]; [`Error::kind`] for callers that know nothing of phpIPAM |
//!
//! # What the client does about the server
//! - Numbers, flags, references and nested objects are read in every spelling that a version or PHP uses
//!   ([`models`]); what makes no sense is an error that names the member.
//! - "Nothing found" is an empty list for calls that list, whatever status it comes with.
//! - A change of an address always carries its tag, which the server resets otherwise. Flags are sent as 0 and 1. Texts
//!   that the server would strip are refused. The `update_verified` calls notice what the server dropped silently.
//! - One login is in flight at a time; a rejected token is replaced once; a failed login is never repeated, because
//!   the server blocks the whole host after eleven of them; nobody is ever logged out unless asked.
//! - Calls are repeated only where the server cannot have done anything, or doing it twice does no harm.
//!
//! # Third-party types
//! Public signatures use [`futures_util::stream::BoxStream`], [`ipnet::IpNet`], [`http::Method`], [`http::HeaderName`], [`secrecy::SecretString`] and
//! [`serde_json::Value`]. The futures need a tokio runtime with time and I/O enabled.

mod auth;
mod client;
pub mod controllers;
mod envelope;
mod error;
mod lenient;
pub mod models;
mod patch;
#[cfg(feature = "provider")]
pub mod provider;
mod query;
mod request;
mod session;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;

pub use auth::Auth;
pub use client::{Client, ClientBuilder, Created, RawAnswer};
pub use error::{DecodeError, Error, Foreign, Refusal, RefusalKind, Result, Shortage};
#[cfg(feature = "provider")]
pub use provider::register;
pub use query::Filter;
pub use request::Request;
