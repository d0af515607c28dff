//! Controller `circuits`.

pub(crate) mod model;

use self::model::{Circuit, CircuitFields, CircuitProvider, CircuitProviderFields};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::error::Result;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};
use crate::wire::{CircuitId, CircuitProviderId};

/// Circuits; see [`Client::circuits`].
///
/// | | 1.3 | 1.4, 1.5 | 1.6 | 1.7, 1.8 |
/// | --- | --- | --- | --- | --- |
/// | reading, changing, deleting | works | works | works | works |
/// | creating | works | fails | fails | fails |
/// | [providers](Self::providers) | works | works | not measured | fails |
///
/// From 1.4 on the server cannot create a circuit: it refuses every given type (HTTP 400), and without one it writes a
/// text into a column of numbers, which its database refuses (HTTP 500). Both are refusals of kind
/// [`Invalid`](crate::RefusalKind::Invalid). On 1.7 and 1.8 it crashes in every call for providers, with an empty response. Both
/// calls are here for versions where they work.
///
/// ```no_run
/// # async fn example(client: &phpipam_client::Client) -> Result<(), phpipam_client::Error> {
/// use phpipam_client::models::{CircuitFields, Status};
///
/// let line = client.circuits().get_by_circuit_id("C-1042").await?;
/// client.circuits().update(line.id, &CircuitFields::new().with_status(Status::Inactive)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Circuits<'a> {
    client: &'a Client,
}

fn path() -> Path {
    Path::new("circuits")
}

fn one(id: CircuitId) -> Path {
    path().id("circuit id", id.get())
}

impl<'a> Circuits<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Returns a handle to the circuit providers. Works up to 1.5.
    #[must_use]
    pub fn providers(&self) -> CircuitProviders<'a> {
        CircuitProviders { client: self.client }
    }

    /// Lists all circuits.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only.
    pub async fn list(&self) -> Result<Vec<Circuit>> {
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// Lists the circuits that match.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if circuits have no such field; otherwise the [common
    /// errors](crate::Error#common-errors). 1.3 filters wrongly without an error; see [`Filter`].
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Circuit>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path())?), None).await
    }

    /// Returns one circuit.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such circuit; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn get(&self, id: CircuitId) -> Result<Circuit> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// Returns the circuit with this circuit id, the text that people use.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for an id that cannot be a part of a path: an empty one, `0`, and one
    /// with a slash. A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such circuit;
    /// otherwise the [common errors](crate::Error#common-errors).
    pub async fn get_by_circuit_id(&self, circuit_id: &str) -> Result<Circuit> {
        // `circuits/{id}/` takes the number of the server; a circuit id needs a word before it.
        let path = path().word("circuit_id").text("circuit id", circuit_id);
        self.client.one(&ApiRequest::get(Call::One, path)?).await
    }

    /// Creates a circuit. **Fails from 1.4 to 1.8**; see [`Circuits`].
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) from 1.4 on, with a type (HTTP 400) and without one
    /// (HTTP 500). In 1.3:
    /// [`Conflict`](crate::RefusalKind::Conflict) if the circuit id is in use, or
    /// [`Invalid`](crate::RefusalKind::Invalid) if provider, device or location does not exist. Otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn create(
        &self,
        circuit_id: &str,
        provider: CircuitProviderId,
        fields: &CircuitFields,
    ) -> Result<Created<CircuitId>> {
        // Sent although every version from 1.4 to 1.8 fails: the version of the server is not known (Q60), and a later
        // one may accept it.
        let fields = fields.clone().with_circuit_id(circuit_id).with_provider(provider);
        write::create(self.client, path(), &fields.fields).await
    }

    /// Changes the fields that are set.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such circuit,
    /// [`Conflict`](crate::RefusalKind::Conflict) if the circuit id is in use, or
    /// [`Invalid`](crate::RefusalKind::Invalid) if provider, device or location does not exist; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn update(&self, id: CircuitId, fields: &CircuitFields) -> Result<()> {
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the fields that are set, reads the circuit back, and compares.
    ///
    /// # Errors
    /// [`Error::PartlyApplied`](crate::Error::PartlyApplied) if a field does not hold the requested value; otherwise as
    /// [`update`](Self::update).
    pub async fn update_verified(&self, id: CircuitId, fields: &CircuitFields) -> Result<Circuit> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH circuits/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a circuit.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such circuit; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn delete(&self, id: CircuitId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}

/// Circuit providers; see [`Circuits::providers`].
///
/// Works up to 1.5. On 1.7 and 1.8 every call is [`Error::EmptyBody`](crate::Error::EmptyBody): the server crashes.
///
/// ```no_run
/// # async fn example(client: &phpipam_client::Client) -> Result<(), phpipam_client::Error> {
/// use phpipam_client::models::CircuitProviderFields;
///
/// let fields = CircuitProviderFields::new().with_contact("noc@telco.example");
/// println!("{}", client.circuits().providers().create("Telco", &fields).await?.id);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct CircuitProviders<'a> {
    client: &'a Client,
}

fn providers() -> Path {
    path().word("providers")
}

fn provider(id: CircuitProviderId) -> Path {
    providers().id("circuit provider id", id.get())
}

impl CircuitProviders<'_> {
    /// Lists all circuit providers.
    ///
    /// # Errors
    /// [`Error::EmptyBody`](crate::Error::EmptyBody) on 1.7 and 1.8; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn list(&self) -> Result<Vec<CircuitProvider>> {
        // The empty 500 of 1.7 and 1.8 stays `EmptyBody`: it does not tell this fault from a list beyond PHP's memory
        // (Q21).
        self.client.list(&ApiRequest::get(Call::List, providers())?, None).await
    }

    /// Returns one circuit provider.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such provider;
    /// [`Error::EmptyBody`](crate::Error::EmptyBody) on 1.7 and 1.8; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn get(&self, id: CircuitProviderId) -> Result<CircuitProvider> {
        self.client.one(&ApiRequest::get(Call::One, provider(id))?).await
    }

    /// Lists the circuits of a provider.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such provider;
    /// [`Error::EmptyBody`](crate::Error::EmptyBody) on 1.7 and 1.8; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn circuits(&self, id: CircuitProviderId) -> Result<Vec<Circuit>> {
        let request = ApiRequest::get(Call::List, provider(id).word("circuits"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, provider(id))?).await
    }

    /// Creates a circuit provider.
    ///
    /// # Errors
    /// [`Error::EmptyBody`](crate::Error::EmptyBody) on 1.7 and 1.8; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn create(&self, name: &str, fields: &CircuitProviderFields) -> Result<Created<CircuitProviderId>> {
        write::create(self.client, providers(), &fields.clone().with_name(name).fields).await
    }

    /// Changes the fields that are set.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such provider;
    /// [`Error::EmptyBody`](crate::Error::EmptyBody) on 1.7 and 1.8; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn update(&self, id: CircuitProviderId, fields: &CircuitProviderFields) -> Result<()> {
        write::update(self.client, provider(id), &fields.fields).await
    }

    /// Deletes a circuit provider.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such provider;
    /// [`Error::EmptyBody`](crate::Error::EmptyBody) on 1.7 and 1.8; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn delete(&self, id: CircuitProviderId) -> Result<()> {
        write::delete(self.client, provider(id)).await
    }
}
