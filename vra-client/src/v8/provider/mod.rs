//! vRealize Automation 8 as an [`ipam_core::IpamProvider`]: the IP ranges of its own address management.
//!
//! A [`VraProvider`] is built from a [`Client`](crate::v8::Client) and a [`VraConfig`], or opened from a URL, see
//! [`register`](register()). It needs a release whose API has the addresses of a range, which is newer than 8.10.
//!
#![cfg_attr(feature = "testing", doc = "```")]
#![cfg_attr(not(feature = "testing"), doc = "```text")]
//! use ipam_core::{Allocate, Deallocate, IpamProvider};
//! use vra_client::HttpOptions;
//! use vra_client::testing::v8::Server;
//! use vra_client::v8::Client;
//! use vra_client::v8::provider::{VraConfig, VraProvider};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let server = Server::builder().example_data().polls_in_progress(0).start().await?;
//! let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
//! let client = Client::builder(server.url())
//!     .with_password(Server::USER, Server::PASSWORD)
//!     .with_http_options(HttpOptions::new().with_allow_http(true)) // no TLS in this process
//!     .build()?;
//! let provider = VraProvider::connect(client, VraConfig::new().with_network("lab-net")).await?;
//!
//! let request = Allocate::one("vm-42", range).with_key("vm-42/nic-0");
//! let first = provider.allocate(&request).await?;
//! assert_eq!(first.lines[0][0].address.to_string(), "10.10.20.10");
//! let again = provider.allocate(&request).await?; // for example because the first response was lost
//! assert!(again.repeated && again.lines == first.lines);
//! assert_eq!(provider.deallocate(&Deallocate::key("vm-42/nic-0")).await?.freed().count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Mapping
//! | in the contract | in vRealize Automation 8 |
//! | --- | --- |
//! | range | an IP range; its prefix, gateway, DNS servers and domains are those of its fabric network |
//! | address space | the fabric network, by its id (the smallest, if the range has several); the range itself without one |
//! | allocation | an address with status `ALLOCATED`; its id is `RANGE/ADDRESS/CLAIM` |
//! | key, owner, labels, tags | the description of the address: `ipam1 ` and JSON |
//! | allocation that the provider did not make | an address with another description; one of a machine has the machine's id as owner |
//! | quarantine | a released address, for the release time of the server (30 minutes by default), which is that of every range |
//!
//! Ranges of an external IPAM are not served: they belong to that IPAM.
//!
//! # Supported operations
//! | operation | supported |
//! | --- | --- |
//! | `check`, `list_ranges`, `find`, `usage`, `close` | yes |
//! | `allocate`, `preview_allocate`, `deallocate` | yes, with contiguous and aligned runs, and with up to 256 addresses in a request |
//! | `update` | no: no call changes a description |
//! | `define_range` and the like, blocks, child prefixes | no: create networks and ranges in the product |
//! | expiry, orders other than the lowest free address, `changes`, `sweep` | no |
//!
//! An address of a machine is not deallocated: that fails with `Conflict` and names the machine.
//!
//! # How an address is taken once
//! The provider chooses an address without a record and asks the server for exactly that one. The server refuses it if it
//! is taken meanwhile, in its request tracker or at once; then the provider chooses again. An address that is refused
//! four times without a visible reason is passed over. Key and owner are written by the same call.
//! After each call whose result is not certain (a lost response, a tracker that vanished), the addresses of the range
//! decide, by the number of the claim in their descriptions.
//!
//! Keys are looked up in the descriptions of all served ranges, with one request for each range and two for their list,
//! before and after an allocation with a key. So serve no more ranges than needed: see [`VraConfig::with_network`]. Requests without a key read
//! only their own ranges.
//!
//! # Limits
//! - That a call for several addresses takes all or none is not documented. A part that is left is released.
//! - Two processes that allocate with one key at the same moment may both give back what they took, and try again. What was
//!   given back is quarantined for the release time.
//! - A claim is given back within half of the [settle time](VraConfig::with_settle_time) or not at all. If two processes
//!   with one key are both slower, both claims are left. Later calls with the key fail with `Busy` and name all addresses;
//!   deallocate the key.
//! - A repeated call in another process waits for the settle time, 30 s by default, unless the claim is older than settle
//!   time, claim time and 10 minutes together. The clocks of the processes may differ by 10 minutes.
//! - A process that ends between the calls of one request (several ranges, or more than 100 addresses) leaves addresses
//!   with its key. The next call with the key fails with `Conflict` and names what is missing; deallocate the key.
//! - A process that ends between allocating and its last look for the key may leave a second claim of the key, if another
//!   process used it at the same moment. Later calls with the key fail with `Busy` and name all addresses.
//! - The call that releases names addresses only. It is sent within half of the release time after the allocation was seen,
//!   or not at all. One that the server carries out later than the release time may free the next allocation, and with a
//!   release time of 0 any may: [`check`](ipam_core::IpamProvider::check) warns of that. A user without the right to read
//!   the settings is taken to have the server's default.
//! - A process that ends while it allocates without a key may leave addresses, whose keys begin with `vra8/`. Search for the
//!   owner to find them. If such a call fails and the outcome is `Unknown`, its error names the key.
//! - Lists of ranges and addresses have no order. Where the server cuts one into pages, a row that vanishes between two pages
//!   may hide another one. So such a list is read until no row of a reading is missing in the next one, at least twice. If
//!   it changes in six readings, the call fails with `Busy`.
//! - A record whose address cannot be read fails each call that reads its range, with `Protocol`. A range whose bounds cannot
//!   be read is not served; [`check`](ipam_core::IpamProvider::check) warns of it.
//! - The largest description that the server keeps is not known. The provider sends at most 4000 bytes, reads them back, and
//!   releases the addresses if they were not kept.

mod allocate;
mod choose;
mod config;
mod deallocate;
mod handle;
mod inner;
mod kept;
mod keys;
mod locks;
mod mark;
mod pages;
mod read;
mod record;
mod register;
mod snapshot;
mod write;

pub use config::VraConfig;
pub use handle::VraProvider;
pub use register::register;
