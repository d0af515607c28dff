//! Context of a request.

use std::time::SystemTime;

use super::random::Random;

/// Clock reading, randomness and actor of a request.
// Passed in, so that the engine is deterministic: tests run the same operation twice and compare the results.
pub(crate) struct Context<'a> {
    /// Time of the request, by the store's clock.
    pub(crate) now: SystemTime,
    /// Source of random numbers.
    pub(crate) random: &'a mut dyn Random,
    /// Name of the actor, for the feed of changes.
    pub(crate) actor: Option<&'a str>,
}
