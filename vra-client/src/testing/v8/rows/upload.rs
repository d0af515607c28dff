//! Upload of an IPAM package, in parts.

/// Upload that was begun.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) struct Upload {
    pub(in crate::testing::v8) id: String,
    /// Announced length, in bytes.
    pub(in crate::testing::v8) length: usize,
    pub(in crate::testing::v8) bytes: Vec<u8>,
}

impl Upload {
    pub(in crate::testing::v8) fn is_complete(&self) -> bool {
        self.bytes.len() == self.length
    }
}
