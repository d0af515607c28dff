//! Comparison of two providers.

use std::collections::HashMap;
use std::fmt;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};

use super::contents::{self, Contents, Entry};
use super::field_difference::{FieldDifference, of_blocks, of_entries, of_ranges, state_name};
use super::matching::{self, Pair};
use super::rows::RowKind;
use crate::{IpamProvider, Operation, Range, RangeId, Result, SpaceId};

/// Status of an item that two providers do not have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DifferenceStatus {
    /// Only the first provider has it.
    OnlyFirst,
    /// Only the second provider has it.
    OnlySecond,
    /// Both have it, with other values of these fields.
    Fields(Vec<FieldDifference>),
}

/// Block, range or address that two providers do not have alike.
///
/// ```
/// use ipam_core::plan::{Comparison, RowKind};
/// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let (one, other) = (MemoryProvider::new(), MemoryProvider::new());
/// for ipam in [&one, &other] {
///     ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// }
/// one.allocate_one("lan", "vm-42").await?;
/// let mut found = Vec::new();
/// Comparison::new(&one, &other).run(&mut |difference| found.push(difference)).await?;
/// assert_eq!((found[0].kind, found[0].name.as_str()), (RowKind::Allocation, "192.0.2.1"));
/// assert_eq!(found[0].to_string(), "- allocation default 192.0.2.1 (range lan, allocated, owner vm-42)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Kind of the item. A reserved or quarantined address is an allocation, too.
    pub kind: RowKind,
    /// Address space.
    pub space: SpaceId,
    /// Prefix of a block; prefix and addresses of a range; address.
    pub name: String,
    /// Details for people: ids and owner.
    pub about: String,
    /// Kind of the difference.
    pub status: DifferenceStatus,
}

impl fmt::Display for Difference {
    /// Writes one line: `-` for what only the first provider has, `+` for what only the second has, `~` for the others.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.status {
            DifferenceStatus::OnlyFirst => '-',
            DifferenceStatus::OnlySecond => '+',
            DifferenceStatus::Fields(_) => '~',
        };
        write!(f, "{sign} {} {} {} ({})", self.kind, self.space, self.name, self.about)?;
        if let DifferenceStatus::Fields(fields) = &self.status {
            for (index, field) in fields.iter().enumerate() {
                let text = |value: &Option<String>| value.as_ref().map_or_else(|| "-".to_owned(), |v| format!("{v:?}"));
                let (first, second) = (text(&field.first), text(&field.second));
                write!(f, "{} {} {first} -> {second}", if index == 0 { ":" } else { "," }, field.field)?;
            }
        }
        Ok(())
    }
}

/// Result of a comparison: what was compared, and how many differences there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Compared {
    /// Number of blocks that one or both have.
    pub blocks: u64,
    /// Number of ranges that one or both have.
    pub ranges: u64,
    /// Number of addresses that one or both have.
    pub addresses: u64,
    /// Number of differences.
    pub differences: u64,
}

/// Comparison of two providers: blocks, ranges, and all addresses with their owners, labels, states, keys and expiry.
///
/// Items are paired by space and prefix, first and last address, or address. Ids and the positions of feeds may differ.
/// Times that one of them does not keep are not compared, and those that differ by at most a millisecond are equal.
///
/// Differences come in a fixed order: blocks, ranges, then addresses, each by space and prefix or address. Both
/// providers are read page by page. Memory grows with the number of ranges; a provider without the capability
/// `list_records` is read as a whole, up to a million allocations. Compare providers that are not changed meanwhile:
/// a change between two pages may show as a difference.
///
/// ```
/// use ipam_core::MemoryProvider;
/// use ipam_core::plan::Comparison;
///
/// # futures_executor::block_on(async {
/// let (one, other) = (MemoryProvider::new(), MemoryProvider::new());
/// let compared = Comparison::new(&one, &other).run(&mut |difference| println!("{difference}")).await?;
/// assert_eq!(compared.differences, 0);
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[must_use]
pub struct Comparison<'a> {
    first: &'a dyn IpamProvider,
    second: &'a dyn IpamProvider,
    progress: Option<&'a (dyn Fn(u64) + Send + Sync)>,
}

impl<'a> Comparison<'a> {
    /// Makes a comparison.
    pub fn new(first: &'a dyn IpamProvider, second: &'a dyn IpamProvider) -> Self {
        Self { first, second, progress: None }
    }

