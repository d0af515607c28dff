//! `nat`

pub(crate) mod model;

use self::model::{Nat, NatFields, NatType};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::request::{ApiRequest, Call, Path};
use crate::wire::NatId;

/// Translations of addresses; see [`Client::nat`]. Since 1.6; [`tools().nat()`](super::Tools::nat) has the same rows in
/// every version.
///
/// This controller knows addresses only: it refuses subnets, and what has subnets on a side shows nothing there. It
/// checks that addresses and device exist, which the other does not.
#[derive(Debug, Clone, Copy)]
pub struct Nats<'a> {
    client: &'a Client,
}

fn path() -> Path {
    Path::new("nat")
}

fn one(id: NatId) -> Path {
    path().id("NAT id", id.get())
}

impl<'a> Nats<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All of them.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn list(&self) -> Result<Vec<Nat>> {
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn get(&self, id: NatId) -> Result<Nat> {
        let request = ApiRequest::get(Call::One, one(id))?;
        // A list, empty for one that does not exist.
        let mut rows: Vec<Nat> = self.client.call(&request).await?.decode()?;
        rows.pop().ok_or_else(|| {
            let message = "the server sent an empty list".to_owned();
            Error::Refused(Box::new(Refusal::new(RefusalKind::NotFound, request.name(), 200, message)))
        })
    }

    /// Creates a translation. An address that does not exist is "not found".
    ///
    /// # Errors
    /// [`Error`]
    pub async fn create(&self, name: &str, nat_type: NatType, fields: &NatFields) -> Result<Created<NatId>> {
        write::create(self.client, path(), &fields.clone().with_name(name).with_nat_type(nat_type).fields).await
    }

    /// Changes the named fields.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn update(&self, id: NatId, fields: &NatFields) -> Result<()> {
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the named fields, reads the translation back, and fails if one does not hold what was asked for.
    ///
    /// # Errors
    /// [`Error`], [`Error::PartlyApplied`]
    pub async fn update_verified(&self, id: NatId, fields: &NatFields) -> Result<Nat> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH nat/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a translation.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn delete(&self, id: NatId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}
