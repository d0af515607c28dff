//! An in-process phpIPAM to test against.
//!
//! [`Server`] answers HTTP as a phpIPAM 1.8.2 does, held to recordings of a real one: the envelope, the status codes, the messages, and
//! the quirks (ids as strings on creation, 404 for an empty list, a tag that every PATCH resets, decimal addresses in some lists,
//! `Invalid request key …`, text that loses what looks like a tag). It keeps its state in memory, so what a test creates it can read
//! back. It listens on a free port of 127.0.0.1 and stops when it is dropped.
//!
//! ```
//! use ipam_core::http::HttpOptions;
//! use phpipam_client::models::{AddressFields, SubnetId};
//! use phpipam_client::testing::{Fault, Server, When};
//! use phpipam_client::{Auth, Client};
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
//! // Your program goes here: whatever speaks to a phpIPAM at this URL, with this app and user.
//! let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
//!     .with_http_options(HttpOptions::new().with_allow_http(true))
//!     .build()?;
//! let (subnet_id, fields) = (SubnetId::new(subnet), AddressFields::new().with_hostname("web1"));
//! let taken = client.addresses().allocate_first_free(subnet_id, &fields).await?;
//! assert_eq!(taken.ip.to_string(), "10.0.0.2");
//!
//! // Look at what it asked, and at what the server has now.
//! assert_eq!(server.count("POST", "/first_free/"), 1);
//! assert_eq!(server.seed(|store| store.used(subnet).len()), 2);
//!
//! // Let the next answer get lost: the address is taken, and the program does not hear of it.
//! server.fault(Fault::DropAfter, When::any().method("POST").path("/first_free/"));
//! assert!(client.addresses().allocate_first_free(subnet_id, &fields).await.is_err());
//! assert_eq!(server.seed(|store| store.used(subnet).len()), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it can be told
//! | | |
//! | --- | --- |
//! | [`ServerBuilder`] | apps with permission, security, locking, nesting of custom fields and links; users; numbers as numbers or as strings; clock; base path; time zone; example data |
//! | [`Server::seed`] | sections, subnets, addresses, VLANs, VRFs, name servers, tags, custom fields; any other row by [`Store::add`] |
//! | [`Server::fault`] | latency, lock timeout, empty 500, HTML, lost requests and lost answers, expired tokens, any status; by method, path, condition, count or seeded chance |
//! | [`Server::requests`] | every request with redacted credentials, and how it ended |
//! | [`Server::advance`] | time: tokens live six hours, a block after too many bad logins lasts five minutes |
//!
//! # What it is not
//! It has no TLS; apps that need it work with [`ServerBuilder::https`] or the header `X-Forwarded-Proto: https`. The controllers `nat`,
//! `circuits` and `prefix` and the encrypted request form answer as unknown. There is one language. Changelogs have the right
//! form, but their `diff` is simpler; sections without an order come by id. Clients are not told apart: bad logins block all of them.
//! Which recorded exchanges it does not answer is listed in `tests/simulator/not-covered.txt`. Only version 1.8.2 is there; [`Profile`] holds what differs in others.

mod config;
mod context;
mod control;
mod controllers;
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
mod xml;

pub use config::{App, Lock, Numbers, Permission, Security, UserAccount};
pub use control::LockGuard;
pub use faults::{Fault, Logged};
pub use ipam_core::testing::{Clock, RequestView, When};
pub use profile::{Profile, Put};
pub use schema::Object;
pub use seed::{CustomColumn, SeedError};
pub use server::{Server, ServerBuilder};
pub use store::Store;
