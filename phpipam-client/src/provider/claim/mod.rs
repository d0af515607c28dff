//! Taking addresses: one claim of one call, from its first address to its end.
//!
//! The files lean one way: this one leads a claim through `lines` and `commit`, or `undo`; `lines` takes by `take`; both
//! ask `check` who stands; all write by `words` what `state` knows.

mod check;
pub(crate) mod choose;
mod commit;
mod elsewhere;
mod lines;
mod pace;
mod plan;
mod refuse;
mod state;
mod take;
mod undo;
mod words;

use ipam_core::{ErrorKind, Retry, What};

use crate::models::Address;

pub(crate) use self::elsewhere::Contest;
pub(crate) use self::pace::pause;
pub(crate) use self::plan::{Plan, order};
pub(crate) use self::refuse::{exhausted_error, taken_error};
pub(crate) use self::state::Claim;
pub(crate) use self::words::longest_mark;

use self::lines::Step;
use self::refuse::OP;

/// How a claim ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All of it is ours, as the server keeps it, in the order of the numbers.
    Won(Vec<Address>),
    /// Somebody else's claim of the same key stands; this one is undone.
    Lost,
}

impl Claim<'_> {
    /// Takes all lines, or none.
    pub(crate) async fn run(mut self) -> ipam_core::Result<Outcome> {
        let end = match self.all_lines().await {
            Ok(true) => self.commit().await,
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        match end {
            Ok(Some(rows)) => {
                let doubts = self.doubts;
                self.under_way.finish(doubts);
                Ok(Outcome::Won(rows))
            }
            Ok(None) => {
                self.undo().await?;
                Ok(Outcome::Lost)
            }
            // Undone now, it would be taken from whoever was told of it. The next call with the key finds it.
            Err(error) if self.known && self.keyed => Err(match (error.kind(), error.retry()) {
                (ErrorKind::Busy, _) | (_, Retry::Never | Retry::IfIdempotent) => error,
                (_, Retry::Safe) => error.with_retry(Retry::IfIdempotent),
            }),
            Err(error) => Err(match self.undo().await {
                Ok(()) => error,
                Err(left) => error.with_context("left behind", left.message()),
            }),
        }
    }

    /// Takes the addresses of all lines. Whether the claim stands as far as it was looked.
    async fn all_lines(&mut self) -> ipam_core::Result<bool> {
        // Exact lines first, so that no other line takes what they name.
        let (exact, next): (Vec<usize>, Vec<usize>) =
            (0..self.request.lines.len()).partition(|index| self.plan.exact.get(*index).is_some_and(Option::is_some));
        for index in exact.into_iter().chain(next) {
            let Some(line) = self.request.lines.get(index) else { continue };
            let step = match line.what {
                What::Exactly { .. } => self.exact_line(index, line).await?,
                What::Next { count, shape } => self.next_line(index, line, count, shape).await?,
            };
            match step {
                Step::Done => {}
                Step::Lost => return Ok(false),
                Step::NoRoom(why) => return Err(exhausted_error(OP, index, &line.ranges, why)),
            }
        }
        Ok(true)
    }
}
