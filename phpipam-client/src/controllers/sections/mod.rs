//! Controller `sections`.

pub(crate) mod model;

use http::Method;

use self::model::{Section, SectionFields};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::controllers::changelog::ChangelogEntry;
use crate::controllers::custom_fields::model::CustomField;
use crate::controllers::subnets::model::Subnet;
use crate::error::{Error, Result};
use crate::request::{ApiRequest, Call, Path};
use crate::wire::SectionId;

/// Sections, the top of the tree; see [`Client::sections`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::models::{SectionFields, SubnetFields};
///
/// let fields = SectionFields::new().with_description("test networks").with_strict_mode(true);
/// let lab = client.sections().create("Lab", &fields).await?.id;
/// assert_eq!(client.sections().get_by_name("Lab").await?.id, lab);
///
/// client.subnets().create(lab, "10.0.0.0/24".parse()?, &SubnetFields::new()).await?;
/// assert_eq!(client.sections().subnets(lab).await?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Sections<'a> {
    client: &'a Client,
}

fn path() -> Path {
    Path::new("sections")
}

fn one(id: SectionId) -> Path {
    path().id("section id", id.get())
}

impl<'a> Sections<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Lists all sections, in the order that is configured on the server.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only.
    pub async fn list(&self) -> Result<Vec<Section>> {
        // Without the word `all` of other lists: here it would be the name of a section.
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// Returns one section.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such section; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn get(&self, id: SectionId) -> Result<Section> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// Returns the section with this name.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is a number, which the server takes for an id, or that
    /// cannot be a part of a path. A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such
    /// section; otherwise the [common errors](crate::Error#common-errors).
    pub async fn get_by_name(&self, name: &str) -> Result<Section> {
        // The server decides between id and name by whether PHP finds the text numeric, which includes `1e1`.
        if name.trim().parse::<f64>().is_ok() {
            return Err(Error::invalid("section name", name, "the server takes a number for an id; list the sections"));
        }
        self.client.one(&ApiRequest::get(Call::One, path().text("section name", name))?).await
    }

    /// Lists the subnets and folders of a section with their usage.
    ///
    /// The server calculates the usage of each, which takes seconds in large sections.
    /// [`Subnets::list_filtered`](super::Subnets::list_filtered) by `sectionId` is quicker.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such section;
    /// [`Error::EmptyBody`] if the list does not fit into PHP's memory; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn subnets(&self, id: SectionId) -> Result<Vec<Subnet>> {
        // By id only: `sections/{name}/subnets/` is documented, and sends the section itself. The text "No subnets
        // found" also stands for a missing section, so an empty list reads the section.
        let request = ApiRequest::get(Call::List, one(id).word("subnets"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// Lists the subnets and folders of a section with their usage and addresses: slower than
    /// [`subnets`](Self::subnets), and too large for large sections.
    ///
    /// # Errors
    /// Fails in the same cases as [`subnets`](Self::subnets).
    pub async fn subnets_with_addresses(&self, id: SectionId) -> Result<Vec<Subnet>> {
        let request = ApiRequest::get(Call::List, one(id).word("subnets").word("addresses"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// Lists the changes of a section, newest first. Since 1.7.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such section, or
    /// [`Unsupported`](crate::RefusalKind::Unsupported) before 1.7; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn changelog(&self, id: SectionId) -> Result<Vec<ChangelogEntry>> {
        crate::controllers::changelog::list(self.client, "sections", "section id", id.get()).await
    }

    /// Returns an empty list: no version measured has custom fields of sections. The call is there for a version that
    /// gets them.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only; the server's refusal "Custom fields not supported" is the
    /// empty list.
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, "sections").await
    }

    /// Creates a section.
    ///
    /// # Errors
    /// A refusal of kind [`Conflict`](crate::RefusalKind::Conflict) if the name is in use, or
    /// [`Invalid`](crate::RefusalKind::Invalid) if it has fewer than three characters, or if the section above does not
    /// exist or is itself below another one; otherwise the [common errors](crate::Error#common-errors).
    pub async fn create(&self, name: &str, fields: &SectionFields) -> Result<Created<SectionId>> {
        // A name in use is an error of the database, 500 with 1062. `envelope` makes `Conflict` of it (Q48).
        let fields = fields.clone().with_name(name);
        write::create(self.client, path(), &fields.fields).await
    }

    /// Changes the fields that are set.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such section,
    /// [`Conflict`](crate::RefusalKind::Conflict) if the name is in use, or [`Invalid`](crate::RefusalKind::Invalid)
    /// for a field that the server does not accept; otherwise the [common errors](crate::Error#common-errors).
    pub async fn update(&self, id: SectionId, fields: &SectionFields) -> Result<()> {
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the fields that are set, reads the section back, and compares.
    ///
    /// # Errors
    /// [`Error::PartlyApplied`] if a field does not hold the requested value; otherwise as
    /// [`update`](Self::update).
    pub async fn update_verified(&self, id: SectionId, fields: &SectionFields) -> Result<Section> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH sections/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a section **with all its subnets, addresses and subsections**. NAT rules lose the subnets.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such section; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn delete(&self, id: SectionId) -> Result<()> {
        self.client.call(&ApiRequest::new(Method::DELETE, Call::Write, one(id))?).await.map(drop)
    }
}
