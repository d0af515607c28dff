//! Messages of DNS (RFC 1035): a query for the addresses of a name, and what a response says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::error::DnsError;

/// Longest name, in text without its final dot.
const MAX_NAME: usize = 253;
/// Longest label.
const MAX_LABEL: usize = 63;
/// Records of a response that are looked at. A name with more addresses than this has enough of them.
const MAX_RECORDS: u16 = 64;
const HEADER: usize = 12;
const CLASS_IN: u16 = 1;
const TYPE_CNAME: u16 = 5;

/// Type of the records asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordType {
    A,
    Aaaa,
}

impl RecordType {
    const fn number(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Aaaa => 28,
        }
    }
}

/// Query for the records of a name.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) id: u16,
    name: String,
    record_type: RecordType,
}

/// Content of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Response {
    /// True if the response did not fit and has to be asked for over TCP.
    pub(super) truncated: bool,
    /// Response code: 0 is success, 3 an unknown name.
    pub(super) code: u8,
    pub(super) addresses: Vec<IpAddr>,
}

impl Query {
    /// Query for a name without its final dot.
    ///
    /// # Errors
    /// If the name or one of its labels is empty or too long, or has other characters than those of host names.
    pub(super) fn new(id: u16, name: &str, record_type: RecordType) -> Result<Self, DnsError> {
        let label = |label: &str| {
            (1..=MAX_LABEL).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if name.len() > MAX_NAME || !name.split('.').all(label) {
            return Err(DnsError::new(format!("{name:?} is not a host name")));
        }
        Ok(Self { id, name: name.to_ascii_lowercase(), record_type })
    }

    /// Returns the message.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.name.len() + 6);
        bytes.extend(self.id.to_be_bytes());
        // Recursion is desired; one question, no records.
        bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        for label in self.name.split('.') {
            // A label has at most 63 bytes.
            bytes.push(u8::try_from(label.len()).unwrap_or_default());
            bytes.extend(label.bytes());
        }
        bytes.push(0);
        bytes.extend(self.record_type.number().to_be_bytes());
        bytes.extend(CLASS_IN.to_be_bytes());
        bytes
    }

    /// Reads a message. Returns nothing if it is not a response to this query, so that a forged or late one is passed over.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Response> {
        let mut reader = Reader { bytes, at: 0 };
        let (id, flags, questions, records) = (reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?);
        if id != self.id || flags & 0x8000 == 0 || questions != 1 {
            return None;
        }
        reader.at = HEADER;
        let asked = (reader.name()?, reader.u16()?, reader.u16()?);
        if asked != (self.name.clone(), self.record_type.number(), CLASS_IN) {
            return None;
        }
        let truncated = flags & 0x0200 != 0;
        let code = u8::try_from(flags & 0x000f).unwrap_or_default();
        // A truncated response may end inside a record; it is asked for again in any case.
        let addresses = if truncated { Vec::new() } else { self.addresses(&mut reader, records)? };
        Some(Response { truncated, code, addresses })
    }

    /// Reads the addresses of the name, and of the names that it is an alias of.
    fn addresses(&self, reader: &mut Reader<'_>, records: u16) -> Option<Vec<IpAddr>> {
        let (mut names, mut addresses) = (vec![self.name.clone()], Vec::new());
        for _ in 0..records.min(MAX_RECORDS) {
            let owner = reader.name()?;
            let (kind, class, _lifetime) = (reader.u16()?, reader.u16()?, (reader.u16()?, reader.u16()?));
            let length = usize::from(reader.u16()?);
            let end = reader.at.checked_add(length)?;
            // Aliases come before what they point to, in the order of the chain.
            if class == CLASS_IN && names.contains(&owner) {
                if kind == TYPE_CNAME {
                    names.push(reader.name()?);
                } else if kind == self.record_type.number() {
                    addresses.push(reader.address(length)?);
                }
            }
            reader.at = end;
        }
        Some(addresses)
    }
}

