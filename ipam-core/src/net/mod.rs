//! Subnet maths: ranges, sets, usable hosts, and what is free.
//!
//! Everything here is pure. There is no I/O, nothing blocks, and no function keeps memory per address: a `/64`, or
//! `::/0`, costs no more than a `/24`. Work that can be long is given as an iterator and done as the caller asks for it.
//!
//! | question | answer |
//! | --- | --- |
//! | which addresses, from one to another | [`IpRange`] |
//! | which addresses of a subnet a host may have | [`hosts()`], [`HostPolicy`] |
//! | which addresses, in several pieces; union, difference and so on | [`IpSet`] |
//! | what is free: first, last, n-th, a run, an aligned run, the gaps | [`FreeRanges`] |
//! | the subnets of a prefix, its supernet, the one that holds several | [`subnets`], [`supernet`], [`common_supernet`] |
//! | the fewest prefixes for given addresses | [`IpRange::prefixes`], [`IpSet::prefixes`], [`aggregate`], [`subtract`] |
//! | which prefixes overlap | [`overlaps`] |
//! | where subnets of given sizes fit | [`Planner`] |
//! | the longest prefix that holds an address | [`PrefixMap`] |
//! | netmask, wildcard mask and prefix length | [`netmask`], [`wildcard`], [`prefix_len_of_netmask`], [`parse_net`] |
//! | names for reverse DNS | [`reverse_name`], [`reverse_zones`], [`parse_reverse`] |
//!
//! # Counts
//! Counts are `u128`. One does not fit: `::/0` holds 2^128 addresses. Where it can occur, the answer is an
//! `Option<u128>`, and `None` means 2^128.
//!
//! # Host bits
//! An [`IpNet`](ipnet::IpNet) may carry host bits, as in `10.0.0.7/24`. Every function of this module takes such a value
//! as the subnet it lies in (`10.0.0.0/24`), and every `IpNet` it returns has its host bits clear.
//!
//! # Families
//! IPv4 and IPv6 never meet: a range is of one family, an IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) is an IPv6
//! address. Where both are sorted, IPv4 comes first.

mod bits;
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
mod split;
#[cfg(test)]
mod tests;

pub use error::{NetError, NetErrorKind};
pub use free::FreeRanges;
pub use hosts::{HostPolicy, hosts};
pub use lookup::PrefixMap;
pub use mask::{netmask, parse_net, prefix_len_of_netmask, prefix_len_of_wildcard, wildcard};
pub use plan::{Planner, SubnetSize, best_fit};
pub use range::{Addresses, IpRange, Prefixes};
pub use reverse::{ReverseZones, parse_reverse, reverse_name, reverse_zones};
pub use set::{IntoPrefixes, IpSet, Ranges, SetPrefixes};
pub use split::{Overlap, Subnets, aggregate, common_supernet, overlaps, subnets, subtract, supernet};
