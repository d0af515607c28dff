//! Token that was given out.

use std::time::SystemTime;

/// A token that was given out.
#[derive(Debug)]
pub(in crate::testing::v7) struct Token {
    pub(in crate::testing::v7) id: String,
    pub(in crate::testing::v7) user: String,
    pub(in crate::testing::v7) tenant: String,
    pub(in crate::testing::v7) until: SystemTime,
}
