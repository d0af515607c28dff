//! Allocating, creating, changing, moving and deleting of addresses.

use std::net::IpAddr;

use http::Method;

use super::model::{Address, AddressFields};
use super::{Addresses, Allocated, one, path};
use crate::client::Created;
use crate::controllers::{verify, write};
use crate::error::{Error, RefusalKind, Result, Shortage};
use crate::request::{ApiRequest, Call};
use crate::wire::{AddressId, SubnetId};

impl Addresses<'_> {
    /// Creates this address in a subnet. The server accepts it also in a subnet that is marked full or has children.
    ///
    /// # Errors
    /// A refusal of kind [`Conflict`](crate::RefusalKind::Conflict) if the subnet has the address already,
    /// [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet (up to 1.4:
    /// [`Invalid`](crate::RefusalKind::Invalid)), or [`Invalid`](crate::RefusalKind::Invalid) if the address lies
    /// outside, is the network or broadcast address, or names a device or tag that does not exist.
    /// [`Config`](crate::RefusalKind::Config) if a required custom field has no value. Otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn create(&self, subnet: SubnetId, ip: IpAddr, fields: &AddressFields) -> Result<Created<AddressId>> {
        // The id goes into the body here, where no `Path` checks it.
        if subnet.get() == 0 {
            return Err(Error::invalid("subnet id", 0, "ids start at 1"));
        }
        let mut fields = fields.fields.clone();
        fields.set("subnetId", subnet);
        fields.set("ip", ip);
        write::create(self.client, path(), &fields).await
    }

    /// Allocates the first free address of a subnet, in one call of the server.
    ///
    /// Calls for one subnet run one after another in this process. A call that another writer was quicker at is
    /// repeated, within [`ClientBuilder::with_allocate_retry`](crate::ClientBuilder::with_allocate_retry). If nothing
    /// is free, up to two reads of the subnet find out why.
    ///
    /// # Errors
    /// A refusal of kind [`Exhausted`](crate::RefusalKind::Exhausted) with the [`Shortage`],
    /// [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet,
    /// [`Conflict`](crate::RefusalKind::Conflict) if other writers were quicker each time, or
    /// [`Invalid`](crate::RefusalKind::Invalid) for a field that the server does not accept; otherwise the [common
    /// errors](crate::Error#common-errors).
    ///
    /// If [`Error::may_have_been_done`] is true, the address may be allocated and the call was not repeated: look for
    /// it, such as by its host name, before the next attempt.
    pub async fn allocate_first_free(&self, subnet: SubnetId, fields: &AddressFields) -> Result<Allocated> {
        let path = path().word("first_free").id("subnet id", subnet.get());
        let request = ApiRequest::new(Method::POST, Call::Allocate, path)?.with_fields(fields.fields.body()?);
        // In one process the calls wait for each other here, which costs less than to lose the race on the server and
        // to repeat (Q65).
        let turn = self.client.subnet_locks().lock(&subnet).await;
        let success = match self.client.call(&request).await {
            Ok(success) => success,
            Err(error) => {
                // Looking up the reason takes up to two reads, which the next caller need not wait for.
                drop(turn);
                return Err(self.explain(subnet, error).await);
            }
        };
        // `data` is the address alone, as a text (Q13); the id is beside it (Q15). One call tells both, so no look-up
        // by address is needed, which could find the same address in another subnet (Q70).
        Ok(Allocated { id: AddressId::new(success.created()?), ip: success.decode()?, warning: success.warning })
    }

    /// Looks up why nothing is free. A reason that cannot be read stays unknown.
    async fn explain(&self, subnet: SubnetId, error: Error) -> Error {
        let Error::Refused(mut refusal) = error else { return error };
        if refusal.kind == RefusalKind::Exhausted(Shortage::Unknown) {
            let subnets = self.client.subnets();
            // One text stands for five causes (Q66). The first read tells a folder and the mark "full" apart; only then
            // the children are worth a second one.
            refusal.kind = match subnets.get(subnet).await {
                Ok(subnet) if subnet.is_folder => RefusalKind::Exhausted(Shortage::Folder),
                Ok(subnet) if subnet.is_full => RefusalKind::Exhausted(Shortage::MarkedFull),
                Ok(_) => match subnets.slaves(subnet).await {
                    Ok(slaves) if slaves.is_empty() => RefusalKind::Exhausted(Shortage::Full),
                    Ok(_) => RefusalKind::Exhausted(Shortage::HasChildren),
                    Err(_) => refusal.kind,
                },
                // `subnets/` hides folders also by id (Q39), so what it does not find may be one.
                Err(missing) if missing.is_not_found() => match self.client.folders().get(subnet).await {
                    Ok(_) => RefusalKind::Exhausted(Shortage::Folder),
                    Err(missing) if missing.is_not_found() => RefusalKind::NotFound,
                    Err(_) => refusal.kind,
                },
                // A look-up that fails must not replace the refusal, which says that nothing was allocated.
                Err(_) => refusal.kind,
            };
        }
        Error::Refused(refusal)
    }

    /// Changes the fields that are set.
    ///
    /// The server resets the tag of an address to "Used" in every change that does not send one. If the tag is
    /// not set, it is therefore read first and sent along.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such address, or
    /// [`Invalid`](crate::RefusalKind::Invalid) for a field that the server does not accept.
    /// [`Config`](crate::RefusalKind::Config) if a required custom field of the address holds an empty text: the server
    /// turns that into NULL and refuses the change, until the field is set too. Otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn update(&self, id: AddressId, fields: &AddressFields) -> Result<()> {
        // Q61: without a tag in the change the server stores 2, "Used". Between the read and the change another client
        // may set a tag, which is lost then; the server offers no condition that would prevent it.
        let named = fields.fields.changes()?.has("tag");
        let mut fields = fields.clone();
        if !named && let Some(tag) = self.get(id).await?.tag {
            fields = fields.with_tag(tag);
        }
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the fields that are set, reads the address back, and compares.
    ///
    /// # Errors
    /// [`Error::PartlyApplied`] if a field does not hold the requested value; otherwise as
    /// [`update`](Self::update).
    pub async fn update_verified(&self, id: AddressId, fields: &AddressFields) -> Result<Address> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH addresses/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes an address.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such address, also because it was
    /// deleted before; otherwise the [common errors](crate::Error#common-errors).
    ///
    /// If a NAT rule names the address, 1.8.2 deletes it and then fails, with
    /// [`Error::EmptyBody`] or a refusal of kind [`Server`](crate::RefusalKind::Server). For
    /// both [`Error::may_have_been_done`] is true. Delete it again: [`NotFound`](crate::RefusalKind::NotFound) means
    /// that it is gone.
    pub async fn delete(&self, id: AddressId) -> Result<()> {
        // By id only: DELETE by IP and subnet finds nothing on 1.5 and 1.6 with PHP 8.1 (Q64), and dies on later ones
        // if the address is gone (Q28).
        self.client.call(&ApiRequest::new(Method::DELETE, Call::Write, one(id))?).await.map(drop)
    }

    /// Deletes an address and its records in PowerDNS. Without PowerDNS it does the same as [`delete`](Self::delete).
    ///
    /// # Errors
    /// Fails in the same cases as [`delete`](Self::delete).
    pub async fn delete_with_dns(&self, id: AddressId) -> Result<()> {
        // In the query: the server would merge a body over the path also on this method (Q24, Q44).
        let request = ApiRequest::new(Method::DELETE, Call::Write, one(id))?.with_query("remove_dns", 1);
        self.client.call(&request).await.map(drop)
    }

    /// Moves an address to another address or subnet, which the server cannot change: creates the new one with all
    /// fields of the old one, and deletes the old one.
    ///
    /// If the old one cannot be deleted, the new one is deleted again.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{AddressFields, SectionFields, SubnetFields};
    ///
    /// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
    /// let subnet = client.subnets().create(section, "10.0.0.0/24".parse()?, &SubnetFields::new()).await?.id;
    /// let fields = AddressFields::new().with_hostname("db1.example");
    /// let old = client.addresses().create(subnet, "10.0.0.5".parse()?, &fields).await?.id;
    ///
    /// let new = client.addresses().move_to(old, subnet, "10.0.0.9".parse()?).await?.id;
    /// assert_eq!(client.addresses().get(new).await?.hostname.as_deref(), Some("db1.example"));
    /// assert!(client.addresses().get(old).await.unwrap_err().is_not_found());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such address, and those of
    /// [`create`](Self::create) and [`delete`](Self::delete); only the old address exists then.
    /// [`Error::PartlyApplied`] if both exist now: its `fields` hold one sentence for people, with both ids. To get the
    /// id of the new one, call [`find_in_subnet`](Self::find_in_subnet) with `subnet` and `ip`. Otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn move_to(&self, id: AddressId, subnet: SubnetId, ip: IpAddr) -> Result<Created<AddressId>> {
        let old = self.get(id).await?;
        // `extra` also holds members of newer versions, which a POST would refuse. Only the schema tells which are
        // custom fields.
        let schema = if old.extra.is_empty() { Vec::new() } else { self.custom_fields().await? };
        // Neither `ip` nor `subnetId` can be changed (Q62), hence a new row, with the fields that a POST accepts. It
        // refuses `editDate`.
        let mut fields = AddressFields::new()
            .patch_hostname(old.hostname.into())
            .patch_description(old.description.into())
            .patch_mac(old.mac.into())
            .patch_owner(old.owner.into())
            .patch_device(old.device_id.into())
            .patch_port(old.port.into())
            .patch_note(old.note.into())
            .patch_location(old.location.map(|location| location.id()).into())
            .patch_customer(old.customer_id.into())
            .patch_last_seen(old.last_seen.into())
            .with_is_gateway(old.is_gateway)
            .with_exclude_ping(old.exclude_ping)
            .with_ptr_ignore(old.ptr_ignore);
        if let Some(tag) = old.tag {
            fields = fields.with_tag(tag);
        }
        for field in schema {
            // An empty text is what a required field holds that was never given a value; the server takes none.
            let given = |value: &&serde_json::Value| !value.is_null() && value.as_str() != Some("");
            if let Some(value) = old.extra.get(&field.name).filter(given) {
                fields = fields.with_custom_field(&field.name, value.clone());
            }
        }
        // New first: with the old one deleted first, a failure would lose the record, and another writer could take the
        // address.
        let new = self.create(subnet, ip, &fields).await?;
        let Err(error) = self.delete(id).await else { return Ok(new) };
        // A NAT rule that names the address makes 1.8.2 fail after it has deleted it, so a failure alone does not prove
        // that it is there.
        let gone = error.is_not_found()
            || error.may_have_been_done() && self.get(id).await.is_err_and(|error| error.is_not_found());
        if gone {
            return Ok(new);
        }
        // The old row is still there, so the new one goes: with both, one machine would hold two addresses.
        match self.delete(new.id).await {
            Ok(()) => Err(error),
            Err(again) if again.is_not_found() => Err(error),
            Err(_) => Err(Error::PartlyApplied {
                call: format!("move of address {id}"),
                fields: vec![format!("addresses {id} and {} are both there now", new.id)],
            }),
        }
    }
}
