//! `changelog`, which several controllers have: what was changed, newest first.

use crate::client::Client;
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::request::{ApiRequest, Call, Path};
use crate::wire::{ServerTime, model};

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

/// The changelog of an object. Versions before 1.7 do not have it: some refuse, some send the object itself.
pub(super) async fn list(client: &Client, controller: &str, field: &str, id: u64) -> Result<Vec<ChangelogEntry>> {
    let request = ApiRequest::get(Call::List, Path::new(controller).id(field, id).word("changelog"))?;
    let entries: Vec<ChangelogEntry> = client.list(&request, None).await?;
    if entries.iter().any(|entry| entry.action.is_none() && entry.extra.contains_key("id")) {
        let message = "this version has no changelogs and sent the object itself".to_owned();
        let refusal = Refusal::new(RefusalKind::Unsupported, request.name(), 200, message);
        return Err(Error::Refused(Box::new(refusal)));
    }
    Ok(entries)
}
