//! Compact forms of the values that every allocation has: keys, ids, addresses and times (bar M7).

use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use crate::engine::{Hex, address, number};
use crate::{AllocationId, AllocationKey, Family};

/// Key of a request. A key that the provider has made, 32 hexadecimal digits, is kept as a number.
// Two `u64` and not a `u128`, whose alignment of 16 would make each request larger.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Made([u64; 2]),
    Given(AllocationKey),
}

impl From<&AllocationKey> for Key {
    fn from(key: &AllocationKey) -> Self {
        match key.as_str().as_bytes().split_at_checked(16) {
            Some((high, low)) if low.len() == 16 => match (digits(high), digits(low)) {
                (Some(high), Some(low)) => Self::Made([high, low]),
                _ => Self::Given(key.clone()),
            },
            _ => Self::Given(key.clone()),
        }
    }
}

/// Value of each byte as a hexadecimal digit in lower case; [`NO_DIGIT`] for other bytes.
// Upper case is no digit, so that a key of the caller's in upper case keeps its text. A table, because every look-up by
// id parses one (bars M1 to M3).
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let digits = b"0123456789abcdef";
    let mut value = 0u8;
    while value < 16 {
        values[digits[value as usize] as usize] = value;
        value += 1;
    }
    values
};

const NO_DIGIT: u8 = u8::MAX;

fn value(digit: u8) -> u8 {
    VALUES[usize::from(digit)]
}

/// Parses up to 16 hexadecimal digits.
fn digits(text: &[u8]) -> Option<u64> {
    let (mut number, mut all) = (0u64, 0u8);
    // Without a branch for each digit: an invalid one sets high bits in `all`, which is checked once at the end.
    for digit in text {
        let value = value(*digit);
        all |= value;
        number = number << 4 | u64::from(value & 15);
    }
    (all < 16).then_some(number)
}

/// Parses the number at the start of a text. Returns it and the text after it. Refuses leading zeros, so that each
/// number has one text form.
fn number_of(text: &[u8]) -> Option<(u128, &[u8])> {
    let len = text.iter().take_while(|digit| value(**digit) != NO_DIGIT).count();
    let (number, rest) = text.split_at_checked(len)?;
    let one_way = match number {
        [] => false,
        [b'0', more @ ..] => more.is_empty(),
        _ => len <= 32,
    };
    if !one_way {
        return None;
    }
    let (high, low) = number.split_at_checked(len.saturating_sub(16))?;
    Some((u128::from(digits(high)?) << 64 | u128::from(digits(low)?), rest))
}

impl From<&Key> for AllocationKey {
    fn from(key: &Key) -> Self {
        match key {
            Key::Made([high, low]) => Self::from(Hex::new().whole(u128::from(*high) << 64 | u128::from(*low)).as_str()),
            Key::Given(key) => key.clone(),
        }
    }
}

/// Address of a space, in 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the space, doubled, plus one for IPv6.
    space: u32,
    /// Address as the bytes of an integer.
    // A `u128` would be aligned to 16 bytes and make the place 32 bytes large.
    address: [u8; 16],
}

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.space);
        state.write_u128(self.number());
    }
}

impl Place {
    pub(super) fn new(space: u32, ip: IpAddr) -> Self {
        Self { space: space * 2 + u32::from(ip.is_ipv6()), address: number(ip).to_ne_bytes() }
    }

    pub(super) const fn space(self) -> u32 {
        self.space / 2
    }

    pub(super) fn number(self) -> u128 {
        u128::from_ne_bytes(self.address)
    }

    const fn family(self) -> Family {
        if self.space.is_multiple_of(2) { Family::V4 } else { Family::V6 }
    }

    pub(super) fn ip(self) -> IpAddr {
        // The number was an address of this family.
        address(self.family(), self.number()).unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED))
    }

    /// Returns the id of the allocation of this address with this serial number.
    pub(super) fn id(self, serial: u64) -> AllocationId {
        let text = Hex::new().number(serial.into()).dash().number(self.space.into()).dash().number(self.number());
        AllocationId::from(text.as_str())
    }

    /// Parses an id into the address and the serial number.
    pub(super) fn of_id(id: &AllocationId) -> Option<(Self, u64)> {
        let (serial, rest) = number_of(id.as_str().as_bytes())?;
        let (space, rest) = number_of(rest.strip_prefix(b"-")?)?;
        let (number, rest) = number_of(rest.strip_prefix(b"-")?)?;
        let (serial, space) = (u64::try_from(serial).ok()?, u32::try_from(space).ok()?);
        let family = if space.is_multiple_of(2) { Family::V4 } else { Family::V6 };
        let place = Self::new(space / 2, address(family, number)?);
        rest.is_empty().then_some((place, serial))
    }
}

/// Converts a time to nanoseconds since 1970; saturates 292 years from then.
pub(super) fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanoseconds| -nanoseconds),
    }
}

/// Converts nanoseconds since 1970 to a time.
pub(super) fn time(nanoseconds: i64) -> SystemTime {
    let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
    let time = if nanoseconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Last key and id that were converted to their compact forms.
// A request names the same ones several times, and formatting and parsing texts is a large part of its time (bars M1 to
// M3).
#[derive(Debug, Default)]
pub(super) struct Memo {
    key: Option<(AllocationKey, Key)>,
    id: Option<(AllocationId, Place, u64)>,
}

impl Memo {
    pub(super) fn key(&mut self, key: &AllocationKey) -> Key {
        match &self.key {
            Some((known, small)) if known == key => small.clone(),
            _ => self.key.insert((key.clone(), key.into())).1.clone(),
        }
    }

    /// Returns the id like [`Place::id`], for a new allocation, and remembers it.
    pub(super) fn new_id(&mut self, place: Place, serial: u64) -> AllocationId {
        let id = place.id(serial);
        self.id = Some((id.clone(), place, serial));
        id
    }

    /// Returns the id like [`Place::id`], without formatting a remembered one again.
    pub(super) fn id(&self, place: Place, serial: u64) -> AllocationId {
        match &self.id {
            Some((id, of, number)) if (*of, *number) == (place, serial) => id.clone(),
            _ => place.id(serial),
        }
    }

    /// Parses an id like [`Place::of_id`], and remembers it.
    pub(super) fn of_id(&mut self, id: &AllocationId) -> Option<(Place, u64)> {
        match &self.id {
            Some((known, place, serial)) if known == id => Some((*place, *serial)),
            _ => {
                let (place, serial) = Place::of_id(id)?;
                self.id = Some((id.clone(), place, serial));
                Some((place, serial))
            }
        }
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
        for other in [
            "",
            "x",
            "1-0",
            "1-0-100000000",
            "--",
            "1--1",
            "1-0-A",
            "1-0-+a",
            "1-00-a",
            "1-0-a-",
            "00-0-a",
            "1-0-100000000000000000000000000000000",
        ] {
            assert_eq!(Place::of_id(&AllocationId::from(other)), None);
        }
    }
}
