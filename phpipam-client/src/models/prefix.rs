//! What belongs to something outside of the server.

use super::{Address, Subnet};

/// What has an external id; see [`Prefix::find_by_external_id`](crate::controllers::Prefix::find_by_external_id).
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ExternalObjects {
    /// Subnets, with some of their members.
    pub subnets: Vec<Subnet>,
    /// Addresses.
    pub addresses: Vec<Address>,
}
