//! Sub-resource `changelog` of several controllers.

use crate::client::Client;
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::request::{ApiRequest, Call, Path};
use crate::wire::{ServerTime, model};

model! {
    /// Change of an object, from the server's log.
    pub struct ChangelogEntry {
        /// Real name of the user.
        user: Option<String> = "user",
        /// Kind of change: `add`, `edit`, `delete` and others.
        action: Option<String> = "action",
        /// Result: `success` or `error`.
        result: Option<String> = "result",
        /// Time of the change.
        date: Option<ServerTime> = "date",
        /// Changes, as text for people: colons are dots in it, and fields that were not sent may be listed.
        diff: Vec<String> = "diff",
    }
}

/// Lists the changes of an object. Before 1.7 the server has none: subnets refuse, sections and addresses send the
/// object itself.
pub(super) async fn list(client: &Client, controller: &str, field: &str, id: u64) -> Result<Vec<ChangelogEntry>> {
    let request = ApiRequest::get(Call::List, Path::new(controller).id(field, id).word("changelog"))?;
    let entries: Vec<ChangelogEntry> = client.list(&request, None).await?;
    // Up to 1.6 the server ignores the word `changelog` below sections and addresses, and sends the object with HTTP
    // 200. An entry has no `id`, an object always has.
    if entries.iter().any(|entry| entry.action.is_none() && entry.extra.contains_key("id")) {
        let message = "this version has no changelogs and sent the object itself".to_owned();
        let refusal = Refusal::new(RefusalKind::Unsupported, request.name(), 200, message);
        return Err(Error::Refused(Box::new(refusal)));
    }
    Ok(entries)
}
