//! The result of a status check.

use super::model;

model! {
    /// What the server found when it checked an address.
    pub struct Ping {
        /// How it checked, such as `ping`.
        scan_type: Option<String> = "scan_type",
        /// The exit code of the check; 0 is online.
        exit_code: Option<i64> = "exit_code",
        /// The same as a word, such as `SUCCESS`.
        result_code: Option<String> = "result_code",
        /// The same as a sentence.
        message: Option<String> = "message",
    }
}

impl Ping {
    /// Whether the address answered.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.exit_code == Some(0)
    }
}
