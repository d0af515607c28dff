//! Networks into which the addresses of many subnets are split. No request is sent here.

use ipnet::IpNet;

/// Network whose addresses are read at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) net: IpNet,
    /// First and last subnet, of those in ascending order, that start in the network.
    first: usize,
    end: usize,
    /// True if a subnet covers the whole network, so that there may be addresses anywhere in it.
    is_covered: bool,
}

/// Subnets in ascending order, from which parts are made.
#[derive(Debug)]
pub(super) struct Nets(Vec<IpNet>);

impl Nets {
    pub(super) fn new(nets: impl IntoIterator<Item = IpNet>) -> Self {
        let mut nets: Vec<IpNet> = nets.into_iter().map(|net| net.trunc()).collect();
        // An outer network comes before those inside it, and IPv4 before IPv6.
        nets.sort_unstable_by_key(|net| (net.network(), net.prefix_len()));
        nets.dedup();
        Self(nets)
    }

    /// Returns the smallest parts that contain all subnets: one for each family.
    pub(super) fn whole(&self) -> Vec<Part> {
        let border = self.0.partition_point(|net| matches!(net, IpNet::V4(_)));
        [self.part(0, border), self.part(border, self.0.len())].into_iter().flatten().collect()
    }

    /// Returns the halves of a part, without those that no subnet is in; nothing for a single address.
    pub(super) fn split(&self, part: &Part) -> Vec<Part> {
        let Ok(halves) = part.net.subnets(part.net.prefix_len() + 1) else { return Vec::new() };
        let inside = self.0.get(part.first..part.end).unwrap_or_default();
        halves
            .filter_map(|half| {
                let first = part.first + inside.partition_point(|net| net.network() < half.network());
                let end = part.first + inside.partition_point(|net| net.network() <= half.broadcast());
                let is_covered = part.is_covered || inside.iter().any(|net| net.contains(&half));
                if is_covered { Some(Part { net: half, first, end, is_covered }) } else { self.part(first, end) }
            })
            .collect()
    }

    /// Returns the number of subnets in a part.
    pub(super) fn count(part: &Part) -> usize {
        part.end - part.first
    }

    /// Returns the smallest part that contains these subnets.
    fn part(&self, first: usize, end: usize) -> Option<Part> {
        let nets = self.0.get(first..end).filter(|nets| !nets.is_empty())?;
        let last = nets.iter().map(IpNet::broadcast).max()?;
        let mut net = *nets.first()?;
        while !net.contains(&last) {
            net = net.supernet()?;
        }
        Some(Part { net, first, end, is_covered: nets.first().is_some_and(|first| *first == net) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn nets(texts: &[&str]) -> Nets {
        Nets::new(texts.iter().map(|text| text.parse::<IpNet>().unwrap()))
    }

    fn texts(parts: &[Part]) -> Vec<String> {
        parts.iter().map(|part| part.net.to_string()).collect()
    }

    #[test]
    fn parts_are_as_small_as_the_subnets_allow() {
        let nets = nets(&["10.0.0.0/24", "10.0.1.0/24", "10.128.0.0/16", "172.20.0.0/16", "2001:db8::/64"]);
        let whole = nets.whole();
        assert_eq!(texts(&whole), ["0.0.0.0/0", "2001:db8::/64"]);
        let halves = nets.split(&whole[0]);
        assert_eq!(texts(&halves), ["10.0.0.0/8", "172.20.0.0/16"]);
        assert_eq!(halves.iter().map(Nets::count).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(texts(&nets.split(&halves[0])), ["10.0.0.0/23", "10.128.0.0/16"]);
        // A subnet has addresses in both of its halves.
        let halves = nets.split(&halves[1]);
        assert_eq!(texts(&halves), ["172.20.0.0/17", "172.20.128.0/17"]);
        assert_eq!(texts(&nets.split(&halves[1])), ["172.20.128.0/18", "172.20.192.0/18"]);
    }

    #[test]
    fn a_parent_keeps_both_halves() {
        let nets = nets(&["10.0.0.0/8", "10.0.0.0/24"]);
        let halves = nets.split(&nets.whole()[0]);
        assert_eq!(texts(&halves), ["10.0.0.0/9", "10.128.0.0/9"]);
        assert_eq!(texts(&nets.split(&halves[0])), ["10.0.0.0/10", "10.64.0.0/10"]);
    }

    #[test]
    fn an_address_is_not_split() {
        let nets = nets(&["10.0.0.1/32"]);
        assert_eq!(nets.split(&nets.whole()[0]), []);
    }

    proptest! {
        /// Whatever is split, each address of a subnet is in exactly one part.
        #[test]
        fn nothing_is_lost(
            subnets in prop::collection::vec((0_u32..1 << 12, 22_u8..=32), 1..20), choices in prop::collection::vec(any::<bool>(), 64),
        ) {
            let made: Vec<IpNet> = subnets
                .iter()
                .map(|(host, len)| ipnet::Ipv4Net::new((0x0a00_0000 + host * 4).into(), *len).unwrap().trunc().into())
                .collect();
            let nets = Nets::new(made.iter().copied());
            let (mut left, mut parts) = (nets.whole(), Vec::new());
            let mut choices = choices.into_iter();
            while let Some(part) = left.pop() {
                let halves = if choices.next().unwrap_or(false) { nets.split(&part) } else { Vec::new() };
                if halves.is_empty() { parts.push(part) } else { left.extend(halves) }
            }
            for net in &made {
                for ip in [net.network(), net.broadcast()] {
                    prop_assert_eq!(parts.iter().filter(|part| part.net.contains(&ip)).count(), 1, "{} of {}", ip, net);
                }
            }
        }
    }
}
