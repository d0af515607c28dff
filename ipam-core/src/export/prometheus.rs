//! Usage of ranges in the text format of Prometheus.

use std::borrow::Cow;
use std::io::{self, Write};

use super::host_list::{RangeEntry, ranges};
use crate::{Find, IpamProvider, RangeId, Result, Usage};

/// Ranges that a provider is asked for at once.
const AT_ONCE: usize = 1_000;

/// Range and its usage.
#[derive(Debug)]
pub(super) struct RangeUsage {
    range: RangeEntry,
    usage: Usage,
}

/// Reads the usage of the ranges that the filter names.
pub(super) async fn read(provider: &dyn IpamProvider, filter: &Find) -> Result<Vec<RangeUsage>> {
    let ranges = ranges(provider, filter).await?;
    let mut usages = Vec::with_capacity(ranges.len());
    let ids: Vec<RangeId> = ranges.iter().map(|range| range.id.clone()).collect();
    // In parts, because a provider keeps the usage of all ids of a request in memory.
    for some in ids.chunks(AT_ONCE) {
        usages.extend(provider.usage(some).await?);
    }
    // One entry per id, in their order: the contract of `usage`.
    Ok(ranges.into_iter().zip(usages).map(|(range, usage)| RangeUsage { range, usage }).collect())
}

pub(super) fn write(ranges: &[RangeUsage], out: &mut dyn Write) -> io::Result<()> {
    // The metrics have to be together, one after the other.
    out.write_all(
        b"# HELP ipam_range_size_addresses Addresses of the range from the first to the last.\n\
          # TYPE ipam_range_size_addresses gauge\n",
    )?;
    for RangeUsage { range, usage } in ranges {
        writeln!(out, "ipam_range_size_addresses{{{}}} {}", labels(range), usage.total)?;
    }
    out.write_all(
        b"# HELP ipam_range_addresses Addresses of the range by state; together they are its size.\n\
          # TYPE ipam_range_addresses gauge\n",
    )?;
    for RangeUsage { range, usage } in ranges {
        let labels = labels(range);
        for (state, count) in [
            ("allocated", usage.allocated),
            ("reserved", usage.reserved),
            ("quarantined", usage.quarantined),
            ("free", usage.free),
        ] {
            writeln!(out, "ipam_range_addresses{{{labels},state=\"{state}\"}} {count}")?;
        }
    }
    Ok(())
}

/// Returns the labels that tell ranges apart. The name for people is none of them: a new name would be a new series.
fn labels(range: &RangeEntry) -> String {
    let (id, space) = (escaped(range.id.as_str()), escaped(range.space.as_str()));
    format!("range=\"{id}\",space=\"{space}\",prefix=\"{}\"", range.net)
}

/// Escapes the value of a label: backslash, quote and line end (text format, version 0.0.4).
fn escaped(value: &str) -> Cow<'_, str> {
    if !value.contains(['\\', '"', '\n']) {
        return value.into();
    }
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        assert_eq!(escaped("lan-1 ; büro"), "lan-1 ; büro");
        // A provider's results are not validated: an id may have a line end.
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
