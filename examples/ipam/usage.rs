//! `ipam usage`

use futures_util::TryStreamExt;
use ipam_core::{IpamProvider, IpamProviderExt, ListRanges, RangeId, Usage};

use crate::cli;
use crate::exit::Failure;
use crate::output::{Output, Rows, Table, count};

const HEADINGS: [&str; 6] = ["RANGE", ">TOTAL", ">ALLOCATED", ">RESERVED", ">QUARANTINED", ">FREE"];

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Usage, as_json: bool) -> Result<Output, Failure> {
    let ids: Vec<RangeId> = if args.ranges.is_empty() {
        provider.ranges(ListRanges::all()).map_ok(|range| range.id).try_collect().await?
    } else {
        args.ranges.into_iter().map(Into::into).collect()
    };
    let mut rows = Rows::new(as_json, &HEADINGS);
    for usage in provider.usage(&ids).await? {
        rows.add(&usage, cells)?;
    }
    Ok(rows.finish("no ranges"))
}

fn cells(usage: &Usage) -> [String; 6] {
    let counts = [usage.total, usage.allocated, usage.reserved, usage.quarantined, usage.free].map(count);
    let [total, allocated, reserved, quarantined, free] = counts;
    [usage.range.to_string(), total, allocated, reserved, quarantined, free]
}

pub(crate) fn table<'a>(usage: impl IntoIterator<Item = &'a Usage>) -> String {
    let mut table = Table::new(&HEADINGS);
    usage.into_iter().for_each(|usage| table.row(cells(usage)));
    table.render("no ranges")
}
