//! `ipam find`

use futures_util::{StreamExt, TryStreamExt};
use ipam_core::{Allocation, Find, IpamProvider, IpamProviderExt};

use crate::cli;
use crate::exit::Failure;
use crate::never_allocated::why_never;
use crate::output::Output;
use crate::progress::note;
use crate::tables;

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Find) -> Result<Output, Failure> {
    let mut request = Find::default();
    (request.address, request.mac, request.hostname) = (args.address, args.mac, args.hostname);
    request.id = args.id.map(Into::into);
    (request.key, request.owner) = (args.key.map(Into::into), args.owner.map(Into::into));
    (request.range, request.space) = (args.range.map(Into::into), args.space.map(Into::into));
    request.quarantined = args.quarantined;
    let (address, range) = (request.address, request.range.clone());
    // One more than is shown tells whether there are more.
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let found = provider.find_all(request).take(limit.saturating_add(1));
    let mut found: Vec<Allocation> = found.try_collect().await?;
    let more = found.len() > limit;
    found.truncate(limit);
    if more {
        note(format_args!("there are more than {limit}; --limit 0 shows all"));
    }
    let mut none = "nothing found".to_owned();
    if let (true, Some(address)) = (found.is_empty(), address) {
        for reason in why_never(provider, address, range.as_ref()).await? {
            none.push_str(&format!("\n{reason}"));
        }
    }
    Output::new(tables::allocations(&found, &none), &found)
}
