//! Fitting subnets of the sizes asked for into blocks (variable-length subnet masks).

use std::cmp::Reverse;
use std::collections::BTreeSet;

use ipnet::IpNet;

use super::bits::{Bits, Cover, Family, Interval};
use super::error::NetError;
use super::hosts::{HostPolicy, hosts};
use super::range::{Inner, IpRange};
use super::runs::Runs;
use super::set::IpSet;

/// How large a subnet should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubnetSize {
    /// The smallest subnet with room for this many hosts, counted by the planner's [`HostPolicy`]. Count the gateway
    /// too. Two hosts get an IPv4 `/31` or an IPv6 `/127`, as these have two usable addresses; where a `/30` is meant,
    /// ask for the prefix length.
    Hosts(u128),
    /// A subnet of exactly this prefix length.
    PrefixLen(u8),
}

/// Places subnets of given sizes in blocks, best fit.
///
/// The largest is placed first, each in the smallest free piece that holds it, and there at the lowest address; so the
/// same question has the same answer, and a plan is found whenever there is one. A subnet never spans two blocks, even
/// where these touch.
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
    /// A planner over these blocks, which must be of one family. Host bits are cleared; a block inside another is part
    /// of that one.
    pub fn new(blocks: impl IntoIterator<Item = IpNet>) -> Self {
        Self { blocks: blocks.into_iter().collect(), taken: IpSet::new(), policy: HostPolicy::default() }
    }

    /// Leaves out what is taken already.
    #[must_use]
    pub fn with_taken(mut self, taken: IpSet) -> Self {
        self.taken = taken;
        self
    }

    /// How [`SubnetSize::Hosts`] counts: usable hosts (default) or every address.
    #[must_use]
    pub fn with_policy(mut self, policy: HostPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// A subnet for each size, in the order asked; all of them, or an error.
    ///
    /// # Errors
    /// [`InvalidInput`](super::NetErrorKind::InvalidInput): the blocks are of both families, or a size is one that the
    /// family cannot have. [`Exhausted`](super::NetErrorKind::Exhausted): the blocks have no room for all of them; the
    /// error names those that did not fit, and the largest piece left.
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

/// Returns the lowest prefix of this length in `block` that overlaps nothing of `taken` and leaves the larger gaps whole: it
/// comes from the smallest free piece that holds it. `None` if there is no room, or the length is shorter than the block's
/// or longer than the family's.
///
/// ```
/// use ipam_core::net::{IpSet, best_fit};
///
/// let block = "10.0.0.0/16".parse().unwrap();
/// let taken: IpSet = ["10.0.0.0/24", "10.0.4.0/22"].iter().map(|net| net.parse::<ipnet::IpNet>().unwrap()).collect();
/// // It completes the pair; 10.0.2.0/24 would break a larger gap.
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

/// Returns the first address of the lowest of the smallest free pieces that hold a prefix of this length.
fn smallest_piece<B: Bits>(block: Interval<B>, taken: &Runs<B>, prefix_len: u8) -> Option<B> {
    let mut best: Option<(u8, B)> = None;
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
    Err(NetError::exhausted("sizes", names.join(", "), problem, "add a block or ask for less"))
}

/// An error names this many, and counts the rest.
const NAMED: usize = 8;

fn prefix_len<B: Family>(size: SubnetSize, policy: HostPolicy) -> Result<u8, NetError> {
    match size {
        SubnetSize::PrefixLen(len) if len <= B::WIDTH => Ok(len),
        SubnetSize::PrefixLen(len) => Err(NetError::prefix_len(len, "a subnet of these blocks", 0, B::WIDTH)),
        SubnetSize::Hosts(0) => {
            Err(NetError::invalid("hosts", 0, "a subnet for no hosts has no size", "ask for at least one"))
        }
        // The longest that has room; a size that is `None` is 2^128, more than can be asked for.
        SubnetSize::Hosts(count) => (0..=B::WIDTH)
            .rev()
            .find(|len| hosts(B::ZERO.to_net(*len), policy).size().is_none_or(|room| room >= count))
            .ok_or_else(|| {
                let problem = "more hosts than the family has addresses";
                NetError::invalid("hosts", count, problem, "ask for less, or plan with IPv6 blocks")
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
        // Prefixes are nested or apart: after sorting, one that is not apart is inside.
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

    /// Where each of these prefix lengths goes, in the order asked; `None` for what does not fit.
    pub(super) fn take_all(&mut self, lens: &[u8]) -> Vec<Option<B>> {
        let mut order: Vec<usize> = (0..lens.len()).collect();
        // Stable: of equal lengths the one asked first has the lower address.
        order.sort_by_key(|n| lens[*n]);
        let mut placed = vec![None; lens.len()];
        for n in order {
            placed[n] = self.take(lens[n]);
        }
        placed
    }

    /// The lowest address of the smallest piece that holds a prefix of this length; what is over stays free.
    fn take(&mut self, len: u8) -> Option<B> {
        let (found, first) =
            (0..=len).rev().find_map(|found| Some((found, self.free[usize::from(found)].pop_first()?)))?;
        for half in found + 1..=len {
            self.free[usize::from(half)].insert(first | B::ONE.shl(B::WIDTH - half));
        }
        Some(first)
    }

    /// The length of the largest free prefix.
    fn largest(&self) -> Option<u8> {
        (0..=B::WIDTH).find(|len| !self.free[usize::from(*len)].is_empty())
    }
}
