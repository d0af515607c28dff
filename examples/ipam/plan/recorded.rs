//! The plan in `examples/data/phpipam/`.

use super::phpipam::Answers;

/// What phpIPAM 1.8.2 answered to `GET subnets/all/`, `addresses/`, `tools/nameservers/` and `vlans/all/`.
pub(crate) const fn answers() -> Answers<'static> {
    Answers {
        subnets: include_str!("../../data/phpipam/subnets.json"),
        addresses: Some(include_str!("../../data/phpipam/addresses.json")),
        nameservers: Some(include_str!("../../data/phpipam/nameservers.json")),
        vlans: Some(include_str!("../../data/phpipam/vlans.json")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::plan::{Plan, csv, json, phpipam};

    #[test]
    fn the_three_files_of_the_plan_say_the_same() {
        let items = |plan: &Plan| {
            let blocks: Vec<_> = plan.blocks.iter().map(|row| row.item.clone()).collect();
            let ranges: Vec<_> = plan.ranges.iter().map(|row| row.item.clone()).collect();
            let addresses: Vec<_> = plan.addresses.iter().map(|row| row.item.clone()).collect();
            (blocks, ranges, addresses)
        };
        let recorded = phpipam::parse(answers()).unwrap();
        let json = json::parse(include_str!("../../data/plan.json")).unwrap();
        let csv = csv::parse(include_str!("../../data/plan.csv")).unwrap();
        assert_eq!(items(&json), items(&recorded));
        assert_eq!(items(&csv), items(&recorded));
    }
}
