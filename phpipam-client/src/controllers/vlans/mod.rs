//! Controller `vlans`.

pub(crate) mod model;

use self::model::{Vlan, VlanFields};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::controllers::custom_fields::model::CustomField;
use crate::controllers::subnets::model::Subnet;
use crate::error::Result;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};
use crate::wire::{SectionId, VlanId};

/// VLANs; see [`Client::vlans`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::models::{L2DomainFields, VlanFields};
///
/// let east = client.l2domains().create("East", &L2DomainFields::new()).await?.id;
/// let users = client.vlans().create("users", 12, &VlanFields::new().with_domain(east)).await?.id;
/// client.vlans().update(users, &VlanFields::new().with_number(13_u32)).await?;
/// assert_eq!(client.vlans().search(13).await?[0].name.as_deref(), Some("users"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Vlans<'a> {
    client: &'a Client,
}

/// Returns the plural path: below `vlan/` the id has another name.
fn path() -> Path {
    Path::new("vlans")
}

fn one(id: VlanId) -> Path {
    path().id("VLAN id", id.get())
}

impl<'a> Vlans<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Lists all VLANs of all layer 2 domains.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only.
    pub async fn list(&self) -> Result<Vec<Vlan>> {
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// Lists the VLANs that match. The field of the id is `vlanId` here.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if VLANs have no such field; otherwise the [common
    /// errors](crate::Error#common-errors). 1.3 filters wrongly without an error; see [`Filter`].
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Vlan>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path())?), None).await
    }

    /// Returns one VLAN.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such VLAN; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn get(&self, id: VlanId) -> Result<Vlan> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// Returns the VLANs with this number, in all layer 2 domains.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for the number 0; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn search(&self, number: u32) -> Result<Vec<Vlan>> {
        // As an id, because the server drops a segment 0 from the path, and would search without a number.
        let path = path().word("search").id("VLAN number", number.into());
        self.client.list(&ApiRequest::get(Call::List, path)?, None).await
    }

    /// Lists the subnets in a VLAN.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such VLAN; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn subnets(&self, id: VlanId) -> Result<Vec<Subnet>> {
        let request = ApiRequest::get(Call::List, one(id).word("subnets"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// Lists the subnets in a VLAN that are in one section.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such VLAN; otherwise the [common
    /// errors](crate::Error#common-errors). A section that does not exist has no subnets.
    pub async fn subnets_in_section(&self, id: VlanId, section: SectionId) -> Result<Vec<Subnet>> {
        let path = one(id).word("subnets").id("section id", section.get());
        self.client.list_below(&ApiRequest::get(Call::List, path)?, ApiRequest::get(Call::One, one(id))?).await
    }

    /// Lists the custom fields of VLANs.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only; no custom fields are an empty list.
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, "vlans").await
    }

    /// Creates a VLAN, in the default layer 2 domain unless [`VlanFields::with_domain`] sets another.
    ///
    /// # Errors
    /// A refusal of kind [`Conflict`](crate::RefusalKind::Conflict) if the domain has the number and the server's
    /// settings forbid duplicates; [`Invalid`](crate::RefusalKind::Invalid) if the number is above the server's maximum
    /// (4096 by default; 1.3: [`Conflict`](crate::RefusalKind::Conflict)) or the domain does not exist. Otherwise the
    /// [common errors](crate::Error#common-errors).
    pub async fn create(&self, name: &str, number: u32, fields: &VlanFields) -> Result<Created<VlanId>> {
        write::create(self.client, path(), &fields.clone().with_name(name).with_number(number).fields).await
    }

    /// Changes the fields that are set.
    ///
    /// Versions before 1.8 refuse a change without a name, so if the name is not set, it is read first and sent
    /// along.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such VLAN, or
    /// [`Invalid`](crate::RefusalKind::Invalid) if the number is above the server's maximum; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn update(&self, id: VlanId, fields: &VlanFields) -> Result<()> {
        // Q63: up to 1.7 a change without the name is refused with "Vlan name is required".
        let named = fields.fields.changes()?.has("name");
        let mut fields = fields.clone();
        if !named && let Some(name) = self.get(id).await?.name {
            fields = fields.with_name(name);
        }
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the fields that are set, reads the VLAN back, and compares.
    ///
    /// # Errors
    /// [`Error::PartlyApplied`](crate::Error::PartlyApplied) if a field does not hold the requested value; otherwise as
    /// [`update`](Self::update).
    pub async fn update_verified(&self, id: VlanId, fields: &VlanFields) -> Result<Vlan> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH vlans/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a VLAN. Subnets in it stay, without a VLAN.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such VLAN; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn delete(&self, id: VlanId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}
