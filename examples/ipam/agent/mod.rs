//! `ipam agent`: keeps phpIPAM in line with the network, over HTTPS alone.

mod args;
mod connect;
mod delivery;
mod once;
mod plan;
mod relay;
mod repeat;
mod settings;
mod shown;
mod tables;

pub(crate) use self::args::Agent;
use self::args::AgentVerb;
use self::settings::Source;
use crate::exit::Failure;
use crate::output::Output;
use crate::progress::{be_quiet, note};

/// Runs a command of the scan agent. Returns the output and the exit code.
pub(crate) async fn run(args: Agent, as_json: bool) -> Result<(Output, u8), Failure> {
    if args.quiet {
        be_quiet();
    }
    let source = Source::open(args.config)?;
    for remark in &source.settings.remarks {
        note(format_args!("note: {remark}"));
    }
    match args.verb {
        AgentVerb::Plan => plan::run(&source.settings).await,
        AgentVerb::Once(once) => once::run(&source.settings, once).await,
        AgentVerb::Run(run) => repeat::run(source, run, as_json).await,
        AgentVerb::Relay => relay::run(source, as_json).await,
    }
}
