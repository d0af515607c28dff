//! Subnets and folders: allocating, creating, changing and deleting them.

use std::collections::BTreeMap;

use http::Method;
use ipnet::IpNet;

use super::model::{Subnet, SubnetFields};
use super::{Network, Subnets};
use crate::client::Created;
use crate::controllers::permissions::Level;
use crate::controllers::{verify, write};
use crate::error::{Error, Result};
use crate::request::{ApiRequest, Call};
use crate::wire::{Fields, GroupId, InvalidValue, SectionId, SubnetId, reroutes};

/// A group, by id or by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GroupKey {
    /// By id; versions before 1.7 do not understand it.
    Id(GroupId),
    /// By name.
    Name(String),
}

/// How to split a subnet.
#[derive(Debug, Clone)]
#[must_use]
pub struct Split {
    body: Fields,
}

impl Split {
    /// Into this many subnets of equal size: 2, 4, 8 … 256. They are put below the original.
    pub fn new(number: u32) -> Self {
        let mut body = Fields::default();
        if !(2..=256).contains(&number) || !number.is_power_of_two() {
            body.refuse(InvalidValue::new("number", number, "give a power of two from 2 to 256"));
        }
        body.set("number", number);
        Self { body }
    }

    /// Deletes the original, or keeps it above the new ones.
    pub fn with_delete_original(mut self, delete: bool) -> Self {
        self.body.set("group", if delete { "no" } else { "yes" }.to_owned());
        self
    }

    /// Sets what the descriptions of the new subnets start with.
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.body.set("prefix", prefix.into());
        self
    }

    /// Copies the custom fields of the original.
    pub fn with_copy_custom_fields(mut self, copy: bool) -> Self {
        self.body.set("copy_custom", if copy { "yes" } else { "no" }.to_owned());
        self
    }
}

