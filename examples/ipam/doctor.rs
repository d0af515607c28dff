//! `ipam doctor`

use std::fmt::Write as _;

use ipam_core::registry::{OpenRequest, Secrets};
use phpipam_client::doctor::{self, Facts, Report, Severity};

use crate::exit::{self, Failure};
use crate::output::Output;
use crate::progress::Progress;

/// Examines the phpIPAM of a provider's URL. The exit code is that of the worst finding.
pub(crate) async fn run(url: Option<&str>) -> Result<(Output, u8), Failure> {
    let Some(url) = url else {
        let message =
            "name the server: --provider phpipam+https://[USER@]HOST[/BASE]/APP, or IPAM_PROVIDER in the environment";
        return Err(Failure::Usage(message.to_owned()));
    };
    let request = OpenRequest::parse(url)?.or_secrets(Secrets::env("IPAM"));
    let report = Progress::new("examining the server", 0).during(doctor::examine_url(request)).await?;
    let code = match report.worst() {
        None | Some(Severity::Note) => exit::DONE,
        Some(Severity::Warning) => exit::WARNINGS,
        _ => exit::ERRORS,
    };
    Ok((Output::new(text(&report), &report)?, code))
}

/// Returns the report for people: findings by group, then facts, then what was not examined.
fn text(report: &Report) -> String {
    let mut text = match report.worst() {
        None => "no findings\n".to_owned(),
        Some(_) => {
            let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
            let part = |severity: Severity| (count(severity) > 0).then(|| plural(count(severity), severity.as_str()));
            let parts = [Severity::Error, Severity::Warning, Severity::Note].into_iter().filter_map(part);
            format!("{}\n", parts.collect::<Vec<_>>().join(", "))
        }
    };
    let mut group = None;
    for finding in &report.findings {
        if group.replace(finding.check.group()) != Some(finding.check.group()) {
            let _ = writeln!(text, "{}", finding.check.group());
        }
        let (severity, check, what) = (finding.severity, finding.check, &finding.what);
        let _ = writeln!(text, "  {severity} {check}: {what}: {}", finding.message);
        if !finding.remedy.is_empty() {
            let _ = writeln!(text, "    {}", finding.remedy);
        }
    }
    for line in facts(&report.facts) {
        let _ = writeln!(text, "{line}");
    }
    let not_done: Vec<_> = report.not_done().into_iter().map(|step| step.as_str()).collect();
    if !not_done.is_empty() {
        let _ = writeln!(text, "not examined: {}", not_done.join(", "));
    }
    // Texts of the server could move the cursor of a terminal.
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

fn facts(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(certificate) = &facts.certificate {
        lines.push(format!("certificate: {}, until {}", certificate.names.join(", "), certificate.not_after));
    }
    let mut server = Vec::new();
    server.extend(facts.version.map(|version| format!("phpIPAM {version}")));
    server.extend(facts.permission.as_ref().map(|permission| format!("permission {permission}")));
    server.extend(facts.clock_ahead_seconds.map(|seconds| format!("clock {seconds:+} s")));
    server.extend(facts.utc_offset_minutes.map(|minutes| format!("local time {minutes:+} min from UTC")));
    if !server.is_empty() {
        lines.push(format!("server: {}", server.join(", ")));
    }
    for list in &facts.lists {
        let cut = if list.complete { "" } else { ", not complete" };
        lines.push(format!("list: {} {} rows, {:.1} s{cut}", list.list, list.rows, list.seconds));
    }
    lines
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