    /// Sets the callback for the progress: the number of addresses compared so far.
    pub fn with_progress(mut self, progress: &'a (dyn Fn(u64) + Send + Sync)) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Compares the providers, and calls `found` for each difference. Changes nothing.
    ///
    /// # Errors
    /// `Unsupported` if a provider has more than a million blocks or ranges; otherwise the
    /// [common errors](crate::Error#common-errors).
    pub async fn run(&self, found: &mut (dyn FnMut(Difference) + Send)) -> Result<Compared> {
        const OP: Operation = Operation::Diff;
        let mut compared = Compared::default();
        let (first, second) = (contents::blocks(OP, self.first).await?, contents::blocks(OP, self.second).await?);
        for pair in matching::blocks(&first, &second) {
            compared.blocks += 1;
            let (block, status) = match pair {
                Pair::Both(one, other) => (one, DifferenceStatus::Fields(of_blocks(one, other))),
                Pair::First(one) => (one, DifferenceStatus::OnlyFirst),
                Pair::Second(other) => (other, DifferenceStatus::OnlySecond),
            };
            let (name, about) = (block.net.to_string(), format!("id {}", block.id));
            tell(found, &mut compared, RowKind::Block, &block.space, name, about, status);
        }
        let (first, second) = (contents::ranges(OP, self.first).await?, contents::ranges(OP, self.second).await?);
        let (contents, other) = (Contents::open(OP, self.first).await?, Contents::open(OP, self.second).await?);
        let (requests, other_requests) = (&contents.range_requests, &other.range_requests);
        let mut paired: HashMap<RangeId, RangeId> = HashMap::new();
        for pair in matching::ranges(&first, &second) {
            compared.ranges += 1;
            let (range, status) = match pair {
                Pair::Both(one, other) => {
                    paired.insert(one.id.clone(), other.id.clone());
                    let requests = (requests.get(&one.id).copied(), other_requests.get(&other.id).copied());
                    (one, DifferenceStatus::Fields(of_ranges((one, requests.0), (other, requests.1))))
                }
                Pair::First(one) => (one, DifferenceStatus::OnlyFirst),
                Pair::Second(other) => (other, DifferenceStatus::OnlySecond),
            };
            tell(found, &mut compared, RowKind::Range, &range.space, range_name(range), range_about(range), status);
        }
        drop((first, second));
        let entries = (contents.entries(Box::new(|_| None)), other.entries(Box::new(|_| None)));
        self.addresses(entries, &paired, &mut compared, found).await?;
        Ok(compared)
    }

    async fn addresses(
        &self,
        (first, second): (BoxStream<'_, Result<Entry>>, BoxStream<'_, Result<Entry>>),
        paired: &HashMap<RangeId, RangeId>,
        compared: &mut Compared,
        found: &mut (dyn FnMut(Difference) + Send),
    ) -> Result<()> {
        let (mut first, mut second) = (first.fuse(), second.fuse());
        let (mut one, mut other) = (first.try_next().await?, second.try_next().await?);
        loop {
            let order = match (&one, &other) {
                (Some(one), Some(other)) => one.place().cmp(&other.place()),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return Ok(()),
            };
            let taken = match order {
                std::cmp::Ordering::Less => (one.take(), None),
                std::cmp::Ordering::Greater => (None, other.take()),
                std::cmp::Ordering::Equal => (one.take(), other.take()),
            };
            let difference = match &taken {
                (Some(one), Some(other)) => {
                    let same_range = paired.get(&one.allocation.range) == Some(&other.allocation.range);
                    Some((one, DifferenceStatus::Fields(of_entries(one, other, same_range))))
                }
                (Some(one), None) => Some((one, DifferenceStatus::OnlyFirst)),
                (None, Some(other)) => Some((other, DifferenceStatus::OnlySecond)),
                (None, None) => None,
            };
            compared.addresses += 1;
            if let Some((entry, status)) = difference {
                let (space, address) = entry.place();
                tell(found, compared, RowKind::Allocation, space, address.to_string(), entry_about(entry), status);
            }
            if let Some(progress) = self.progress {
                progress(compared.addresses);
            }
            if one.is_none() {
                one = first.try_next().await?;
            }
            if other.is_none() {
                other = second.try_next().await?;
            }
        }
    }
}

impl fmt::Debug for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comparison").field("first", &self.first).field("second", &self.second).finish_non_exhaustive()
    }
}

/// Counts and reports an item, unless both providers have it alike.
fn tell(
    found: &mut (dyn FnMut(Difference) + Send),
    compared: &mut Compared,
    kind: RowKind,
    space: &SpaceId,
    name: String,
    about: String,
    status: DifferenceStatus,
) {
    if matches!(&status, DifferenceStatus::Fields(fields) if fields.is_empty()) {
        return;
    }
    compared.differences += 1;
    found(Difference { kind, space: space.clone(), name, about, status });
}

pub(super) fn range_name(range: &Range) -> String {
    format!("{} {}", range.net, range.addresses)
}

fn range_about(range: &Range) -> String {
    format!("id {}", range.id)
}

fn entry_about(entry: &Entry) -> String {
    let allocation = &entry.allocation;
    let mut about = format!("range {}, {}", allocation.range, state_name(allocation.state));
    if let Some(owner) = &allocation.owner {
        about.push_str(&format!(", owner {owner}"));
    }
    about
}
