//! `tools/nat`

use crate::controllers::nat::model::Nat;

use crate::client::Created;
use crate::controllers::nat::model::{NatFields, NatType, NatWithRows};
use crate::controllers::{verify, write};
use crate::error::Result;
use crate::request::{ApiRequest, Call};
use crate::wire::NatId;

table! {
    /// Translations of addresses and subnets; see [`Tools::nat`](super::Tools::nat). The server does not check that what
    /// they name exists.
    Nats, "nat", "NAT", NatId, Nat
}

impl Nats<'_> {
    /// One translation with whole rows in place of ids. Rows that were deleted since are left out.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get_with_rows(&self, id: NatId) -> Result<NatWithRows> {
        self.client.one(&ApiRequest::get(Call::One, Self::one(id).word("objects_full"))?).await
    }

    /// Creates a translation.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn create(&self, name: &str, nat_type: NatType, fields: &NatFields) -> Result<Created<NatId>> {
        let fields = fields.clone().with_name(name).with_nat_type(nat_type);
        write::create(self.client, Self::path(), &fields.fields.with_texts()).await
    }

    /// Changes the named fields.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn update(&self, id: NatId, fields: &NatFields) -> Result<()> {
        write::update(self.client, Self::one(id), &fields.fields.clone().with_texts()).await
    }

    /// Changes the named fields, reads the translation back, and fails if one does not hold what was asked for.
    ///
    /// # Errors
    /// [`Error`](crate::Error), [`Error::PartlyApplied`](crate::Error::PartlyApplied)
    pub async fn update_verified(&self, id: NatId, fields: &NatFields) -> Result<Nat> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH tools/nat/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a translation.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn delete(&self, id: NatId) -> Result<()> {
        write::delete(self.client, Self::one(id)).await
    }
}
