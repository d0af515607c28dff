//! Placement of subnets of given sizes in blocks (variable-length subnet masks).

use std::cmp::Reverse;
use std::collections::BTreeSet;

use ipnet::IpNet;

use super::bits::{Bits, Cover, Family, Interval};
use super::error::NetError;
use super::hosts::{HostPolicy, hosts};
use super::range::{Inner, IpRange};
use super::runs::Runs;
use super::set::IpSet;

/// Size of a subnet to place.
///
/// ```
/// use ipam_core::net::{Planner, SubnetSize};
///
/// let planner = Planner::new(["10.0.0.0/24".parse().unwrap()]);
/// let place = |size| planner.plan(&[size]).unwrap()[0].to_string();
/// assert_eq!(place(SubnetSize::Hosts(2)), "10.0.0.0/31");
/// assert_eq!(place(SubnetSize::Hosts(3)), "10.0.0.0/29");
/// assert_eq!(place(SubnetSize::PrefixLen(30)), "10.0.0.0/30");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubnetSize {
    /// Smallest subnet with room for this many hosts, the gateway included, by the [`HostPolicy`] of the planner.
    ///
    /// Two hosts get an IPv4 `/31` or an IPv6 `/127`, which have two usable addresses. Use
    /// [`PrefixLen`](Self::PrefixLen) for a `/30`.
    Hosts(u128),
    /// Subnet of exactly this prefix length.
    PrefixLen(u8),
}

/// Planner that places subnets of given sizes in blocks, by best fit.
///
/// The largest subnet is placed first, each in the smallest free piece that is large enough, at its lowest address. The
/// same input gives the same plan. A subnet never spans two blocks, even if they are adjacent.
///
/// A plan is found whenever there is one: the sizes are powers of two and the pieces are aligned, so that each free
/// piece divides without remainder into the sizes that are still to be placed.
///
/// ```
/// use ipam_core::net::{Planner, SubnetSize};
/// let planner = Planner::new(["10.0.0.0/24".parse().unwrap()]);
/// let plan = planner.plan(&[SubnetSize::Hosts(20), SubnetSize::PrefixLen(25), SubnetSize::Hosts(50)]).unwrap();
/// let text: Vec<_> = plan.iter().map(ToString::to_string).collect();
/// assert_eq!(text, ["10.0.0.192/27", "10.0.0.0/25", "10.0.0.128/26"]);
/// ```
#[derive(Debug, Clone)]
pub struct Planner {
    blocks: Vec<IpNet>,
    taken: IpSet,
    policy: HostPolicy,
}

impl Planner {
    /// Creates a planner for these blocks, which must be of one family. Host bits are cleared; a block inside another
    /// is part of that one.
    pub fn new(blocks: impl IntoIterator<Item = IpNet>) -> Self {
        Self { blocks: blocks.into_iter().collect(), taken: IpSet::new(), policy: HostPolicy::default() }
    }

    /// Sets the addresses that are taken. The default is none.
    ///
    /// ```
    /// use ipam_core::net::{IpRange, IpSet, Planner, SubnetSize};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let taken = IpSet::from("10.0.0.0/25".parse::<IpRange>()?);
    /// let planner = Planner::new(["10.0.0.0/24".parse()?]).with_taken(taken);
    /// assert_eq!(planner.plan(&[SubnetSize::PrefixLen(26)])?, ["10.0.0.128/26".parse()?]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_taken(mut self, taken: IpSet) -> Self {
        self.taken = taken;
        self
    }

    /// Sets the addresses that [`SubnetSize::Hosts`] counts. The default is [`HostPolicy::Hosts`].
    #[must_use]
    pub fn with_policy(mut self, policy: HostPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Returns a subnet for each size, in the order of the sizes; all of them, or an error.
    ///
    /// # Errors
    /// - [`InvalidInput`](super::NetErrorKind::InvalidInput) if the blocks are of both families, or the family has no
    ///   subnet of a size.
    /// - [`Exhausted`](super::NetErrorKind::Exhausted) if the blocks have no room for all subnets. The error names
    ///   those that did not fit, and the largest free prefix that is left.
    pub fn plan(&self, sizes: &[SubnetSize]) -> Result<Vec<IpNet>, NetError> {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for block in &self.blocks {
            match IpRange::from(*block).0 {
                Inner::V4(i) => v4.push(i),
                Inner::V6(i) => v6.push(i),
            }
        }
        let (taken4, taken6) = self.taken.by_family();
        match (v4.is_empty(), v6.is_empty()) {
            (false, false) => {
                let blocks: Vec<String> = self.blocks.iter().take(NAMED).map(ToString::to_string).collect();
                let problem = "the blocks are of both families";
                Err(NetError::invalid("blocks", blocks.join(", "), problem, "plan IPv4 and IPv6 apart"))
            }
            (_, true) => place(sizes, Room::new(v4, taken4), self.policy),
            (true, false) => place(sizes, Room::new(v6, taken6), self.policy),
        }
    }
}

/// Returns a free prefix of this length in `block`, by best fit.
///
/// The free space of the block is divided into the largest possible prefixes. The result is taken from the smallest of
/// these that is large enough, the lowest if several have that size, at its first address. `None` if there is no room,
/// or `prefix_len` is shorter than that of the block or longer than an address.
///
/// ```
/// use ipam_core::net::{IpSet, best_fit};
///
/// let block = "10.0.0.0/16".parse().unwrap();
/// let taken: IpSet = ["10.0.0.0/24", "10.0.4.0/22"].iter().map(|net| net.parse::<ipnet::IpNet>().unwrap()).collect();
/// // 10.0.1.0/24 is a free piece of this very size; 10.0.2.0/24 would break a /23.
/// assert_eq!(best_fit(block, &taken, 24).unwrap().to_string(), "10.0.1.0/24");
/// ```
pub fn best_fit(block: IpNet, taken: &IpSet, prefix_len: u8) -> Option<IpNet> {
    if prefix_len < block.prefix_len() || prefix_len > block.max_prefix_len() {
        return None;
    }
    let (taken4, taken6) = taken.by_family();
    match IpRange::from(block).0 {
        Inner::V4(block) => smallest_piece(block, taken4, prefix_len).map(|first| first.to_net(prefix_len)),
        Inner::V6(block) => smallest_piece(block, taken6, prefix_len).map(|first| first.to_net(prefix_len)),
    }
}

