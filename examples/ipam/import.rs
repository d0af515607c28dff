//! `ipam plan`

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use ipam_core::registry::ProviderUrl;
use ipam_core::{IpamProvider, MemoryProvider};
use serde_json::json;

use crate::cli::PlanFiles;
use crate::exit::Failure;
use crate::open::{Absent, open, with_option};
use crate::output::Answer;
use crate::plan::check::{Judgement, Present, Verdict, judge};
use crate::plan::import::apply;
use crate::plan::{Format, Plan, Problem, csv, json as plan_json, phpipam};
use crate::progress::Progress;

/// How many conflicts and problems are written out for people.
const SHOWN: usize = 50;

/// Reads a plan from its files.
pub(crate) fn read(files: &PlanFiles) -> Result<Plan, Failure> {
    let text = read_file(&files.file)?;
    let format = files.format.unwrap_or_else(|| Format::guess(&text));
    let others = [&files.addresses, &files.nameservers, &files.vlans];
    if format != Format::Phpipam && others.iter().any(|file| file.is_some()) {
        let message = "--addresses, --nameservers and --vlans go with a phpIPAM answer; this file is none";
        return Err(Failure::Usage(message.to_owned()));
    }
    let parsed = match format {
        Format::Csv => csv::parse(&text),
        Format::Json => plan_json::parse(&text),
        Format::Phpipam => {
            let [addresses, nameservers, vlans] = others.map(|file| file.as_deref().map(read_file).transpose());
            let (addresses, nameservers, vlans) = (addresses?, nameservers?, vlans?);
            phpipam::parse(phpipam::Answers {
                subnets: &text,
                addresses: addresses.as_deref(),
                nameservers: nameservers.as_deref(),
                vlans: vlans.as_deref(),
            })
        }
    };
    parsed.map_err(|problems| unreadable(&files.file, &problems))
}

fn read_file(path: &Path) -> Result<String, Failure> {
    let read = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|error| {
        let remedy = "give a file in UTF-8 that may be read, or - for standard input";
        Failure::Usage(format!("{} cannot be read: {error}; {remedy}", path.display()))
    })
}

fn unreadable(path: &Path, problems: &[Problem]) -> Failure {
    let mut text = format!("{} cannot be used; mend this first:", path.display());
    for problem in problems.iter().take(SHOWN) {
        let _ = write!(text, "\n  {problem}");
    }
    if problems.len() > SHOWN {
        let _ = write!(text, "\n  and {} more", problems.len() - SHOWN);
    }
    Failure::Usage(text)
}

/// What an import did.
#[derive(Debug)]
pub(crate) struct Imported {
    pub(crate) judgement: Judgement,
    pub(crate) dry_run: bool,
    notes: Vec<String>,
}

impl Imported {
    pub(crate) fn added(&self) -> usize {
        self.judgement.count(|verdict| *verdict == Verdict::Added)
    }

    pub(crate) fn unchanged(&self) -> usize {
        self.judgement.count(|verdict| *verdict == Verdict::Unchanged)
    }

    pub(crate) fn conflicting(&self) -> usize {
        self.judgement.conflicts().count()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        for row in self.judgement.conflicts().take(SHOWN) {
            if let Verdict::Conflicting(why) = &row.verdict {
                let _ = writeln!(text, "conflict: {}: {} {}: {why}", row.at, row.kind, row.what);
            }
        }
        if self.conflicting() > SHOWN {
            let _ = writeln!(text, "and {} more conflicts", self.conflicting() - SHOWN);
        }
        let (added, unchanged, conflicting) = (self.added(), self.unchanged(), self.conflicting());
        let start = match (self.dry_run, conflicting) {
            (_, 1..) => format!("nothing was imported: {added} to add"),
            (true, 0) => format!("dry run: {added} to add"),
            (false, 0) => format!("imported: {added} added"),
        };
        format!("{text}{start}, {unchanged} unchanged, {conflicting} conflicting")
    }

    pub(crate) fn answer(&self) -> Result<Answer, Failure> {
        let json = json!({
            "added": self.added(),
            "unchanged": self.unchanged(),
            "conflicting": self.conflicting(),
            "dry_run": self.dry_run,
            "imported": !self.dry_run && self.conflicting() == 0,
            "rows": self.judgement.rows,
            "notes": self.notes,
        });
        Answer::new(self.text(), &json)
    }
}

/// Opens the provider that a plan is imported into. A dry run creates no store: where there is none, it compares with an
/// empty one.
pub(crate) async fn open_for(url: Option<&str>, dry_run: bool) -> Result<Arc<dyn IpamProvider>, Failure> {
    let Some(given) = url.filter(|_| dry_run) else { return open(url, Absent::Create).await };
    let Ok(parsed) = ProviderUrl::parse(given) else { return open(url, Absent::Refuse).await };
    if parsed.scheme() != "embedded" {
        return open(url, Absent::Refuse).await;
    }
    let is_missing = match std::fs::metadata(parsed.rest()) {
        Ok(metadata) => metadata.is_file() && metadata.len() == 0,
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if is_missing && !parsed.rest().is_empty() {
        return Ok(Arc::new(MemoryProvider::new()));
    }
    let reading = match parsed.option("read_only") {
        Some(_) => given.to_owned(),
        None => with_option(given, "read_only", "true"),
    };
    open(Some(&reading), Absent::Refuse).await
}

/// Adds what the plan has and the store has not, if nothing conflicts and it is no dry run.
pub(crate) async fn import(provider: &dyn IpamProvider, plan: &Plan, dry_run: bool) -> Result<Imported, Failure> {
    let reading = Progress::new("reading what is there", 0);
    let present = reading.during(Present::read(provider, plan)).await?;
    let judgement = judge(plan, &present);
    let notes = plan.notes.iter().map(|note| format!("{}: {}", note.at, note.item)).collect();
    let imported = Imported { judgement, dry_run, notes };
    if dry_run || imported.conflicting() > 0 {
        return Ok(imported);
    }
    let progress = Progress::new("importing", imported.added());
    progress.during(apply(provider, &imported.judgement, &progress)).await.map_err(|error| {
        if error.left.is_empty() {
            return Failure::Provider(error.cause.with_context("import", "failed half-way, and was undone"));
        }
        let left = error.left.join("\n  ");
        Failure::Failed(format!("{}\nthe import failed half-way, and this could not be undone:\n  {left}", error.cause))
    })?;
    Ok(imported)
}
