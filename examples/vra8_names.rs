//! Searches by name in vRealize Automation 8, and error messages with the names that it knows.

use futures_util::{Stream, StreamExt, TryStreamExt};
use vra_client::Error;
use vra_client::v8::{CatalogItem, Client};

/// Number of names to list; more would hide the error.
pub(crate) const SHOWN: usize = 20;

/// Error of a search by name: no such name, or a failed call.
#[derive(Debug)]
pub(crate) enum SearchError {
    /// The name does not exist. The message has the names that do.
    Unknown(String),
    /// The search failed.
    Call(Error),
}

impl From<Error> for SearchError {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl From<SearchError> for Box<dyn std::error::Error + Send + Sync> {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Unknown(message) => message.into(),
            SearchError::Call(error) => error.into(),
        }
    }
}

/// Returns the id of a project.
pub(crate) async fn project(client: &Client, argument: &str, name: &str) -> Result<String, SearchError> {
    match client.projects().named(name).await {
        Err(Error::NoSuchName { .. }) => {
            let names = names(client.projects().list().stream().map_ok(|row| row.name)).await;
            Err(unknown(argument, name, "no project of this name is visible", names))
        }
        found => Ok(found?.id.unwrap_or_default()),
    }
}

/// Returns a catalog item with the schema of its inputs.
pub(crate) async fn item(client: &Client, argument: &str, name: &str) -> Result<CatalogItem, SearchError> {
    let catalog = client.catalog();
    let found = match catalog.item_named(name).await {
        Err(Error::NoSuchName { .. }) => {
            let names = names(catalog.items().stream().map_ok(|row| row.name)).await;
            return Err(unknown(argument, name, "no catalog item of this name may be requested", names));
        }
        found => found?,
    };
    // The row of the list has no schema, without which a wrong input is found only by the server.
    Ok(catalog.item(found.id.as_deref().unwrap_or_default()).await?)
}

/// Returns the id of a fabric network.
pub(crate) async fn network(client: &Client, argument: &str, name: &str) -> Result<String, SearchError> {
    match client.fabric_networks().named(name).await {
        Err(Error::NoSuchName { .. }) => {
            let names = names(client.fabric_networks().list().stream().map_ok(|row| row.name)).await;
            Err(unknown(argument, name, "there is no such fabric network", names))
        }
        found => Ok(found?.id.unwrap_or_default()),
    }
}

/// Returns the first names of a list; none if the list cannot be read, since they are only a help.
pub(crate) async fn names(names: impl Stream<Item = Result<Option<String>, Error>>) -> Vec<String> {
    let names: Vec<Option<String>> = names.take(SHOWN + 1).try_collect().await.unwrap_or_default();
    names.into_iter().flatten().collect()
}

/// Makes the error for a name that does not exist.
pub(crate) fn unknown(argument: &str, name: &str, problem: &str, mut names: Vec<String>) -> SearchError {
    if names.is_empty() {
        return SearchError::Unknown(format!(
            "{argument} {name:?}: {problem}; no name is visible; check the user's rights"
        ));
    }
    let more = if names.len() > SHOWN { " …" } else { "" };
    names.truncate(SHOWN);
    SearchError::Unknown(format!("{argument} {name:?}: {problem}; known names: {}{more}", names.join(", ")))
}
