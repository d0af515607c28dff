//! `ipam update`

use std::net::IpAddr;

use futures_util::{StreamExt, TryStreamExt};
use ipam_core::{Allocation, AllocationId, Error, Find, IpamProvider, IpamProviderExt, Update};

use crate::cli::{self, AllocationField};
use crate::exit::Failure;
use crate::lists::added;
use crate::output::Answer;
use crate::ranges::patch;
use crate::show;

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Update) -> Result<Answer, Failure> {
    let clears = |field| args.clear.contains(&field);
    let id = id_of(provider, &args.id).await?;
    let before = if args.labels.tags.is_empty() {
        None
    } else {
        found(provider, Find::default().with_id(Some(id.clone()))).await?.into_iter().next()
    };
    let mut request = Update::new(id);
    request.hostname = patch("hostname", args.labels.hostname, clears(AllocationField::Hostname))?;
    request.description = patch("description", args.labels.description, clears(AllocationField::Description))?;
    request.mac = patch("mac", args.labels.mac, clears(AllocationField::Mac))?;
    let tags = before.as_ref().map(|allocation| &allocation.labels.tags);
    request.tags = added(tags, args.labels.tags, clears(AllocationField::Tags));
    request.expiry = patch("expiry", args.expiry, clears(AllocationField::Expiry))?;
    let allocation = provider.update(&request).await?;
    Answer::new(show::allocations([&allocation], ""), &allocation)
}

/// At most two, which is enough to tell whether there is one.
async fn found(provider: &dyn IpamProvider, request: Find) -> Result<Vec<Allocation>, Failure> {
    Ok(provider.find_all(request).take(2).try_collect().await?)
}

/// The id that was named, or that of the one allocation of the address that was named.
async fn id_of(provider: &dyn IpamProvider, named: &str) -> Result<AllocationId, Failure> {
    let Ok(address) = named.trim().parse::<IpAddr>() else { return Ok(named.into()) };
    let mut of_address = Find::default();
    of_address.address = Some(address);
    let mut all = found(provider, of_address).await?;
    match (all.pop(), all.is_empty()) {
        (None, _) => Err(Error::not_found("update", "allocation of the address", address).into()),
        (Some(one), true) => Ok(one.id),
        (Some(_), false) => Err(Failure::Usage(format!(
            "{address} is allocated in more than one address space; name the allocation by its id, which \
             `ipam find {address}` shows"
        ))),
    }
}
