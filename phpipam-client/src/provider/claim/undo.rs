//! Giving back what a claim took.

use super::refuse::OP;
use super::state::Claim;
use crate::provider::map::error::failed;

impl Claim<'_> {
    /// Gives back what was taken.
    pub(super) async fn undo(mut self) -> ipam_core::Result<()> {
        self.undo_from(0).await?;
        // Otherwise it stays a loose end: what is left, or comes late, is looked after.
        if !self.doubts {
            self.under_way.finish(false);
        }
        Ok(())
    }

    /// Gives back all but the first few, in the order in which they were taken: without its first address a claim cannot
    /// become whole any more, and anyone may undo the rest.
    pub(super) async fn undo_from(&mut self, keep: usize) -> ipam_core::Result<()> {
        while let Some(next) = self.taken.get(keep).copied() {
            if let Err(error) = self.inner.delete(next.id).await {
                let left: Vec<String> = self.taken.iter().skip(keep).map(|taken| taken.ip.to_string()).collect();
                let message = format!("{} could not be given back yet: {error}", left.join(", "));
                return Err(failed(OP)(error).with_context("left behind", message));
            }
            self.taken.remove(keep);
            // The next one with this number is another attempt.
            self.attempts += 1;
        }
        Ok(())
    }
}
