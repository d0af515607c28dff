//! Allocating, creating, changing and deleting of subnets and folders.

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

/// Group of users, by id or by name, for [`Subnets::set_permissions`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GroupKey {
    /// Id of the group. Before 1.7 the server refuses it with kind [`Invalid`](crate::RefusalKind::Invalid).
    Id(GroupId),
    /// Name of the group.
    Name(String),
}

/// Options of [`Subnets::split`].
///
/// ```
/// use phpipam_client::controllers::Split;
///
/// let four = Split::new(4).with_prefix("floor ").with_copy_custom_fields(true);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Split {
    body: Fields,
}

impl Split {
    /// Splits into this many subnets of equal size: a power of two from 2 to 256. Default: they are put below the
    /// original, without a common start of their descriptions and without its custom fields.
    ///
    /// Another number is refused by [`Subnets::split`].
    pub fn new(number: u32) -> Self {
        let mut body = Fields::default();
        // The server refuses other numbers too, but with HTTP 500, like its own faults (Q47).
        if !(2..=256).contains(&number) || !number.is_power_of_two() {
            body.refuse(InvalidValue::new("number", number, "give a power of two from 2 to 256"));
        }
        body.set("number", number);
        Self { body }
    }

    /// Sets whether the original is deleted (true) or kept above the new subnets (false, the default).
    pub fn with_delete_original(mut self, delete: bool) -> Self {
        // The server's parameter has the reverse meaning: "yes" groups the new subnets below the original, which stays.
        self.body.set("group", if delete { "no" } else { "yes" }.to_owned());
        self
    }

    /// Sets the common start of the descriptions of the new subnets. It is a text, not a network.
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.body.set("prefix", prefix.into());
        self
    }

    /// Sets whether the new subnets get the custom fields of the original (true) or not (false).
    pub fn with_copy_custom_fields(mut self, copy: bool) -> Self {
        self.body.set("copy_custom", if copy { "yes" } else { "no" }.to_owned());
        self
    }
}

