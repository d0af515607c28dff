//! Importer: checks a plan against a provider, applies it, and reports how far it is.

use std::sync::atomic::{AtomicU64, Ordering};

use super::apply::{ImportError, Imported, apply};
use super::check::{CheckedPlan, MAX_PRESENT, Present, checked};
use super::rows::AddressPlan;
use crate::{IpamProvider, Result};

/// Step of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportStep {
    /// What the provider holds is read.
    Reading,
    /// Rows are added.
    Adding,
    /// A row could not be added, and those before it are taken back.
    Undoing,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The step.
    pub step: ImportStep,
    /// How much of the step is done: requests while reading, rows while adding.
    pub done: u64,
    /// How much there is to do, where that is known.
    pub total: Option<u64>,
}

/// Import of plans into a provider. See the [module](super) for an example.
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
    /// How many ranges, and how many blocks, the provider may hold.
    pub const MAX_PRESENT: usize = MAX_PRESENT;

    /// An importer into `provider`.
    pub fn new(provider: &'a dyn IpamProvider) -> Self {
        Self { provider, progress: None }
    }

    /// Sets who is told how far the import is: after each request while reading, and after each row while adding.
    pub fn with_progress(mut self, progress: &'a (dyn Fn(Progress) + Send + Sync)) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Compares each row of the plan with the others and with the provider. Changes nothing.
    ///
    /// Reads all ranges and blocks, the allocations of the ranges that the plan has addresses in, and looks up the key of
    /// each address that is new.
    ///
    /// # Errors
    /// Those of the provider's lists; `Unsupported` if it holds more than [`MAX_PRESENT`](Self::MAX_PRESENT) ranges or
    /// blocks.
    pub async fn check(&self, plan: &AddressPlan) -> Result<CheckedPlan> {
        let done = AtomicU64::new(0);
        let step = || self.tell(ImportStep::Reading, done.fetch_add(1, Ordering::Relaxed) + 1, None);
        let present = Present::read(self.provider, plan, &step).await?;
        Ok(checked(plan, &present))
    }

    /// Adds the rows that are new: all of them, or none. What was added before a failure is taken back.
    ///
    /// The provider may have changed since the check; what contradicts the plan by then stops the import. Dropping the
    /// future leaves what was added so far; importing the plan again adds what is missing.
    ///
    /// # Errors
    /// [`ImportError`] with the cause: `Conflict` if a row is in conflict, before anything is added; otherwise what the
    /// provider fails with for a row, such as `AlreadyExists`, `Conflict` or `Unsupported`. It names what could not be
    /// taken back.
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
