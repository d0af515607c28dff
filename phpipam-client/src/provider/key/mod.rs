//! Allocation keys on a server that keeps none unique.
//!
//! | file | contents |
//! | --- | --- |
//! | [`group`] | the claims of a key, and the one that owns it |
//! | [`liveness`] | the time for which a pending claim is protected |
//! | [`lookup`] | the requests that find the rows of a key |
//! | [`resolve`] | the state of a key for a certain request |
//! | [`contest`] | claims of one address in two subnets |
//! | [`child_prefix`] | subnets that carry a key |
//! | [`process_claims`] | claims of this process, finished or not |
//! | [`cleanup`] | undoing the unfinished ones |
//!
//! The protocol as a whole is described in [`claim`](crate::provider::claim).

pub(crate) mod child_prefix;
pub(crate) mod cleanup;
pub(crate) mod contest;
pub(crate) mod group;
pub(crate) mod liveness;
pub(crate) mod lookup;
pub(crate) mod process_claims;
pub(crate) mod resolve;
