//! Conversion of values to the columns of the store, and back.
//!
//! The forms are part of the file format (see `DESIGN.md`) and independent of the `serde` feature: public types may
//! change, and old files must stay readable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipnet::IpNet;
use rusqlite::ToSql;
use rusqlite::types::ToSqlOutput;

use crate::net::IpRange;
use crate::{Properties, Tag, Tags};

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

/// Cuts a time to the microseconds that are stored.
pub(super) fn cut(time: SystemTime) -> SystemTime {
    self::time(micros(time)).unwrap_or(time)
}

/// Converts a time to microseconds since 1970, rounded down. Saturates at the limits of `i64`.
pub(super) fn micros(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        // Before 1970 the distance is rounded up, which rounds the time down.
        Err(before) => i64::try_from(before.duration().as_nanos().div_ceil(1000)).map_or(i64::MIN, |micros| -micros),
    }
}

/// Converts a duration to microseconds, rounded up: a quarantine must not end early.
pub(super) fn duration_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX)
}

/// Converts microseconds to a duration; `None` for a negative number.
pub(super) fn duration(micros: i64) -> Option<Duration> {
    u64::try_from(micros).ok().map(Duration::from_micros)
}

/// Converts microseconds since 1970 to a time; `None` if the system cannot express it.
pub(super) fn time(micros: i64) -> Option<SystemTime> {
    let distance = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// Writes a list as JSON; `None` for an empty list.
pub(super) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> rusqlite::Result<Option<String>> {
    let items: Vec<&str> = items.into_iter().collect();
    if items.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(&items).map(Some).map_err(unprintable)
}

/// Parses a list from JSON.
pub(super) fn parse_list(json: Option<&str>) -> Option<Vec<String>> {
    json.map_or(Some(Vec::new()), |json| serde_json::from_str(json).ok())
}

/// Writes tags as JSON, as pairs of key and value; `None` if there are none.
// Pairs and not an object, because a key may occur with several values.
pub(super) fn tags(tags: &Tags) -> rusqlite::Result<Option<String>> {
    if tags.is_empty() {
        return Ok(None);
    }
    let pairs: Vec<[&str; 2]> = tags.iter().map(|tag| [tag.key.as_str(), tag.value.as_str()]).collect();
    serde_json::to_string(&pairs).map(Some).map_err(unprintable)
}

/// Parses tags from JSON.
pub(super) fn parse_tags(json: Option<&str>) -> Option<Tags> {
    let Some(json) = json else { return Some(Tags::new()) };
    let pairs: Vec<(String, String)> = serde_json::from_str(json).ok()?;
    Some(pairs.into_iter().map(|(key, value)| Tag { key, value }).collect())
}

/// Writes properties as a JSON object; `None` if there are none.
pub(super) fn properties(properties: &Properties) -> rusqlite::Result<Option<String>> {
    if properties.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(properties).map(Some).map_err(unprintable)
}

/// Parses properties from JSON.
pub(super) fn parse_properties(json: Option<&str>) -> Option<Properties> {
    json.map_or(Some(Properties::new()), |json| serde_json::from_str(json).ok())
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

    #[test]
    fn times_keep_their_microseconds() {
        for micros in [0, 1, -1, 1_700_000_000_123_456, -5_000_001] {
            assert_eq!(super::micros(time(micros).unwrap()), micros);
        }
        let odd = UNIX_EPOCH + Duration::from_nanos(1_999);
        assert_eq!(micros(odd), 1, "later than it was is wrong");
        assert_eq!(micros(UNIX_EPOCH - Duration::from_nanos(1)), -1);
        assert_eq!(cut(odd), UNIX_EPOCH + Duration::from_micros(1));
        assert_eq!(duration_micros(Duration::from_nanos(1_001)), 2, "a shorter quarantine than requested is wrong");
        assert_eq!(duration_micros(Duration::MAX), i64::MAX);
    }

    #[test]
    fn lists_come_back() {
        let tags: Tags = [Tag::new("a", ""), Tag::new("a", "b\"\u{1F600}")].into();
        assert_eq!(parse_tags(super::tags(&tags).unwrap().as_deref()), Some(tags));
        assert_eq!(super::tags(&Tags::new()).unwrap(), None);
        assert_eq!(parse_list(Some("[\"a\"]")), Some(vec!["a".to_owned()]));
        assert_eq!(parse_list(Some("{")), None);
    }
}
