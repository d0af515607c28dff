//! phpIPAM behind [`ipam_core::IpamProvider`].
//!
//! ```no_run
//! # async fn example() -> ipam_core::Result<()> {
//! use ipam_core::{IpamProviderExt, ListRanges};
//! use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
//! use phpipam_client::{Auth, Client};
//!
//! let client = Client::builder("https://ipam.example", "vra", Auth::user("svc", "secret")).build()?;
//! let config = PhpIpamConfig::new().with_section("Customers").with_range_field("custom_vRA_Range", "1");
//! let provider = PhpIpamProvider::connect(client, config).await?;
//! let address = provider.allocate_one("8", "vm-42").await?;
//! println!("{} of subnet {}", address.address, address.range);
//! # Ok(())
//! # }
//! ```
//!
//! # What is what
//! | in the contract | in phpIPAM |
//! | --- | --- |
//! | range | a subnet without subnets below it, in the chosen sections, with the chosen fields; its id is the subnet's |
//! | block | a subnet with subnets below it, or one with the chosen fields |
//! | address space | the VRF, in all sections: `vrf/7`; without one the section: `3` |
//! | allocation | an address; its id is the row's and the claim's number |
//! | reservation | the gateway, and addresses whose tag is "Reserved" or "DHCP" that were not allocated here; all that is free of a subnet that is marked full |
//! | properties | every plain field of a subnet by the server's name, such as `custom_vRA_Range` |
//! | name of a range | the first line of the description; the prefix where there is none |
//!
//! # Addresses are unique in an address space
//! phpIPAM keeps them unique in a subnet only; the provider does the rest.
//! - Addresses that are registered in a subnet around a range, from before it was divided, count as taken, and a gateway
//!   there is the range's. `find` shows such an address with the range that holds it. It is freed by its id;
//!   `deallocate` by range and address says where it is registered.
//! - Ranges of one space that overlap, such as those of one VRF in two sections, leave alone what the other one has,
//!   also where only one of the sections is served. Each claim is compared with the others before its caller is told: of
//!   two of them, the one with the lower id stands.
//! - [`check`](ipam_core::IpamProvider::check) names both.
//!
//! It takes one request to learn which subnets lie around a range, and one for each of those; none for a range at the top
//! of a section without a VRF. What others register in phpIPAM's pages after a claim was acknowledged cannot be kept out.
//!
//! # Marks
//! A claim says in the very call that makes it whose it is: a mark, `[ipam1;c;0/1;…]`, with key, owner, fingerprint of
//! the request, and the number of the call. It is kept in `note` of an address and in `description` of a subnet, or in a
//! custom field that is a text. Everything in it is percent-encoded, so that nothing is stripped, and it has a checksum:
//! people may write before and behind it. The owner is shown in the field `owner`, too; if another one is written
//! there, the address is that one's.
//!
//! A key is looked up by one request: by the server's search (since 1.6, done by its database), else by a filter over
//! all addresses, which a server with more than some 30 000 of them cannot do with PHP's default memory.
//!
//! # How an address is taken
//! 1. With a key: who has it? A claim that stands is returned, or refused; one that is under way is waited for.
//! 2. `POST addresses/first_free/…` with the mark. Where the server's next address may not be the right one (IPv6, whose
//!    lowest address belongs to the routers; exclusions; several addresses; rows) the subnet is listed, addresses are
//!    chosen, and each is taken by `POST addresses/`. Never a `GET` of what is free and then a `POST` that hopes.
//! 3. Where other writers were quicker, again, with growing pauses; until the deadline of [`Pacing`], a minute.
//! 4. Where the response was lost, the mark is looked for, and what is found is taken over.
//! 5. Several addresses are marked as *pending* first. When all are there, the first is changed to *committed*; that
//!    decides it. [`find`](ipam_core::IpamProvider::find) does not show what is pending.
//! 6. All is read back. Of two claims of one key the one with the lower id stands, the other one is undone by its caller.
//! 7. What fails is undone, the last address first.
//!
//! # Callers that go away
//! There is no task in the background. A claim that was dropped half-way, or whose response was lost, is noted in the
//! process, and the next calls of the provider clean up after it: at once, and again after 1, 5, 30 and 120 seconds,
//! because the server may still be at work ([`Pacing`] sets these times); [`close`](ipam_core::IpamProvider::close) looks once more.
//!
//! What a dead process left is found by its mark. A claim of several addresses that is not whole is honoured for three
//! times [`with_claim_time`](PhpIpamConfig::with_claim_time) of its own process, by the server's clock. Until then
//! `allocate` and `deallocate` with its key are `Busy`, after a few seconds, with the time in the message. After it the
//! claim is abandoned:
//! - [`check`](ipam_core::IpamProvider::check) counts abandoned claims: no allocation shows them, and they use up
//!   addresses.
//! - The next call with the key undoes its own.
//! - [`sweep`](ipam_core::IpamProvider::sweep) undoes all of them, and child prefixes that two processes made for one key.
//! - Connecting undoes a few, see [`with_sweep_on_connect`](PhpIpamConfig::with_sweep_on_connect).
//!
//! A process that was stopped in the middle of a claim cannot acknowledge it later: it gives a claim up after twice its
//! time, and reads it back before it acknowledges it.
//!
//! # Required custom fields
//! A "required field" of phpIPAM without a default makes every new address or subnet fail, and a text that is empty every
//! change of an address. [`with_address_field`](PhpIpamConfig::with_address_field) and
//! [`with_child_prefix_field`](PhpIpamConfig::with_child_prefix_field) give values, which connecting checks against the
//! server's fields. Where one is lacking, `check` names it, and `allocate` and `allocate_range` fail with kind `Config`
//! before anything is taken; reading works.
//!
//! # Limits
//! - phpIPAM 1.4 and later; 1.3 has no list of addresses and no filters.
//! - No expiry, no quarantine, no order but first-free, no feed.
//! - A key is unique as long as no insert becomes visible after the call that follows it; with the database that
//!   phpIPAM needs, that is a matter of microseconds.
//! - Between the look at a range and its deletion by `deallocate_range` another caller may allocate in it.
//! - phpIPAM does not make a subnet of the same size as the one around it, so a child prefix is never as large as its block.

mod capabilities;
mod claim;
mod config;
mod handle;
mod inner;
pub(crate) mod key;
pub(crate) mod map;
mod ops;
mod pacing;
mod random;
mod range_view;
mod register;
mod snapshot;
mod surroundings;

pub use config::PhpIpamConfig;
pub use handle::PhpIpamProvider;
pub use pacing::Pacing;
pub use register::register;
