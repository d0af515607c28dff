//! Importer: checks a plan against a provider, applies it, and reports its progress.

use std::sync::atomic::{AtomicU64, Ordering};

use super::apply::{ImportError, Imported, apply};
use super::check::{CheckedPlan, MAX_PRESENT, Present, checked};
use super::rows::AddressPlan;
use crate::{IpamProvider, Result};

/// Step of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportStep {
    /// Reading of the blocks, ranges and allocations of the provider.
    Reading,
    /// Addition of rows.
    Adding,
    /// Undoing of the added rows, because one of them failed.
    Undoing,
}

/// Progress of an import, as the callback of [`Importer::with_progress`] gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Current step.
    pub step: ImportStep,
    /// Number of requests while reading, and of rows while adding; 0 while undoing.
    pub done: u64,
    /// Number of rows to add; `None` in other steps.
    pub total: Option<u64>,
}

/// Import of plans into a provider. The [module](super) shows a whole import; this is one with a progress display:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use ipam_core::MemoryProvider;
/// use ipam_core::plan::{ImportStep, Importer, AddressPlan, Progress};
///
/// # futures_executor::block_on(async {
/// let plan = AddressPlan::from_csv("kind,id,net\nrange,lan,192.0.2.0/24\nrange,dmz,198.51.100.0/24\n")?;
/// let (provider, added) = (MemoryProvider::new(), AtomicU64::new(0));
/// let watch = |progress: Progress| {
///     if progress.step == ImportStep::Adding {
///         added.store(progress.done, Ordering::Relaxed);
///     }
/// };
/// let importer = Importer::new(&provider).with_progress(&watch);
/// importer.apply(&importer.check(&plan).await?).await?;
/// assert_eq!(added.load(Ordering::Relaxed), 2);
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[must_use]
pub struct Importer<'a> {
    provider: &'a dyn IpamProvider,
    progress: Option<&'a (dyn Fn(Progress) + Send + Sync)>,
}

impl<'a> Importer<'a> {
    /// Maximum number of ranges, and of blocks, that the provider may have: 1 000 000.
    pub const MAX_PRESENT: usize = MAX_PRESENT;

    /// Makes an importer into `provider`.
    pub fn new(provider: &'a dyn IpamProvider) -> Self {
        Self { provider, progress: None }
    }

    /// Sets the callback for the progress. It is called after each request while reading, after each row while adding,
    /// and once before undoing.
    pub fn with_progress(mut self, progress: &'a (dyn Fn(Progress) + Send + Sync)) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Compares each row of the plan with the others and with the provider. Changes nothing.
    ///
    /// Reads all ranges and blocks, the allocations of the ranges that the plan has addresses in, and looks up the key
    /// of each address that is new.
    ///
    /// # Errors
    /// `Unsupported` if the provider has more than [`MAX_PRESENT`](Self::MAX_PRESENT) ranges or blocks; otherwise the
    /// [common errors](crate::Error#common-errors).
    pub async fn check(&self, plan: &AddressPlan) -> Result<CheckedPlan> {
        // An atomic and not a `Cell`, which would keep the future from being `Send`.
        let done = AtomicU64::new(0);
        let step = || self.tell(ImportStep::Reading, done.fetch_add(1, Ordering::Relaxed) + 1, None);
        let present = Present::read(self.provider, plan, &step).await?;
        Ok(checked(plan, &present))
    }

    /// Adds the rows that are new. If one fails, those that were added before it are undone.
    ///
    /// It is not one transaction: other callers see the rows as they are added, and undoing may fail too.
    /// [`ImportError::left`] then names what is left. A change in the provider since the check that contradicts the
    /// plan stops the import. A future that is dropped leaves the rows that were added so far; importing the plan again
    /// adds the missing ones.
    ///
    /// # Errors
    /// [`ImportError`] with its cause: `Conflict` if a row is in conflict, before anything is added; otherwise the
    /// error of the provider for a row, such as `AlreadyExists`, `Conflict` or `Unsupported`.
    pub async fn apply(&self, checked: &CheckedPlan) -> Result<Imported, ImportError> {
        let total = u64::try_from(checked.new_rows()).ok();
        let done = AtomicU64::new(0);
        let added_one = || self.tell(ImportStep::Adding, done.fetch_add(1, Ordering::Relaxed) + 1, total);
        let undoing = || self.tell(ImportStep::Undoing, 0, None);
        apply(self.provider, checked, &added_one, &undoing).await
    }

    fn tell(&self, step: ImportStep, done: u64, total: Option<u64>) {
        if let Some(progress) = self.progress {
            progress(Progress { step, done, total });
        }
    }
}

impl std::fmt::Debug for Importer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Importer").field("provider", &self.provider).finish_non_exhaustive()
    }
}
