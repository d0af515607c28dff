//! Conversion of values to columns, and back, for the stores that keep rows.
//!
//! The forms are part of the format of each store and independent of the `serde` feature: public types may change, and
//! stores that were written before must stay readable.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{AllocationId, ChangeKind, Order, Properties, Tag, Tags};

/// Names of the kinds of changes.
pub(in crate::stores) const KINDS: [(ChangeKind, &str); 10] = [
    (ChangeKind::Allocated, "allocated"),
    (ChangeKind::Updated, "updated"),
    (ChangeKind::Deallocated, "deallocated"),
    (ChangeKind::Expired, "expired"),
    (ChangeKind::RangeDefined, "range-defined"),
    (ChangeKind::RangeUpdated, "range-updated"),
    (ChangeKind::RangeRemoved, "range-removed"),
    (ChangeKind::BlockDefined, "block-defined"),
    (ChangeKind::BlockUpdated, "block-updated"),
    (ChangeKind::BlockRemoved, "block-removed"),
];

/// Names of the orders.
pub(in crate::stores) const ORDERS: [(Order, &str); 3] =
    [(Order::FirstFree, "first-free"), (Order::Random, "random"), (Order::LeastRecentlyUsed, "least-recently-used")];

/// Cuts a time to the microseconds that are stored.
pub(in crate::stores) fn cut(time: SystemTime) -> SystemTime {
    from_micros(micros(time)).unwrap_or(time)
}

/// Converts a time to microseconds since 1970, rounded down. Saturates at the limits of `i64`.
pub(in crate::stores) fn micros(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        // Before 1970 the distance is rounded up, which rounds the time down.
        Err(before) => i64::try_from(before.duration().as_nanos().div_ceil(1000)).map_or(i64::MIN, |micros| -micros),
    }
}

/// Converts a duration to microseconds, rounded up: a quarantine must not end early.
pub(in crate::stores) fn duration_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX)
}

/// Converts microseconds to a duration; `None` for a negative number.
pub(in crate::stores) fn duration(micros: i64) -> Option<Duration> {
    u64::try_from(micros).ok().map(Duration::from_micros)
}

/// Converts microseconds since 1970 to a time; `None` if the system cannot express it.
pub(in crate::stores) fn from_micros(micros: i64) -> Option<SystemTime> {
    let distance = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// Writes a list as JSON; `None` for an empty list.
pub(in crate::stores) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> serde_json::Result<Option<String>> {
    let items: Vec<&str> = items.into_iter().collect();
    if items.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(&items).map(Some)
}

/// Parses a list from JSON.
pub(in crate::stores) fn parse_list(json: Option<&str>) -> Option<Vec<String>> {
    json.map_or(Some(Vec::new()), |json| serde_json::from_str(json).ok())
}

/// Writes tags as JSON, as pairs of key and value; `None` if there are none.
// Pairs and not an object, because a key may occur with several values.
pub(in crate::stores) fn tags(tags: &Tags) -> serde_json::Result<Option<String>> {
    if tags.is_empty() {
        return Ok(None);
    }
    let pairs: Vec<[&str; 2]> = tags.iter().map(|tag| [tag.key.as_str(), tag.value.as_str()]).collect();
    serde_json::to_string(&pairs).map(Some)
}

/// Parses tags from JSON.
pub(in crate::stores) fn parse_tags(json: Option<&str>) -> Option<Tags> {
    let Some(json) = json else { return Some(Tags::new()) };
    let pairs: Vec<(String, String)> = serde_json::from_str(json).ok()?;
    Some(pairs.into_iter().map(|(key, value)| Tag { key, value }).collect())
}

/// Writes properties as a JSON object; `None` if there are none.
pub(in crate::stores) fn properties(properties: &Properties) -> serde_json::Result<Option<String>> {
    if properties.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(properties).map(Some)
}

/// Parses properties from JSON.
pub(in crate::stores) fn parse_properties(json: Option<&str>) -> Option<Properties> {
    json.map_or(Some(Properties::new()), |json| serde_json::from_str(json).ok())
}

/// Longest name of a space that is part of ids. An id has at most 255 bytes.
const MAX_SPACE_IN_ID: usize = 200;

/// Parts of an allocation's id: `17-0a000005-default` is serial number 17, the octets of the address, and the space.
///
/// The serial number makes the id unique. Address and space lead to the row through the primary key, so that no index
/// of ids has to be written (bar E1). A space with a long name is left out.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::stores) struct IdParts<'i> {
    pub(in crate::stores) serial: i64,
    pub(in crate::stores) address: IpAddr,
    pub(in crate::stores) space: Option<&'i str>,
}

impl<'i> IdParts<'i> {
    pub(in crate::stores) fn of(id: &'i str) -> Option<Self> {
        let (serial, rest) = id.split_once('-')?;
        let (octets, space) = rest.split_once('-')?;
        let digits = |text: &str| u128::from_str_radix(text, 16).ok();
        let address = match octets.len() {
            8 => IpAddr::V4(u32::try_from(digits(octets)?).ok()?.into()),
            32 => IpAddr::V6(digits(octets)?.into()),
            _ => return None,
        };
        let parts =
            Self { serial: serial.parse().ok()?, address, space: Some(space).filter(|space| !space.is_empty()) };
        // One allocation has one id: another spelling, such as with leading zeros, is refused.
        (parts.format() == id).then_some(parts)
    }

    fn format(&self) -> String {
        let mut id = format!("{}-", self.serial);
        let written = match self.address {
            IpAddr::V4(address) => write!(id, "{:08x}-", u32::from(address)),
            IpAddr::V6(address) => write!(id, "{:032x}-", u128::from(address)),
        };
        debug_assert!(written.is_ok(), "writing to a string");
        id.push_str(self.space.unwrap_or_default());
        id
    }
}

/// Returns the id of an allocation.
pub(in crate::stores) fn id_of(space: &str, address: IpAddr, serial: i64) -> AllocationId {
    let space = Some(space).filter(|space| space.len() <= MAX_SPACE_IN_ID);
    AllocationId::from(IdParts { serial, address, space }.format())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn times_keep_their_microseconds() {
        for micros in [0, 1, -1, 1_700_000_000_123_456, -5_000_001] {
            assert_eq!(super::micros(from_micros(micros).unwrap()), micros);
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

    #[test]
    fn ids_hold_address_and_space() {
        let long = "s".repeat(255);
        for (space, address) in [("default", "10.0.0.5"), ("a-b", "2001:db8::1"), ("büro", "0.0.0.0"), (&*long, "::")]
        {
            let id = id_of(space, address.parse().unwrap(), 17);
            id.validate(crate::Operation::Allocate).unwrap();
            let parts = IdParts::of(id.as_str()).unwrap();
            assert_eq!(parts.serial, 17);
            assert_eq!(parts.address, address.parse::<IpAddr>().unwrap());
            assert_eq!(parts.space, Some(space).filter(|space| space.len() < 255));
        }
        assert_eq!(id_of("default", IpAddr::from([10, 0, 0, 5]), 17).as_str(), "17-0a000005-default");
    }

    #[test]
    fn other_texts_are_not_ids() {
        for id in
            ["", "17", "17-0a000005", "x-0a000005-default", "017-0a000005-default", "17-0A000005-default", "17-1-d"]
        {
            assert_eq!(IdParts::of(id), None, "{id}");
        }
    }
}
