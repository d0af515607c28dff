//! `ipam changes --follow`

use std::io;
use std::time::Duration;

use ipam_core::{Change, ChangePosition, IpamProvider};

use crate::changes::line;
use crate::cli;
use crate::exit::Failure;
use crate::output::print_line;

/// Number of changes that are read at once.
const AT_ONCE: u32 = 1_000;

/// Prints the changes after a position, and goes on with those that come. Ends with an error, or when the reader of
/// standard output is gone.
pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Changes, as_json: bool) -> Result<(), Failure> {
    let mut since = args.since.map(ChangePosition::from);
    let pause = Duration::from_secs(args.interval);
    loop {
        let part = provider.changes(since.as_ref(), AT_ONCE).await?;
        for change in &part.items {
            match print(change, as_json) {
                // As with other commands: a reader such as `head` that has enough is no error.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(Failure::Failed(format!("the result cannot be written: {error}"))),
                Ok(()) => {}
            }
        }
        // The position is kept also where nothing came: without it the next look would start at the oldest change.
        since = Some(part.next);
        if part.items.is_empty() {
            tokio::time::sleep(pause).await;
        }
    }
}

fn print(change: &Change, as_json: bool) -> io::Result<()> {
    match as_json {
        true => print_line(&serde_json::to_string(change)?),
        false => print_line(&line(change)),
    }
}
