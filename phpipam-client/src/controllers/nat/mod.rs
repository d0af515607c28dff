//! Controller `nat`.

pub(crate) mod model;

use self::model::{Nat, NatFields, NatType};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::request::{ApiRequest, Call, Path};
use crate::wire::NatId;

/// NAT rules; see [`Client::nat`]. Since 1.6; older servers refuse with kind
/// [`Unsupported`](crate::RefusalKind::Unsupported).
///
/// [`tools().nat()`](super::Tools::nat) works on the same table, in every version. The differences: this controller
/// handles addresses only, refuses subnets, and shows an empty side where a rule has subnets. It checks that addresses
/// and device exist, which `tools().nat()` does not.
///
/// ```no_run
/// # async fn example(client: &phpipam_client::Client) -> Result<(), phpipam_client::Error> {
/// use phpipam_client::models::{AddressId, NatFields, NatObjects, NatType};
///
/// let fields = NatFields::new()
///     .with_source(NatObjects::new().with_addresses([AddressId::new(11)]))
///     .with_destination(NatObjects::new().with_addresses([AddressId::new(12)]));
/// println!("{}", client.nat().create("web", NatType::Destination, &fields).await?.id);
/// # Ok(())
/// # }
/// ```
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

    /// Lists all NAT rules.
    ///
    /// # Errors
    /// A refusal of kind [`Unsupported`](crate::RefusalKind::Unsupported) before 1.6; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn list(&self) -> Result<Vec<Nat>> {
        // `[]` if there is none, where nearly all other lists are an error (Q11).
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// Returns one NAT rule.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such rule, or
    /// [`Unsupported`](crate::RefusalKind::Unsupported) before 1.6; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn get(&self, id: NatId) -> Result<Nat> {
        let request = ApiRequest::get(Call::One, one(id))?;
        // A list, empty for one that does not exist.
        let mut rows: Vec<Nat> = self.client.call(&request).await?.decode()?;
        rows.pop().ok_or_else(|| {
            let message = "the server sent an empty list".to_owned();
            Error::Refused(Box::new(Refusal::new(RefusalKind::NotFound, request.name(), 200, message)))
        })
    }

    /// Creates a NAT rule.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if an address does not exist,
    /// [`Invalid`](crate::RefusalKind::Invalid) if the device does not exist or a side has subnets, or
    /// [`Unsupported`](crate::RefusalKind::Unsupported) before 1.6; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn create(&self, name: &str, nat_type: NatType, fields: &NatFields) -> Result<Created<NatId>> {
        // The id is in the body. The `Location` of this controller lacks a slash: `/apifull/nat/1/`.
        write::create(self.client, path(), &fields.clone().with_name(name).with_nat_type(nat_type).fields).await
    }

    /// Changes the fields that are set.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if the rule or an address does not exist,
    /// [`Invalid`](crate::RefusalKind::Invalid) if the device does not exist or a side has subnets, or
    /// [`Unsupported`](crate::RefusalKind::Unsupported) before 1.6; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn update(&self, id: NatId, fields: &NatFields) -> Result<()> {
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the fields that are set, reads the NAT rule back, and compares.
    ///
    /// # Errors
    /// [`Error::PartlyApplied`] if a field does not hold the requested value; otherwise as
    /// [`update`](Self::update).
    pub async fn update_verified(&self, id: NatId, fields: &NatFields) -> Result<Nat> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH nat/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a NAT rule.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such rule, or
    /// [`Unsupported`](crate::RefusalKind::Unsupported) before 1.6; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn delete(&self, id: NatId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}
