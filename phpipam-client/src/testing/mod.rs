//! An in-process phpIPAM to test against. Needs the feature `testing`.
//!
//! [`Server`] responds over HTTP as phpIPAM does, 1.8.2 or by [`Profile`] an older version: the envelope (the JSON
//! object with `code`, `success` and `data`), the status codes, the messages, and the oddities of the real server. Ids
//! are strings on creation; an empty list is 404; a PATCH without a tag resets the tag; some lists hold decimal
//! addresses; text loses what looks like a tag of HTML. This crate's own tests compare it with about 790 recorded
//! exchanges of a real 1.8.2 and about 390 of each of 1.4.7, 1.5.2 and 1.7.4, on PHP 7.4 and 8.2.
//!
//! It keeps its state in memory, so a test can read back what it created. It listens on a free port of 127.0.0.1 and
//! stops when it is dropped.
//!
//! ```
//! use phpipam_client::models::{AddressFields, SubnetId};
//! use phpipam_client::testing::{Fault, Server, When};
//! use phpipam_client::{Auth, Client, HttpOptions};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let server = Server::start().await?;
//! // A section with one subnet, of which one address is in use.
//! let subnet = server.seed(|store| {
//!     let section = store.add_section("Lab");
//!     let subnet = store.add_subnet(section, "10.0.0.0/29".parse()?);
//!     store.add_address(subnet, "10.0.0.1".parse()?, "gateway.example.test");
//!     Ok::<_, Box<dyn std::error::Error>>(subnet)
//! })?;
//!
//! // The program under test goes here: anything that speaks to a phpIPAM at this URL, with this app and user.
//! let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
//!     .with_http_options(HttpOptions::new().with_allow_http(true))
//!     .build()?;
//! let (subnet_id, fields) = (SubnetId::new(subnet), AddressFields::new().with_hostname("web1"));
//! let taken = client.addresses().allocate_first_free(subnet_id, &fields).await?;
//! assert_eq!(taken.ip.to_string(), "10.0.0.2");
//!
//! // The requests that arrived, and the state of the server.
//! assert_eq!(server.count("POST", "/first_free/"), 1);
//! assert_eq!(server.seed(|store| store.used(subnet).len()), 2);
//!
//! // The next response is lost: the address is taken, and the program does not learn of it.
//! server.fault(Fault::DropAfter, When::any().method("POST").path("/first_free/"));
//! assert!(client.addresses().allocate_first_free(subnet_id, &fields).await.is_err());
//! assert_eq!(server.seed(|store| store.used(subnet).len()), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Parts
//! | item | use |
//! | --- | --- |
//! | [`ServerBuilder`] | apps, user accounts, form of numbers, clock, base path, time zone, example data |
//! | [`Server::seed`] | sections, subnets, addresses, VLANs, VRFs, custom fields; other rows by [`Store::add`] |
//! | [`Server::fault`] | latency, lock timeout, lost requests and responses, any status; by [`When`] |
//! | [`Server::requests`] | every request with redacted credentials, and its status |
//! | [`Server::advance`] | time: tokens live six hours, a block after too many bad logins lasts five minutes |
//! | [`Profile`] | versions 1.4, 1.5, 1.6, 1.7 and 1.8, the PHP under them, and PHP's memory limit |
//!
//! [`Clock`], [`RequestView`] and [`When`] are those of `ipam_core::testing`; a test that imports them from here needs
//! no dependency on `ipam-core`.
//!
//! # TLS
//! The server speaks plain HTTP only, so a client needs `allow_http`. An app whose security needs TLS accepts requests
//! with the header `X-Forwarded-Proto: https`; [`ServerBuilder::https`] accepts all of them, as a server behind a proxy
//! does.
//!
//! # Limits
//! - The controllers `nat`, `circuits` and `prefix` and the encrypted request form are missing: 400 `Invalid
//!   controller`. `tools/nat` works.
//! - Messages are in English only.
//! - Changelogs have the right form, but their `diff` is simpler. Sections without an order are sorted by id.
//! - A device that `tools/devices` creates is in all sections; a real server puts it in none.
//! - All clients count as one: too many bad logins block all of them.
//! - 1.3 has no profile, and of 1.6 no responses were kept: its profile follows the source of 1.6.1.
//! - An app lock of a version before 1.8 does not add the random wait of up to half a second that a real one does.

mod config;
mod context;
mod control;
mod controllers;
mod custom_column;
mod dispatch;
mod faults;
mod ip_number;
mod params;
mod present;
mod profile;
mod recorded;
mod refusal;
mod reply;
mod schema;
mod seed;
mod server;
mod site;
mod state;
mod store;
mod table;
mod versions;
mod xml;

pub use config::{App, Lock, Numbers, Permission, Security, UserAccount};
pub use control::LockGuard;
pub use custom_column::CustomColumn;
pub use faults::{Fault, Logged};
pub use ipam_core::testing::{Clock, RequestView, When};
pub use profile::{Profile, Put};
pub use schema::Object;
pub use seed::SeedError;
pub use server::{Server, ServerBuilder};
pub use store::Store;
