//! Reservations: parts of a compute resource that a business group may use.

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
    /// Returns the reservation service: reservations, their types, schemas and values.
    #[must_use]
    pub fn reservations(&self) -> Reservations<'_> {
        Reservations { client: self }
    }
}

/// Reservation service, `/reservation-service/api`: parts of a compute resource that a business group may use.
///
/// To create a reservation, find its type, read the values of `computeResource`, read those of the other fields that
/// depend on it, and build the body.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use vra_client::v7::{ReservationBody, ReservationValues, StorageShare, ValuesRequest};
///
/// let reservations = client.reservations();
/// let vsphere = reservations.type_named("vSphere").await?;
/// let schema_class = vsphere.schema_class_id.unwrap_or_default();
/// let clusters = reservations.values(&schema_class, "computeResource", ValuesRequest::new()).await?;
/// let cluster = clusters[0].as_entity_ref().ok_or("not a reference")?.clone();
/// let of_cluster = ValuesRequest::depending_on("computeResource", cluster.clone());
/// let stores = reservations.values(&schema_class, "reservationStorages", of_cluster).await?;
///
/// let group = client.identity().subtenant_named("qe", "Development").await?.id.unwrap_or_default();
/// let values = ReservationValues::new()
///     .with_compute_resource(cluster)
///     .with_memory_mb(4096)
///     .with_storage(StorageShare::of_value(&stores[0], 100)?);
/// let body = ReservationBody::new("Lab", vsphere.id.unwrap_or_default(), "qe", group).with_values(values);
/// let created = reservations.create(body).await?;
/// assert_eq!(reservations.named("Lab").await?.id, created.id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
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

    /// Lists the reservations. Evidence: members (7.x).
    ///
    /// They can be filtered by `name`, `reservationTypeId`, `subTenantId`, `enabled`, `tenantId` and
    /// `reservationPolicyId` only, and cannot be ordered.
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

    /// Reads one reservation. Evidence: members (7.x).
    pub fn get(self, id: &str) -> Call<Reservation> {
        self.json(ApiRequest::get("/reservation-service/api/reservations/{reservation}", &[id]))
    }

    /// Finds the reservation with this name. Evidence: members (7.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no reservation has the name; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<Reservation, Error> {
        self.list().with_filter(Filter::eq("name", name)).only("reservation", name, |row| row.name.as_deref()).await
    }

    /// Creates a reservation of any type. Evidence: sent (7.x, vSphere), documented (7.x, vCloud Air and Amazon, in
    /// part).
    ///
    /// The server returns 201 with `Location` and without a body. If the response is lost, look for the
    /// [name](Self::named) before you create it again.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::{EntityRef, ReservationBody, ReservationValues};
    /// let values = ReservationValues::new()
    ///     .with_compute_resource(EntityRef::new("ComputeResource", "047e00f5"))
    ///     .with("keyPairs", "Per Provisioning Group");
    /// let amazon = "Infrastructure.Reservation.Cloud.Amazon";
    /// let body = ReservationBody::new("EC2", amazon, "qe", "a5d056be").with_values(values);
    /// assert_eq!(client.reservations().create(body).request().path(), "/reservation-service/api/reservations");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn create(self, body: ReservationBody) -> Call<Created> {
        let request = ApiRequest::post("/reservation-service/api/reservations", &[]).json(body);
        Call::created(&self.client.backend, request)
    }

    /// Creates a reservation with the values of one that was read, under another name. Evidence: sent (7.x).
    pub fn create_copy(self, original: Reservation, name: impl Into<String>) -> Call<Created> {
        let request = ApiRequest::post("/reservation-service/api/reservations", &[]).json(original.copy_as(name));
        Call::created(&self.client.backend, request)
    }

    /// Replaces a reservation by one that was read and changed. Evidence: sent (7.x).
    ///
    /// It sends the [`version`](Reservation::version) that was read. What the server returns if another client has
    /// changed the reservation since is not published; a status 409 or 412 has kind `Conflict`.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// let mut reservation = client.reservations().named("Dev").await?;
    /// reservation.priority = Some(2);
    /// client.reservations().update(reservation).await?;
    /// assert_eq!(client.reservations().named("Dev").await?.priority, Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
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

    /// Lists the reservations of a category (`Virtual`, `Cloud`, `Physical`) with quota and usage.
    /// Evidence: listed (7.x); the shape is not published.
    pub fn info(self, category: &str) -> List<JsonObject> {
        let request = ApiRequest::get("/reservation-service/api/reservations/info", &[]);
        self.rows(request.with_query("category", category))
    }

    /// Lists the business groups of a tenant that have reservations. Evidence: listed (7.x); the shape is not
    /// published.
    pub fn subtenants(self, tenant: &str) -> List<JsonObject> {
        let request = ApiRequest::get("/reservation-service/api/reservations/subtenants", &[]);
        self.rows(request.with_query("tenantId", tenant))
    }

    /// Lists the tenants that have reservations. Evidence: listed (7.x); the shape is not published.
    pub fn tenants(self) -> List<JsonObject> {
        self.rows(ApiRequest::get("/reservation-service/api/reservations/tenants", &[]))
    }

    /// Lists the categories of types. Evidence: listed (7.0); the shape is not published.
    pub fn categories(self) -> List<JsonObject> {
        self.rows(ApiRequest::get("/reservation-service/api/reservations/types/categories", &[]))
    }

    /// Lists the types of reservations. Evidence: documented (7.3).
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

    /// Reads one type. Evidence: documented (7.3, as a row).
    pub fn reservation_type(self, id: &str) -> Call<ReservationType> {
        self.json(ApiRequest::get("/reservation-service/api/reservations/types/{type}", &[id]))
    }

    /// Finds the type with this name, id or schema class. Evidence: documented (7.3).
    ///
    /// Names differ between releases (`Amazon`, `Amazon EC2`). So if no type matches exactly, one whose name begins
    /// with `name` is found, in any letter case.
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no type matches; [`Error::Ambiguous`] if several do; otherwise the [errors of a
    /// list](List#errors).
    pub async fn type_named(self, name: &str) -> Result<ReservationType, Error> {
        let list = self.types();
        let operation = list.request().operation();
        // The manual's own example counts more rows than it prints, so the count is not enforced for this short list.
        let rows = list.with_incomplete_allowed().all().await?;
        // By id and schema class too, since those are the same in all releases and languages.
        let exact = |row: &&ReservationType| {
            [&row.id, &row.schema_class_id, &row.name].iter().any(|field| field.as_deref() == Some(name))
        };
        let begins = |row: &&ReservationType| {
            row.name.as_deref().is_some_and(|full| full.to_lowercase().starts_with(&name.to_lowercase()))
        };
        let mut found: Vec<_> = rows.iter().filter(exact).collect();
        if found.is_empty() {
            // Only without an exact match: `vCloud` is the name of one type and the begin of others.
            found = rows.iter().filter(begins).collect();
        }
        let (what, name) = ("reservation type", name.to_owned());
        match found.as_slice() {
            [only] => Ok((*only).clone()),
            [] => Err(Error::NoSuchName { operation, what, name }),
            several => Err(Error::Ambiguous { operation, what, name, count: several.len() }),
        }
    }

    /// Reads the fields of a type's reservations, by the type's `schema_class_id`. Evidence: documented (7.3).
    pub fn schema(self, schema_class_id: &str) -> Call<Schema> {
        let template = "/reservation-service/api/data-service/schema/{class}/default";
        self.json(ApiRequest::get(template, &[schema_class_id]))
    }

    /// Reads the permissible values of a field. Evidence: members (7.x), documented (6.2, the call).
    ///
    /// `computeResource` depends on no other field, and all others depend on it. The call is a POST that only reads, so
    /// it is repeated like a GET.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::ValuesRequest;
    /// let class = "Infrastructure.Reservation.Virtual.vSphere";
    /// let call = client.reservations().values(class, "computeResource", ValuesRequest::new());
    /// assert!(call.request().is_repeatable());
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn values(self, schema_class_id: &str, field_id: &str, body: ValuesRequest) -> Call<Vec<PermissibleValue>> {
        let template = "/reservation-service/api/data-service/schema/{class}/default/{field}/values";
        // A POST only because the dependencies need a body. It may be repeated.
        let request = ApiRequest::post(template, &[schema_class_id, field_id]).json(body).reading();
        self.json::<Page<PermissibleValue>>(request).map(|page| Ok(page.content))
    }
}
