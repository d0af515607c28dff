//! Sub-controller `tools/nat`.

use crate::controllers::nat::model::Nat;

use crate::client::Created;
use crate::controllers::nat::model::{NatFields, NatType, NatWithRows};
use crate::controllers::{verify, write};
use crate::error::Result;
use crate::request::{ApiRequest, Call};
use crate::wire::NatId;

table! {
    /// NAT rules of addresses and subnets; see [`Tools::nat`](super::Tools::nat).
    ///
    /// The server does not check that the objects of a rule exist.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{AddressId, NatFields, NatObjects, NatType};
    ///
    /// let side = NatObjects::new().with_addresses([AddressId::new(11)]);
    /// let id = client.tools().nat().create("web", NatType::Static, &NatFields::new().with_source(side)).await?.id;
    /// assert_eq!(client.tools().nat().get(id).await?.nat_type, Some(NatType::Static));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Nats, "nat", "NAT" ("NAT rule", "NAT rules"), NatId, Nat
}

impl Nats<'_> {
    /// Returns one NAT rule with whole rows in place of ids. Objects that were deleted since are left out.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such rule; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn get_with_rows(&self, id: NatId) -> Result<NatWithRows> {
        // Not `objects`, which only decodes the JSON in `src` and `dst`: `get` does that without a second call.
        self.client.one(&ApiRequest::get(Call::One, Self::one(id).word("objects_full"))?).await
    }

    /// Creates a NAT rule.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if the database refuses a value; otherwise the
    /// [common errors](crate::Error#common-errors).
    pub async fn create(&self, name: &str, nat_type: NatType, fields: &NatFields) -> Result<Created<NatId>> {
        let fields = fields.clone().with_name(name).with_nat_type(nat_type);
        // This sub-controller stores the columns `src` and `dst` as they come, so they have to be JSON in a text. The
        // controller `nat` wants objects, and encodes them itself.
        write::create(self.client, Self::path(), &fields.fields.with_texts()).await
    }

    /// Changes the fields that are set.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such rule, or
    /// [`Invalid`](crate::RefusalKind::Invalid) if the database refuses a value; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn update(&self, id: NatId, fields: &NatFields) -> Result<()> {
        write::update(self.client, Self::one(id), &fields.fields.clone().with_texts()).await
    }

    /// Changes the fields that are set, reads the NAT rule back, and compares.
    ///
    /// # Errors
    /// [`Error::PartlyApplied`](crate::Error::PartlyApplied) if a field does not hold the requested value; otherwise as
    /// [`update`](Self::update).
    pub async fn update_verified(&self, id: NatId, fields: &NatFields) -> Result<Nat> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH tools/nat/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a NAT rule.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such rule; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn delete(&self, id: NatId) -> Result<()> {
        write::delete(self.client, Self::one(id)).await
    }
}
