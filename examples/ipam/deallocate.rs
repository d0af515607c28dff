//! `ipam deallocate`

use std::net::IpAddr;

use ipam_core::{Deallocate, IpamProvider, RangeId, Target};

use crate::cli;
use crate::exit::Failure;
use crate::output::Answer;
use crate::reserved::why_never;
use crate::show;

fn address_of(target: &Target) -> Option<(RangeId, IpAddr)> {
    match target {
        Target::Address { range, address } => Some((range.clone(), *address)),
        _ => None,
    }
}

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
    let addresses: Vec<_> = std::iter::once(&first).chain(targets.as_slice()).filter_map(address_of).collect();
    let request = targets.fold(Deallocate::new(first), Deallocate::and).expecting(args.expect);
    let answer = provider.deallocate(&request).await?;
    let already = answer.targets.iter().filter(|target| target.was_free()).count();
    let mut text = show::allocations(answer.freed(), "");
    if already > 0 {
        text.push_str(&format!("{already} of {} free already, or not whose was expected", answer.targets.len()));
    }
    let freed = |address: &IpAddr| answer.freed().any(|allocation| allocation.address == *address);
    for (range, address) in addresses.into_iter().filter(|(_, address)| !freed(address)) {
        // What is never handed out was not free either.
        for reason in why_never(provider, address, Some(&range)).await? {
            text.push_str(&format!("\n{reason}"));
        }
    }
    Answer::new(text, &answer)
}
