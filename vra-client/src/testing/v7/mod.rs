//! In-process vRealize Automation 6.2 or 7.1 to 7.6 to test against.
//!
//! [`Server`] keeps its state in memory: a test reads back what it created. A request for an item takes its course. It waits
//! for an approval if the item needs one, is in progress for some polls, and ends with a deployment and machines. Their
//! addresses come from the network profile of a reservation of the business group. The server listens on a free port of
//! 127.0.0.1 and stops when it is dropped.
//!
#![cfg_attr(feature = "v7", doc = "```")]
#![cfg_attr(not(feature = "v7"), doc = "```text")]
//! use std::time::Duration;
//! use vra_client::HttpOptions;
//! use vra_client::poll::Wait;
//! use vra_client::testing::v7::Server;
//! use vra_client::testing::{Fault, When};
//! use vra_client::v7::Client;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let server = Server::builder().example_data().start().await?;
//!
//! // Your program goes here: it connects to a vRealize Automation at this URL, as this user.
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
//! // Check the requests that it sent.
//! assert_eq!(server.count("POST", "/requests"), 1);
//!
//! // Lose the next response: the server has the request, and the program gets an error.
//! server.fault(Fault::DropAfter, When::any().method("POST").path("/requests"));
//! let template = catalog.template_of(&item)?.await?;
//! assert!(catalog.submit_to(&item, template)?.await.is_err());
//! assert_eq!(server.seed(|store| store.request_count()), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Controls
//! | control | what it sets |
//! | --- | --- |
//! | [`ServerBuilder`] | users, release, clock, lifetime of tokens, length of requests, host in links, example data |
//! | [`Server::seed`] | tenants, users, business groups, items, profiles, reservations, IPAM ranges, services; the state of requests |
//! | [`Server::fault`] | latency, lost requests and responses, expired tokens, HTML pages, any status, redirects, responses without body or `Location`, another letter case of types, links to another host, and each defect of paging; by method, path, condition, count or seeded chance |
//! | [`Server::requests`] | nothing; returns every request, without credentials, and how it ended |
//! | [`Server::advance`] | time: tokens expire, and addresses of destroyed machines become free after 30 minutes |
//!
//! A request proceeds when it is polled (`GET` of the request), and never because time passes. So a test waits for no longer
//! than it polls.
//!
//! # Evidence for the responses
//! No real server was available. *Captured*, *documented* and *members* have the meanings of the
//! [front page](crate#evidence). *Inferred* means that the shape was concluded from other calls. A *guess* has no
//! source.
//!
//! | response | evidence |
//! | --- | --- |
//! | token; tenant, identity stores, principals, roles | captured; documented |
//! | business groups | captured |
//! | items, views, template, request (submitted, pending, in progress, ended), deployment and machine in both forms, template of an action | captured |
//! | actions of a resource | documented; the list of them: captured |
//! | work items | documented (another type of work item; an approval's actions are those that clients send) |
//! | errors 10101, 12005, 12017, 20111, 20116, 90027 | captured or documented; the status of 10101, 20111 and 20116 is inferred |
//! | reservation types and vSphere's schema, policies, key pairs | documented |
//! | reservations, values, network profiles, addresses, range summaries, component registry | members |
//! | deployments with components, owners, actions and expiry | members; the response to a change: guess |
//! | schemas of other reservation types, IPAM service, form of a work item, schema of a request | guess |
//! | status codes of PUT and DELETE for reservations, profiles, key pairs | inferred |
//! | errors not named above | guess, with the number of system exceptions (50505) |
//!
//! # Limits
//! There is no TLS, no XML and no release 7.0. Blueprints have no nested blueprints and no costs. Of the actions, only power,
//! reprovision, lease, expire and destroy have an effect. Of the permissions, only that of a fabric administrator and that
//! of a work item's assignee are checked.

mod catalog;
mod component_registry;
mod config;
mod context;
mod dispatch;
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
