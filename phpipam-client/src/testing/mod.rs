//! An in-process phpIPAM to test against.
//!
//! [`Server`] answers HTTP as a phpIPAM 1.8.2 does, held to recordings of a real one: the envelope, the status codes, the messages, and
//! the quirks (ids as strings on creation, 404 for an empty list, a tag that every PATCH resets, decimal addresses in some lists,
//! `Invalid request key …`, text that loses what looks like a tag). It keeps its state in memory, so what a test creates it can read
//! back. It listens on a free port of 127.0.0.1 and stops when it is dropped.
//!
//! ```
//! use std::net::IpAddr;
//! use phpipam_client::testing::{Fault, Server, When};
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
//! // What your program does goes here; this is the shortest client that can allocate an address.
//! # use std::io::{Error, Read, Write};
//! # fn exchange(server: &Server, path: &str, header: &str) -> std::io::Result<serde_json::Value> {
//! #     let mut stream = std::net::TcpStream::connect(server.address())?;
//! #     let app = Server::APP;
//! #     write!(stream, "POST /api/{app}/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\n\r\n")?;
//! #     let mut answer = String::new();
//! #     stream.read_to_string(&mut answer)?;
//! #     let body = answer.split_once("\r\n\r\n").ok_or_else(|| Error::other("cut"))?.1;
//! #     Ok(serde_json::from_str(body)?)
//! # }
//! # async fn login(server: &Server) -> std::io::Result<String> {
//! #     let answer = exchange(server, "user/", "authorization: Basic YWRtaW46Y29ycmVjdCBob3JzZQ==")?;
//! #     Ok(answer["data"]["token"].as_str().unwrap_or_default().to_owned())
//! # }
//! # async fn post(server: &Server, path: &str, token: &str) -> std::io::Result<serde_json::Value> {
//! #     exchange(server, path, &format!("token: {token}"))
//! # }
//! let token = login(&server).await?;
//! let answer = post(&server, &format!("addresses/first_free/{subnet}/"), &token).await?;
//! assert_eq!(answer["data"], "10.0.0.2");
//!
//! // Look at what it asked, and at what is left.
//! assert_eq!(server.count("POST", "/first_free/"), 1);
//! assert_eq!(server.seed(|store| store.used(subnet).len()), 2);
//!
//! // Let the next answer get lost: the address is taken, and the program does not hear of it.
//! server.fault(Fault::DropAfter, When::any().method("POST").path("/first_free/"));
//! assert!(post(&server, &format!("addresses/first_free/{subnet}/"), &token).await.is_err());
//! let lost: IpAddr = "10.0.0.3".parse()?;
//! assert!(server.seed(|store| store.used(subnet).iter().any(|(ip, _)| *ip == lost)));
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
//! `circuits`, `search` and `prefix` and the encrypted request form answer as unknown. Changelogs have the right form, but their `diff` is
//! simpler. Only version 1.8.2 is there; [`Profile`] holds what differs in others.

mod clock;
mod config;
mod context;
mod controllers;
mod dispatch;
mod faults;
mod log;
mod number;
mod params;
mod present;
mod profile;
mod recorded;
mod refusal;
mod schema;
mod seed;
mod serve;
mod server;
mod store;
mod table;
mod xml;

pub use clock::Clock;
pub use config::{App, Lock, Numbers, Permission, Security, User};
pub use faults::{Fault, Target, When};
pub use log::Logged;
pub use profile::{Profile, Put};
pub use schema::Object;
pub use seed::{CustomField, SeedError};
pub use server::{LockGuard, Server, ServerBuilder};
pub use store::Store;
