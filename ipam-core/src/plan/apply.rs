//! Application of a checked plan.

use std::error::Error as StdError;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, pin_mut};

use super::check::CheckedPlan;
use super::undo::{Added, undo};
use crate::{Error, ErrorKind, IpamProvider, Operation, Outcome};

/// Number of allocations under way at a time.
// A store on disk commits all that wait in one transaction, so that one at a time would sync the disk for each address.
const AT_ONCE: usize = 64;

/// Result of an import.
///
/// ```
/// use ipam_core::MemoryProvider;
/// use ipam_core::plan::{AddressPlan, Importer};
///
/// # futures_executor::block_on(async {
/// let plan = AddressPlan::from_csv("kind,id,net\nrange,lan,192.0.2.0/24\n")?;
/// let provider = MemoryProvider::new();
/// let importer = Importer::new(&provider);
/// let imported = importer.apply(&importer.check(&plan).await?).await?;
/// assert_eq!((imported.added, imported.unchanged), (1, 0));
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Number of rows that were added.
    pub added: usize,
    /// Number of rows that the provider had already.
    pub unchanged: usize,
}

/// Error of an import: its cause, and the items that could not be undone.
///
/// It converts to the [`Error`] that is the cause, with a context `import`.
///
/// ```
/// use ipam_core::MemoryProvider;
/// use ipam_core::plan::{AddressPlan, Importer};
///
/// # futures_executor::block_on(async {
/// let plan = AddressPlan::from_csv("kind,id,net\nrange,a,10.0.0.0/24\nrange,b,10.0.0.0/25\n")?;
/// let error = Importer::new(&MemoryProvider::new()).apply(&plan.check()).await.unwrap_err();
/// assert!(error.cause.is_conflict() && error.left.is_empty());
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ImportError {
    /// Error that stopped the import.
    pub cause: Error,
    /// Items that were added, or may have been, and were not undone, each with the reason. Empty if everything was
    /// undone.
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

/// Adds the rows that the check found new. If one of them fails, those before it are undone. `added_one` is called
/// after each addition, and `undoing` before the first is undone.
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
    // Outer blocks first, so that each block exists before those inside of it.
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
    // After a failure no further call is made, and those under way are waited for: only what is known to be allocated
    // can be undone.
    let stopped = AtomicBool::new(false);
    // By index: closures over references would keep the future from being `Send`.
    // `Relaxed`, because the flag guards no data. A call that starts just before it is seen is undone with the others.
    let rows = (0..checked.allocations.len()).take_while(|_| !stopped.load(Ordering::Relaxed));
    let allocated = futures_util::stream::iter(rows)
        .map(|index| async move {
            let row = &checked.allocations[index];
            (row, provider.allocate(&row.to_request()).await)
        })
        // Out of order, because each row names its address: no allocation changes what another one gets.
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
                // The first error is the cause. Those after it are often its consequence, such as a connection that is
                // gone.
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
    fn an_import_that_fails_half_way_is_undone() {
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
    fn existing_items_stop_an_import_and_stay() {
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
