//! `ipam update`

use ipam_core::{Error, Find, IpamProvider, Operation, Update};

use crate::allocation_name::{Named, found, named};
use crate::cli::{self, AllocationField};
use crate::exit::Failure;
use crate::output::Output;
use crate::patch::added;
use crate::ranges::patch;
use crate::tables;

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Update) -> Result<Output, Failure> {
    let clears = |field| args.clear.contains(&field);
    let id = match named(provider, &args.id).await? {
        Named::Id(id) => id,
        Named::Free(address) => {
            return Err(Error::not_found(Operation::Update, "allocation of the address", address).into());
        }
    };
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
    Output::new(tables::allocations([&allocation], ""), &allocation)
}
