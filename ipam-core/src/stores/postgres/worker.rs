//! Tasks that write: each takes what waits in the queue, does it in one transaction, and sends the results.

use std::sync::Arc;

use super::job::After;
use super::queue::Queue;
use super::transaction::{Outcome, Shared};
use super::view::{Kind, Seen, View};
use crate::Operation;
use crate::engine::SystemRandom;

/// Largest number of requests in one transaction.
// Bounds the time of the first request of a batch, which gets its result with the last.
const MAX_BATCH: usize = 256;

/// Number of transactions after which a task looks for old changes to remove.
const TRIM_EVERY: u32 = 256;

/// Does jobs until the queue is closed and empty.
pub(super) async fn run(shared: Arc<Shared>, jobs: Arc<Queue>) {
    let mut random = SystemRandom::default();
    let mut transactions = 0_u32;
    while let Some(batch) = jobs.pop(MAX_BATCH).await {
        // Changes of ranges and blocks wait for each other in the whole schema, so that each is done alone.
        // So is what has to wait for the end of a lost transaction.
        let (structure, mut together): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|job| job.kind() == Kind::Structure || job.hint().after.is_some());
        let mut alone = structure.into_iter();
        loop {
            let batch = if together.is_empty() {
                match alone.next() {
                    Some(job) => vec![job],
                    None => break,
                }
            } else {
                std::mem::take(&mut together)
            };
            let Outcome { finished, rest, wrote } = shared.batch(batch, &mut random).await;
            for (job, kept) in finished {
                match job.finish(kept) {
                    After::Nothing => {}
                    After::Undo(undo) => jobs.push_undo(undo),
                    After::RetryUndo(undo) => jobs.retry_undo(undo),
                }
            }
            together = rest;
            if wrote {
                transactions = transactions.wrapping_add(1);
                if transactions.is_multiple_of(TRIM_EVERY) {
                    trim(&shared).await;
                }
            }
        }
    }
}

/// Removes old changes from the feed.
// A failure is left to the next time: nothing depends on it.
async fn trim(shared: &Arc<Shared>) {
    let Ok(client) = super::connect::connection(&shared.pool, &shared.config, Operation::Changes).await else { return };
    let begin = super::connect::begin(&shared.config, "ISOLATION LEVEL READ COMMITTED");
    if client.batch(&begin).await.is_err() {
        return client.discard();
    }
    let view = View {
        client: &client,
        locks: &shared.locks,
        serials: &shared.serials,
        kind: Kind::Write,
        operation: Operation::Changes,
        own_lock: 0,
        feed_wait: std::time::Duration::ZERO,
        seen: Seen::default(),
    };
    let removed = view.remove_old_changes(shared.config.keep_changes).await;
    let _ = client.end(if removed.is_ok() { "COMMIT" } else { "ROLLBACK" }).await;
}