impl Subnets<'_> {
    /// Creates a subnet. Permissions are inherited from what is above it.
    ///
    /// # Errors
    /// [`Error`]; an overlap in a strict section is a structural conflict.
    pub async fn create(&self, section: SectionId, network: IpNet, fields: &SubnetFields) -> Result<Created<SubnetId>> {
        if network != network.trunc() {
            let remedy = format!("it has host bits; did you mean {}?", network.trunc());
            return Err(Error::invalid("network", network, remedy));
        }
        let mut fields = fields.clone().with_section(section).fields;
        fields.set("subnet", network.addr());
        fields.set("mask", network.prefix_len());
        write::create(self.client, self.path(), &fields).await
    }

    /// Creates a folder.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn create_folder(&self, section: SectionId, fields: &SubnetFields) -> Result<Created<SubnetId>> {
        let fields = fields.clone().with_section(section).with_is_folder(true).fields;
        write::create(self.client, self.path(), &fields).await
    }

    /// Takes the first free network of this prefix length below a subnet. The server looks at subnets only: addresses
    /// that are directly in the parent are not in its way; see [`addresses_within`](Self::addresses_within).
    ///
    /// # Errors
    /// [`Error`]; none left is "exhausted".
    pub async fn allocate_first_subnet(
        &self,
        id: SubnetId,
        prefix_len: u8,
        fields: &SubnetFields,
    ) -> Result<(Created<SubnetId>, IpNet)> {
        self.allocate_subnet(id, "first_subnet", prefix_len, fields).await
    }

    /// Takes the last free network of this prefix length below a subnet.
    ///
    /// # Errors
    /// As [`allocate_first_subnet`](Self::allocate_first_subnet).
    pub async fn allocate_last_subnet(
        &self,
        id: SubnetId,
        prefix_len: u8,
        fields: &SubnetFields,
    ) -> Result<(Created<SubnetId>, IpNet)> {
        self.allocate_subnet(id, "last_subnet", prefix_len, fields).await
    }

    async fn allocate_subnet(
        &self,
        id: SubnetId,
        word: &str,
        prefix_len: u8,
        fields: &SubnetFields,
    ) -> Result<(Created<SubnetId>, IpNet)> {
        let path = self.one(id).word(word).mask(prefix_len);
        let request = ApiRequest::new(Method::POST, Call::Allocate, path)?.with_fields(fields.fields.body()?);
        let _turn = self.client.subnet_locks().lock(&id).await;
        let answer = self.client.call(&request).await?;
        let network = answer.decode::<Network>()?.0;
        Ok((Created { id: SubnetId::new(answer.created()?), warning: answer.warning }, network))
    }

    /// Changes the named fields.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn update(&self, id: SubnetId, fields: &SubnetFields) -> Result<()> {
        write::update(self.client, self.one(id), &fields.fields).await
    }

    /// Changes the named fields, reads the subnet back, and fails if one does not hold what was asked for: the server
    /// drops fields of modules that the user has no rights for, and says success.
    ///
    /// # Errors
    /// [`Error`], [`Error::PartlyApplied`]
    pub async fn update_verified(&self, id: SubnetId, fields: &SubnetFields) -> Result<Subnet> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH {}/{id}/", self.controller), &fields.fields, &now)?;
        Ok(now)
    }

    /// Changes the prefix length; the network's first address stays, if it can.
    ///
    /// # Errors
    /// [`Error`]; addresses that would be outside, or an overlap, prevent it.
    pub async fn resize(&self, id: SubnetId, prefix_len: u8) -> Result<()> {
        let mut fields = Fields::default();
        fields.set("mask", prefix_len);
        let request =
            ApiRequest::new(Method::PATCH, Call::Write, self.one(id).word("resize"))?.with_fields(fields.body()?);
        // Done twice, it fails: the size is what it is asked to be.
        self.client.call(&request.not_idempotent()).await.map(drop)
    }

    /// Splits a subnet. The server does not say what it made: list the [`slaves`](Self::slaves), or, where the original
    /// was deleted, those of its parent.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn split(&self, id: SubnetId, split: &Split) -> Result<()> {
        let request = ApiRequest::new(Method::PATCH, Call::Write, self.one(id).word("split"))?;
        self.client.call(&request.with_fields(split.body.body()?).not_idempotent()).await.map(drop)
    }

    /// Sets who may do what, for the groups named. Returns what the server says is set now, by group name.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn set_permissions(
        &self,
        id: SubnetId,
        levels: &BTreeMap<GroupKey, Level>,
    ) -> Result<BTreeMap<String, Level>> {
        if levels.is_empty() {
            return Err(Error::invalid("permissions", "[none]", "name a group, or remove the permissions"));
        }
        let mut fields = Fields::default();
        for (group, level) in levels {
            let name = match group {
                GroupKey::Id(id) => id.to_string(),
                GroupKey::Name(name) => name.clone(),
            };
            if reroutes(&name) {
                let remedy = "the server takes this word for a part of the path; name the group by its id";
                fields.refuse(InvalidValue::new("group", &name, remedy));
            }
            fields.set(&name, level.as_str().to_owned());
        }
        let path = self.one(id).word("permissions");
        let request = ApiRequest::new(Method::PATCH, Call::Write, path)?.with_fields(fields.body()?);
        self.client.call(&request).await?.decode()
    }

    /// Removes all permissions.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn remove_permissions(&self, id: SubnetId) -> Result<()> {
        let request = ApiRequest::new(Method::DELETE, Call::Write, self.one(id).word("permissions"))?;
        self.client.call(&request).await.map(drop)
    }

    /// Deletes the addresses of a subnet.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn truncate(&self, id: SubnetId) -> Result<()> {
        let request = ApiRequest::new(Method::DELETE, Call::Write, self.one(id).word("truncate"))?;
        self.client.call(&request).await.map(drop)
    }

    /// Deletes a subnet **with its children and addresses**.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn delete(&self, id: SubnetId) -> Result<()> {
        self.client.call(&ApiRequest::new(Method::DELETE, Call::Write, self.one(id))?).await.map(drop)
    }
}
