//! Reservation policies: names that blueprints choose reservations or storage by.

use super::{Client, List};
use crate::call::{Call, Created};
use crate::error::Error;
use crate::lenient::{JsonObject, model, request_body};
use crate::list::rows;
use crate::odata::Filter;
use crate::request::ApiRequest;

/// The type of policies that choose reservations.
pub const COMPUTE_RESOURCE_POLICY: &str = "Infrastructure.Reservation.Policy.ComputeResource";

/// The type of policies that choose storage.
pub const STORAGE_POLICY: &str = "Infrastructure.Reservation.Policy.Storage";

model! {
    /// A reservation policy.
    pub struct ReservationPolicy {
        /// `ReservationPolicy`, in any letter case.
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// [`COMPUTE_RESOURCE_POLICY`] or [`STORAGE_POLICY`].
        reservation_policy_type_id: String = "reservationPolicyTypeId";
    }
}

rows!(ReservationPolicy.id);

request_body! {
    /// A reservation policy to be made.
    pub struct ReservationPolicyBody {
        /// Free text.
        with_description: String = "description";
        /// The id, to make it under a chosen one or to change it.
        with_id: String = "id";
    }
}

impl ReservationPolicyBody {
    /// A policy of a type, [`COMPUTE_RESOURCE_POLICY`] or [`STORAGE_POLICY`].
    #[must_use]
    pub fn new(name: impl Into<String>, type_id: impl Into<String>) -> Self {
        let body = Self { body: JsonObject::new() }.with_member("name", name.into());
        body.with_member("reservationPolicyTypeId", type_id.into())
    }
}

impl Client {
    /// Reservation policies.
    #[must_use]
    pub fn reservation_policies(&self) -> ReservationPolicies<'_> {
        ReservationPolicies { client: self }
    }
}

/// The policies of the reservation service: `/reservation-service/api/reservations/policies`.
#[derive(Debug, Clone, Copy)]
pub struct ReservationPolicies<'a> {
    client: &'a Client,
}

impl ReservationPolicies<'_> {
    /// The policies. Evidence: documented (7.5).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::{odata::Filter, v7::STORAGE_POLICY};
    /// let storage = client.reservation_policies().list().with_filter(Filter::eq("reservationPolicyTypeId", STORAGE_POLICY));
    /// assert_eq!(storage.request().path(), "/reservation-service/api/reservations/policies");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn list(self) -> List<ReservationPolicy> {
        List::new(&self.client.backend, ApiRequest::get("/reservation-service/api/reservations/policies", &[]))
    }

    /// One policy. Evidence: documented rows (7.5).
    pub fn get(self, id: &str) -> Call<ReservationPolicy> {
        let request = ApiRequest::get("/reservation-service/api/reservations/policies/{policy}", &[id]);
        Call::json(&self.client.backend, request)
    }

    /// The policy of this name and type. Evidence: documented rows (7.5).
    ///
    /// # Errors
    /// [`Error::NoSuchName`], [`Error::Ambiguous`], or what the call says.
    pub async fn named(self, name: &str, type_id: &str) -> Result<ReservationPolicy, Error> {
        let filter = Filter::eq("name", name).and(Filter::eq("reservationPolicyTypeId", type_id));
        self.list().with_filter(filter).only("reservation policy", name, |row| row.name.as_deref()).await
    }

    /// Makes a policy. Evidence: sent (7.x).
    pub fn create(self, body: ReservationPolicyBody) -> Call<Created> {
        let request = ApiRequest::post("/reservation-service/api/reservations/policies", &[]).json(body);
        Call::created(&self.client.backend, request)
    }

    /// Makes or changes a policy under its id. Evidence: sent (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::{ReservationPolicyBody, STORAGE_POLICY};
    /// let call = client.reservation_policies().put("34ae1d6c", ReservationPolicyBody::new("fast", STORAGE_POLICY));
    /// assert_eq!(call.request().body().unwrap()["id"], "34ae1d6c");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn put(self, id: &str, body: ReservationPolicyBody) -> Call<()> {
        let template = "/reservation-service/api/reservations/policies/{policy}";
        Call::done(&self.client.backend, ApiRequest::put(template, &[id]).json(body.with_id(id)))
    }

    /// Changes a policy that was read. Evidence: sent (7.x).
    pub fn update(self, policy: ReservationPolicy) -> Call<()> {
        let id = policy.id.clone().unwrap_or_default();
        let template = "/reservation-service/api/reservations/policies/{policy}";
        Call::done(&self.client.backend, ApiRequest::put(template, &[&id]).json(policy))
    }

    /// Deletes a policy. Evidence: documented call (7.2, 7.5).
    pub fn delete(self, id: &str) -> Call<()> {
        let request = ApiRequest::delete("/reservation-service/api/reservations/policies/{policy}", &[id]);
        Call::done(&self.client.backend, request)
    }

    /// The types of policies; the shape is not published. Evidence: request list (7.0).
    pub fn types(self) -> List<JsonObject> {
        List::new(&self.client.backend, ApiRequest::get("/reservation-service/api/reservations/policies/types", &[]))
    }
}
