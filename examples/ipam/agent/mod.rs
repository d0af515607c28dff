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
use self::settings::Settings;
use crate::exit::Failure;
use crate::output::Output;
use crate::progress::note;

/// Runs a command of the scan agent. Returns the output and the exit code.
pub(crate) async fn run(args: Agent, as_json: bool) -> Result<(Output, u8), Failure> {
    let settings = Settings::load(args.config.as_deref())?;
    for remark in &settings.remarks {
        note(format_args!("note: {remark}"));
    }
    match args.verb {
        AgentVerb::Plan => plan::run(&settings).await,
        AgentVerb::Once(once) => once::run(&settings, once).await,
        AgentVerb::Run(run) => repeat::run(&settings, run, as_json).await,
        AgentVerb::Relay => relay::run(&settings, as_json).await,
    }
}
