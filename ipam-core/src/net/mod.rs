//! Subnet maths: ranges, sets, usable hosts and free addresses.
//!
//! All functions are pure: no I/O, no blocking, and no memory per address. A `/64`, or `::/0`, costs no more than a
//! `/24`. Functions whose result can be long return an iterator, which computes each item when it is asked for.
//!
//! | task | item |
//! | --- | --- |
//! | addresses from a first to a last one | [`IpRange`] |
//! | usable host addresses of a subnet | [`hosts()`], [`HostPolicy`] |
//! | addresses in several pieces; union, difference and so on | [`IpSet`] |
//! | free addresses: first, last, n-th, contiguous, aligned, all gaps | [`FreeRanges`] |
//! | subnets of a prefix, its supernet, a common supernet | [`subnets`], [`supernet`], [`common_supernet`] |
//! | fewest prefixes for given addresses | [`IpRange::prefixes`], [`IpSet::prefixes`], [`aggregate`], [`subtract`] |
//! | overlapping prefixes | [`overlaps`] |
//! | room for subnets of given sizes | [`Planner`], [`best_fit`] |
//! | longest-prefix match | [`PrefixMap`] |
//! | netmask, wildcard mask and prefix length | [`netmask`], [`wildcard`], [`prefix_len_of_netmask`], [`parse_net`] |
//! | masks, hosts, broadcast address and purpose of a subnet at once | [`SubnetDetails`], [`special_purpose`] |
//! | names for reverse DNS | [`reverse_name`], [`reverse_zones`], [`parse_reverse`] |
//!
//! ```
//! use ipam_core::net::{FreeRanges, HostPolicy, IpSet, hosts};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let usable = hosts("10.0.0.0/24".parse()?, HostPolicy::Hosts);
//! let taken = IpSet::from_iter(["10.0.0.1-10.0.0.20".parse::<ipam_core::net::IpRange>()?]);
//! assert_eq!(FreeRanges::of_set(usable, &taken).first_address(), Some("10.0.0.21".parse()?));
//! # Ok(())
//! # }
//! ```
//!
//! # Counts
//! Counts are `u128`. The 2^128 addresses of `::/0` do not fit. A function that can meet such a count returns
//! `Option<u128>`, and `None` means 2^128; for an [`IpSet`], which may have IPv4 addresses as well, it means 2^128 or
//! more.
//!
//! # Host bits
//! An [`IpNet`](ipnet::IpNet) may carry host bits, as in `10.0.0.7/24`. Every function of this module reads such a
//! value as its subnet (`10.0.0.0/24`), and every `IpNet` it returns has its host bits clear, but for [`parse_interface`]
//! and [`SubnetDetails::address`], which keep the address of an interface.
//!
//! # Families
//! IPv4 and IPv6 are kept apart: a range is of one family, and an IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) is an
//! IPv6 address. Sorted results list IPv4 first.
//!
//! # Errors
//! Functions that return a `Result` fail with [`NetError`]: [`NetErrorKind::InvalidInput`] for a value that is
//! malformed or out of range, [`NetErrorKind::Exhausted`] if there is no room. It converts to [`Error`](crate::Error)
//! with the kind of the same name.

mod bits;
mod details;
mod error;
mod free;
mod hosts;
mod lookup;
mod mask;
mod plan;
mod range;
mod reverse;
mod runs;
mod set;
mod special;
mod split;
#[cfg(test)]
mod tests;

pub use details::SubnetDetails;
pub use error::{NetError, NetErrorKind};
pub use free::FreeRanges;
pub use hosts::{HostPolicy, hosts};
pub use lookup::PrefixMap;
pub use mask::{netmask, parse_interface, parse_net, prefix_len_of_netmask, prefix_len_of_wildcard, wildcard};
pub use plan::{Planner, SubnetSize, best_fit};
pub use range::{Addresses, IpRange, Prefixes};
pub use reverse::{ReverseZones, parse_reverse, reverse_name, reverse_zones};
pub use set::{IntoPrefixes, IpSet, Ranges, SetPrefixes};
pub use special::{SpecialPurpose, special_purpose};
pub use split::{Overlap, Subnets, aggregate, common_supernet, overlaps, subnets, subtract, supernet};
