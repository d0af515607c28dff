//! Long lists, written as they are computed.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use ipam_core::net::{HostPolicy, IpRange, hosts as host_range, parse_net, subnets};

use super::arguments::{Hosts, Limit, NewLength, Split};
use super::{count_text, failure};
use crate::exit::Failure;
use crate::output::Output;
use crate::progress::note;

/// Longest list that is written without a limit.
const UNASKED: u64 = 1 << 16;

/// `ipam calc split`
pub(super) fn split(args: &Split, as_json: bool) -> Result<Output, Failure> {
    let net = parse_net(&args.prefix).map_err(failure)?;
    let length = match args.length {
        NewLength::Exactly(length) => length,
        // A sum that no `u8` holds is refused like one that the family does not have.
        NewLength::Longer(more) => net.prefix_len().saturating_add(more),
    };
    let subnets = subnets(net, length).map_err(failure)?;
    let count = subnets.count_left();
    print(subnets, count, &format!("{net} has {} subnets of length /{length}", count_text(count)), args.limit, as_json)
}

/// `ipam calc hosts`
pub(super) fn hosts(args: &Hosts, as_json: bool) -> Result<Output, Failure> {
    let net = parse_net(&args.prefix).map_err(failure)?;
    let range: IpRange = host_range(net, if args.all { HostPolicy::All } else { HostPolicy::Hosts });
    let count = range.size();
    print(range.addresses(), count, &format!("{net} has {} addresses", count_text(count)), args.limit, as_json)
}

/// Prints a list of `count` items, or as many as the limit allows. `what` says how many there are.
///
/// # Errors
/// `Usage` if there are more than people ask for without knowing: a list takes memory of its reader, too.
pub(super) fn print<T: Display>(
    items: impl Iterator<Item = T>,
    count: Option<u128>,
    what: &str,
    limit: Limit,
    as_json: bool,
) -> Result<Output, Failure> {
    let fits = |most: u64| count.is_some_and(|count| count <= u128::from(most));
    let most = match limit.limit {
        None if fits(UNASKED) => UNASKED,
        None => {
            let remedy = "--limit N prints the first N of them, --limit 0 all";
            return Err(Failure::Usage(format!("{what}, more than the {UNASKED} that are printed unasked; {remedy}")));
        }
        Some(0) => u64::MAX,
        Some(most) => most,
    };
    let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match write(out, items, most, as_json) {
        Ok(()) => {}
        // A reader that has enough, such as `head`, is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Output::nothing()),
        Err(error) => return Err(Failure::Failed(format!("the result cannot be written: {error}"))),
    }
    if !fits(most) {
        note(format_args!("{what}; these are the first {most}"));
    }
    Ok(Output::nothing())
}

/// Writes at most `most` items: a line each, or as the elements of an array.
fn write<T: Display>(mut out: impl Write, items: impl Iterator<Item = T>, most: u64, as_json: bool) -> io::Result<()> {
    let mut left = most;
    let mut items = items.take_while(|_| {
        let more = left > 0;
        left = left.saturating_sub(1);
        more
    });
    if !as_json {
        items.try_for_each(|item| writeln!(out, "{item}"))?;
        return out.flush();
    }
    // Prefixes and addresses have no character that JSON escapes.
    let mut before = "[\n  ";
    for item in items {
        write!(out, "{before}\"{item}\"")?;
        before = ",\n  ";
    }
    writeln!(out, "{}", if before.starts_with('[') { "[]" } else { "\n]" })?;
    out.flush()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn written(items: &[&str], most: u64, as_json: bool) -> String {
        let mut out = Vec::new();
        write(&mut out, items.iter(), most, as_json).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_list_is_lines_or_an_array() {
        assert_eq!(written(&["a", "b", "c"], 2, false), "a\nb\n");
        let read = |text: String| serde_json::from_str::<Vec<String>>(&text).unwrap();
        assert_eq!(read(written(&["a", "b", "c"], 2, true)), ["a", "b"]);
        assert_eq!(read(written(&[], 2, true)), [""; 0]);
    }

    #[test]
    fn a_longer_list_is_refused_with_the_remedy() {
        let refused = |count| print(["a"].into_iter(), count, "x", Limit { limit: None }, false).unwrap_err().text();
        assert!(refused(Some(65_537)).contains("--limit 0"));
        assert!(refused(None).contains("--limit N"));
    }
}
