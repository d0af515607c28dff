//! `ipam changes`

use ipam_core::{Change, ChangePosition, IpamProvider};
use serde_json::json;

use crate::cli;
use crate::exit::Failure;
use crate::output::{Output, Table, or_dash};
use crate::states::difference;
use crate::times::show_time;

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Changes) -> Result<Output, Failure> {
    const AT_ONCE: usize = 1_000;
    let mut since = args.since.map(ChangePosition::from);
    let mut wanted = if args.limit == 0 { usize::MAX } else { args.limit };
    let mut changes: Vec<Change> = Vec::new();
    while wanted > 0 {
        let limit = u32::try_from(wanted.min(AT_ONCE)).unwrap_or(u32::MAX);
        let part = provider.changes(since.as_ref(), limit).await?;
        since = Some(part.next);
        if part.items.is_empty() {
            break;
        }
        wanted = wanted.saturating_sub(part.items.len());
        changes.extend(part.items);
    }
    let mut table =
        Table::new(&["POSITION", "TIME", "WHAT", "WHO", "SPACE", "RANGE", "BLOCK", "ADDRESS", "OWNER", "CHANGE"]);
    for change in &changes {
        table.row(cells(change));
    }
    Output::new(table.render("no changes"), &json!({ "items": changes, "next": since }))
}

/// Returns a change as one line.
pub(crate) fn line(change: &Change) -> String {
    let clean = |cell: String| cell.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect::<String>();
    cells(change).map(clean).join("  ")
}

/// Returns the cells of a change, in the order of the columns.
fn cells(change: &Change) -> [String; 10] {
    [
        change.position.to_string(),
        show_time(change.at),
        kind(change),
        or_dash(change.actor.as_ref()),
        change.space.to_string(),
        or_dash(change.range.as_ref()),
        or_dash(change.block.as_ref()),
        or_dash(change.address),
        or_dash(change.owner.as_ref()),
        difference(change),
    ]
}

/// Returns the kind as in JSON.
fn kind(change: &Change) -> String {
    serde_json::to_value(change.kind).ok().and_then(|kind| Some(kind.as_str()?.to_owned())).unwrap_or_default()
}
