//! Plans from saved responses: the rules, and the same site through the provider.

mod rules;
mod same_as_provider;

use phpipam_client::plan::Responses;

/// Responses of phpIPAM 1.8.2 to `GET subnets/all/`, `addresses/`, `tools/nameservers/` and `vlans/all/`.
fn recorded() -> Responses<'static> {
    Responses::new(SUBNETS).with_addresses(ADDRESSES).with_nameservers(NAMESERVERS).with_vlans(VLANS)
}

const SUBNETS: &str = include_str!("../../../examples/data/phpipam/subnets.json");
const ADDRESSES: &str = include_str!("../../../examples/data/phpipam/addresses.json");
const NAMESERVERS: &str = include_str!("../../../examples/data/phpipam/nameservers.json");
const VLANS: &str = include_str!("../../../examples/data/phpipam/vlans.json");
