//! Controller `vrfs`.

pub(crate) mod model;

use self::model::{Vrf, VrfFields};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::controllers::custom_fields::model::CustomField;
use crate::controllers::subnets::model::Subnet;
use crate::error::Result;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};
use crate::wire::VrfId;

/// VRFs; see [`Client::vrfs`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::models::{SectionFields, SubnetFields, VrfFields};
///
/// let blue = client.vrfs().create("blue", &VrfFields::new().with_rd("65000:1")).await?.id;
/// assert!(client.vrfs().create("blue", &VrfFields::new()).await.unwrap_err().is_conflict());
///
/// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
/// let fields = SubnetFields::new().with_vrf(blue);
/// let subnet = client.subnets().create(section, "10.0.0.0/24".parse()?, &fields).await?.id;
/// assert_eq!(client.vrfs().subnets(blue).await?[0].id, subnet);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Vrfs<'a> {
    client: &'a Client,
}

/// Returns the plural path: below `vrf/` the id has another name.
fn path() -> Path {
    Path::new("vrfs")
}

fn one(id: VrfId) -> Path {
    path().id("VRF id", id.get())
}

impl<'a> Vrfs<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Lists all VRFs.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only.
    pub async fn list(&self) -> Result<Vec<Vrf>> {
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// Lists the VRFs that match. The field of the id is `vrfId` here.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if VRFs have no such field; otherwise the [common
    /// errors](crate::Error#common-errors). 1.3 filters wrongly without an error; see [`Filter`].
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Vrf>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path())?), None).await
    }

    /// Returns one VRF.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such VRF; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn get(&self, id: VrfId) -> Result<Vrf> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// Lists the subnets in a VRF.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such VRF; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn subnets(&self, id: VrfId) -> Result<Vec<Subnet>> {
        let request = ApiRequest::get(Call::List, one(id).word("subnets"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// Lists the custom fields of VRFs.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only; no custom fields are an empty list.
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, "vrfs").await
    }

    /// Creates a VRF.
    ///
    /// # Errors
    /// A refusal of kind [`Conflict`](crate::RefusalKind::Conflict) if the name is in use; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn create(&self, name: &str, fields: &VrfFields) -> Result<Created<VrfId>> {
        write::create(self.client, path(), &fields.clone().with_name(name).fields).await
    }

    /// Changes the fields that are set.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such VRF, or
    /// [`Conflict`](crate::RefusalKind::Conflict) if the name is in use; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn update(&self, id: VrfId, fields: &VrfFields) -> Result<()> {
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the fields that are set, reads the VRF back, and compares.
    ///
    /// # Errors
    /// [`Error::PartlyApplied`](crate::Error::PartlyApplied) if a field does not hold the requested value; otherwise as
    /// [`update`](Self::update).
    pub async fn update_verified(&self, id: VrfId, fields: &VrfFields) -> Result<Vrf> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH vrfs/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a VRF. Its subnets stay, without a VRF.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such VRF; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn delete(&self, id: VrfId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}
