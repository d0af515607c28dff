//! Names that vRealize Automation 7 does not know, told with those that it does.

use futures_util::{Stream, StreamExt, TryStreamExt};
use vra_client::Error;
use vra_client::v7::Client;

/// So many names help; more of them hide the error.
const SHOWN: usize = 20;

/// What to say of a business group that there is not.
pub(crate) async fn unknown_group(client: &Client, tenant: &str, group: &str) -> String {
    let mut groups = names(client.identity().subtenants(tenant).stream().map_ok(|group| group.name)).await;
    if groups.is_empty() {
        groups = names(client.identity().memberships(tenant).stream().map_ok(|group| group.name)).await;
    }
    unknown(&format!("--group {group:?}"), &format!("the tenant {tenant} has no such business group"), groups)
}

/// What to say of an item of the catalog that there is not, or that may not be requested.
pub(crate) async fn unknown_item(client: &Client, argument: &str, item: &str) -> String {
    let items = client.catalog().entitled_item_views().with_order_by("name");
    let items = names(items.stream().map_ok(|item| item.name)).await;
    unknown(&format!("{argument} {item:?}"), "no catalog item of this name may be requested", items)
}

/// The first names of a list. They only help, so a list that cannot be read has none.
async fn names(names: impl Stream<Item = Result<Option<String>, Error>>) -> Vec<String> {
    let names: Vec<Option<String>> = names.take(SHOWN + 1).try_collect().await.unwrap_or_default();
    names.into_iter().flatten().collect()
}

fn unknown(what: &str, problem: &str, mut names: Vec<String>) -> String {
    if names.is_empty() {
        return format!("{what}: {problem}; none is visible, so look at the user's rights");
    }
    let more = if names.len() > SHOWN { " …" } else { "" };
    names.truncate(SHOWN);
    format!("{what}: {problem}; there are: {}{more}", names.join(", "))
}
