//! Findings of a check, up to a limit.

/// Largest number of findings that are kept. A store with more is damaged as a whole, and a longer list does not help.
pub(crate) const MAX_FINDINGS: usize = 100;

/// Sentences for people, each about one thing that is wrong.
pub(crate) struct Findings<'f> {
    sentences: &'f mut Vec<String>,
}

impl<'f> Findings<'f> {
    /// Creates findings that are added to these sentences.
    pub(super) const fn of(sentences: &'f mut Vec<String>) -> Self {
        Self { sentences }
    }

    /// Adds a sentence if a condition does not hold.
    pub(super) fn must(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds && !self.is_full() {
            self.sentences.push(otherwise());
        }
    }

    /// Returns true if no more are added: there is one more than [`MAX_FINDINGS`], which tells that there are more.
    pub(super) const fn is_full(&self) -> bool {
        self.sentences.len() > MAX_FINDINGS
    }
}
