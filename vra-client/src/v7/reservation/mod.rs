//! Reservations: which part of a compute resource a business group may use.

mod body;
mod model;

pub use body::{ReservationBody, ReservationValues, StorageShare};
pub use model::{Alert, AlertPolicy, AlertType, Reservation, ReservationType};

use super::{Client, List, Page, PermissibleValue, Schema, ValuesRequest};
use crate::call::{Call, Created};
use crate::error::Error;
use crate::lenient::JsonObject;
use crate::odata::Filter;
use crate::request::ApiRequest;

impl Client {
    /// Reservations, their types, schemas and values.
    #[must_use]
    pub fn reservations(&self) -> Reservations<'_> {
        Reservations { client: self }
    }
}

/// The reservation service: `/reservation-service/api`.
///
/// Making a reservation goes: choose a type, read its schema, ask for the values of `computeResource`, ask for those of
/// the other fields with it, build, create.
///
/// ```no_run
/// # async fn run(client: vra_client::v7::Client) -> Result<(), vra_client::Error> {
/// use vra_client::v7::{EntityRef, ReservationBody, ReservationValues, StorageShare, ValuesRequest};
///
/// let reservations = client.reservations();
/// let vsphere = reservations.type_named("vSphere").await?;
/// let schema_class = vsphere.schema_class_id.unwrap_or_default();
/// let clusters = reservations.values(&schema_class, "computeResource", ValuesRequest::new()).await?;
/// let cluster = clusters.first().and_then(|value| value.as_entity_ref()).expect("a cluster").clone();
/// let question = || ValuesRequest::depending_on("computeResource", cluster.clone());
/// let stores = reservations.values(&schema_class, "reservationStorages", question()).await?;
/// let store = StorageShare::of_value(&stores[0], 100)?;
/// let values = ReservationValues::new().with_compute_resource(cluster.clone()).with_memory_mb(4096).with_storage(store);
/// let group = client.identity().subtenant_named("qe", "Development").await?.id.unwrap_or_default();
/// let body = ReservationBody::new("Dev", vsphere.id.unwrap_or_default(), "qe", group).with_values(values);
/// let created = reservations.create(body).await?;
/// println!("made {:?}", created.id);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Reservations<'a> {
    client: &'a Client,
}

