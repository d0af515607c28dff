//! `ipam migrate`

use std::fmt::Write as _;

use ipam_core::IpamProvider;
use ipam_core::plan::{CheckedMigration, Loss, Migrated, Migration, MigrationProgress, MigrationStep};
use serde_json::{Value, json};

use crate::cli;
use crate::exit::{self, Failure};
use crate::output::Output;
use crate::progress::Progress;

/// Number of conflicts that are printed for people; the rest is counted.
const SHOWN: usize = 50;

/// Moves everything from one provider to another, unless something is in the way or lost. Returns the output and the exit
/// code.
pub(crate) async fn run(
    from: &dyn IpamProvider,
    to: &dyn IpamProvider,
    args: &cli::Migrate,
) -> Result<(Output, u8), Failure> {
    let progress = Progress::new("comparing addresses", 0);
    let watch = |seen: MigrationProgress| progress.set(seen.done);
    let checked = progress.during(Migration::new(from, to).with_progress(&watch).check()).await?;
    let is_refused = !checked.conflicts().is_empty() || (!checked.losses().is_empty() && !args.accept_losses);
    if args.dry_run || is_refused {
        let is_failure = !checked.conflicts().is_empty() || !args.dry_run;
        let code = if is_failure { exit::FAILED } else { exit::DONE };
        return Ok((output(&checked, None, args)?, code));
    }
    let total = usize::try_from(checked.new_addresses().saturating_add(checked.unchanged_addresses()));
    let progress = Progress::new("writing addresses", total.unwrap_or(0));
    let watch = |seen: MigrationProgress| {
        if seen.step == MigrationStep::Writing {
            progress.set(seen.done);
        }
    };
    let migration = Migration::new(from, to).with_progress(&watch);
    let migrated = progress.during(migration.apply(&checked)).await?;
    Ok((output(&checked, Some(migrated), args)?, exit::DONE))
}

fn output(checked: &CheckedMigration, migrated: Option<Migrated>, args: &cli::Migrate) -> Result<Output, Failure> {
    let json = json!({
        "dry_run": args.dry_run,
        "migrated": migrated.is_some(),
        "new": {
            "blocks": checked.new_blocks(),
            "ranges": checked.new_ranges(),
            "addresses": checked.new_addresses(),
        },
        "unchanged_addresses": checked.unchanged_addresses(),
        "written": migrated.map(|migrated| json!({
            "blocks": migrated.blocks,
            "ranges": migrated.ranges,
            "addresses": migrated.addresses,
        })),
        "losses": checked.losses().iter().map(loss).collect::<Vec<_>>(),
        "conflicts": checked.conflicts(),
        "more_conflicts": checked.more_conflicts(),
    });
    Output::new(text(checked, migrated, args), &json)
}

fn loss(loss: &Loss) -> Value {
    json!({ "field": loss.field, "reason": loss.reason, "count": loss.count, "examples": loss.examples })
}

fn text(checked: &CheckedMigration, migrated: Option<Migrated>, args: &cli::Migrate) -> String {
    let mut text = String::new();
    for loss in checked.losses() {
        let _ = writeln!(text, "lost: {loss}");
    }
    for conflict in checked.conflicts().iter().take(SHOWN) {
        let _ = writeln!(text, "conflict: {conflict}");
    }
    let more = checked.conflicts().len().saturating_sub(SHOWN) + checked.more_conflicts();
    if more > 0 {
        let _ = writeln!(text, "and {more} more conflicts");
    }
    let unchanged = checked.unchanged_addresses();
    if let Some(migrated) = migrated {
        let Migrated { blocks, ranges, addresses, .. } = migrated;
        return format!(
            "{text}migrated: {blocks} blocks, {ranges} ranges and {addresses} addresses; {unchanged} addresses were there"
        );
    }
    let (blocks, ranges, addresses) = (checked.new_blocks(), checked.new_ranges(), checked.new_addresses());
    let start = match (checked.conflicts().is_empty(), args.dry_run) {
        (false, _) => "nothing was written, because of the conflicts",
        (true, true) => "dry run",
        (true, false) => "nothing was written; to write without what is lost, add --accept-losses",
    };
    format!("{text}{start}: {blocks} blocks, {ranges} ranges and {addresses} addresses to write, {unchanged} are there")
}
