//! Which addresses to take, given what is taken. Pure.

use std::net::IpAddr;

use ipam_core::Shape;
use ipam_core::net::{Free, IpRange, IpSet};

/// `count` free addresses of `within` in the asked shape, in ascending order: the lowest there are. `None` where there is
/// no room.
pub(crate) fn choose(within: IpRange, taken: &IpSet, count: u32, shape: Shape) -> Option<Vec<IpAddr>> {
    let wanted = usize::try_from(count).ok()?;
    let run = |align| {
        let run = Free::of_set(within, taken).aligned_run(u128::from(count), align)?;
        Some(run.addresses().collect())
    };
    match shape {
        Shape::Scattered => {
            let addresses: Vec<IpAddr> = Free::of_set(within, taken).addresses().take(wanted).collect();
            (addresses.len() == wanted).then_some(addresses)
        }
        Shape::Contiguous => run(1),
        Shape::Aligned => run(u128::from(count).next_power_of_two()),
    }
}

/// A list of addresses for people: runs, in ascending order.
pub(crate) fn runs(addresses: impl IntoIterator<Item = IpAddr>) -> String {
    let set: IpSet = addresses.into_iter().collect();
    set.ranges().map(|range| range.to_string()).collect::<Vec<_>>().join(",")
}

/// The addresses that a list has and a set does not.
pub(crate) fn missing(list: &str, there: &[IpAddr]) -> String {
    let ranges = list.split(',').filter_map(|range| range.parse::<IpRange>().ok());
    let all: IpSet = ranges.collect();
    let there: IpSet = there.iter().copied().collect();
    all.difference(&there).ranges().map(|range| range.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_lowest_in_the_asked_shape() {
        let within: IpRange = "10.0.0.1-10.0.0.14".parse().unwrap();
        let taken: IpSet = ["10.0.0.1", "10.0.0.4"].iter().map(|ip| ip.parse::<IpAddr>().unwrap()).collect();
        let texts = |count, shape| choose(within, &taken, count, shape).map(runs);
        assert_eq!(texts(3, Shape::Scattered).unwrap(), "10.0.0.2-10.0.0.3,10.0.0.5");
        assert_eq!(texts(3, Shape::Contiguous).unwrap(), "10.0.0.5-10.0.0.7");
        assert_eq!(texts(3, Shape::Aligned).unwrap(), "10.0.0.8-10.0.0.10");
        assert_eq!(texts(13, Shape::Scattered), None);
        assert_eq!(texts(11, Shape::Contiguous), None);
    }

    #[test]
    fn what_was_given_back_is_named() {
        let there = ["10.0.0.1", "10.0.0.3"].map(|ip| ip.parse().unwrap());
        assert_eq!(missing("10.0.0.1-10.0.0.3,10.0.0.9", &there), "10.0.0.2, 10.0.0.9");
    }
}
