//! `sections`

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

/// Sections; see [`Client::sections`].
///
/// # Errors
/// All calls fail with [`Error`].
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

    /// All sections, in the order that is set up on the server.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn list(&self) -> Result<Vec<Section>> {
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// One section.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn get(&self, id: SectionId) -> Result<Section> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// The section with this name. A name that is a number cannot be looked up: the server takes it for an id.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn get_by_name(&self, name: &str) -> Result<Section> {
        if name.trim().parse::<f64>().is_ok() {
            return Err(Error::invalid("section name", name, "the server takes a number for an id; list the sections"));
        }
        self.client.one(&ApiRequest::get(Call::One, path().text("section name", name))?).await
    }

    /// The subnets and folders of a section, with their usage, which the server calculates one by one: slow in large
    /// sections. [`Subnets::list_filtered`](super::Subnets::list_filtered) by `sectionId` is quicker.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn subnets(&self, id: SectionId) -> Result<Vec<Subnet>> {
        let request = ApiRequest::get(Call::List, one(id).word("subnets"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// The same with the addresses of each subnet: slower still, and too big for large sections.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn subnets_with_addresses(&self, id: SectionId) -> Result<Vec<Subnet>> {
        let request = ApiRequest::get(Call::List, one(id).word("subnets").word("addresses"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// What was changed, newest first. Since 1.7.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn changelog(&self, id: SectionId) -> Result<Vec<ChangelogEntry>> {
        crate::controllers::changelog::list(self.client, "sections", "section id", id.get()).await
    }

    /// The custom fields of sections: none, no version has any.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, "sections").await
    }

    /// Creates a section. A name in use is a conflict.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn create(&self, name: &str, fields: &SectionFields) -> Result<Created<SectionId>> {
        let fields = fields.clone().with_name(name);
        write::create(self.client, path(), &fields.fields).await
    }

    /// Changes the named fields.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn update(&self, id: SectionId, fields: &SectionFields) -> Result<()> {
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the named fields, reads the section back, and fails if one does not hold what was asked for.
    ///
    /// # Errors
    /// [`Error`], [`Error::PartlyApplied`]
    pub async fn update_verified(&self, id: SectionId, fields: &SectionFields) -> Result<Section> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH sections/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a section **with all its subnets, addresses and subsections**.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn delete(&self, id: SectionId) -> Result<()> {
        self.client.call(&ApiRequest::new(Method::DELETE, Call::Write, one(id))?).await.map(drop)
    }
}
