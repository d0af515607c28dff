//! Nesting of subnets: those that contain another one of their address space.

use ipam_core::SpaceId;
use ipnet::IpNet;

/// Returns for each subnet true if it contains another one of its address space.
///
/// The prefixes decide, not `masterSubnetId`, which may name a folder or a subnet that does not exist: in a store no
/// range contains another one, wherever the two are filed.
pub(super) fn contains_another(subnets: &[(&SpaceId, IpNet)]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..subnets.len()).collect();
    order.sort_by_key(|index| subnets.get(*index).map(|(space, net)| (*space, net.network(), net.prefix_len())));
    let mut contains = vec![false; subnets.len()];
    // In this order, all that lies inside a prefix follows it directly, so the first different prefix after it decides.
    for (place, index) in order.iter().enumerate() {
        let Some((space, net)) = subnets.get(*index) else { continue };
        let mut following = order.iter().skip(place + 1).filter_map(|next| subnets.get(*next));
        let next = following.find(|(_, other)| other != net);
        let inside = next.is_some_and(|(other, inner)| other == space && net.contains(inner));
        if let Some(contains) = contains.get_mut(*index) {
            *contains = inside;
        }
    }
    contains
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn what_lies_inside_another_of_its_space_is_found() {
        let (a, b) = (SpaceId::new("a"), SpaceId::new("b"));
        let net = |text: &str| text.parse().unwrap();
        let subnets = [
            (&a, net("10.0.0.0/8")),
            (&a, net("10.1.0.0/16")),
            (&a, net("10.1.0.0/16")),
            (&b, net("10.1.0.0/24")),
            (&b, net("2001:db8::/32")),
            (&b, net("2001:db8:1::/64")),
        ];
        assert_eq!(contains_another(&subnets), [true, false, false, false, true, false]);
    }
}
