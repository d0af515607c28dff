//! Small forms of texts that every allocation has.

use std::net::IpAddr;

use crate::engine::{address, number};
use crate::{AllocationId, AllocationKey, Family};

/// A key; those that the provider makes, 32 hexadecimal digits, are kept as the number they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Made([u64; 2]),
    Given(AllocationKey),
}

impl From<&AllocationKey> for Key {
    fn from(key: &AllocationKey) -> Self {
        let text = key.as_str().as_bytes();
        let made = if text.len() == 32 { digits(text) } else { None };
        match made {
            #[allow(clippy::cast_possible_truncation, reason = "one half after the other")]
            Some(number) => Self::Made([(number >> 64) as u64, number as u64]),
            None => Self::Given(key.clone()),
        }
    }
}

/// The number that these hexadecimal digits, lower case and at most 32 of them, stand for.
fn digits(text: &[u8]) -> Option<u128> {
    let mut number = 0u128;
    for digit in text {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        number = number << 4 | u128::from(value);
    }
    Some(number)
}

/// The same, written without needless zeros: each number in one way only.
fn number_of(text: &str) -> Option<u128> {
    let text = text.as_bytes();
    let short = match text {
        [] => false,
        [b'0', rest @ ..] => rest.is_empty(),
        _ => text.len() <= 32,
    };
    if short { digits(text) } else { None }
}

impl From<&Key> for AllocationKey {
    fn from(key: &Key) -> Self {
        match key {
            Key::Made([high, low]) => Self::new(format!("{high:016x}{low:016x}")),
            Key::Given(key) => key.clone(),
        }
    }
}

/// An address of a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    /// The number of the space, doubled, plus one for IPv6.
    space: u32,
    high: u64,
    low: u64,
}

impl Place {
    pub(super) fn new(space: u32, ip: IpAddr) -> Self {
        let number = number(ip);
        #[allow(clippy::cast_possible_truncation, reason = "one half after the other")]
        let (high, low) = ((number >> 64) as u64, number as u64);
        Self { space: space * 2 + u32::from(ip.is_ipv6()), high, low }
    }

    pub(super) const fn space(self) -> u32 {
        self.space / 2
    }

    pub(super) fn number(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    const fn family(self) -> Family {
        if self.space.is_multiple_of(2) { Family::V4 } else { Family::V6 }
    }

    pub(super) fn ip(self) -> IpAddr {
        // The number was an address of this family.
        address(self.family(), self.number()).unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED))
    }

    /// The id of the `serial`-th allocation, which is of this address.
    pub(super) fn id(self, serial: u64) -> AllocationId {
        AllocationId::new(format!("{serial:x}-{:x}-{:x}", self.space, self.number()))
    }

    /// The address and the serial number that an id was made of.
    pub(super) fn of_id(id: &AllocationId) -> Option<(Self, u64)> {
        let mut parts = id.as_str().split('-').map(number_of);
        let (serial, space, number) = (parts.next()??, parts.next()??, parts.next()??);
        let (serial, space) = (u64::try_from(serial).ok()?, u32::try_from(space).ok()?);
        let family = if space.is_multiple_of(2) { Family::V4 } else { Family::V6 };
        let place = Self::new(space / 2, address(family, number)?);
        parts.next().is_none().then_some((place, serial))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_out_as_they_went_in() {
        for text in [
            "0123456789abcdef0123456789abcdef",
            "0123456789ABCDEF0123456789ABCDEF",
            "+123456789abcdef0123456789abcdef",
            "vm-1",
            "ffffffffffffffffffffffffffffffff0",
        ] {
            let key = AllocationKey::from(text);
            assert_eq!(AllocationKey::from(&Key::from(&key)), key);
        }
        assert!(matches!(Key::from(&AllocationKey::from("0123456789abcdef0123456789abcdef")), Key::Made(_)));
    }

    #[test]
    fn an_id_is_read_in_one_form_only() {
        for ip in ["10.0.0.1", "::", "2001:db8::1"].map(str::parse::<IpAddr>) {
            let place = Place::new(3, ip.unwrap_or(IpAddr::from([0, 0, 0, 0])));
            let id = place.id(77);
            assert_eq!(Place::of_id(&id), Some((place, 77)));
            assert_eq!(Place::of_id(&AllocationId::from(format!("0{id}"))), None);
            assert_eq!(Place::of_id(&AllocationId::from(format!("{id}-0"))), None);
        }
        for foreign in ["", "x", "1-0", "1-0-100000000", "--", "1--1", "1-0-A", "1-0-+a", "1-00-a", "1-0-a-", "00-0-a"]
        {
            assert_eq!(Place::of_id(&AllocationId::from(foreign)), None);
        }
    }
}
