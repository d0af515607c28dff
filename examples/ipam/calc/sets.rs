//! Prefixes around, of and without others.

use ipam_core::net::{aggregate as aggregated, common_supernet, parse_net, subtract as left, supernet as around};
use ipnet::IpNet;
use serde_json::json;

use super::arguments::Limit;
use super::items::{item, read};
use super::{failure, lines};
use crate::exit::Failure;
use crate::output::Output;

/// `ipam calc supernet`
pub(super) fn supernet(prefix: &str, length: u8) -> Result<Output, Failure> {
    let found = around(parse_net(prefix).map_err(failure)?, length).map_err(failure)?;
    Output::new(found.to_string(), &json!({ "prefix": found }))
}

/// `ipam calc cover`
pub(super) fn cover(items: &[String]) -> Result<Output, Failure> {
    let items = read(items)?;
    let found = common_supernet(items.iter().copied()).ok_or_else(|| match items.first() {
        None => Failure::Usage("there is no item; give a prefix, a range or an address".to_owned()),
        Some(first) => {
            let other = items.iter().find(|item| item.is_ipv4() != first.is_ipv4()).unwrap_or(first);
            Failure::Usage(format!("{first} and {other} are of different families; give IPv4 and IPv6 apart"))
        }
    })?;
    Output::new(found.to_string(), &json!({ "prefix": found }))
}

/// `ipam calc aggregate`
pub(super) fn aggregate(items: &[String], limit: Limit, as_json: bool) -> Result<Output, Failure> {
    list(aggregated(read(items)?), limit, as_json)
}

/// `ipam calc subtract`
pub(super) fn subtract(from: &str, items: &[String], limit: Limit, as_json: bool) -> Result<Output, Failure> {
    list(left(item(from)?, read(items)?), limit, as_json)
}

fn list(found: impl Iterator<Item = IpNet> + Clone, limit: Limit, as_json: bool) -> Result<Output, Failure> {
    // A range has at most 254 prefixes, so that counting them costs about what reading the items did.
    let count = found.clone().count();
    lines::print(found, u128::try_from(count).ok(), &format!("the result has {count} prefixes"), limit, as_json)
}
