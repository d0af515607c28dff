//! In-process vRealize Automation 8, Aria Automation 8 or VCF Automation 9 to test against.
//!
//! [`Server`] keeps its state in memory: a test reads back what it created. IP ranges have addresses that are allocated
//! and released through request trackers. A request for a catalog item becomes a deployment, which is in progress for
//! some polls and ends with machines. Their addresses come from an IP range of the network, or from an imported IPAM
//! package, whose actions the server really calls. The server listens on a free port of 127.0.0.1 and stops when it is
//! dropped.
//!
#![cfg_attr(feature = "v8", doc = "```")]
#![cfg_attr(not(feature = "v8"), doc = "```text")]
//! use serde_json::json;
//! use vra_client::HttpOptions;
//! use vra_client::testing::v8::Server;
//! use vra_client::testing::{Fault, When};
//! use vra_client::v8::Client;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let server = Server::builder().example_data().start().await?;
//!
//! // Your program goes here: it connects to a vRealize Automation 8 at this URL, as this user.
//! let client = Client::builder(server.url())
//!     .with_password(Server::USER, Server::PASSWORD)
//!     .with_http_options(HttpOptions::new().with_allow_http(true))
//!     .build()?;
//! let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
//! let path = format!("/iaas/api/network-ip-ranges/{range}/ip-addresses/allocate");
//! client.raw(http::Method::POST, path, Some(json!({"numberOfIps": 2}))).await?;
//!
//! // Check what it did.
//! assert_eq!(server.count("POST", "/ip-addresses/allocate"), 1);
//! assert_eq!(server.seed(|store| store.allocated(&range).len()), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Controls
//! | control | what it sets |
//! | --- | --- |
//! | [`ServerBuilder`] | users, release, clock, lifetimes of tokens, addresses and trackers, length of requests, paging, actions of IPAM packages, example data |
//! | [`Server::seed`] | users, refresh tokens, projects, networks, IP ranges with addresses, external ranges, packages, items; the state of deployments |
//! | [`Server::fault`] | latency, lost requests and responses, expired tokens, HTML pages, any status, redirects, responses without body or `Location`, failing trackers, and each defect of paging; by method, path, condition, count or seeded chance |
//! | [`Server::requests`] | nothing; returns every request, without credentials, and how it ended |
//! | [`Server::pause`] | the order of requests: those that match wait until the test lets them go on |
//! | [`ServerBuilder::jitter`] | random delays before requests are carried out, so that clients interleave |
//! | [`Server::advance`] | time: tokens and trackers expire, released addresses become available, external ranges are collected |
//!
//! A tracker or a deployment proceeds when it is polled, and never because time passes. So a test waits for no longer than
//! it polls. What a tracker reports is carried out when its request is, and only shown later. Requests are carried out one
//! after the other, in the order in which they come; [`Server::pause`] and [`ServerBuilder::jitter`] change the order.
//!
//! # Evidence for the responses
//! No real server was available. *Captured*, *documented*, *described* and *sent* have the meanings of the
//! [front page](crate#evidence). A *guess* has no source.
//!
//! | response | evidence |
//! | --- | --- |
//! | logins of version 8 | documented, captured; error of a login: described |
//! | token call and file of VCF Automation 9 | sent |
//! | project, zone, catalog item, page of items, deployment, resource, request, action | captured |
//! | IP range, fabric network, network profile, external range, integration, tracker | described |
//! | addresses of a range, counts of a range, import of a package | described for later releases |
//! | one error of the IaaS service (403) | captured; its other errors: described |
//! | status and message of a refused range, name, input or action; limits of a page; `totalElements` left out | guess |
//! | failure of an allocation that meets a taken address, with all or nothing; paths of the addresses in `resources` | guess |
//! | calls of an imported package: inputs and outputs | documented; their order and times: guess |
//!
//! # Limits
//! There is no TLS. Of the services, there are IaaS, catalog and deployment. There are no cloud accounts, on-demand
//! networks, approvals, prices and events. `$select` is ignored. A machine has one network card. Of the permissions, only
//! that for the IaaS service is checked.

mod actions;
mod catalog;
mod config;
mod context;
mod deployments;
mod dispatch;
mod iaas;
mod jobs;
mod login;
mod pause;
mod query;
mod refusal;
mod rows;
mod seed;
mod server;
mod store;
mod token;

pub use actions::{ActionResult, IpamActions, IpamCall};
pub use config::{Item, Release, User};
pub use pause::Pause;
pub use server::{Server, ServerBuilder};
pub use store::Store;
