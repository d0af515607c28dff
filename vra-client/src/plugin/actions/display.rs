//! Names and descriptions of ranges and blocks in vRA's lists.

use ipam_core::net::{HostPolicy, IpRange, hosts};
use ipam_core::{Block, Range, SpaceId};
use ipnet::IpNet;

/// Largest length of a name from the IPAM within a name in vRA's lists, in characters.
const MAX_LABEL: usize = 80;

/// Name and description for a list.
pub(super) struct Display {
    pub(super) name: String,
    pub(super) description: Option<String>,
}

impl Display {
    /// Returns those of a range. `in_one_space` is true if the list has ranges of one address space only.
    pub(super) fn of_range(range: &Range, in_one_space: bool) -> Self {
        let whole =
            [HostPolicy::Hosts, HostPolicy::All].into_iter().any(|policy| hosts(range.net, policy) == range.addresses);
        let part = (!whole).then_some(range.addresses);
        let label = label(&range.name, range.id.as_str(), range.description.as_deref(), range.net);
        Self::new(range.net, part, label, range.description.clone(), (!in_one_space).then_some(&range.space))
    }

    /// Returns those of a block.
    pub(super) fn of_block(block: &Block, in_one_space: bool) -> Self {
        let label = label(&block.name, block.id.as_str(), block.description.as_deref(), block.net);
        Self::new(block.net, None, label, block.description.clone(), (!in_one_space).then_some(&block.space))
    }

    /// Makes a name that no other range has: a range is the only one with its addresses in its address space.
    ///
    /// The name must not depend on the other ranges: it would change from page to page, and with every new range.
    fn new(
        net: IpNet,
        part: Option<IpRange>,
        label: Option<String>,
        description: Option<String>,
        space: Option<&SpaceId>,
    ) -> Self {
        // The prefix first, so that the list is in the order of the network and can be searched by it.
        let mut name = net.to_string();
        if let Some(part) = part {
            name.push_str(&format!(" {}-{}", part.first(), part.last()));
        }
        if let Some(label) = &label {
            name.push_str(&format!(" {label}"));
        }
        if let Some(space) = space.filter(|space| space.as_str() != SpaceId::DEFAULT) {
            name.push_str(&format!(" [{space}]"));
        }
        Self { name, description: description.or(label) }
    }
}

/// Returns the text beside the prefix: the IPAM's name, unless it says no more than prefix and id do.
fn label(name: &str, id: &str, description: Option<&str>, net: IpNet) -> Option<String> {
    let name = match description.and_then(|text| text.lines().next()) {
        Some(first) if name == id => first,
        _ => name,
    };
    // Control characters would break the line of a list.
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_LABEL).collect();
    let name = name.trim();
    (!name.is_empty() && name != net.to_string()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn range(net: &str) -> Range {
        let net = net.parse().unwrap();
        Range::new("12", SpaceId::DEFAULT, net, hosts(net, HostPolicy::Hosts))
    }

    fn name(range: &Range) -> String {
        Display::of_range(range, false).name
    }

    #[test]
    fn a_name_is_prefix_name_and_space() {
        let mut lan = range("10.16.20.0/24");
        assert_eq!(name(&lan), "10.16.20.0/24 12");
        lan.description = Some("first line\nsecond".into());
        assert_eq!(name(&lan), "10.16.20.0/24 first line");
        lan.name = "web LAN".into();
        assert_eq!(name(&lan), "10.16.20.0/24 web LAN");
        lan.space = "vrf/7".into();
        assert_eq!(name(&lan), "10.16.20.0/24 web LAN [vrf/7]");
        assert_eq!(Display::of_range(&lan, true).name, "10.16.20.0/24 web LAN");
        lan.name = "10.16.20.0/24".into();
        assert_eq!(name(&lan), "10.16.20.0/24 [vrf/7]");
    }

    #[test]
    fn parts_of_a_prefix_and_the_same_prefix_elsewhere_have_names_of_their_own() {
        let mut low = range("10.16.20.0/24");
        low.name = "web".into();
        let (mut high, mut other) = (low.clone(), low.clone());
        low.addresses = "10.16.20.10-10.16.20.99".parse().unwrap();
        high.addresses = "10.16.20.100-10.16.20.199".parse().unwrap();
        other.space = "lab".into();
        let names = [&low, &high, &other].map(name);
        assert_eq!(names[0], "10.16.20.0/24 10.16.20.10-10.16.20.99 web");
        assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
    }

    #[test]
    fn a_description_is_sent_and_a_long_name_is_cut() {
        let mut lan = range("10.16.20.0/24");
        lan.name = format!("a\tb{}", "x".repeat(300));
        let shown = Display::of_range(&lan, false);
        assert!(shown.name.starts_with("10.16.20.0/24 a b") && shown.name.len() < 110, "{}", shown.name);
        lan.name = "web LAN".into();
        assert_eq!(Display::of_range(&lan, false).description.as_deref(), Some("web LAN"));
        lan.description = Some("for web servers".into());
        assert_eq!(Display::of_range(&lan, false).description.as_deref(), Some("for web servers"));
        lan.name = "10.16.20.0/24".into();
        lan.description = None;
        assert_eq!(Display::of_range(&lan, false).description, None);
    }
}