impl Subnets<'_> {
    /// Creates a subnet. It inherits the permissions of its parent or section.
    ///
    /// To set other permissions, call [`set_permissions`](Self::set_permissions) afterwards: the server ignores those
    /// in the request that creates a subnet, so [`SubnetFields`] has no setter for them.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the network has host bits. A refusal of kind
    /// [`Structural`](crate::RefusalKind::Structural) if it overlaps in a section with strict mode, or lies outside its
    /// parent; [`NotFound`](crate::RefusalKind::NotFound) if the parent, VLAN or VRF does not exist;
    /// [`Invalid`](crate::RefusalKind::Invalid) if the section does not exist or a field is not accepted;
    /// [`Config`](crate::RefusalKind::Config) if a required custom field has no value. Otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn create(&self, section: SectionId, network: IpNet, fields: &SubnetFields) -> Result<Created<SubnetId>> {
        // The server refuses it too (400), in a text that lacks the prefix length.
        if network != network.trunc() {
            let remedy = format!("it has host bits; did you mean {}?", network.trunc());
            return Err(Error::invalid("network", network, remedy));
        }
        let mut fields = fields.clone().with_section(section).fields;
        // Set last, so that no custom field of these names can change the network. `mask` is the prefix length: the
        // server refuses dotted masks.
        fields.set("subnet", network.addr());
        fields.set("mask", network.prefix_len());
        write::create(self.client, self.path(), &fields).await
    }

    /// Creates a folder. Its name is the description: set it with [`SubnetFields::with_description`]. Without one, the
    /// folder has no name.
    ///
    /// The fields need not be marked by [`SubnetFields::with_is_folder`]; this call does it.
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
    /// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
    /// let fields = SubnetFields::new().with_description("Building 7");
    /// let folder = client.folders().create_folder(section, &fields).await?.id;
    /// assert_eq!(client.folders().get(folder).await?.network(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A refusal of kind [`Structural`](crate::RefusalKind::Structural) if the parent is not a folder,
    /// [`NotFound`](crate::RefusalKind::NotFound) if it does not exist, or [`Invalid`](crate::RefusalKind::Invalid) if
    /// the section does not exist; otherwise the [common errors](crate::Error#common-errors).
    pub async fn create_folder(&self, section: SectionId, fields: &SubnetFields) -> Result<Created<SubnetId>> {
        // The flag is what makes a folder, also under `folders/`. Without it the server misses a network and says
        // "Invalid CIDR format!".
        let fields = fields.clone().with_section(section).with_is_folder(true).fields;
        write::create(self.client, self.path(), &fields).await
    }

    /// Allocates the first free network of this prefix length below a subnet.
    ///
    /// The server looks at subnets only: addresses that are registered directly in the parent do not keep it from
    /// allocating a network around them; see [`addresses_within`](Self::addresses_within). Calls for one parent run one
    /// after another in this process.
    ///
    /// # Errors
    /// A refusal of kind [`Exhausted`](crate::RefusalKind::Exhausted) if no such network is free,
    /// [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet, or
    /// [`Invalid`](crate::RefusalKind::Invalid) for a field that the server does not accept; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn allocate_first_subnet(
        &self,
        id: SubnetId,
        prefix_len: u8,
        fields: &SubnetFields,
    ) -> Result<(Created<SubnetId>, IpNet)> {
        self.allocate_subnet(id, "first_subnet", prefix_len, fields).await
    }

    /// Allocates the last free network of this prefix length below a subnet.
    ///
    /// # Errors
    /// Fails in the same cases as [`allocate_first_subnet`](Self::allocate_first_subnet).
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
        // As for addresses: to wait here costs less than to lose the race on the server (Q65).
        let _turn = self.client.subnet_locks().lock(&id).await;
        let success = self.client.call(&request).await?;
        let network = success.decode::<Network>()?.0;
        Ok((Created { id: SubnetId::new(success.created()?), warning: success.warning }, network))
    }

    /// Changes the fields that are set. The server checks neither a new parent nor most references.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if the subnet, or the VLAN or VRF that is set, does
    /// not exist; [`Invalid`](crate::RefusalKind::Invalid) if the section does not, or for a field that the server does
    /// not accept; [`Structural`](crate::RefusalKind::Structural) if [`SubnetFields::with_is_pool`] is taken away while
    /// network or broadcast address are in use. Otherwise the [common errors](crate::Error#common-errors).
    pub async fn update(&self, id: SubnetId, fields: &SubnetFields) -> Result<()> {
        write::update(self.client, self.one(id), &fields.fields).await
    }

    /// Changes the fields that are set, reads the subnet back, and compares.
    ///
    /// The server drops fields of modules that the user of the token has no rights for (VLAN, VRF, device, location,
    /// customer), and reports success.
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
    /// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
    /// let subnet = client.subnets().create(section, "10.0.0.0/24".parse()?, &SubnetFields::new()).await?.id;
    /// let change = SubnetFields::new().with_description("servers").with_is_full(true);
    /// let now = client.subnets().update_verified(subnet, &change).await?;
    /// assert!(now.is_full);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::PartlyApplied`] with the names of the fields that do not hold the
    /// requested value; otherwise as [`update`](Self::update).
    pub async fn update_verified(&self, id: SubnetId, fields: &SubnetFields) -> Result<Subnet> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH {}/{id}/", self.controller), &fields.fields, &now)?;
        Ok(now)
    }

    /// Changes the prefix length. The network address stays, if it can.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet;
    /// [`Structural`](crate::RefusalKind::Structural) if addresses would lie outside, or if it would overlap;
    /// [`Invalid`](crate::RefusalKind::Invalid) if the length is the present one or below 8. Otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn resize(&self, id: SubnetId, prefix_len: u8) -> Result<()> {
        // A PATCH of the subnet itself refuses `mask` (Q62). If addresses would lie outside, the server sends HTML with
        // HTTP 200 and does nothing (Q10); `envelope` makes a refusal of it.
        let mut fields = Fields::default();
        fields.set("mask", prefix_len);
        let request =
            ApiRequest::new(Method::PATCH, Call::Write, self.one(id).word("resize"))?.with_fields(fields.body()?);
        // Done twice, it fails: the size is what it is asked to be.
        self.client.call(&request.not_idempotent()).await.map(drop)
    }

    /// Splits a subnet into smaller ones.
    ///
    /// The server does not return the new ids: list the [`slaves`](Self::slaves) of the subnet or, if the original was
    /// deleted, those of its parent.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::controllers::Split;
    /// use phpipam_client::models::{SectionFields, SubnetFields};
    ///
    /// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
    /// let subnet = client.subnets().create(section, "10.0.0.0/24".parse()?, &SubnetFields::new()).await?.id;
    /// client.subnets().split(subnet, &Split::new(2)).await?;
    /// let halves = client.subnets().slaves(subnet).await?;
    /// assert_eq!(halves.iter().filter_map(|half| half.network()).count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a number that is not a power of two from 2 to 256. A refusal of
    /// kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet,
    /// [`Structural`](crate::RefusalKind::Structural) if a child is in the way,
    /// [`Invalid`](crate::RefusalKind::Invalid) if it is too small; otherwise the [common
    /// errors](crate::Error#common-errors). If [`may_have_been_done`](Error::may_have_been_done) is true, list the
    /// children before the next attempt.
    pub async fn split(&self, id: SubnetId, split: &Split) -> Result<()> {
        let request = ApiRequest::new(Method::PATCH, Call::Write, self.one(id).word("split"))?;
        // A repetition after a lost response would find the first split's subnets in the way, and hide that it had
        // succeeded.
        self.client.call(&request.with_fields(split.body.body()?).not_idempotent()).await.map(drop)
    }

    /// Replaces the permissions of a subnet: groups that are not in `levels` lose theirs. Child subnets keep what they
    /// have.
    ///
    /// Returns the permissions that are set now, by group name.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use std::collections::BTreeMap;
    ///
    /// use phpipam_client::controllers::GroupKey;
    /// use phpipam_client::models::{Level, SectionFields, SubnetFields};
    ///
    /// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
    /// let subnet = client.subnets().create(section, "10.0.0.0/24".parse()?, &SubnetFields::new()).await?.id;
    /// let levels = BTreeMap::from([(GroupKey::Name("Operators".to_owned()), Level::Write)]);
    /// let now = client.subnets().set_permissions(subnet, &levels).await?;
    /// assert_eq!(now.get("Operators"), Some(&Level::Write));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] if `levels` is empty, or if a group's name is one that the server
    /// takes for a part of the path. A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such
    /// subnet, or [`Invalid`](crate::RefusalKind::Invalid) if there is no such group; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn set_permissions(
        &self,
        id: SubnetId,
        levels: &BTreeMap<GroupKey, Level>,
    ) -> Result<BTreeMap<String, Level>> {
        // Without a group 1.8 sends a 500, "Cannot remove permissions"; to remove them is a call of its own.
        if levels.is_empty() {
            return Err(Error::invalid("permissions", "[none]", "name a group, or remove the permissions"));
        }
        let mut fields = Fields::default();
        for (group, level) in levels {
            let name = match group {
                GroupKey::Id(id) => id.to_string(),
                GroupKey::Name(name) => name.clone(),
            };
            // Q44: a body key such as `id` overrides the path, so a group of that name would turn the call into another
            // one.
            if reroutes(&name) {
                let remedy = "the server takes this word for a part of the path; name the group by its id";
                fields.refuse(InvalidValue::new("group", &name, remedy));
            }
            // As digits, the form that the server stores. An unknown level passes through unchanged.
            fields.set(&name, level.as_str().to_owned());
        }
        let path = self.one(id).word("permissions");
        let request = ApiRequest::new(Method::PATCH, Call::Write, path)?.with_fields(fields.body()?);
        self.client.call(&request).await?.decode()
    }

    /// Removes all permissions of a subnet.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn remove_permissions(&self, id: SubnetId) -> Result<()> {
        let request = ApiRequest::new(Method::DELETE, Call::Write, self.one(id).word("permissions"))?;
        self.client.call(&request).await.map(drop)
    }

    /// Deletes all addresses of a subnet.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn truncate(&self, id: SubnetId) -> Result<()> {
        let request = ApiRequest::new(Method::DELETE, Call::Write, self.one(id).word("truncate"))?;
        self.client.call(&request).await.map(drop)
    }

    /// Deletes a subnet **with its children and addresses**.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn delete(&self, id: SubnetId) -> Result<()> {
        self.client.call(&ApiRequest::new(Method::DELETE, Call::Write, self.one(id))?).await.map(drop)
    }
}
