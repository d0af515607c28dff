//! Creating, changing and deleting, for controllers that add nothing of their own.

use http::Method;

use crate::client::{Client, Created};
use crate::error::Result;
use crate::request::{ApiRequest, Call, Path};
use crate::wire::Fields;

pub(super) async fn create<I: From<u64>>(client: &Client, path: Path, fields: &Fields) -> Result<Created<I>> {
    // Not repeated after a lost response, unlike the other two: a POST that was carried out would create a second
    // object.
    let request = ApiRequest::new(Method::POST, Call::Write, path)?.with_fields(fields.body()?);
    let success = client.call(&request).await?;
    Ok(Created { id: success.created()?.into(), warning: success.warning })
}

pub(super) async fn update(client: &Client, path: Path, fields: &Fields) -> Result<()> {
    // PATCH, never PUT: 1.3 and 1.4 do not know it, 1.5 does not read its body, and 1.7 reports success, writes
    // nothing, and resets the tag of an address.
    let request = ApiRequest::new(Method::PATCH, Call::Write, path)?.with_fields(fields.changes()?);
    client.call(&request).await.map(drop)
}

pub(super) async fn delete(client: &Client, path: Path) -> Result<()> {
    // Without a body: the server reads one here too, and an `id` in it would override the path (Q44).
    client.call(&ApiRequest::new(Method::DELETE, Call::Write, path)?).await.map(drop)
}
