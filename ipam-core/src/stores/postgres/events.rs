//! Events for waits that would otherwise be invisible (feature `tracing`). They name no host and no request.

use super::errors::Failure;
use crate::Operation;

// Without the feature the functions are empty; `let _` keeps their arguments from being unused.

/// Reports a new connection.
pub(super) fn connected() {
    #[cfg(feature = "tracing")]
    tracing::debug!("connected to the server");
}

/// Reports a transaction that is begun anew.
pub(super) fn repeated(operation: Operation, attempts: u32, failure: &Failure) {
    #[cfg(feature = "tracing")]
    {
        let error = failure.error(operation);
        tracing::debug!(operation = operation.as_str(), attempts, kind = ?error.kind(), "a transaction is begun anew");
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (operation, attempts, failure);
}

/// Reports a server that does not respond.
pub(super) fn silent(limit: std::time::Duration) {
    #[cfg(feature = "tracing")]
    tracing::warn!(waited_ms = limit.as_millis(), "the server does not respond; its connections are closed");
    #[cfg(not(feature = "tracing"))]
    let _ = limit;
}

/// Reports a commit of unknown outcome, before it is looked up.
pub(super) fn commit_lost(operation: Operation) {
    #[cfg(feature = "tracing")]
    tracing::warn!(operation = operation.as_str(), "the response to a commit was lost; it is looked up");
    #[cfg(not(feature = "tracing"))]
    let _ = operation;
}

/// Reports the result of the look-up of a commit; `None` if there was none in time.
pub(super) fn commit_looked_up(committed: Option<bool>, attempts: u32) {
    #[cfg(feature = "tracing")]
    match committed {
        Some(committed) => tracing::info!(committed, attempts, "the commit was looked up"),
        None => tracing::error!(attempts, "the commit could not be looked up; its outcome stays unknown"),
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (committed, attempts);
}

/// Reports an undo that is kept, to be repeated.
pub(super) fn undo_failed() {
    #[cfg(feature = "tracing")]
    tracing::warn!("an allocation whose caller has gone could not be undone; it is tried again");
}

/// Reports a caller that waited for room in the queue.
pub(super) fn queue_waited(waited: std::time::Duration) {
    #[cfg(feature = "tracing")]
    tracing::debug!(waited_ms = waited.as_millis(), "waited for room in the queue of the provider");
    #[cfg(not(feature = "tracing"))]
    let _ = waited;
}

/// Reports a feed that continues after the newest change of another server.
pub(super) fn feed_continued() {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        "the data has come from a server that was ahead; the positions of the feed continue after its last one"
    );
}
