//! Keys on a server that keeps none unique: which rows carry a key, which claim has it, how long a claim is honoured, and
//! what is left of those that were abandoned.

pub(crate) mod child_prefix;
pub(crate) mod cleanup;
pub(crate) mod contest;
pub(crate) mod group;
pub(crate) mod liveness;
pub(crate) mod lookup;
pub(crate) mod process_claims;
pub(crate) mod resolve;
