//! Conversion of values to the columns of the store, and back.
//!
//! The forms are part of the file format: see `DESIGN.md`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use rusqlite::ToSql;
use rusqlite::types::ToSqlOutput;

pub(super) use crate::stores::columns::{
    IdParts, KINDS, ORDERS, cut, duration, duration_micros, from_micros, id_of, micros, parse_list, parse_properties,
    parse_tags,
};

use crate::net::IpRange;
use crate::stores::columns;
use crate::{Properties, Tags};

/// Address as a blob: 4 or 6, then its octets. The order of the blobs is the order of the addresses, IPv4 first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
// On the stack: each statement binds one or two of them.
pub(super) struct AddressBlob {
    bytes: [u8; 17],
    len: usize,
}

impl AddressBlob {
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl From<IpAddr> for AddressBlob {
    fn from(address: IpAddr) -> Self {
        let mut bytes = [0; 17];
        let (family, octets): (u8, &[u8]) = match &address {
            IpAddr::V4(address) => (4, &address.octets()),
            IpAddr::V6(address) => (6, &address.octets()),
        };
        bytes[0] = family;
        bytes[1..=octets.len()].copy_from_slice(octets);
        Self { bytes, len: octets.len() + 1 }
    }
}

impl ToSql for AddressBlob {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.as_slice()))
    }
}

/// Parses the blob of an address.
pub(super) fn address(blob: &[u8]) -> Option<IpAddr> {
    match blob.split_first()? {
        (4, octets) => <[u8; 4]>::try_from(octets).ok().map(|octets| IpAddr::V4(Ipv4Addr::from(octets))),
        (6, octets) => <[u8; 16]>::try_from(octets).ok().map(|octets| IpAddr::V6(Ipv6Addr::from(octets))),
        _ => None,
    }
}

/// Parses a prefix from the blobs of its first and last address.
pub(super) fn net(first: &[u8], last: &[u8]) -> Option<IpNet> {
    range(first, last)?.to_net()
}

/// Parses a range from the blobs of its first and last address.
pub(super) fn range(first: &[u8], last: &[u8]) -> Option<IpRange> {
    IpRange::new(address(first)?, address(last)?).ok()
}

/// Returns the first and the last address of a prefix.
pub(super) fn ends(net: IpNet) -> (AddressBlob, AddressBlob) {
    (net.network().into(), net.broadcast().into())
}

/// Writes a list as JSON; `None` for an empty list.
pub(super) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> rusqlite::Result<Option<String>> {
    columns::list(items).map_err(unprintable)
}

/// Writes tags as JSON, as pairs of key and value; `None` if there are none.
pub(super) fn tags(tags: &Tags) -> rusqlite::Result<Option<String>> {
    columns::tags(tags).map_err(unprintable)
}

/// Writes properties as a JSON object; `None` if there are none.
pub(super) fn properties(properties: &Properties) -> rusqlite::Result<Option<String>> {
    columns::properties(properties).map_err(unprintable)
}

fn unprintable(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn blobs_sort_as_addresses_do() {
        let texts = ["0.0.0.0", "10.0.0.1", "10.0.0.2", "255.255.255.255", "::", "::1", "2001:db8::", "ffff::"];
        let addresses: Vec<IpAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let blobs: Vec<AddressBlob> = addresses.iter().copied().map(AddressBlob::from).collect();
        assert!(blobs.windows(2).all(|pair| pair[0].as_slice() < pair[1].as_slice()));
        let back: Vec<IpAddr> = blobs.iter().map(|blob| address(blob.as_slice()).unwrap()).collect();
        assert_eq!(back, addresses);
        for wrong in [&[][..], &[4], &[4, 1, 2, 3], &[6, 1, 2, 3, 4], &[5, 1, 2, 3, 4]] {
            assert_eq!(address(wrong), None, "{wrong:?}");
        }
    }
}
