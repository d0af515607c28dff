//! Creating, changing and deleting, where a controller has nothing of its own to add.

use http::Method;

use crate::client::{Client, Created};
use crate::error::{Error, Result};
use crate::patch::Fields;
use crate::request::{Call, Path, Request};

pub(super) async fn create<I: From<u64>>(client: &Client, path: Path, fields: &Fields) -> Result<Created<I>> {
    let request = Request::new(Method::POST, Call::Write, path)?.with_body(fields.body()?);
    let answer = client.call(&request).await?;
    Ok(Created { id: answer.created()?.into(), warning: answer.warning })
}

/// A change without fields is refused: servers answer it with errors of their own.
pub(super) async fn update(client: &Client, path: Path, fields: &Fields) -> Result<()> {
    if fields.is_empty() {
        return Err(Error::invalid("fields", "[none]", "name a field to change"));
    }
    let request = Request::new(Method::PATCH, Call::Write, path)?.with_body(fields.body()?);
    client.call(&request).await.map(drop)
}

pub(super) async fn delete(client: &Client, path: Path) -> Result<()> {
    client.call(&Request::new(Method::DELETE, Call::Write, path)?).await.map(drop)
}
