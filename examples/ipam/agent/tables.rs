//! Reports as text.

use std::fmt::Write as _;

use phpipam_client::scan::{Action, Counts, Report, Status, SubnetReport};

use crate::output::{Table, or_dash};

/// Returns a report as tables: the subnets, the changes of a dry run, and what went wrong.
pub(super) fn report(report: &Report) -> String {
    let headings = [
        "SUBNET", "STATUS", ">FOUND", ">NEW", ">UPDATED", ">SAME", ">ONLINE", ">OFFLINE", ">REMOVED", ">FAILED",
        ">SECONDS",
    ];
    let mut table = Table::new(&headings);
    for subnet in &report.subnets {
        let counts = subnet.counts;
        let mut row = vec![subnet.net.clone(), status(subnet.status).to_owned()];
        row.extend(numbers(counts).map(|number| number.to_string()));
        row.push(format!("{:.1}", subnet.seconds));
        table.row(row);
    }
    let mut text = table.render("no subnet was scanned");
    changes(report, &mut text);
    remarks(report, &mut text);
    text.push('\n');
    text.push_str(&totals(report));
    text
}

/// Returns a report in short: its totals, and what went wrong.
pub(super) fn summary(report: &Report) -> String {
    let mut text = totals(report);
    text.push('\n');
    remarks(report, &mut text);
    text
}

/// Returns the line for a subnet.
pub(super) fn line(subnet: &SubnetReport) -> String {
    format!("{}: {}: {} in {:.1} s", subnet.net, status(subnet.status), words(subnet.counts), subnet.seconds)
}

fn totals(report: &Report) -> String {
    let (state, subnets, seconds) = (status(report.status), report.subnets.len(), report.seconds);
    match (report.dry_run, report.delivered) {
        (true, true) => format!(
            "{state}: dry run, nothing was sent; {subnets} subnets, {} found in {seconds:.1} s. The changes are not known \
             here: the receiver of the reports decides on them",
            report.totals.found
        ),
        (true, false) => {
            format!(
                "{state}: dry run, nothing was written; {subnets} subnets, {} in {seconds:.1} s",
                words(report.totals)
            )
        }
        (false, _) => format!("{state}: {subnets} subnets, {} in {seconds:.1} s", words(report.totals)),
    }
}

fn words(counts: Counts) -> String {
    let [found, created, updated, unchanged, online, offline, removed, failed] = numbers(counts);
    let mut text = format!("{found} found, {created} new, {updated} updated, {unchanged} unchanged");
    for (number, word) in [
        (online, "online"),
        (offline, "offline"),
        (removed, "removed"),
        (counts.skipped, "skipped"),
        (failed, "failed"),
    ] {
        if number > 0 {
            let _ = write!(text, ", {number} {word}");
        }
    }
    text
}

const fn numbers(counts: Counts) -> [usize; 8] {
    [
        counts.found,
        counts.created,
        counts.updated,
        counts.unchanged,
        counts.online,
        counts.offline,
        counts.removed,
        counts.failed,
    ]
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Incomplete => "incomplete",
        _ => "failed",
    }
}

fn changes(report: &Report, text: &mut String) {
    let mut table = Table::new(&["CHANGE", "ADDRESS", "HOST", "MAC"]);
    for change in report.subnets.iter().flat_map(|subnet| &subnet.changes) {
        let action = match change.action {
            Action::Create => "create",
            Action::Update => "update",
            Action::Online => "online",
            Action::Offline => "offline",
            Action::Remove => "remove",
            _ => "other",
        };
        let (host, mac) = (or_dash(change.hostname.as_ref()), or_dash(change.mac.as_ref()));
        table.row([action.to_owned(), change.address.to_string(), host, mac]);
    }
    let table = table.render("");
    if !table.is_empty() {
        text.push('\n');
        text.push_str(&table);
    }
}

/// Adds a line for each reason and failure. Texts of the server could move the cursor of a terminal.
fn remarks(report: &Report, text: &mut String) {
    let mut add = |remark: String| {
        let clean: String = remark.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let _ = writeln!(text, "{clean}");
    };
    for note in &report.notes {
        add(format!("note: {}", note.reason));
    }
    for subnet in &report.subnets {
        let net = &subnet.net;
        for remark in &subnet.remarks {
            add(format!("{net}: {remark}"));
        }
        match (&subnet.withheld, &subnet.incomplete) {
            (Some(reason), _) => add(format!("{net}: {reason}")),
            (None, Some(reason)) => add(format!("{net}: the scan is incomplete: {reason}")),
            (None, None) => {}
        }
        if let Some(error) = &subnet.error {
            add(format!("{net}: {error}"));
        }
        for failure in &subnet.failures {
            add(format!("{net}: {failure}"));
        }
        let more = subnet.counts.failed.saturating_sub(subnet.failures.len());
        if more > 0 {
            add(format!("{net}: and {more} more failures"));
        }
    }
}
