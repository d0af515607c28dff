//! `ipam deallocate`

use ipam_core::{Deallocate, IpamProvider, Target};

use crate::cli;
use crate::exit::Failure;
use crate::output::Answer;
use crate::show;

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Deallocate) -> Result<Answer, Failure> {
    let mut targets: Vec<Target> = args.ids.into_iter().map(|id| Target::Id(id.into())).collect();
    targets.extend(args.keys.into_iter().map(|key| Target::Key(key.into())));
    if let Some(range) = args.range {
        let address = |address| Target::Address { range: range.clone().into(), address };
        targets.extend(args.addresses.into_iter().map(address));
    }
    let mut targets = targets.into_iter();
    let Some(first) = targets.next() else {
        return Err(Failure::Usage("name an allocation, --key, or --address with --range".to_owned()));
    };
    let request = targets.fold(Deallocate::new(first), Deallocate::and).expecting(args.expect);
    let answer = provider.deallocate(&request).await?;
    let already = answer.targets.iter().filter(|target| target.was_free()).count();
    let mut text = show::allocations(answer.freed(), "");
    if already > 0 {
        text.push_str(&format!("{already} of {} free already, or not whose was expected", answer.targets.len()));
    }
    Answer::new(text, &answer)
}
