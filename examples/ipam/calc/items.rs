//! Items of a calculation: prefixes, ranges and addresses, from the command line or standard input.

use std::io::BufRead;

use ipam_core::net::{IpRange, parse_net};

use super::failure;
use crate::exit::Failure;

/// Greatest number of items; each takes 32 bytes and more while it is sorted.
const MOST: usize = 2_000_000;
/// Longest line of standard input, in bytes. Two addresses of IPv6 take 79.
const LONGEST: u64 = 1_024;

/// Reads the items. `-` stands for the lines of standard input.
pub(super) fn read(items: &[String]) -> Result<Vec<IpRange>, Failure> {
    let mut found = Vec::new();
    for text in items {
        if text == "-" {
            lines(std::io::stdin().lock(), &mut found)?;
        } else {
            found.push(item(text)?);
        }
    }
    Ok(found)
}

/// Reads an item: a prefix with its length or netmask, a range, or an address.
pub(super) fn item(text: &str) -> Result<IpRange, Failure> {
    // A range is of no prefix: with a slash in it, the error has to be that of a prefix.
    if text.contains('/') { parse_net(text).map(IpRange::from) } else { text.parse() }.map_err(failure)
}

/// Reads an item per line. Empty lines and what follows a `#` count for nothing.
fn lines(mut input: impl BufRead, found: &mut Vec<IpRange>) -> Result<(), Failure> {
    let mut line = String::new();
    for number in 1_usize.. {
        line.clear();
        let read = std::io::Read::take(&mut input, LONGEST).read_line(&mut line);
        let read =
            read.map_err(|error| Failure::Usage(format!("standard input, line {number}: {error}; give text")))?;
        if read == 0 {
            break;
        }
        if read as u64 == LONGEST && !line.ends_with('\n') {
            let text = format!("standard input, line {number}: longer than {LONGEST} bytes; give an item per line");
            return Err(Failure::Usage(text));
        }
        let text = line.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        if found.len() == MOST {
            let text = format!("standard input, line {number}: more than {MOST} items; give them in several runs");
            return Err(Failure::Usage(text));
        }
        let item = item(text).map_err(|error| {
            Failure::Usage(format!(
                "standard input, line {number}: {}",
                error.text().lines().next().unwrap_or_default()
            ))
        })?;
        found.push(item);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn of(text: &str) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let read = lines(text.as_bytes(), &mut found).map_err(|error| error.text());
        read.map(|()| found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn lines_are_items_and_errors_name_theirs() {
        let text = "10.0.0.0/24 # lan\n\n# comment\n10.0.1.0/255.255.255.0\r\n10.0.2.5-10.0.2.9\n2001:db8::1";
        let found = ["10.0.0.0-10.0.0.255", "10.0.1.0-10.0.1.255", "10.0.2.5-10.0.2.9", "2001:db8::1"];
        assert_eq!(of(text).unwrap(), found);
        assert!(of("10.0.0.1\n10.0.0.0/33\n").unwrap_err().starts_with("standard input, line 2: "));
        assert!(of(&"x".repeat(5_000)).unwrap_err().contains("longer than 1024 bytes"));
    }
}
