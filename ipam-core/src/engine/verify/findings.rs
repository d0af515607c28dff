//! What a check finds wrong, up to a limit.

/// How many findings are kept at most. Where there are more, the store is broken as a whole.
pub(crate) const MAX_FINDINGS: usize = 100;

/// Sentences, each about one thing that is wrong.
pub(crate) struct Findings<'f> {
    sentences: &'f mut Vec<String>,
}

impl<'f> Findings<'f> {
    /// Adds to these sentences.
    pub(super) const fn of(sentences: &'f mut Vec<String>) -> Self {
        Self { sentences }
    }

    /// Adds a sentence if this does not hold.
    pub(super) fn must(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds && !self.is_full() {
            self.sentences.push(otherwise());
        }
    }

    /// Whether no more are added: there is one more than [`MAX_FINDINGS`], so that it is known that there are more.
    pub(super) const fn is_full(&self) -> bool {
        self.sentences.len() > MAX_FINDINGS
    }
}
