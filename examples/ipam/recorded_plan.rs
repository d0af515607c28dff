//! The recorded plan in `examples/data/phpipam/`.

use phpipam_client::plan::Responses;

/// What phpIPAM 1.8.2 returned for `GET subnets/all/`, `addresses/`, `tools/nameservers/` and `vlans/all/`.
pub(crate) fn responses() -> Responses<'static> {
    Responses::new(include_str!("../data/phpipam/subnets.json"))
        .with_addresses(include_str!("../data/phpipam/addresses.json"))
        .with_nameservers(include_str!("../data/phpipam/nameservers.json"))
        .with_vlans(include_str!("../data/phpipam/vlans.json"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ipam_core::plan::AddressPlan;

    use super::*;

    #[test]
    fn the_three_files_of_the_plan_say_the_same() {
        let items = |plan: &AddressPlan| {
            let blocks: Vec<_> = plan.blocks.iter().map(|row| row.item.clone()).collect();
            let ranges: Vec<_> = plan.ranges.iter().map(|row| row.item.clone()).collect();
            let allocations: Vec<_> = plan.allocations.iter().map(|row| row.item.clone()).collect();
            (blocks, ranges, allocations)
        };
        let recorded = responses().to_plan().unwrap();
        let json = AddressPlan::from_json(include_str!("../data/plan.json")).unwrap();
        let csv = AddressPlan::from_csv(include_str!("../data/plan.csv")).unwrap();
        assert_eq!(items(&json), items(&recorded));
        assert_eq!(items(&csv), items(&recorded));
    }
}
