//! `circuits`

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
/// | | 1.3 | 1.4 to 1.5 | 1.7 to 1.8 |
/// | --- | --- | --- | --- |
/// | reading, changing, deleting | works | works | works |
/// | creating | works | fails | fails |
/// | [providers](Self::providers) | works | works | fails |
///
/// No version between 1.4.7 and 1.8.2 that was measured creates a circuit: the server refuses every type that is given
/// (400), and without one writes a text into a column of numbers (500). On 1.7.4 and 1.8.2 the server crashes on every call
/// for providers ([`Error::EmptyBody`](crate::Error::EmptyBody)). Both are the server's, and the calls are here for
/// versions where they work.
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

    /// Who provides circuits. Works up to 1.5.
    #[must_use]
    pub fn providers(&self) -> CircuitProviders<'a> {
        CircuitProviders { client: self.client }
    }

    /// All circuits.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list(&self) -> Result<Vec<Circuit>> {
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// The circuits that match.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Circuit>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path())?), None).await
    }

    /// One circuit.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get(&self, id: CircuitId) -> Result<Circuit> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// The circuit with this circuit id, the one that people use.
    ///
    /// # Errors
    /// [`Error`](crate::Error); of kind `Invalid` for an id that cannot stand in a path: an empty one, `0`, and one with a
    /// slash.
    pub async fn get_by_circuit_id(&self, circuit_id: &str) -> Result<Circuit> {
        let path = path().word("circuit_id").text("circuit id", circuit_id);
        self.client.one(&ApiRequest::get(Call::One, path)?).await
    }

    /// Creates a circuit. **Fails on every version measured from 1.4 to 1.8**, see [`Circuits`].
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn create(
        &self,
        circuit_id: &str,
        provider: CircuitProviderId,
        fields: &CircuitFields,
    ) -> Result<Created<CircuitId>> {
        let fields = fields.clone().with_circuit_id(circuit_id).with_provider(provider);
        write::create(self.client, path(), &fields.fields).await
    }

    /// Changes the named fields.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn update(&self, id: CircuitId, fields: &CircuitFields) -> Result<()> {
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the named fields, reads the circuit back, and fails if one does not hold what was asked for.
    ///
    /// # Errors
    /// [`Error`](crate::Error), [`Error::PartlyApplied`](crate::Error::PartlyApplied)
    pub async fn update_verified(&self, id: CircuitId, fields: &CircuitFields) -> Result<Circuit> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH circuits/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a circuit.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn delete(&self, id: CircuitId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}

/// Who provides circuits; see [`Circuits::providers`].
///
/// Works up to 1.5. On 1.7.4 and 1.8.2 the server crashes on each of these calls, with an empty response:
/// [`Error::EmptyBody`](crate::Error::EmptyBody).
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
    /// All providers.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list(&self) -> Result<Vec<CircuitProvider>> {
        self.client.list(&ApiRequest::get(Call::List, providers())?, None).await
    }

    /// One provider.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get(&self, id: CircuitProviderId) -> Result<CircuitProvider> {
        self.client.one(&ApiRequest::get(Call::One, provider(id))?).await
    }

    /// The circuits of a provider.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn circuits(&self, id: CircuitProviderId) -> Result<Vec<Circuit>> {
        let request = ApiRequest::get(Call::List, provider(id).word("circuits"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, provider(id))?).await
    }

    /// Creates a provider.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn create(&self, name: &str, fields: &CircuitProviderFields) -> Result<Created<CircuitProviderId>> {
        write::create(self.client, providers(), &fields.clone().with_name(name).fields).await
    }

    /// Changes the named fields.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn update(&self, id: CircuitProviderId, fields: &CircuitProviderFields) -> Result<()> {
        write::update(self.client, provider(id), &fields.fields).await
    }

    /// Deletes a provider.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn delete(&self, id: CircuitProviderId) -> Result<()> {
        write::delete(self.client, provider(id)).await
    }
}
