//! `ipam usage`

use futures_util::TryStreamExt;
use ipam_core::{IpamProvider, IpamProviderExt, ListRanges, Range, RangeId, Usage};

use crate::cli;
use crate::exit::Failure;
use crate::output::{Output, Table, count};

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Usage) -> Result<Output, Failure> {
    let ids: Vec<RangeId> = if args.ranges.is_empty() {
        let ranges: Vec<Range> = provider.ranges(ListRanges::all()).try_collect().await?;
        ranges.into_iter().map(|range| range.id).collect()
    } else {
        args.ranges.into_iter().map(Into::into).collect()
    };
    let usage = provider.usage(&ids).await?;
    Output::new(table(&usage), &usage)
}

pub(crate) fn table<'a>(usage: impl IntoIterator<Item = &'a Usage>) -> String {
    let mut table = Table::new(&["RANGE", ">TOTAL", ">ALLOCATED", ">RESERVED", ">QUARANTINED", ">FREE"]);
    for usage in usage {
        let counts = [usage.total, usage.allocated, usage.reserved, usage.quarantined, usage.free];
        table.row(std::iter::once(usage.range.to_string()).chain(counts.map(count)));
    }
    table.render("no ranges")
}
