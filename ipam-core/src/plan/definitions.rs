//! Definitions of the blocks and ranges that a provider has, for another one.

use crate::net::{HostPolicy, hosts};
use crate::{Block, DefineBlock, DefineRange, Range};

/// Returns the request that defines a block like this one.
pub(super) fn of_block(block: &Block) -> DefineBlock {
    let mut request = DefineBlock::new(block.id.clone(), block.net)
        .with_space(block.space.clone())
        .with_name(block.name.clone())
        .with_description(block.description.clone());
    request.network = block.network.clone();
    request.tags = block.tags.clone();
    request.properties = block.properties.clone();
    request
}

/// Returns the request that defines a range like this one. Key and owner are left out.
pub(super) fn of_range(range: &Range) -> DefineRange {
    let request = DefineRange::new(range.id.clone(), range.net)
        .with_space(range.space.clone())
        .with_name(range.name.clone())
        .with_description(range.description.clone())
        .with_network(range.network.clone())
        .with_reserved(range.reserved.clone())
        .with_policy(range.policy)
        .with_tags(range.tags.clone())
        .with_properties(range.properties.clone());
    // By the host policy where it gives the same addresses: an update that clears them then goes back to these.
    if range.addresses == hosts(range.net, HostPolicy::Hosts) {
        request
    } else if range.addresses == hosts(range.net, HostPolicy::All) {
        request.with_hosts(HostPolicy::All)
    } else {
        request.with_addresses(range.addresses)
    }
}
