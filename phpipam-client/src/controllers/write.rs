//! Creating, changing and deleting, where a controller has nothing of its own to add.

use http::Method;

use crate::client::{Client, Created};
use crate::error::Result;
use crate::request::{Call, Path, Request};
use crate::wire::Fields;

pub(super) async fn create<I: From<u64>>(client: &Client, path: Path, fields: &Fields) -> Result<Created<I>> {
    let request = Request::new(Method::POST, Call::Write, path)?.with_body(fields.body()?);
    let answer = client.call(&request).await?;
    Ok(Created { id: answer.created()?.into(), warning: answer.warning })
}

pub(super) async fn update(client: &Client, path: Path, fields: &Fields) -> Result<()> {
    let request = Request::new(Method::PATCH, Call::Write, path)?.with_body(fields.changes()?);
    client.call(&request).await.map(drop)
}

pub(super) async fn delete(client: &Client, path: Path) -> Result<()> {
    client.call(&Request::new(Method::DELETE, Call::Write, path)?).await.map(drop)
}
