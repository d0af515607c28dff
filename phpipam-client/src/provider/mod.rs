//! phpIPAM as an [`ipam_core::IpamProvider`].
//!
//! A [`PhpIpamProvider`] allocates addresses and child prefixes in a phpIPAM server, version 1.4 or later. It is built
//! from a
//! [`Client`](crate::Client) and a [`PhpIpamConfig`], or opened from a URL, see [`register`](register()).
//!
#![cfg_attr(feature = "testing", doc = "```")]
#![cfg_attr(not(feature = "testing"), doc = "```text")]
//! use ipam_core::http::HttpOptions;
//! use ipam_core::{Deallocate, IpamProvider, IpamProviderExt};
//! use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
//! use phpipam_client::testing::Server;
//! use phpipam_client::{Auth, Client};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let server = Server::start().await?; // a phpIPAM in this process, with one subnet
//! let subnet = server.seed(|store| {
//!     let section = store.add_section("Lab");
//!     Ok::<_, Box<dyn std::error::Error>>(store.add_subnet(section, "10.0.0.0/29".parse()?))
//! })?;
//!
//! let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
//!     .with_http_options(HttpOptions::new().with_allow_http(true)) // no TLS in this process
//!     .build()?;
//! let provider = PhpIpamProvider::connect(client, PhpIpamConfig::new().with_section("Lab")).await?;
//!
//! let allocation = provider.allocate_one(subnet.to_string(), "vm-42").await?;
//! assert_eq!(allocation.address.to_string(), "10.0.0.1");
//! let freed = provider.deallocate(&Deallocate::id(allocation.id)).await?;
//! assert_eq!(freed.freed().count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Words
//! - *Contract*: the trait [`IpamProvider`](ipam_core::IpamProvider) with its documentation, which every provider
//!   fulfils.
//! - *Precondition*: part of a [`Deallocate`](ipam_core::Deallocate) that names the owner or the key that the address
//!   must have to be freed. See [`Precondition`](ipam_core::Precondition).
//! - *Key*: name that the caller gives to a request for addresses or for a range. A repetition with the same key
//!   returns what the first call took. See [`AllocationKey`](ipam_core::AllocationKey).
//! - *Owner*: the machine or tenant that an address is for. See [`Owner`](ipam_core::Owner).
//! - *Claim*: the addresses that one call of `allocate` takes.
//! - *Mark*: text that the provider writes into phpIPAM beside each address of a claim: key, owner and state of the
//!   claim.
//! - *Pending* and *committed*: a claim of several addresses is pending until all of them are taken, then it is
//!   committed. Callers see committed claims only.
//! - *Claim time*: the longest time that one claim may take, 60 seconds by default.
//! - *Abandoned claim*: a pending claim whose process has died. Its addresses are *orphaned*: taken, and in no
//!   allocation.
//! - *Child prefix*: a subnet that `allocate_range` creates inside a block.
//! - *Enclosing subnet*: a subnet that contains another one, such as its parent.
//!
//! # Mapping
//! | in the contract | in phpIPAM |
//! | --- | --- |
//! | range | a subnet without subnets below it, in the configured sections; its id is the subnet's, such as `8` |
//! | block | a subnet with subnets below it, or one with the configured fields |
//! | address space | the VRF, across all sections, such as `vrf/7`; a subnet without VRF has the VRF of its enclosing subnets, or without one there, its section, such as `3` |
//! | allocation | an address; its id is `ROW-CLAIM`, such as `17-00c0ffee00000001`: ids of row and claim |
//! | allocation that the provider did not make | an address without a mark; its id is the id of the row, such as `17` |
//! | reservation | the gateway; an address with the tag "Reserved" or "DHCP" and without a mark |
//! | reservations of all free addresses | a subnet that is marked full |
//! | properties | every field of a subnet that holds a number, a flag or a text that is not empty, under the server's name, such as `custom_vRA_Range`; not lists and objects, `gatewayId`, the times of the last change and scan, and the mark |
//! | name of a range | the first line of the description; the prefix if there is none |
//!
//! # Supported operations
//! | operation | supported |
//! | --- | --- |
//! | `check`, `list_ranges`, `list_blocks`, `find`, `usage`, `close` | yes |
//! | `allocate`, `preview_allocate`, `deallocate` | yes |
//! | `update`, `allocate_range`, `deallocate_range`, `sweep` | if the app may write |
//! | `define_range`, `define_block`, their `update_…` and `remove_…` | no: define subnets in phpIPAM |
//! | `changes`, the feed of changes | no |
//!
//! Addresses do not expire, and there is no quarantine and no order but the lowest free address. An operation or an
//! option that is not supported fails with [`Unsupported`].
//!
//! [`Unsupported`]: ipam_core::ErrorKind::Unsupported
//!
//! # Keys
//! `provider` and `subnet` are those of the example above.
//!
#![cfg_attr(feature = "testing", doc = "```")]
#![cfg_attr(not(feature = "testing"), doc = "```text")]
//! use ipam_core::{Allocate, ErrorKind, IpamProvider};
//! # use ipam_core::http::HttpOptions;
//! # use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
//! # use phpipam_client::testing::Server;
//! # use phpipam_client::{Auth, Client};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let server = Server::start().await?;
//! # let subnet = server.seed(|store| {
//! #     let section = store.add_section("Lab");
//! #     Ok::<_, Box<dyn std::error::Error>>(store.add_subnet(section, "10.0.0.0/29".parse()?))
//! # })?;
//! # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
//! #     .with_http_options(HttpOptions::new().with_allow_http(true))
//! #     .build()?;
//! # let provider = PhpIpamProvider::connect(client, PhpIpamConfig::new()).await?;
//! let request = Allocate::one("vm-42", subnet.to_string()).with_key("vm-42/nic-0");
//! let first = provider.allocate(&request).await?;
//! let again = provider.allocate(&request).await?; // for example because the first response was lost
//! assert!(again.repeated);
//! assert_eq!(again.lines, first.lines); // the same allocations, one list for each line of the request
//!
//! let other = Allocate::one("vm-43", subnet.to_string()).with_key("vm-42/nic-0");
//! assert_eq!(provider.allocate(&other).await.unwrap_err().kind(), ErrorKind::Conflict);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Addresses are unique in an address space
//! phpIPAM keeps addresses unique in one subnet. The provider keeps them unique in the whole address space:
//! - Addresses that are registered in an enclosing subnet, from before it was divided, count as taken in the range. A
//!   gateway there is the range's gateway. `find` shows such an address with the range that contains it. Deallocate it
//!   by its id: `deallocate` by range and address fails with `Conflict` and names the enclosing subnet; with a
//!   [precondition](#words) it reports the address as free already.
//! - Ranges of one address space may overlap, such as ranges of one VRF in two sections. An address that is taken in
//!   one of them is not allocated from the other, even if the provider serves only one of the sections.
//! - Before `allocate` returns, the provider looks whether another process took the same address in an overlapping
//!   range meanwhile. If so, the address with the lower id wins, and the other call takes another address.
//! - [`check`](ipam_core::IpamProvider::check) names overlapping ranges, and addresses in enclosing subnets.
//!
//! The provider needs one request to find the overlapping subnets, and one for each of them. For a range at the top of
//! a section without a VRF it needs none. It cannot prevent that a person registers the same address in another subnet
//! after `allocate` has returned.
//!
//! # Marks
//! The request that takes an address also writes its mark, so no address of a claim is ever without one. Example,
//! without the line break:
//!
//! ```text
//! [ipam1;c;0/3;a0;k7c3d47054832e9f6918bc21b;n0000000000000abc;f0000000000000007;s6553f100;
//!  key=vm-1/nic%200;owner=vm-1;at=10.0.0.1-10.0.0.3;xa1652243]
//! ```
//!
//! | part | meaning |
//! | --- | --- |
//! | `ipam1` | version of the format |
//! | `c`, `p` | state of the claim: committed, pending |
//! | `0/3` | number of the address in its claim, from 0; number of addresses of the claim |
//! | `a0` | attempt number of the address, from 0 |
//! | `k…` | start of the SHA-256 of the key, for searching |
//! | `n…` | number of the claim |
//! | `f…` | start of the [fingerprint](ipam_core::Fingerprint) of the request |
//! | `s…` | start of the claim, in seconds since 1970 by the server's clock, hexadecimal |
//! | `key=`, `owner=` | key and owner |
//! | `life=180` | time in seconds for which a pending claim is protected |
//! | `at=` | addresses of the claim |
//! | `tag=`, `prop=` | tags, and properties for which the server has no field |
//! | `x…` | checksum |
//!
//! The mark is kept in the field `note` of an address and in `description` of a subnet, or in a custom field of type
//! text (see [`with_address_mark_field`](PhpIpamConfig::with_address_mark_field)). All parts are percent-encoded, so
//! that the server strips nothing. People may write before and after the mark. If they edit the mark itself, the
//! checksum shows it: the address stays allocated, without a key, and only a `deallocate` without a precondition frees
//! it. The owner is also written to the field `owner`. If a person writes another owner there, the address belongs to
//! that one.
//!
//! A key is looked up with two requests, one for addresses and one for child prefixes: the server's search (since 1.6,
//! in the database), or a filter over all of them. On a server with more than some 20 000 addresses or subnets the
//! filter exceeds PHP's default memory limit of 128 MB.
//!
//! # Large sites
//! The number of requests does not depend on the size of the site:
//!
//! | call | requests |
//! | --- | --- |
//! | `connect` | six or seven, two more if it sweeps |
//! | `list_ranges`, `list_blocks`, all pages | two to four: subnets, gateways, VLANs, name servers |
//! | `list_ranges` of up to 8 ids, each | two or three; more if it has no gateway of its own and is inside other subnets |
//! | `find` without a condition or with one that the server cannot look up, all pages | two |
//! | `usage` of more than 8 ranges | three to five |
//!
//! - The first page of a listing reads the lists, and the others come from memory. A page token names the listing and
//!   the last item, so another process can go on with it: it reads the lists again. A token is valid for an hour;
//!   afterwards the call fails with `InvalidInput`, and its caller lists again from the first page.
//! - Calls for many ranges within a second share a list of the subnets; see
//!   [`with_list_age`](PhpIpamConfig::with_list_age). `allocate_range`, `deallocate_range`, `sweep` and `check` always
//!   read it anew.
//! - PHP dies of a list that does not fit into its memory: with the default of 128 MB, of some 20 000 subnets or
//!   addresses. The provider does not repeat such a request. It reads the list in parts: subnets by the last digit of
//!   their ids, addresses by networks with the search. That costs a few requests once, and the provider remembers the
//!   size that works.
//! - In parts, an address that lies outside the network of its subnet is not found.
//! - Before 1.6 there is no search. Addresses that do not fit into one list are read subnet by subnet. A range with too
//!   many of them can give single addresses, and several that need not be contiguous; everything else fails with an
//!   error that names the setting to raise.
//!
//! # Steps of an allocation
//! 1. If the request has a key, look it up. A committed claim is returned (or the call fails with `Conflict`, if the
//!    request differs). A pending claim is waited for.
//! 2. Take an address and write its mark, in one request. If the server may choose, this is `POST
//!    addresses/first_free/ID/`. Otherwise the provider lists the subnet, chooses, and sends `POST addresses/` for each
//!    address; the server refuses one that is taken meanwhile. The second way is used for IPv6 (the server may hand out
//!    the Subnet-Router anycast address), exclusions, several addresses and contiguous runs.
//! 3. If another writer was faster, try again, with growing waits, until the deadline of [`Pacing`], 60 seconds by
//!    default.
//! 4. If a response was lost, look for the mark and take over what is found.
//! 5. If there are several addresses, they are pending at first. When all are taken, the mark of the first one (number
//!    0) is changed to committed. This one change commits the whole claim.
//! 6. Read everything back. If two processes made a claim with one key, the claim whose first address has the lower id
//!    wins, and the other one is undone by its own process.
//! 7. Change the marks of the other addresses to committed too. If that fails, the claim is committed all the same, and
//!    later calls complete the marks.
//! 8. If a step before the commit fails, undo what was taken.
//!
//! # Unfinished claims
//! The provider has no background task. If a caller drops the future of a call, or a response was lost, the process
//! remembers the claim, and later calls of the provider clean up: at once, and after 1, 5, 30 and 120 seconds, because
//! the server may still be working on the request ([`Pacing`] sets these times).
//! [`close`](ipam_core::IpamProvider::close) cleans up one last time.
//!
//! Claims of a process that died are found by their marks. A pending claim is protected for three times the
//! [claim time](PhpIpamConfig::with_claim_time) of its process, by the server's clock: by default three minutes.
//! While it is protected, `allocate` and `deallocate` with its key fail with [`Busy`](ipam_core::ErrorKind::Busy) after
//! a few seconds, and the message says until when. Afterwards the claim is abandoned:
//! - [`check`](ipam_core::IpamProvider::check) counts the abandoned claims and their addresses.
//! - The next `allocate` with the same key undoes the claim and makes a new one.
//! - [`sweep`](ipam_core::IpamProvider::sweep) undoes all abandoned claims, and removes surplus child prefixes: where
//!   two processes made one each for the same key, the one with the higher id, if it is empty.
//! - Connecting undoes a few, see [`with_sweep_on_connect`](PhpIpamConfig::with_sweep_on_connect).
//!
//! A process that was suspended in the middle of a claim cannot commit it later: it gives up after twice the claim
//! time, and reads the claim back before it returns.
//!
//! # Required custom fields
//! In phpIPAM a custom field can be required (`NOT NULL`). Without a default value, every new address or subnet that
//! does not send the field is refused. With an empty default, every change of an address with an empty value is
//! refused.
//! [`with_address_field`](PhpIpamConfig::with_address_field) and
//! [`with_child_prefix_field`](PhpIpamConfig::with_child_prefix_field) set values, which `connect` checks against its
//! fields. If a value is missing, `check` names the field, and `allocate` and `allocate_range` fail with
//! [`Config`](ipam_core::ErrorKind::Config) before they take anything. Reading works.
//!
//! # Errors
//! All methods return [`ipam_core::Error`]. Beside the kinds of the [contract](ipam_core::IpamProvider):
//!
//! | kind | reason |
//! | --- | --- |
//! | [`Busy`] | another call with the key is in progress, or its process died and its claim is still protected |
//! | [`Busy`] | other writers were faster until the deadline, or the server's lock was held for too long |
//! | [`Config`] | the configuration names a section, field or tag that the server does not have |
//! | [`Config`] | a required custom field has no value, or the server dropped a field that the provider wrote |
//! | [`Unauthenticated`] | the server rejected user, password or app code |
//! | [`PermissionDenied`] | the app may only read |
//! | [`Unavailable`], [`Timeout`] | the server was not reached, or did not respond in time |
//! | [`Untrusted`] | the server's certificate is not trusted |
//! | [`Protocol`] | the response is not one of phpIPAM's API |
//!
//! [`Busy`]: ipam_core::ErrorKind::Busy
//! [`Config`]: ipam_core::ErrorKind::Config
//! [`PermissionDenied`]: ipam_core::ErrorKind::PermissionDenied
//! [`Protocol`]: ipam_core::ErrorKind::Protocol
//! [`Timeout`]: ipam_core::ErrorKind::Timeout
//! [`Unauthenticated`]: ipam_core::ErrorKind::Unauthenticated
//! [`Unavailable`]: ipam_core::ErrorKind::Unavailable
//! [`Untrusted`]: ipam_core::ErrorKind::Untrusted
//!
//! If [`Error::outcome`](ipam_core::Error::outcome) is [`Unknown`](ipam_core::Outcome::Unknown), a part of the request
//! may have been applied: repeat it with the same key.
//!
//! # Limits
//! - The capability [`exclusive_deallocate`](ipam_core::Capabilities::exclusive_deallocate) is not declared: if two
//!   processes deallocate one address at the same time, both may be told that they freed it. Servers before 1.8 and apps
//!   without a lock confirm both deletions. Ids are never used again, so no later allocation is freed. Calls of one
//!   process take turns, and one of them is told so.
//! - phpIPAM 1.3 has no list of all addresses, no overlapping subnets and hardly any filters. There the provider lists
//!   all subnets in their place, and reads addresses subnet by subnet, in the served sections: keys, owners and MAC
//!   addresses are looked up with one request for each subnet. It is for small sites.
//! - Keys are unique on a single database. On a cluster with several writers, or behind a replica that lags, two
//!   concurrent calls with one key may both succeed.
//! - `deallocate_range` checks that the range is empty and then deletes it. An address that another caller allocates
//!   between the two requests is deleted with the range.
//! - A child prefix is always smaller than its block: phpIPAM creates no subnet of the same size as its parent.

mod capabilities;
mod claim;
mod config;
mod handle;
mod inner;
mod kept;
pub(crate) mod key;
mod lists;
pub(crate) mod map;
mod ops;
mod pacing;
mod random;
mod range_view;
mod register;
mod snapshot;
mod surroundings;
pub(crate) mod warning;

pub use config::PhpIpamConfig;
pub use handle::PhpIpamProvider;
pub use pacing::Pacing;
pub use register::register;
#[cfg(feature = "doctor")]
pub(crate) use register::{Settings, settings};