/// Returns the first address of the smallest free piece that holds a prefix of this length, the lowest if several do.
fn smallest_piece<B: Bits>(block: Interval<B>, taken: &Runs<B>, prefix_len: u8) -> Option<B> {
    let mut best: Option<(u8, B)> = None;
    // A longer length is a smaller piece. Only a strictly better piece replaces the best one, so that of equal ones the
    // lowest stays.
    for gap in Runs::from(block).difference(taken).into_vec() {
        for (first, len) in Cover::new(gap) {
            if len <= prefix_len && best.is_none_or(|(longest, _)| longest < len) {
                best = Some((len, first));
            }
        }
    }
    best.map(|(_, first)| first)
}

fn place<B: Family>(sizes: &[SubnetSize], mut room: Room<B>, policy: HostPolicy) -> Result<Vec<IpNet>, NetError> {
    let lens: Vec<u8> = sizes.iter().map(|size| prefix_len::<B>(*size, policy)).collect::<Result<_, _>>()?;
    let placed = room.take_all(&lens);
    let missing: Vec<usize> = (0..lens.len()).filter(|n| placed[*n].is_none()).collect();
    if missing.is_empty() {
        return Ok(placed.into_iter().flatten().zip(lens).map(|(first, len)| first.to_net(len)).collect());
    }
    let mut names: Vec<String> =
        missing.iter().take(NAMED).map(|n| format!("sizes[{n}] {:?} (/{})", sizes[*n], lens[*n])).collect();
    if missing.len() > NAMED {
        names.push(format!("and {} more", missing.len() - NAMED));
    }
    let left = room.largest().map_or("nothing".to_owned(), |len| format!("at most a /{len}"));
    let problem = format!("no room for {} of {} subnets, {left} is left free", missing.len(), sizes.len());
    Err(NetError::exhausted("sizes", names.join(", "), problem, "add a block, or give fewer or smaller sizes"))
}

/// Number of items that an error names; the others are counted.
const NAMED: usize = 8;

fn prefix_len<B: Family>(size: SubnetSize, policy: HostPolicy) -> Result<u8, NetError> {
    match size {
        SubnetSize::PrefixLen(len) if len <= B::WIDTH => Ok(len),
        SubnetSize::PrefixLen(len) => Err(NetError::prefix_len(len, "a subnet of these blocks", 0, B::WIDTH)),
        SubnetSize::Hosts(0) => {
            Err(NetError::invalid("hosts", 0, "a subnet for no hosts has no size", "give at least 1"))
        }
        // The longest prefix that has room. A size of `None` is 2^128, which is enough for any `count`.
        SubnetSize::Hosts(count) => (0..=B::WIDTH)
            .rev()
            .find(|len| hosts(B::ZERO.to_net(*len), policy).size().is_none_or(|room| room >= count))
            .ok_or_else(|| {
                let problem = "the family has fewer addresses";
                NetError::invalid("hosts", count, problem, "give a smaller number, or use IPv6 blocks")
            }),
    }
}

/// Free prefixes by length, each set in order of address.
pub(super) struct Room<B> {
    free: Vec<BTreeSet<B>>,
}

impl<B: Bits> Room<B> {
    pub(super) fn new(mut blocks: Vec<Interval<B>>, taken: &Runs<B>) -> Self {
        blocks.sort_unstable_by_key(|block| (block.first, Reverse(block.last)));
        // Two prefixes are nested or disjoint: after sorting, one that overlaps the prefix before lies inside it.
        blocks.dedup_by(|next, block| block.covers(*next));
        let mut free = vec![BTreeSet::new(); usize::from(B::WIDTH) + 1];
        for block in blocks {
            for gap in Runs::from(block).difference(taken).into_vec() {
                for (first, len) in Cover::new(gap) {
                    free[usize::from(len)].insert(first);
                }
            }
        }
        Self { free }
    }

    /// Takes a prefix of each length. Returns their first addresses in the order of `lens`; `None` for what does not
    /// fit.
    pub(super) fn take_all(&mut self, lens: &[u8]) -> Vec<Option<B>> {
        let mut order: Vec<usize> = (0..lens.len()).collect();
        // A stable sort: of equal lengths, the first of the list gets the lower address.
        order.sort_by_key(|n| lens[*n]);
        let mut placed = vec![None; lens.len()];
        for n in order {
            placed[n] = self.take(lens[n]);
        }
        placed
    }

    /// Takes a prefix of this length from the smallest piece that holds it; the other parts of the piece stay free.
    fn take(&mut self, len: u8) -> Option<B> {
        let (found, first) =
            (0..=len).rev().find_map(|found| Some((found, self.free[usize::from(found)].pop_first()?)))?;
        // Split in halves down to the length: the lower half is split further, the upper one stays free.
        for half in found + 1..=len {
            self.free[usize::from(half)].insert(first | B::ONE.shl(B::WIDTH - half));
        }
        Some(first)
    }

    /// Returns the length of the largest free prefix.
    fn largest(&self) -> Option<u8> {
        (0..=B::WIDTH).find(|len| !self.free[usize::from(*len)].is_empty())
    }
}
