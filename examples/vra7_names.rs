//! Error messages for unknown names, with the names that vRealize Automation 7 knows.

use futures_util::{Stream, StreamExt, TryStreamExt};
use vra_client::Error;
use vra_client::v7::Client;

/// Number of names to list; more would hide the error.
const SHOWN: usize = 20;

/// Returns the message for an unknown business group.
pub(crate) async fn unknown_group(client: &Client, tenant: &str, group: &str) -> String {
    let mut groups = names(client.identity().subtenants(tenant).stream().map_ok(|group| group.name)).await;
    if groups.is_empty() {
        groups = names(client.identity().memberships(tenant).stream().map_ok(|group| group.name)).await;
    }
    unknown(&format!("--group {group:?}"), &format!("the tenant {tenant} has no such business group"), groups)
}

/// Returns the message for a catalog item that does not exist or that the user may not request.
pub(crate) async fn unknown_item(client: &Client, argument: &str, item: &str) -> String {
    let items = client.catalog().entitled_item_views().with_order_by("name");
    let items = names(items.stream().map_ok(|item| item.name)).await;
    unknown(&format!("{argument} {item:?}"), "no catalog item of this name may be requested", items)
}

/// Returns the first names of a list; none if the list cannot be read, since they are only a help.
async fn names(names: impl Stream<Item = Result<Option<String>, Error>>) -> Vec<String> {
    let names: Vec<Option<String>> = names.take(SHOWN + 1).try_collect().await.unwrap_or_default();
    names.into_iter().flatten().collect()
}

fn unknown(what: &str, problem: &str, mut names: Vec<String>) -> String {
    if names.is_empty() {
        return format!("{what}: {problem}; no name is visible; check the user's rights");
    }
    let more = if names.len() > SHOWN { " …" } else { "" };
    names.truncate(SHOWN);
    format!("{what}: {problem}; known names: {}{more}", names.join(", "))
}
