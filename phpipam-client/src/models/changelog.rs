//! Changelogs.

use super::{ServerTime, model};

model! {
    /// A change as the server's log has it.
    pub struct ChangelogEntry {
        /// The real name of who did it.
        user: Option<String> = "user",
        /// What was done: `add`, `edit`, `delete` …
        action: Option<String> = "action",
        /// How it ended: `success`, `error`.
        result: Option<String> = "result",
        /// When.
        date: Option<ServerTime> = "date",
        /// What changed, for people: colons are dots in it, and fields that were not sent may be listed.
        diff: Vec<String> = "diff",
    }
}
