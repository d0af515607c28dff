//! Token of a login.

use std::time::SystemTime;

/// Token of a login.
#[derive(Debug)]
pub(in crate::testing::v7) struct Token {
    pub(in crate::testing::v7) id: String,
    pub(in crate::testing::v7) user: String,
    pub(in crate::testing::v7) tenant: String,
    /// Time of its expiry.
    pub(in crate::testing::v7) until: SystemTime,
}
