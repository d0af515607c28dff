//! Keys on a server that keeps none: marks, the claims they form, and how long those are honoured.

pub(crate) mod abandoned;
pub(crate) mod group;
pub(crate) mod liveness;
pub(crate) mod mark;
