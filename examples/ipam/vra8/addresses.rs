//! `ipam vra8 allocate` and `release`

use std::net::IpAddr;

use serde_json::json;
use vra_client::v8::{AllocateAddressesBody, Client, NetworkIpAddress, ReleaseAddressesBody, RequestTracker};

use super::args::{Allocate, Release};
use super::pick;
use crate::exit::Failure;
use crate::output::Output;

pub(super) async fn allocate(client: &Client, args: Allocate) -> Result<Output, Failure> {
    let mut body = if args.addresses.is_empty() {
        AllocateAddressesBody::count(args.count.unwrap_or(1))?
    } else {
        AllocateAddressesBody::addresses(args.addresses.iter().copied())?
    };
    if let Some(description) = args.description {
        body = body.with_description(description);
    }
    let range = pick::range(client, &args.range).await?.id.unwrap_or_default();
    let tracker = client.network_ip_ranges().allocate(&range, body).await;
    let tracker = tracker.map_err(|error| not_served(error, "allocates addresses"))?;
    let done = client.request_trackers().wait_for(tracker, &args.waiting.limits()).await?;
    let addresses = if args.addresses.is_empty() {
        chosen(client, &done).await?
    } else {
        args.addresses.iter().map(IpAddr::to_string).collect()
    };
    Output::new(addresses.join("\n"), &json!({"range": range, "addresses": addresses}))
}

/// Returns the addresses that the server chose, which the tracker has the paths of.
async fn chosen(client: &Client, tracker: &RequestTracker) -> Result<Vec<String>, Failure> {
    let mut addresses = Vec::new();
    for path in tracker.resources.iter().flatten().filter(|path| path.contains("/ip-addresses/")) {
        let address = client.follow::<NetworkIpAddress>(path)?.await?;
        addresses.extend(address.ip_address);
    }
    if addresses.is_empty() {
        // Not a success: a script would go on without an address. The allocation stays, so the message says how to find
        // it.
        let remedy = "`ipam vra8 ranges RANGE` lists them; give --description to tell them apart";
        return Err(Failure::Failed(format!("addresses are allocated, but the server does not name them; {remedy}")));
    }
    Ok(addresses)
}

pub(super) async fn release(client: &Client, args: Release) -> Result<Output, Failure> {
    let body = ReleaseAddressesBody::new(args.addresses.iter().copied())?;
    let range = pick::range(client, &args.range).await?.id.unwrap_or_default();
    let tracker = client.network_ip_ranges().release(&range, body).await;
    let tracker = tracker.map_err(|error| not_served(error, "releases addresses"))?;
    client.request_trackers().wait_for(tracker, &args.waiting.limits()).await?;
    let released: Vec<String> = args.addresses.iter().map(IpAddr::to_string).collect();
    // The server's release time decides when, so "free" would be wrong.
    Output::new(format!("released {}", released.join(", ")), &json!({"range": range, "released": released}))
}

/// Returns the failure of a call that older releases do not have. The range was found before, so that a 404 is not
/// about it.
pub(super) fn not_served(error: vra_client::Error, what: &str) -> Failure {
    if error.is_not_found() {
        return Failure::Usage(format!(
            "this server has no call that {what}; releases newer than 8.10 have one\n  because: {error}"
        ));
    }
    error.into()
}
