//! An in-process vRealize Automation 6.2 or 7.x to test against.
//!
//! [`Server`] keeps its state in memory, so what a test creates it can read back, and what it requests comes about: a
//! request waits for approval if its item wants one, is worked on for some looks, and in the end there is a deployment
//! with machines, whose addresses come from the network profile of a reservation of the business group. It listens on a
//! free port of 127.0.0.1 and stops when it is dropped.
//!
#![cfg_attr(feature = "v7", doc = "```")]
#![cfg_attr(not(feature = "v7"), doc = "```text")]
//! use std::time::Duration;
//! use ipam_core::http::HttpOptions;
//! use vra_client::poll::Wait;
//! use vra_client::testing::v7::Server;
//! use vra_client::testing::{Fault, When};
//! use vra_client::v7::Client;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let server = Server::builder().example_data().start().await?;
//!
//! // Your program goes here: whatever speaks to a vRealize Automation at this URL, as this user.
//! let client = Client::builder(server.url())
//!     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
//!     .with_http_options(HttpOptions::new().with_allow_http(true))
//!     .build()?;
//! let catalog = client.catalog();
//! let item = catalog.item_named("CentOS").await?;
//! let template = catalog.template_of(&item)?.await?;
//! let submitted = catalog.submit_to(&item, template)?.await?;
//! let soon = Wait::up_to(Duration::from_secs(10)).with_pauses(Duration::from_millis(1), Duration::from_millis(5));
//! catalog.wait_for(&submitted.id, &soon).await?;
//! let machines = catalog.machines_of_request(&submitted.id).await?;
//! assert_eq!(machines[0].ip_addresses(), ["10.60.1.10"]);
//!
//! // Look at what it asked.
//! assert_eq!(server.count("POST", "/requests"), 1);
//!
//! // Let the next answer get lost: the request is handed in, and the program does not hear of it.
//! server.fault(Fault::DropAfter, When::any().method("POST").path("/requests"));
//! let template = catalog.template_of(&item)?.await?;
//! assert!(catalog.submit_to(&item, template)?.await.is_err());
//! assert_eq!(server.seed(|store| store.request_count()), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it can be told
//! | | |
//! | --- | --- |
//! | [`ServerBuilder`] | users, release, clock, life of tokens, how long requests take, the host in links, example data |
//! | [`Server::seed`] | tenants, users, business groups, items, profiles, reservations, IPAM ranges, services; the state of requests |
//! | [`Server::fault`] | latency, lost requests and lost answers, ended tokens, pages for browsers, any status, redirects, answers without body or `Location`, types in another letter case, links to another host, every defect of paging; by method, path, condition, count or seeded chance |
//! | [`Server::requests`] | every request without credentials, and how it ended |
//! | [`Server::advance`] | time: tokens end, addresses of destroyed machines become free after half an hour |
//!
//! # What its answers rest on
//! No server was at hand. Members and their values come from payloads that were captured from real servers, printed in
//! the manual, or put together from published lists of members; the crate's front page says what the words mean.
//!
//! | answers | evidence |
//! | --- | --- |
//! | token; tenant, identity stores, principals, roles | captured; documented |
//! | business groups | captured |
//! | items, views, template, request (submitted, pending, in progress, ended), deployment and machine in both forms, template of an action | captured |
//! | actions of a resource | documented; which there are: captured |
//! | work items | documented (another type of work item; an approval's actions are those that clients send) |
//! | errors 10101, 12005, 12017, 20111, 20116, 90027 | captured or documented; the status of 10101, 20111 and 20116 is inferred |
//! | reservation types and vSphere's schema, policies, key pairs | documented |
//! | reservations, values, network profiles, addresses, range summaries, component registry | assembled |
//! | schemas of other reservation types, IPAM service, form of a work item, schema of a request | guessed |
//! | status codes of PUT and DELETE for reservations, profiles, key pairs | inferred |
//! | refusals not named above | guessed, with the number of system exceptions (50505) |
//!
//! # What it is not
//! It has no TLS and no XML. There are no blueprints in blueprints, no costs, and of the actions only those with an
//! effect: power, reprovision, lease, expire, destroy. Rights are not modelled, but for the fabric administrator's and a
//! work item's assignee. A look at a request moves it; time does not.

mod catalog;
mod component_registry;
mod config;
mod context;
mod dispatch;
mod filter;
mod identity;
mod ipam;
mod key_pairs;
mod literal;
mod network;
mod query;
mod refusal;
mod reservations;
mod rows;
mod seed;
mod server;
mod store;
mod work_items;

pub use config::{Item, Release, User};
pub use server::{Server, ServerBuilder};
pub use store::Store;
