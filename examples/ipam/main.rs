//! The `ipam` program: look at, take and give back IP addresses from the shell.
//!
//! `ipam help` lists what it does; `ipam quickstart` shows it on a real subnet plan.

mod allocate;
mod blocks;
mod changes;
mod check;
mod cli;
mod deallocate;
mod exit;
mod find;
mod import;
mod open;
mod output;
mod plan;
mod progress;
mod quickstart;
mod ranges;
#[path = "../report.rs"]
#[allow(dead_code, reason = "this program has exit codes of its own")]
mod report;
mod show;
mod store;
mod text;
mod update;
mod usage;
mod vra;
mod vra7;
#[path = "../vra7_names.rs"]
mod vra7_names;

use std::process::ExitCode;

use clap::Parser as _;
use ipam_core::IpamProvider;

use crate::cli::{Ask, Cli, Plan, Verb};
use crate::exit::Failure;
use crate::open::{Absent, open};
use crate::output::Answer;
use crate::progress::Progress;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let as_json = cli.json;
    let (answer, code) = match run(cli).await {
        Ok((answer, code)) => (answer, code),
        Err(failure) => {
            if as_json {
                eprintln!("{:#}", failure.json());
            } else {
                eprintln!("error: {}", failure.text());
            }
            return failure.exit();
        }
    };
    match answer.print(as_json) {
        Ok(()) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: the answer cannot be written: {error}");
            ExitCode::from(exit::FAILED)
        }
    }
}

/// The answer, and the exit code that goes with it.
async fn run(cli: Cli) -> Result<(Answer, u8), Failure> {
    let provider = cli.provider;
    let url = provider.as_deref();
    let answer = match cli.verb {
        Verb::Quickstart(args) => return quickstart::run(args).await,
        Verb::Plan(Plan::Import { files, dry_run }) => {
            let plan = import::read(&files)?;
            let imported = import::import(&*import::open_for(url, dry_run).await?, &plan, dry_run).await?;
            let code = if imported.conflicting() == 0 { exit::DONE } else { exit::FAILED };
            return Ok((imported.answer()?, code));
        }
        Verb::Plan(Plan::Convert { files, to }) => convert(&import::read(&files)?, &to)?,
        Verb::Store(verb) => store::run(url, verb).await?,
        Verb::Vra7(args) => vra7::run(args).await?,
        Verb::Vra { action } => vra::run(url, action).await?,
        Verb::Ask(verb) => {
            let provider = open(url, Absent::of(&verb)).await?;
            Progress::new("waiting for the provider", 0).during(ask(&*provider, *verb)).await?
        }
    };
    Ok((answer, exit::DONE))
}

/// What is asked of one provider.
async fn ask(provider: &dyn IpamProvider, verb: Ask) -> Result<Answer, Failure> {
    match verb {
        Ask::Ranges(verb) => ranges::run(provider, verb).await,
        Ask::Blocks(verb) => blocks::run(provider, verb).await,
        Ask::Allocate(args) => allocate::run(provider, args).await,
        Ask::Deallocate(args) => deallocate::run(provider, args).await,
        Ask::Find(args) => find::run(provider, args).await,
        Ask::Update(args) => update::run(provider, args).await,
        Ask::Usage(args) => usage::run(provider, args).await,
        Ask::Changes(args) => changes::run(provider, args).await,
        Ask::Check => check::run(provider).await,
    }
}

fn convert(plan: &plan::Plan, to: &str) -> Result<Answer, Failure> {
    for note in &plan.notes {
        eprintln!("note: {}: {}", note.at, note.item);
    }
    let text = match to {
        "csv" => plan::csv::write(plan).map_err(Failure::Failed)?,
        _ => plan::json::write(plan),
    };
    let json = serde_json::json!({ "format": to, "text": text });
    Answer::new(text, &json)
}
