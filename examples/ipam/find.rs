//! `ipam find`

use futures_util::{StreamExt, TryStreamExt};
use ipam_core::{Find, IpamProvider, IpamProviderExt};

use crate::cli;
use crate::exit::Failure;
use crate::never_allocated::why_never;
use crate::output::{Output, Rows};
use crate::progress::note;
use crate::tables;

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Find, as_json: bool) -> Result<Output, Failure> {
    let mut request = Find::default();
    (request.address, request.mac, request.hostname) = (args.address, args.mac, args.hostname);
    request.id = args.id.map(Into::into);
    (request.key, request.owner) = (args.key.map(Into::into), args.owner.map(Into::into));
    (request.range, request.space) = (args.range.map(Into::into), args.space.map(Into::into));
    request.quarantined = args.quarantined;
    let (address, range) = (request.address, request.range.clone());
    // One more than is shown tells whether there are more.
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let mut found = provider.find_all(request).take(limit.saturating_add(1));
    let mut rows = Rows::new(as_json, &tables::ALLOCATIONS);
    let mut count = 0_usize;
    while let Some(allocation) = found.try_next().await? {
        if count == limit {
            note(format_args!("there are more than {limit}; --limit 0 shows all"));
            break;
        }
        rows.add(&allocation, tables::allocation)?;
        count += 1;
    }
    let mut none = "nothing found".to_owned();
    if let (0, Some(address)) = (count, address) {
        for reason in why_never(provider, address, range.as_ref()).await? {
            none.push_str(&format!("\n{reason}"));
        }
    }
    Ok(rows.finish(&none))
}
