//! Host names from PTR records.

use std::net::IpAddr;

/// Longest host name that is kept, the limit of a DNS label (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// Returns the host name of a PTR record: its first label, in small letters. Returns `None` if the name only spells the
/// address, as providers fill their zones, or is not a host name.
///
/// ```
/// use phpipam_client::scan::host_name;
///
/// let address = "192.0.2.5".parse()?;
/// assert_eq!(host_name(address, "Web1.example.test."), Some("web1".to_owned()));
/// assert_eq!(host_name(address, "192-0-2-5.pool.example.test."), None);
/// assert_eq!(host_name(address, "host-5-2-0-192.example.test."), None, "backwards, as in the zone");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn host_name(address: IpAddr, name: &str) -> Option<String> {
    let label = name.split('.').next()?.to_ascii_lowercase();
    let is_name = !label.is_empty()
        && label.len() <= MAX_LABEL
        // Letters, digits and hyphens (RFC 952 and 1123), and the underscore, which Windows hosts have.
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        // A name with a hyphen in front would be an option to a program that is given it.
        && !label.starts_with('-')
        && !label.ends_with('-');
    // The first label alone spells the address, or the whole name does, as in `5.2.0.192.example.test`.
    (is_name && !spells(address, &label) && !spells(address, name)).then_some(label)
}

/// Returns true if the text has the parts of the address one after the other, forwards or backwards.
fn spells(address: IpAddr, text: &str) -> bool {
    match address {
        IpAddr::V4(address) => {
            let octets = address.octets();
            let numbers: Vec<u32> = text
                .split(|character: char| !character.is_ascii_digit())
                .filter(|part| !part.is_empty())
                // Zeros in front are common in generated names: `192-000-002-005`.
                .map(|part| part.parse().unwrap_or(u32::MAX))
                .collect();
            let forwards = octets.map(u32::from);
            let mut backwards = forwards;
            backwards.reverse();
            let hexadecimal = octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
            numbers.windows(4).any(|window| window == forwards || window == backwards)
                || text.split(['-', '.', '_']).any(|part| part.trim_start_matches("ip") == hexadecimal)
        }
        IpAddr::V6(address) => {
            let groups: Vec<u32> = text
                .split(|character: char| !character.is_ascii_hexdigit())
                .filter(|part| !part.is_empty())
                .map(|part| u32::from_str_radix(part, 16).unwrap_or(u32::MAX))
                .collect();
            let forwards = address.segments().map(u32::from);
            let mut backwards = forwards;
            backwards.reverse();
            // The zone has one label per digit, and some names are all digits in one piece.
            let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
            let spelled: String = address.segments().iter().map(|segment| format!("{segment:04x}")).collect();
            let reversed: String = spelled.chars().rev().collect();
            groups.windows(8).any(|window| window == forwards || window == backwards)
                || digits.contains(&spelled)
                || digits.contains(&reversed)
                // The short form with its gap: `2001-db8--5`.
                || text.replace(['-', '_'], ":").parse() == Ok(address)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn name(address: &str, name: &str) -> Option<String> {
        host_name(address.parse().unwrap(), name)
    }

    #[test]
    fn names_that_spell_the_address_are_dropped() {
        for spelled in [
            "10-0-0-5.dyn.example.test.",
            "ip-10-0-0-5.example.test",
            "5-0-0-10.example.test",
            "5.0.0.10.example.test",
            "host010-000-000-005.example.test",
            "0a000005.example.test",
            "ip0a000005.example.test",
        ] {
            assert_eq!(name("10.0.0.5", spelled), None, "{spelled}");
        }
        for spelled in [
            "2001-db8-0-0-0-0-0-5.example.test",
            "2001-db8--5.example.test",
            "2001-0db8-0000-0000-0000-0000-0000-0005.example.test",
        ] {
            assert_eq!(name("2001:db8::5", spelled), None, "{spelled}");
        }
    }

    #[test]
    fn names_of_people_stay() {
        for (given, kept) in [
            ("web5.example.test.", "web5"),
            ("DB-10-0.example.test", "db-10-0"),
            ("rack10-0-slot5.example.test", "rack10-0-slot5"),
            ("_gw.example.test", "_gw"),
        ] {
            assert_eq!(name("10.0.0.5", given).as_deref(), Some(kept));
        }
        assert_eq!(name("2001:db8::1", "node1.example.test").as_deref(), Some("node1"));
    }

    #[test]
    fn a_text_that_is_no_host_name_is_dropped() {
        for wrong in [
            "-ab.example",
            "ab-.example",
            "",
            ".",
            "a b.example.test",
            "<script>.example.test",
            "x'; drop table.example",
            &"x".repeat(64),
        ] {
            assert_eq!(name("10.0.0.5", wrong), None, "{wrong}");
        }
    }
}