impl Reservations<'_> {
    fn json<T: serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> Call<T> {
        Call::json(&self.client.backend, request)
    }

    fn rows<T: super::Row + serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> List<T> {
        List::new(&self.client.backend, request)
    }

    /// The reservations. They can be filtered by `name`, `reservationTypeId`, `subTenantId`, `enabled`, `tenantId` and
    /// `reservationPolicyId` only, and not ordered. Evidence: names (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::odata::Filter;
    /// let list = client.reservations().list().with_filter(Filter::eq("name", "TestReservation"));
    /// assert_eq!(list.request().query_value("$filter"), Some("name eq 'TestReservation'"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn list(self) -> List<Reservation> {
        self.rows(ApiRequest::get("/reservation-service/api/reservations", &[]))
    }

    /// One reservation. Evidence: names (7.x).
    pub fn get(self, id: &str) -> Call<Reservation> {
        self.json(ApiRequest::get("/reservation-service/api/reservations/{reservation}", &[id]))
    }

    /// The reservation of this name. Evidence: names (7.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`], [`Error::Ambiguous`], or what the call says.
    pub async fn named(self, name: &str) -> Result<Reservation, Error> {
        self.list().with_filter(Filter::eq("name", name)).only("reservation", name, |row| row.name.as_deref()).await
    }

    /// Makes a reservation of any type. The server answers 201 with `Location` and no body.
    /// Evidence: vSphere sent (7.x); vCloud Air, Amazon documented in part (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::{EntityRef, ReservationBody, ReservationValues};
    /// let values = ReservationValues::new()
    ///     .with_compute_resource(EntityRef::new("ComputeResource", "047e00f5"))
    ///     .with("keyPairs", "Per Provisioning Group");
    /// let body = ReservationBody::new("EC2", "Infrastructure.Reservation.Cloud.Amazon", "qe", "a5d056be").with_values(values);
    /// assert_eq!(client.reservations().create(body).request().path(), "/reservation-service/api/reservations");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn create(self, body: ReservationBody) -> Call<Created> {
        let request = ApiRequest::post("/reservation-service/api/reservations", &[]).json(body);
        Call::created(&self.client.backend, request)
    }

    /// Makes a reservation like one that was read, under another name. Evidence: client code (7.x).
    pub fn create_copy(self, original: Reservation, name: impl Into<String>) -> Call<Created> {
        let request = ApiRequest::post("/reservation-service/api/reservations", &[]).json(original.copy_as(name));
        Call::created(&self.client.backend, request)
    }

    /// Replaces a reservation by one that was read and changed: all of it. Evidence: sent (7.x).
    ///
    /// ```no_run
    /// # async fn run(client: vra_client::v7::Client) -> Result<(), vra_client::Error> {
    /// let mut reservation = client.reservations().named("TestReservation").await?;
    /// reservation.priority = Some(2);
    /// client.reservations().update(reservation).await?;
    /// # Ok(()) }
    /// ```
    pub fn update(self, reservation: Reservation) -> Call<()> {
        let id = reservation.id.clone().unwrap_or_default();
        let request = ApiRequest::put("/reservation-service/api/reservations/{reservation}", &[&id]).json(reservation);
        Call::done(&self.client.backend, request)
    }

    /// Deletes a reservation. Evidence: documented (6.2).
    pub fn delete(self, id: &str) -> Call<()> {
        let request = ApiRequest::delete("/reservation-service/api/reservations/{reservation}", &[id]);
        Call::done(&self.client.backend, request)
    }

    /// The reservations of a category (`Virtual`, `Cloud`, `Physical`) with quota and use; the shape is not published.
    /// Evidence: request list (7.x).
    pub fn info(self, category: &str) -> List<JsonObject> {
        let request = ApiRequest::get("/reservation-service/api/reservations/info", &[]);
        self.rows(request.with_query("category", category))
    }

    /// The business groups of a tenant that have reservations; the shape is not published.
    /// Evidence: request list (7.x).
    pub fn subtenants(self, tenant: &str) -> List<JsonObject> {
        let request = ApiRequest::get("/reservation-service/api/reservations/subtenants", &[]);
        self.rows(request.with_query("tenantId", tenant))
    }

    /// The tenants that have reservations; the shape is not published. Evidence: request list (7.x).
    pub fn tenants(self) -> List<JsonObject> {
        self.rows(ApiRequest::get("/reservation-service/api/reservations/tenants", &[]))
    }

    /// The categories of types; the shape is not published. Evidence: request list (7.0).
    pub fn categories(self) -> List<JsonObject> {
        self.rows(ApiRequest::get("/reservation-service/api/reservations/types/categories", &[]))
    }

    /// The types. Evidence: documented (7.3).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.reservations().types();
    /// assert_eq!(list.request().path(), "/reservation-service/api/reservations/types");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn types(self) -> List<ReservationType> {
        self.rows(ApiRequest::get("/reservation-service/api/reservations/types", &[]))
    }

    /// One type. Evidence: documented rows (7.3).
    pub fn reservation_type(self, id: &str) -> Call<ReservationType> {
        self.json(ApiRequest::get("/reservation-service/api/reservations/types/{type}", &[id]))
    }

    /// The type of this name, id or schema class. Names differ between releases (`Amazon`, `Amazon EC2`), so a name
    /// that one begins with will do if it fits one type only. Evidence: documented (7.3).
    ///
    /// # Errors
    /// [`Error::NoSuchName`], [`Error::Ambiguous`], or what the call says.
    pub async fn type_named(self, name: &str) -> Result<ReservationType, Error> {
        let list = self.types();
        let operation = list.request().operation();
        // Eight types; and the manual's own example counts more rows than it prints.
        let rows = list.with_incomplete_allowed().all().await?;
        let exact = |row: &&ReservationType| {
            [&row.id, &row.schema_class_id, &row.name].iter().any(|field| field.as_deref() == Some(name))
        };
        let begins = |row: &&ReservationType| {
            row.name.as_deref().is_some_and(|full| full.to_lowercase().starts_with(&name.to_lowercase()))
        };
        let mut found: Vec<_> = rows.iter().filter(exact).collect();
        if found.is_empty() {
            found = rows.iter().filter(begins).collect();
        }
        let (what, name) = ("reservation type", name.to_owned());
        match found.as_slice() {
            [only] => Ok((*only).clone()),
            [] => Err(Error::NoSuchName { operation, what, name }),
            several => Err(Error::Ambiguous { operation, what, name, count: several.len() }),
        }
    }

    /// The fields of a type's reservations, by the type's `schema_class_id`. Evidence: documented (7.3).
    pub fn schema(self, schema_class_id: &str) -> Call<Schema> {
        let template = "/reservation-service/api/data-service/schema/{class}/default";
        self.json(ApiRequest::get(template, &[schema_class_id]))
    }

    /// The values that a field can have. `computeResource` depends on no other field, all others on it.
    /// Evidence: names (7.x), documented call (6.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::ValuesRequest;
    /// let class = "Infrastructure.Reservation.Virtual.vSphere";
    /// let call = client.reservations().values(class, "computeResource", ValuesRequest::new());
    /// assert!(call.request().is_repeatable(), "it only reads");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn values(self, schema_class_id: &str, field_id: &str, body: ValuesRequest) -> Call<Vec<PermissibleValue>> {
        let template = "/reservation-service/api/data-service/schema/{class}/default/{field}/values";
        let request = ApiRequest::post(template, &[schema_class_id, field_id]).json(body).reading();
        self.json::<Page<PermissibleValue>>(request).map(|page| Ok(page.content))
    }
}
