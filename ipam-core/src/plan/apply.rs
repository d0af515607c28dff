//! Application of a checked plan: all of it, or nothing.

use std::error::Error as StdError;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, pin_mut};

use super::check::CheckedPlan;
use super::undo::{Added, undo};
use crate::{Error, ErrorKind, IpamProvider, Operation, Outcome};

/// How many addresses are taken at a time. A store on disk writes what waits together.
const AT_ONCE: usize = 64;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// How many rows were added.
    pub added: usize,
    /// How many rows the provider had already.
    pub unchanged: usize,
}

/// A plan that was not applied, and what could not be undone.
///
/// Converts to the [`Error`] that stopped it.
#[derive(Debug)]
#[non_exhaustive]
pub struct ImportError {
    /// What stopped it.
    pub cause: Error,
    /// What was added, or may have been, and was not undone, with the reason; empty when all was undone.
    pub left: Vec<String>,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)?;
        if self.left.is_empty() {
            return Ok(());
        }
        write!(f, "; the import failed half-way, and this could not be undone: {}", self.left.join("; "))
    }
}

impl StdError for ImportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.source()
    }
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        match error.left.is_empty() {
            true => error.cause.with_context("import", "failed half-way, and was undone"),
            false => {
                let left = error.left.join("; ");
                error.cause.with_context("import", format_args!("failed half-way, and could not undo {left}"))
            }
        }
    }
}

/// Adds what the check found new. If one thing fails, what was added before it is taken back. Each addition is reported
/// by `added_one`, and that things are being taken back by `undoing`.
pub(super) async fn apply(
    provider: &dyn IpamProvider,
    checked: &CheckedPlan,
    added_one: &(dyn Fn() + Send + Sync),
    undoing: &(dyn Fn() + Send + Sync),
) -> Result<Imported, ImportError> {
    if let Some(row) = checked.conflicts().next() {
        let message = format!("{}: {row}", row.at);
        let cause = Error::new(ErrorKind::Conflict, Operation::Import, message);
        return Err(ImportError { cause, left: Vec::new() });
    }
    let mut added = Added::default();
    match add(provider, checked, added_one, &mut added).await {
        Ok(()) => Ok(Imported { added: checked.new_rows(), unchanged: checked.unchanged_rows() }),
        Err(cause) => {
            undoing();
            let left = undo(provider, added).await;
            Err(ImportError { cause, left })
        }
    }
}

async fn add<'a>(
    provider: &dyn IpamProvider,
    checked: &'a CheckedPlan,
    added_one: &(dyn Fn() + Send + Sync),
    added: &mut Added<'a>,
) -> Result<(), Error> {
    // Outer blocks first: a block has to be there before those inside of it.
    let mut blocks: Vec<_> = checked.blocks.iter().collect();
    blocks.sort_by_key(|block| block.net.prefix_len());
    for block in blocks {
        if let Err(error) = provider.define_block(block).await {
            if error.outcome() == Outcome::Unknown {
                added.doubtful_block = Some(&block.id);
            }
            return Err(error);
        }
        added.blocks.push(&block.id);
        added_one();
    }
    for range in &checked.ranges {
        if let Err(error) = provider.define_range(range).await {
            if error.outcome() == Outcome::Unknown {
                added.doubtful_range = Some(&range.id);
            }
            return Err(error);
        }
        added.ranges.push(&range.id);
        added_one();
    }
    // After a failure no further call is made, and those under way are waited for: what they take has to be known, to be
    // undone.
    let stopped = AtomicBool::new(false);
    // By index: closures over references would keep the future from being `Send`.
    let rows = (0..checked.allocations.len()).take_while(|_| !stopped.load(Ordering::Relaxed));
    let allocated = futures_util::stream::iter(rows)
        .map(|index| async move {
            let row = &checked.allocations[index];
            (row, provider.allocate(&row.to_request()).await)
        })
        .buffer_unordered(AT_ONCE);
    pin_mut!(allocated);
    let mut failed = None;
    while let Some((row, result)) = allocated.next().await {
        match result {
            Ok(allocated) => {
                match allocated.repeated {
                    true => added.repeated.push(row),
                    false => added.take(&row.owner, allocated.iter()),
                }
                added_one();
            }
            Err(error) => {
                if error.outcome() == Outcome::Unknown {
                    added.doubtful.push(row);
                }
                stopped.store(true, Ordering::Relaxed);
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use futures_executor::block_on;

    use super::*;
    use crate::plan::{AddressPlan, Importer};
    use crate::{Find, ListBlocks, ListRanges, MemoryProvider};

    /// Checked as if the provider were empty: what a check cannot foresee.
    async fn apply_to(provider: &MemoryProvider, text: &str) -> Result<Imported, ImportError> {
        let checked = AddressPlan::from_csv(text).unwrap().check();
        assert_eq!(checked.conflicts().count(), 0);
        Importer::new(provider).apply(&checked).await
    }

    #[test]
    fn what_fails_half_way_is_undone() {
        block_on(async {
            let provider = MemoryProvider::new();
            let plan = "kind,id,net,range,address,key\nblock,b,10.0.0.0/8,,,\nrange,r,10.0.0.0/24,,,\n\
                allocation,,,r,10.0.0.1,one\nallocation,,,r,10.0.0.2,two\n";
            apply_to(&provider, "kind,id,net,range,address,key\nrange,x,10.9.0.0/24,,,\nallocation,,,x,10.9.0.1,two\n")
                .await
                .unwrap();
            let error = apply_to(&provider, plan).await.unwrap_err();
            assert_eq!((error.cause.kind(), error.left.len()), (ErrorKind::Conflict, 0), "{error:?}");
            assert!(provider.list_blocks(&ListBlocks::all()).await.unwrap().items.is_empty());
            let ranges = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
            assert_eq!(ranges.iter().map(|range| range.id.as_str()).collect::<Vec<_>>(), ["x"]);
            let found = provider.find(&Find::default()).await.unwrap().items;
            assert_eq!(found.iter().map(|found| found.address.to_string()).collect::<Vec<_>>(), ["10.9.0.1"]);
        });
    }

    #[test]
    fn what_is_there_already_stops_it_and_stays() {
        block_on(async {
            let provider = MemoryProvider::new();
            let plan = "kind,id,net\nblock,b,10.0.0.0/8\nrange,r,10.0.0.0/24\n";
            apply_to(&provider, plan).await.unwrap();
            assert_eq!(apply_to(&provider, plan).await.unwrap_err().cause.kind(), ErrorKind::AlreadyExists);
            assert_eq!(provider.list_blocks(&ListBlocks::all()).await.unwrap().items.len(), 1);
        });
    }

    #[test]
    fn a_plan_in_conflict_is_not_applied() {
        block_on(async {
            let provider = MemoryProvider::new();
            let plan = AddressPlan::from_csv("kind,id,net\nrange,a,10.0.0.0/24\nrange,b,10.0.0.0/25\n").unwrap();
            let error = Importer::new(&provider).apply(&plan.check()).await.unwrap_err();
            assert_eq!((error.cause.kind(), error.left.len()), (ErrorKind::Conflict, 0));
            assert!(error.to_string().contains("line 3: range b 10.0.0.0/25: it overlaps"), "{error}");
            assert!(provider.list_ranges(&ListRanges::all()).await.unwrap().items.is_empty());
        });
    }
}
