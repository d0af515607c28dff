//! What a request brings along besides itself.

use std::time::SystemTime;

use super::random::Random;

/// The clock, the randomness and the actor of a request.
pub(crate) struct Context<'a> {
    /// The time of the request, by the store's clock.
    pub(crate) now: SystemTime,
    /// Where chance comes from.
    pub(crate) random: &'a mut dyn Random,
    /// Who does it, for the feed of changes.
    pub(crate) actor: Option<&'a str>,
}
