//! Host names that are the same in every file: letters, digits, hyphens and underscores between dots.

use std::net::IpAddr;

/// Returns the name without the dot at its end, or the problem and the remedy.
///
/// The rules are those of RFC 952 and RFC 1123 with underscores, which Windows and service names use. None of the
/// formats needs to escape such a name.
pub(super) fn checked(name: &str) -> Result<&str, &'static str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    // 255 octets on the wire are 253 characters of text (RFC 1035, section 2.3.4).
    if name.len() > 253 {
        return Err("is longer than 253 bytes; shorten it");
    }
    // A file that lists addresses and names would have another address.
    if name.parse::<IpAddr>().is_ok() || name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err("reads as an address; give the host a name with a letter");
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Err("has an empty label; write one dot between two labels");
        }
        if label.len() > 63 {
            return Err("has a label longer than 63 bytes; shorten it");
        }
        // By bytes: a letter beyond ASCII has none of these, so that it is refused, too.
        if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            return Err("has other characters than letters, digits, hyphens and dots; rename the host, or write the \
                        ASCII form of an international name (xn--…)");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err("has a label with a hyphen at its start or end; rename the host");
        }
    }
    Ok(name)
}

/// Returns the problem if dnsmasq takes a name after `dhcp-host=` for something else.
///
/// It reads `ignore` as the order to ignore the machine, and `infinite`, `3600` or `12h` as the lease time.
pub(super) fn checked_for_dnsmasq(name: &str) -> Result<&str, &'static str> {
    let digits = name.trim_end_matches(['s', 'S', 'm', 'M', 'h', 'H', 'd', 'D', 'w', 'W']);
    let is_time = name.len() - digits.len() <= 1 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if is_time || name.eq_ignore_ascii_case("ignore") || name.eq_ignore_ascii_case("infinite") {
        return Err("is a word or a lease time of dnsmasq; write the name with its domain");
    }
    Ok(name)
}

/// Returns the name with the domain: a name that has a dot, or ends with the domain, has it already.
pub(super) fn with_domain(name: &str, domain: Option<&str>) -> String {
    match domain {
        Some(domain) if !name.contains('.') && !name.eq_ignore_ascii_case(domain) => format!("{name}.{domain}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_every_format() {
        for name in ["web1", "WEB-1.example.com", "_dmarc.example.com", "1st", "xn--bcher-kva.example", "10-0-0-7"] {
            assert_eq!(checked(name), Ok(name));
        }
        assert_eq!(checked("web1.example.com."), Ok("web1.example.com"));
        let long = ["x".repeat(64), "x.".repeat(127) + "x"];
        for name in [
            "",
            ".",
            "a..b",
            "-a",
            "a-",
            "a b",
            "a\tb",
            "a\nb",
            "a\"b",
            "a'b",
            "a;b",
            "a,b",
            "a#b",
            "büro",
            "10.0.0.7",
            "7",
            "1.2",
            "::1",
            "a/b",
            "*.a",
            "a\\b",
            "a:b",
            "a[1]",
            "{{a}}",
            "a\u{2028}b",
            "a=b",
            &long[0],
            &long[1],
        ] {
            assert!(checked(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn words_of_dnsmasq_are_refused_as_names() {
        for name in ["ignore", "Infinite", "3600", "12h", "2D", "1w"] {
            assert!(checked_for_dnsmasq(name).is_err(), "{name}");
        }
        for name in ["web1", "h", "12hh", "12h.example.com", "ignored"] {
            assert_eq!(checked_for_dnsmasq(name), Ok(name));
        }
    }

    #[test]
    fn a_short_name_gets_the_domain() {
        assert_eq!(with_domain("web1", Some("example.com")), "web1.example.com");
        assert_eq!(with_domain("web1.example.net", Some("example.com")), "web1.example.net");
        assert_eq!(with_domain("web1", None), "web1");
        assert_eq!(with_domain("lab", Some("LAB")), "lab");
    }
}
