//! `ipam update`

use ipam_core::{IpamProvider, Update};

use crate::cli::{self, AllocationField};
use crate::exit::Failure;
use crate::output::Answer;
use crate::ranges::{patch, some};
use crate::show;

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Update) -> Result<Answer, Failure> {
    let clears = |field| args.clear.contains(&field);
    let mut request = Update::new(args.id);
    request.hostname = patch("hostname", args.labels.hostname, clears(AllocationField::Hostname))?;
    request.description = patch("description", args.labels.description, clears(AllocationField::Description))?;
    request.mac = patch("mac", args.labels.mac, clears(AllocationField::Mac))?;
    let tags = some(args.labels.tags).map(|tags| tags.into_iter().collect());
    request.tags = patch("tag", tags, clears(AllocationField::Tags))?;
    request.expiry = patch("expiry", args.expiry, clears(AllocationField::Expiry))?;
    let allocation = provider.update(&request).await?;
    Answer::new(show::allocations([&allocation], ""), &allocation)
}
