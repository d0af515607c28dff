//! Reservation policies: names by which blueprints select reservations or storage.

use super::{Client, List};
use crate::call::{Call, Created};
use crate::error::Error;
use crate::lenient::{JsonObject, model, request_body};
use crate::list::rows;
use crate::odata::Filter;
use crate::request::ApiRequest;

/// Type of the policies that select reservations.
pub const COMPUTE_RESOURCE_POLICY: &str = "Infrastructure.Reservation.Policy.ComputeResource";

/// Type of the policies that select storage.
pub const STORAGE_POLICY: &str = "Infrastructure.Reservation.Policy.Storage";

model! {
    /// Reservation policy.
    pub struct ReservationPolicy {
        // From the manual, whose list has both `ReservationPolicy` and `reservationPolicy` as `@type`.
        /// `ReservationPolicy`; servers differ in letter case.
        type_name: String = "@type";
        /// Id of the policy, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// [`COMPUTE_RESOURCE_POLICY`] or [`STORAGE_POLICY`].
        reservation_policy_type_id: String = "reservationPolicyTypeId";
    }
}

rows!(ReservationPolicy.id);

request_body! {
    /// Body of the call that creates or replaces a reservation policy.
    ///
    /// ```
    /// use vra_client::v7::{ReservationPolicyBody, STORAGE_POLICY};
    ///
    /// let body = ReservationPolicyBody::new("fast", STORAGE_POLICY).with_description("flash storage");
    /// assert_eq!(body.as_json()["reservationPolicyTypeId"], STORAGE_POLICY);
    /// ```
    pub struct ReservationPolicyBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets the id. [`ReservationPolicies::put`] does so itself.
        with_id: String = "id";
    }
}

impl ReservationPolicyBody {
    /// Makes a policy of a type, [`COMPUTE_RESOURCE_POLICY`] or [`STORAGE_POLICY`].
    #[must_use]
    pub fn new(name: impl Into<String>, type_id: impl Into<String>) -> Self {
        let body = Self { body: JsonObject::new() }.with_member("name", name.into());
        body.with_member("reservationPolicyTypeId", type_id.into())
    }
}

impl Client {
    /// Returns the reservation policies.
    #[must_use]
    pub fn reservation_policies(&self) -> ReservationPolicies<'_> {
        ReservationPolicies { client: self }
    }
}

/// Reservation policies, `/reservation-service/api/reservations/policies`: names by which blueprints select
/// reservations or storage.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use vra_client::v7::{COMPUTE_RESOURCE_POLICY, ReservationPolicyBody};
///
/// let policies = client.reservation_policies();
/// policies.create(ReservationPolicyBody::new("Lab", COMPUTE_RESOURCE_POLICY)).await?;
/// let mut lab = policies.named("Lab", COMPUTE_RESOURCE_POLICY).await?;
/// lab.description = Some("for tests".into());
/// policies.update(lab).await?;
/// let lab = policies.named("Lab", COMPUTE_RESOURCE_POLICY).await?;
/// assert_eq!(lab.description.as_deref(), Some("for tests"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ReservationPolicies<'a> {
    client: &'a Client,
}

impl ReservationPolicies<'_> {
    /// Lists the policies. Evidence: documented (7.5).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::{odata::Filter, v7::STORAGE_POLICY};
    /// let of_storage = Filter::eq("reservationPolicyTypeId", STORAGE_POLICY);
    /// let list = client.reservation_policies().list().with_filter(of_storage);
    /// assert_eq!(list.request().path(), "/reservation-service/api/reservations/policies");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn list(self) -> List<ReservationPolicy> {
        List::new(&self.client.backend, ApiRequest::get("/reservation-service/api/reservations/policies", &[]))
    }

    /// Reads one policy. Evidence: documented (7.5, as a row).
    pub fn get(self, id: &str) -> Call<ReservationPolicy> {
        let request = ApiRequest::get("/reservation-service/api/reservations/policies/{policy}", &[id]);
        Call::json(&self.client.backend, request)
    }

    /// Finds the policy with this name and type. Evidence: documented (7.5, as a row).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no policy has the name and type; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn named(self, name: &str, type_id: &str) -> Result<ReservationPolicy, Error> {
        let filter = Filter::eq("name", name).and(Filter::eq("reservationPolicyTypeId", type_id));
        self.list().with_filter(filter).only("reservation policy", name, |row| row.name.as_deref()).await
    }

    /// Creates a policy. Evidence: sent (7.x).
    pub fn create(self, body: ReservationPolicyBody) -> Call<Created> {
        let request = ApiRequest::post("/reservation-service/api/reservations/policies", &[]).json(body);
        Call::created(&self.client.backend, request)
    }

    /// Creates or replaces the policy with this id. Evidence: sent (7.x).
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
        // The manual sends the id in the body too, although the path has it.
        Call::done(&self.client.backend, ApiRequest::put(template, &[id]).json(body.with_id(id)))
    }

    /// Replaces a policy by one that was read and changed. Evidence: sent (7.x).
    pub fn update(self, policy: ReservationPolicy) -> Call<()> {
        let id = policy.id.clone().unwrap_or_default();
        let template = "/reservation-service/api/reservations/policies/{policy}";
        Call::done(&self.client.backend, ApiRequest::put(template, &[&id]).json(policy))
    }

    /// Deletes a policy. Evidence: documented (7.2, 7.5).
    pub fn delete(self, id: &str) -> Call<()> {
        let request = ApiRequest::delete("/reservation-service/api/reservations/policies/{policy}", &[id]);
        Call::done(&self.client.backend, request)
    }

    /// Lists the types of policies. Evidence: listed (7.0); the shape is not published.
    pub fn types(self) -> List<JsonObject> {
        List::new(&self.client.backend, ApiRequest::get("/reservation-service/api/reservations/policies/types", &[]))
    }
}
