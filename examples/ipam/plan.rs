//! `ipam plan`

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use ipam_core::IpamProvider;
use ipam_core::plan::{AddressPlan, CheckedPlan, CheckedRow, Format, ImportStep, Importer, PlanError, RowStatus};
use phpipam_client::plan::Responses;
use serde_json::{Value, json};

use crate::cli::{FileFormat, PlanFiles};
use crate::exit::Failure;
use crate::output::Output;
use crate::progress::{self, Progress};

/// Number of conflicts and problems that are printed for people; the rest is counted.
const SHOWN: usize = 50;

/// Reads a plan from its files.
pub(crate) fn read(files: &PlanFiles) -> Result<AddressPlan, Failure> {
    let text = read_file(&files.file)?;
    let format = files.format.unwrap_or_else(|| guess(&text));
    let others = [&files.addresses, &files.nameservers, &files.vlans];
    if format != FileFormat::Phpipam && others.iter().any(|file| file.is_some()) {
        let message =
            "--addresses, --nameservers and --vlans need the format phpipam, and the file is not a response of phpIPAM";
        return Err(Failure::Usage(message.to_owned()));
    }
    let parsed = match format {
        FileFormat::Csv => AddressPlan::parse(&text, Format::Csv),
        FileFormat::Json => AddressPlan::parse(&text, Format::Json),
        FileFormat::Phpipam => {
            let [addresses, nameservers, vlans] = others.map(|file| file.as_deref().map(read_file).transpose());
            let (addresses, nameservers, vlans) = (addresses?, nameservers?, vlans?);
            let responses = addresses.iter().fold(Responses::new(&text), |all, text| all.with_addresses(text));
            let responses = nameservers.iter().fold(responses, |all, text| all.with_nameservers(text));
            vlans.iter().fold(responses, |all, text| all.with_vlans(text)).to_plan()
        }
    };
    parsed.map_err(|error| unreadable(&files.file, &error))
}

fn guess(text: &str) -> FileFormat {
    if Responses::is_response(text) {
        return FileFormat::Phpipam;
    }
    if Format::detect(text) == Format::Json { FileFormat::Json } else { FileFormat::Csv }
}

fn read_file(path: &Path) -> Result<String, Failure> {
    // One byte above the limit shows that the file is too long, without reading all of it.
    let most = u64::try_from(AddressPlan::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    match read {
        Ok(_) => Ok(text),
        Err(error) => {
            let remedy = "name a readable file in UTF-8, or - for standard input";
            Err(Failure::Usage(format!("{} cannot be read: {error}; {remedy}", path.display())))
        }
    }
}

fn unreadable(path: &Path, error: &PlanError) -> Failure {
    let mut text = format!("{} cannot be used; correct this first:", path.display());
    for problem in error.problems().iter().take(SHOWN) {
        let _ = write!(text, "\n  {problem}");
    }
    let more = error.problems().len().saturating_sub(SHOWN) + error.more();
    if more > 0 {
        let _ = write!(text, "\n  and {more} more");
    }
    Failure::Usage(text)
}

/// Result of an import.
#[derive(Debug)]
pub(crate) struct Imported {
    checked: CheckedPlan,
    dry_run: bool,
    notes: Vec<String>,
}

impl Imported {
    pub(crate) fn added(&self) -> usize {
        self.checked.new_rows()
    }

    pub(crate) fn unchanged(&self) -> usize {
        self.checked.unchanged_rows()
    }

    pub(crate) fn conflicting(&self) -> usize {
        self.checked.conflicts().count()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        for row in self.checked.conflicts().take(SHOWN) {
            let _ = writeln!(text, "conflict: {}: {row}", row.at);
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

    pub(crate) fn output(&self) -> Result<Output, Failure> {
        let json = json!({
            "added": self.added(),
            "unchanged": self.unchanged(),
            "conflicting": self.conflicting(),
            "dry_run": self.dry_run,
            "imported": !self.dry_run && self.conflicting() == 0,
            "rows": self.checked.rows().iter().map(row_json).collect::<Vec<_>>(),
            "notes": self.notes,
        });
        Output::new(self.text(), &json)
    }
}

fn row_json(row: &CheckedRow) -> Value {
    let (status, reason) = match &row.status {
        RowStatus::New => ("added", None),
        RowStatus::Unchanged => ("unchanged", None),
        RowStatus::Conflict(why) => ("conflicting", Some(why)),
        _ => ("unknown", None),
    };
    let mut json = json!({ "at": row.at, "kind": row.kind.as_str(), "name": row.name, "status": status });
    if let Some(reason) = reason {
        json["reason"] = reason.as_str().into();
    }
    json
}

/// Adds the rows that the provider does not have, unless one conflicts or it is a dry run.
pub(crate) async fn import(
    provider: &dyn IpamProvider,
    plan: &AddressPlan,
    dry_run: bool,
) -> Result<Imported, Failure> {
    let reading = Progress::new("reading the present ranges and allocations", 0);
    let checked = reading.during(Importer::new(provider).check(plan)).await?;
    let notes = plan.notes.iter().map(|note| format!("{}: {}", note.at, note.item)).collect();
    let imported = Imported { checked, dry_run, notes };
    if dry_run || imported.conflicting() > 0 {
        return Ok(imported);
    }
    let progress = Progress::new("importing", imported.added());
    let watch = |seen: ipam_core::plan::Progress| {
        if seen.step == ImportStep::Adding {
            progress.set(seen.done);
        }
    };
    let importer = Importer::new(provider).with_progress(&watch);
    progress.during(importer.apply(&imported.checked)).await.map_err(|error| {
        if error.left.is_empty() {
            return Failure::Provider(error.into());
        }
        let left = error.left.join("\n  ");
        Failure::Failed(format!("{}\nthe import failed half-way, and this could not be undone:\n  {left}", error.cause))
    })?;
    Ok(imported)
}

/// `ipam plan export`
pub(crate) async fn export(provider: &dyn IpamProvider, to: &str) -> Result<Output, Failure> {
    let plan = Progress::new("reading the provider", 0).during(AddressPlan::from_provider(provider)).await?;
    convert(&plan, to)
}

/// `ipam plan convert`
pub(crate) fn convert(plan: &AddressPlan, to: &str) -> Result<Output, Failure> {
    for note in &plan.notes {
        progress::note(format_args!("note: {}: {}", note.at, note.item));
    }
    let text = plan.to_text(if to == "csv" { Format::Csv } else { Format::Json });
    let notes: Vec<&String> = plan.notes.iter().map(|note| &note.item).collect();
    let json = json!({ "format": to, "text": text, "notes": notes });
    Output::new(text, &json)
}