/// Reader of a message. Every read is checked, because the message comes from the network.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn u8(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at = self.at.saturating_add(1);
        byte
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.u8()?, self.u8()?]))
    }

    fn address(&mut self, length: usize) -> Option<IpAddr> {
        let bytes = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        match length {
            4 => <[u8; 4]>::try_from(bytes).ok().map(|octets| Ipv4Addr::from(octets).into()),
            16 => <[u8; 16]>::try_from(bytes).ok().map(|octets| Ipv6Addr::from(octets).into()),
            _ => None,
        }
    }

    /// Reads a name, which may end with a pointer to an earlier one.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let mut after = None;
        loop {
            let start = self.at;
            match self.u8()? {
                0 => break,
                length @ 1..=63 => {
                    let end = self.at.checked_add(usize::from(length))?;
                    let label = std::str::from_utf8(self.bytes.get(self.at..end)?).ok()?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(&label.to_ascii_lowercase());
                    if name.len() > MAX_NAME {
                        return None;
                    }
                    self.at = end;
                }
                high @ 0xc0..=0xff => {
                    let target = usize::from(high & 0x3f) << 8 | usize::from(self.u8()?);
                    // Only backwards, so that a chain of pointers ends.
                    if target >= start {
                        return None;
                    }
                    after.get_or_insert(self.at);
                    self.at = target;
                }
                _ => return None,
            }
        }
        if let Some(after) = after {
            self.at = after;
        }
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn query() -> Query {
        Query::new(7, "IPAM.example", RecordType::A).unwrap()
    }

    /// Response to `query` with these flags and records.
    fn response(query: &Query, flags: [u8; 2], records: &[&[u8]]) -> Vec<u8> {
        let mut bytes = query.to_bytes();
        bytes[2..4].copy_from_slice(&flags);
        bytes[7] = u8::try_from(records.len()).unwrap();
        records.iter().for_each(|record| bytes.extend(*record));
        bytes
    }

    /// Record of the name at this offset.
    fn record(owner: u8, kind: u8, data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(data.len()).unwrap();
        [&[0xc0, owner, 0, kind, 0, 1, 0, 0, 0, 60, 0, length], data].concat()
    }

    #[test]
    fn addresses_of_the_name_and_of_its_alias_are_read() {
        let query = query();
        // The alias is "www" and a pointer to "example", which starts at 17; it stands in the first record, at 42.
        let alias = record(12, 5, &[3, b'w', b'w', b'w', 0xc0, 17]);
        let address = record(42, 1, &[10, 0, 0, 7]);
        let unasked = record(17, 1, &[10, 0, 0, 8]);
        let read = query.read(&response(&query, [0x81, 0x80], &[&alias, &address, &unasked])).unwrap();
        let expected = Response { truncated: false, code: 0, addresses: vec!["10.0.0.7".parse().unwrap()] };
        assert_eq!(read, expected);
        let six = Query::new(7, "ipam.example", RecordType::Aaaa).unwrap();
        let read = six.read(&response(&six, [0x81, 0x80], &[&record(12, 28, &[1; 16])])).unwrap();
        assert!(read.addresses[0].is_ipv6());
    }

    #[test]
    fn codes_and_truncation_are_told() {
        let query = query();
        assert_eq!(query.read(&response(&query, [0x81, 0x83], &[])).unwrap().code, 3);
        let truncated = query.read(&response(&query, [0x83, 0x80], &[&[0xc0]])).unwrap();
        assert!(truncated.truncated && truncated.addresses.is_empty());
    }

    #[test]
    fn what_is_no_response_to_the_query_is_passed_over() {
        let query = query();
        let good = response(&query, [0x81, 0x80], &[&record(12, 1, &[10, 0, 0, 7])]);
        assert!(query.read(&query.to_bytes()).is_none(), "a query");
        assert!(Query { id: 8, ..query.clone() }.read(&good).is_none(), "another id");
        assert!(Query::new(7, "ipam.other", RecordType::A).unwrap().read(&good).is_none(), "another name");
        assert!(Query::new(7, "ipam.example", RecordType::Aaaa).unwrap().read(&good).is_none(), "another type");
        // Any part of a message, and any message with one byte changed, is read without a panic.
        for length in 0..good.len() {
            assert!(query.read(&good[..length]).is_none(), "{length} bytes");
        }
        for at in 0..good.len() {
            for value in [0, 1, 0x3f, 0xc0, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                let _ = query.read(&bytes);
            }
        }
    }

    #[test]
    fn a_pointer_to_itself_or_forward_is_refused() {
        let query = query();
        for target in [30, 31, 200] {
            let bytes = response(&query, [0x81, 0x80], &[&record(target, 1, &[10, 0, 0, 7])]);
            assert!(query.read(&bytes).is_none(), "{target}");
        }
    }

    #[test]
    fn a_text_that_is_no_host_name_is_refused() {
        for name in ["", "a..b", "a b", "büro.example", &"a".repeat(64), &"a.".repeat(130)] {
            assert!(Query::new(1, name, RecordType::A).is_err(), "{name}");
        }
    }
}
