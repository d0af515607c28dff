//! Program `ipam`: looks up, allocates and deallocates IP addresses from the shell.
//!
//! `ipam help` lists the commands; `ipam quickstart` shows them on a real subnet plan.

mod agent;
mod allocate;
mod allocation_name;
mod blocks;
mod calc;
mod changes;
mod check;
mod cli;
mod closing;
mod deallocate;
mod diff;
mod doctor;
mod exit;
mod export;
mod find;
mod follow;
mod migrate;
mod never_allocated;
mod open;
mod output;
mod patch;
mod plan;
mod progress;
mod quickstart;
mod ranges;
mod recorded_plan;
#[path = "../report.rs"]
#[allow(dead_code, reason = "this program has exit codes of its own")]
mod report;
mod shell;
#[cfg(feature = "simulate")]
mod simulate;
mod states;
mod store;
mod sweep;
mod tables;
mod times;
mod update;
mod usage;
mod vra;
mod vra7;
#[path = "../vra7_names.rs"]
mod vra7_names;
mod vra8;
#[path = "../vra8_names.rs"]
#[allow(dead_code, reason = "an example alone looks for networks by their names")]
mod vra8_names;
mod vra_server;

use std::process::ExitCode;

use ipam_core::IpamProvider;
use ipam_core::registry::Secrets;

use crate::cli::{Ask, Cli, PlanCommand, Verb};
use crate::closing::{Ended, closing, stoppable};
use crate::exit::Failure;
use crate::open::{Absent, open, open_to_read};
use crate::output::Output;
use crate::progress::Progress;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match cli::read() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    output::set_form(cli.form());
    let as_json = cli.form() == output::Form::Json;
    if as_json {
        progress::be_silent();
    }
    let ended = match run(cli).await {
        Ok(ended) => ended,
        Err(failure) => return failed(&failure, as_json),
    };
    let (output, code) = ended.value;
    // The result is valid even if closing failed, so it is printed first.
    match output.print(as_json).err().or(ended.closing) {
        None => ExitCode::from(code),
        Some(failure) => failed(&failure, as_json),
    }
}

fn failed(failure: &Failure, as_json: bool) -> ExitCode {
    if as_json {
        progress::print(format_args!("{:#}", failure.json()));
    } else {
        progress::print(format_args!("error: {}", failure.text()));
    }
    failure.exit()
}

/// Returns the output and the exit code.
async fn run(cli: Cli) -> Result<Ended<(Output, u8)>, Failure> {
    let as_json = cli.form() == output::Form::Json;
    let provider = cli.provider;
    let url = provider.as_deref();
    let done = |output| (output, exit::DONE);
    let alone = |output| Ended { value: done(output), closing: None };
    Ok(match cli.verb {
        Verb::Quickstart(args) => quickstart::run(args).await?,
        Verb::Calc(args) => alone(calc::run(&args, as_json)?),
        Verb::Plan(PlanCommand::Import { files, dry_run }) => {
            let plan = plan::read(&files)?;
            let provider = open::open_for(url, dry_run, Secrets::none()).await?;
            closing(provider, async |provider| {
                let imported = plan::import(provider, &plan, dry_run).await?;
                let code = if imported.conflicting() == 0 { exit::DONE } else { exit::FAILED };
                Ok((imported.output()?, code))
            })
            .await?
        }
        Verb::Plan(PlanCommand::Export { to }) => {
            let provider = open(url, Absent::Refuse).await?;
            closing(provider, async |provider| plan::export(provider, &to).await).await?.map(done)
        }
        Verb::Diff(args) => {
            let first = open_to_read(&args.first, "IPAM_FROM").await?;
            let second = open_to_read(&args.second, "IPAM_TO").await?;
            closing(second, async |second| {
                let compared = diff::run(&first, second, args.limit, as_json).await;
                first.close().await?;
                compared
            })
            .await?
        }
        Verb::Migrate(args) => {
            let from = open_to_read(&args.from, "IPAM_FROM").await?;
            let to = open::open_for(Some(&args.to), args.dry_run, Secrets::env("IPAM_TO")).await?;
            closing(to, async |to| {
                let migrated = migrate::run(&from, to, &args).await;
                from.close().await?;
                migrated
            })
            .await?
        }
        Verb::Plan(PlanCommand::Convert { files, to }) => alone(plan::convert(&plan::read(&files)?, &to)?),
        Verb::Store(verb) => store::run(url, verb).await?.map(done),
        Verb::Doctor => Ended { value: doctor::run(url).await?, closing: None },
        #[cfg(feature = "simulate")]
        Verb::Simulate(args) => {
            simulate::run(*args, as_json).await?;
            alone(Output::nothing())
        }
        Verb::Agent(args) => Ended { value: agent::run(args, as_json).await?, closing: None },
        Verb::Completions { shell } => alone(shell::completions(shell)?),
        Verb::Man { directory } => alone(shell::man(directory.as_deref())?),
        Verb::Vra7(args) => alone(vra7::run(args).await?),
        Verb::Vra8(args) => alone(vra8::run(*args).await?),
        Verb::Vra(command) => vra::run(url, command).await?.map(done),
        Verb::Ask(verb) if matches!(&*verb, Ask::Changes(args) if args.follow) => {
            let Ask::Changes(args) = *verb else { return Ok(alone(Output::nothing())) };
            let provider = open(url, Absent::Refuse).await?;
            closing(provider, async |provider| stoppable(follow::run(provider, args, as_json)).await)
                .await?
                .map(|()| done(Output::nothing()))
        }
        Verb::Ask(verb) => {
            let provider = open(url, Absent::of(&verb)).await?;
            let waiting = Progress::new("waiting for the provider", 0);
            closing(provider, async |provider| waiting.during(ask(provider, *verb, as_json)).await).await?.map(done)
        }
    })
}

/// Runs a command that calls one provider.
async fn ask(provider: &dyn IpamProvider, verb: Ask, as_json: bool) -> Result<Output, Failure> {
    match verb {
        Ask::Ranges(verb) => ranges::run(provider, verb, as_json).await,
        Ask::Blocks(verb) => blocks::run(provider, verb).await,
        Ask::Allocate(args) => allocate::run(provider, args).await,
        Ask::Deallocate(args) => deallocate::run(provider, args).await,
        Ask::Find(args) => find::run(provider, args, as_json).await,
        Ask::Update(args) => update::run(provider, args).await,
        Ask::Usage(args) => usage::run(provider, args, as_json).await,
        Ask::Changes(args) => changes::run(provider, args).await,
        Ask::Sweep(args) => sweep::run(provider, args).await,
        Ask::Export(command) => export::run(provider, command, as_json).await,
        Ask::Check => check::run(provider).await,
    }
}
