//! Ranges of the lines of an allocation, for authors of providers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Allocate, Selection};
use crate::net::IpRange;
use crate::{Error, Operation, Range, RangeId, Result, SpaceId};

impl Selection {
    /// Returns the addresses of an exact selection; `None` for any other, and if they pass the end of the address family.
    ///
    /// ```
    /// use ipam_core::{Placement, Selection};
    ///
    /// let exact = Selection::Exact { first: "192.0.2.7".parse()?, count: 3 };
    /// assert_eq!(exact.exact_range(), Some("192.0.2.7-192.0.2.9".parse()?));
    /// assert_eq!(Selection::Next { count: 3, placement: Placement::Scattered }.exact_range(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn exact_range(&self) -> Option<IpRange> {
        match *self {
            Self::Next { .. } => None,
            Self::Exact { first, count } => IpRange::starting_at(first, count.into()).ok(),
        }
    }
}

impl Allocate {
    /// Returns the ranges of each line, in the order in which they are tried. For authors of providers.
    ///
    /// `range` looks up a range. Of a line with exact addresses, the ranges are left that hold all of them.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use ipam_core::{Allocate, AllocateLine, Range, RangeId};
    ///
    /// let lan = Range::new("lan", "default", "192.0.2.0/24".parse()?, "192.0.2.1-192.0.2.254".parse()?);
    /// let ranges = BTreeMap::from([(lan.id.clone(), lan)]);
    ///
    /// let request = Allocate::new("vm-42").with_line(AllocateLine::exactly("lan", "192.0.2.9".parse()?));
    /// let lines = request.resolve_lines(|id| ranges.get(id))?;
    /// assert_eq!(lines[0][0].id.as_str(), "lan");
    ///
    /// let elsewhere = Allocate::new("vm-42").with_line(AllocateLine::exactly("lan", "198.51.100.9".parse()?));
    /// assert_eq!(elsewhere.resolve_lines(|id| ranges.get(id)).unwrap_err().kind(), ipam_core::ErrorKind::InvalidInput);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// - [`NotFound`](crate::ErrorKind::NotFound): a range does not exist.
    /// - [`InvalidInput`](crate::ErrorKind::InvalidInput): exact addresses lie in none of their line's ranges, or two lines
    ///   ask for the same address of one space.
    pub fn resolve_lines<'a>(
        &self,
        mut range: impl FnMut(&RangeId) -> Option<&'a Range>,
    ) -> Result<Vec<Vec<&'a Range>>> {
        let mut lines = Vec::with_capacity(self.lines.len());
        // First to last address of the exact lines before. They share none, so the one that begins last decides.
        let mut exact: BTreeMap<(&SpaceId, IpAddr), IpAddr> = BTreeMap::new();
        for (index, line) in self.lines.iter().enumerate() {
            let mut ranges = Vec::with_capacity(line.ranges.len());
            for id in &line.ranges {
                ranges.push(range(id).ok_or_else(|| Error::not_found(Operation::Allocate, "range", id))?);
            }
            if let Some(wanted) = line.selection.exact_range() {
                let invalid =
                    |remedy| Error::invalid(Operation::Allocate, format_args!("lines[{index}].first"), wanted, remedy);
                ranges.retain(|range| range.addresses.contains_range(&wanted));
                let Some(first) = ranges.first() else {
                    return Err(invalid("it lies in none of the line's ranges; name its range"));
                };
                let before = exact.range(..=(&first.space, wanted.last())).next_back();
                if before.is_some_and(|((space, _), last)| **space == first.space && *last >= wanted.first()) {
                    return Err(invalid("another line asks for it, too; ask for it once"));
                }
                exact.insert((&first.space, wanted.first()), wanted.last());
            }
            lines.push(ranges);
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::{AllocateLine, ErrorKind};

    fn range(id: &str, space: &str, net: &str) -> Range {
        let net = net.parse::<ipnet::IpNet>().unwrap();
        Range::new(id, space, net, net.into())
    }

    fn exact(ids: &[&str], first: &str, count: u32) -> AllocateLine {
        let selection = Selection::Exact { first: first.parse().unwrap(), count };
        ids[1..].iter().fold(AllocateLine::new(ids[0], selection), |line, id| line.or_from(*id))
    }

    /// Ids of the ranges of each line, or the field and the end of the message.
    fn resolve(lines: &[AllocateLine]) -> std::result::Result<Vec<Vec<String>>, (ErrorKind, String)> {
        let all = [
            range("a", "one", "10.0.0.0/24"),
            range("b", "one", "10.0.1.0/24"),
            range("twin", "two", "10.0.0.0/24"),
            range("six", "one", "2001:db8::/64"),
        ];
        let request = lines.iter().cloned().fold(Allocate::new("o"), Allocate::with_line);
        let found = request.resolve_lines(|id| all.iter().find(|range| range.id == *id));
        let ids = |line: Vec<&Range>| line.iter().map(|range| range.id.to_string()).collect();
        found
            .map(|lines| lines.into_iter().map(ids).collect())
            .map_err(|error| (error.kind(), error.message().to_owned()))
    }

    #[test]
    fn an_exact_line_keeps_the_ranges_that_hold_all_of_it() {
        assert_eq!(resolve(&[exact(&["a", "b"], "10.0.1.5", 3)]), Ok(vec![vec!["b".to_owned()]]));
        let (kind, message) = resolve(&[exact(&["a", "b"], "10.0.0.254", 3)]).unwrap_err();
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(message.contains("lines[0].first") && message.contains("10.0.0.254-10.0.1.0"), "{message}");
    }

    #[test]
    fn other_lines_keep_all_ranges_in_their_order() {
        let line = AllocateLine::next("b", 2).or_from("a");
        assert_eq!(resolve(&[line]), Ok(vec![vec!["b".to_owned(), "a".to_owned()]]));
        assert_eq!(resolve(&[AllocateLine::next("c", 1)]).unwrap_err().0, ErrorKind::NotFound);
    }

    #[test]
    fn two_lines_may_not_ask_for_one_address_of_a_space() {
        let (kind, message) =
            resolve(&[exact(&["a"], "10.0.0.10", 5), exact(&["a"], "10.0.0.2", 3), exact(&["a"], "10.0.0.14", 9)])
                .unwrap_err();
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(message.contains("lines[2].first") && message.contains("another line"), "{message}");
        // Neighbours, another space, and the other family are apart.
        let apart = [
            exact(&["a"], "10.0.0.10", 5),
            exact(&["a"], "10.0.0.15", 1),
            exact(&["a"], "10.0.0.9", 1),
            exact(&["twin"], "10.0.0.10", 5),
            exact(&["six"], "2001:db8::1", 5),
        ];
        assert_eq!(resolve(&apart).unwrap().len(), 5);
        assert!(resolve(&[exact(&["a"], "10.0.0.12", 1), exact(&["a"], "10.0.0.10", 5)]).is_err());
        assert!(resolve(&[exact(&["six"], "2001:db8::1", 5), exact(&["six"], "2001:db8::3", 1)]).is_err());
    }
}
