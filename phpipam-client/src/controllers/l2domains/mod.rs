//! Controller `l2domains`.

pub(crate) mod model;

use self::model::{L2Domain, L2DomainFields};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::controllers::custom_fields::model::CustomField;
use crate::controllers::vlans::model::Vlan;
use crate::error::Result;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};
use crate::wire::L2DomainId;

/// Layer 2 domains, in which VLAN numbers are counted; see [`Client::l2domains`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::models::{L2DomainFields, L2DomainId, VlanFields};
///
/// let east = client.l2domains().create("East", &L2DomainFields::new()).await?.id;
/// let vlan = client.vlans().create("users", 12, &VlanFields::new().with_domain(east)).await?.id;
/// client.l2domains().delete(east).await?;
/// assert_eq!(client.vlans().get(vlan).await?.domain_id, Some(L2DomainId::new(1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct L2Domains<'a> {
    client: &'a Client,
}

fn path() -> Path {
    Path::new("l2domains")
}

fn one(id: L2DomainId) -> Path {
    path().id("layer 2 domain id", id.get())
}

impl<'a> L2Domains<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Lists all layer 2 domains.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only.
    pub async fn list(&self) -> Result<Vec<L2Domain>> {
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// Lists the layer 2 domains that match. The field of the sections is `permissions` here.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if layer 2 domains have no such field; otherwise the
    /// [common errors](crate::Error#common-errors). 1.3 filters wrongly without an error; see [`Filter`].
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<L2Domain>> {
        // The server filters before it renames columns (Q69): `permissions` is the field, not `sections`.
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path())?), None).await
    }

    /// Returns one layer 2 domain.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such domain; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn get(&self, id: L2DomainId) -> Result<L2Domain> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// Lists the VLANs of a layer 2 domain.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such domain; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn vlans(&self, id: L2DomainId) -> Result<Vec<Vlan>> {
        let request = ApiRequest::get(Call::List, one(id).word("vlans"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// Lists the custom fields of layer 2 domains.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only; no custom fields are an empty list.
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, "l2domains").await
    }

    /// Creates a layer 2 domain. The server allows the same name several times.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if the name is empty; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn create(&self, name: &str, fields: &L2DomainFields) -> Result<Created<L2DomainId>> {
        write::create(self.client, path(), &fields.clone().with_name(name).fields).await
    }

    /// Changes the fields that are set.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such domain; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn update(&self, id: L2DomainId, fields: &L2DomainFields) -> Result<()> {
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the fields that are set, reads the layer 2 domain back, and compares.
    ///
    /// # Errors
    /// [`Error::PartlyApplied`](crate::Error::PartlyApplied) if a field does not hold the requested value; otherwise as
    /// [`update`](Self::update).
    pub async fn update_verified(&self, id: L2DomainId, fields: &L2DomainFields) -> Result<L2Domain> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH l2domains/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a layer 2 domain. Its VLANs move to the default domain, 1.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such domain, or
    /// [`Structural`](crate::RefusalKind::Structural) for the default domain since 1.8; **earlier versions delete it**.
    /// Otherwise the [common errors](crate::Error#common-errors).
    pub async fn delete(&self, id: L2DomainId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}
