//! `ipam deallocate`

use std::net::IpAddr;

use ipam_core::{Deallocate, Deallocated, DeallocatedTarget, IpamProvider, RangeId, Target};

use crate::allocation_name::{Named, named};
use crate::cli;
use crate::exit::Failure;
use crate::never_allocated::why_never;
use crate::output::{Output, remark};
use crate::tables;

fn address_of(target: &Target) -> Option<(RangeId, IpAddr)> {
    match target {
        Target::Address { range, address } => Some((range.clone(), *address)),
        _ => None,
    }
}

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Deallocate) -> Result<Output, Failure> {
    let (mut targets, mut free) = (Vec::new(), Vec::new());
    for name in &args.ids {
        match named(provider, name).await? {
            Named::Id(id) => targets.push(Target::Id(id)),
            Named::Free(address) => free.push(address),
        }
    }
    targets.extend(args.keys.into_iter().map(|key| Target::Key(key.into())));
    if let Some(range) = args.range {
        let address = |address| Target::Address { range: range.clone().into(), address };
        targets.extend(args.addresses.into_iter().map(address));
    }
    let addresses: Vec<_> = targets.iter().filter_map(address_of).collect();
    let mut targets = targets.into_iter();
    let mut deallocated = match targets.next() {
        Some(first) => {
            let request = targets.fold(Deallocate::new(first), Deallocate::and).with_precondition(args.expect);
            provider.deallocate(&request).await?
        }
        None if free.is_empty() => {
            return Err(Failure::Usage("name an allocation, --key, or --address with --range".to_owned()));
        }
        None => Deallocated::new(Vec::new()),
    };
    deallocated.targets.extend(free.iter().map(|_| DeallocatedTarget::default()));
    let already = deallocated.targets.iter().filter(|target| target.was_free()).count();
    let mut text = tables::allocations(deallocated.freed(), "");
    if already > 0 {
        let all = deallocated.targets.len();
        let why = "free already, or kept because of --expect-owner or --expect-key";
        remark(&mut text, format!("{already} of {all} {why}"));
    }
    let freed = |address: &IpAddr| deallocated.freed().any(|allocation| allocation.address == *address);
    for (range, address) in addresses.into_iter().filter(|(_, address)| !freed(address)) {
        // A gateway or reserved address is never allocated, so "free already" would mislead.
        for reason in why_never(provider, address, Some(&range)).await? {
            remark(&mut text, reason);
        }
    }
    for address in free {
        for reason in why_never(provider, address, None).await? {
            remark(&mut text, reason);
        }
    }
    Output::new(text, &deallocated)
}
