//! Bodies of the calls that create reservations.

use super::model::{AlertPolicy, COMPONENT, network};
use crate::error::Error;
use crate::lenient::{JsonObject, request_body};
use crate::v7::{Complex, EntityRef, Literal, LiteralMap, Multiple, PermissibleValue};

request_body! {
    /// Body of the call that creates a reservation.
    ///
    /// ```
    /// use vra_client::v7::{Alert, AlertPolicy, EntityRef, ReservationBody, ReservationValues};
    ///
    /// let mut alerts = AlertPolicy::off([Alert::at(80, "storage"), Alert::at(90, "memory")]);
    /// alerts.enabled = Some(true);
    /// let values = ReservationValues::new().with_compute_resource(EntityRef::new("ComputeResource", "047e00f5"));
    /// let body = ReservationBody::new("Dev", "Infrastructure.Reservation.Virtual.vSphere", "qe", "a5d056be")
    ///     .with_values(values)
    ///     .with_alert_policy(alerts);
    /// assert_eq!(body.as_json()["priority"], 1);
    /// assert_eq!(body.as_json()["alertPolicy"]["enabled"], true);
    /// ```
    pub struct ReservationBody {
        /// Allows provisioning from it. Default: true.
        with_enabled: bool = "enabled";
        /// Sets the rank among the reservations; 1 is used before 2. Default: 1.
        with_priority: i64 = "priority";
        /// Sets the id of the reservation policy that it belongs to. Default: `null`.
        with_policy: Option<String> = "reservationPolicyId";
        /// Sets the alerts. Default: [`AlertPolicy::off`] without levels.
        with_alert_policy: AlertPolicy = "alertPolicy";
        /// Sets the values of the fields of its type. Default: none.
        with_values: LiteralMap = "extensionData";
        /// Sets the version. Default: not sent; some clients send 0 for a new reservation.
        with_version: i64 = "version";
    }
}

impl ReservationBody {
    /// Makes a reservation of a type for a business group of a tenant.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        reservation_type_id: impl Into<String>,
        tenant: impl Into<String>,
        subtenant_id: impl Into<String>,
    ) -> Self {
        Self { body: JsonObject::new() }
            .with_member("name", name.into())
            .with_member("reservationTypeId", reservation_type_id.into())
            .with_member("tenantId", tenant.into())
            .with_member("subTenantId", subtenant_id.into())
            .with_enabled(true)
            .with_priority(1)
            // Policy and alerts are sent even when there are none, as in all published bodies.
            .with_policy(None)
            .with_alert_policy(AlertPolicy::off([]))
            .with_values(LiteralMap::new())
    }
}

/// Values of a reservation's fields, under the ids of the [Programming Guide](crate#evidence).
///
/// The server's [schema](super::Reservations::schema) is authoritative: fields with other ids are set by
/// [`with`](Self::with).
///
/// ```
/// use vra_client::v7::{EntityRef, LiteralMap, ReservationValues, StorageShare};
///
/// let values = ReservationValues::new()
///     .with_compute_resource(EntityRef::new("ComputeResource", "047e00f5"))
///     .with_memory_mb(4096)
///     .with_storage(StorageShare::new(EntityRef::new("Storage", "9"), 100).with_priority(1))
///     .with_network(EntityRef::new("Network", "7"), Some(EntityRef::new("NetworkProfile", "597ff2c1")));
/// let fields = LiteralMap::from(values);
/// assert_eq!(fields.get("reservationNetworks").map(|networks| networks.items().len()), Some(1));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReservationValues {
    values: LiteralMap,
}

impl ReservationValues {
    /// Makes a set of values without fields.
    #[must_use]
    pub fn new() -> Self {
        Self { values: LiteralMap::new() }
    }

    /// Sets a field by its id.
    #[must_use]
    pub fn with(mut self, field_id: impl Into<String>, value: impl Into<Literal>) -> Self {
        self.values.set(field_id, value);
        self
    }

    /// Sets the compute resource that the reservation is a part of. All types.
    #[must_use]
    pub fn with_compute_resource(self, resource: EntityRef) -> Self {
        self.with("computeResource", resource)
    }

    /// Sets the reserved memory, in MB. vSphere, vCloud Director, vCloud Air.
    #[must_use]
    pub fn with_memory_mb(self, mb: u32) -> Self {
        let values = LiteralMap::new().with("memoryReservedSizeMb", mb);
        self.with("reservationMemory", Complex::new(COMPONENT, "Infrastructure.Reservation.Memory", values))
    }

    /// Sets the largest number of machines; 0 is no limit. All types.
    #[must_use]
    pub fn with_machine_quota(self, machines: u32) -> Self {
        self.with("machineQuota", machines)
    }

    /// Sets the resource pool. vSphere.
    #[must_use]
    pub fn with_resource_pool(self, pool: EntityRef) -> Self {
        self.with("resourcePool", pool)
    }

    /// Adds storage. vSphere, vCloud Director, vCloud Air.
    #[must_use]
    pub fn with_storage(self, share: StorageShare) -> Self {
        self.and("reservationStorages", share.complex)
    }

    /// Adds a network, with its network profile if it has one. vSphere, vCloud Director, vCloud Air.
    #[must_use]
    pub fn with_network(self, path: EntityRef, profile: Option<EntityRef>) -> Self {
        self.and("reservationNetworks", network(path, profile))
    }

    /// Sets the transport zone of NSX. vSphere.
    #[must_use]
    pub fn with_transport_zone(self, zone: EntityRef) -> Self {
        // The schema page of the manual prints `reservationVCNS…`; published clients send these names.
        self.with("vCNSTransportZone", zone)
    }

    /// Sets the security groups of NSX. vSphere.
    #[must_use]
    pub fn with_security_groups(self, groups: impl IntoIterator<Item = EntityRef>) -> Self {
        // A list of references, unlike storages and networks, which are lists of structured values.
        self.with("vCNSSecurityGroups", Multiple::references(groups))
    }

    /// Adds a routed gateway of NSX: the edge, its interface, and the network profile behind it. vSphere.
    #[must_use]
    pub fn with_routed_gateway(self, edge: EntityRef, path: EntityRef, profile: EntityRef) -> Self {
        let values =
            LiteralMap::new().with("vCNSNetworkProfile", profile).with("vCNSNetworkPath", path).with("vCNSEdge", edge);
        // The class of this structure has the type of the reservation in its name, unlike the others.
        let class = "Infrastructure.Reservation.Virtual.vSphere.VCNSRoutedGateway";
        self.and("vCNSRoutedGateways", Complex::new(COMPONENT, class, values))
    }

    fn and(mut self, field_id: &str, item: Complex) -> Self {
        // `set` replaces a value, so the list is taken out, extended and set again.
        let mut list = match self.values.get(field_id) {
            Some(Literal::Multiple(list)) => list.clone(),
            _ => Multiple::complex([]),
        };
        list.items.get_or_insert_default().push(Literal::Complex(item));
        self.values.set(field_id, list);
        self
    }
}

impl From<ReservationValues> for LiteralMap {
    fn from(values: ReservationValues) -> Self {
        values.values
    }
}

/// Reserved part of a datastore.
///
/// ```
/// use vra_client::v7::{EntityRef, StorageShare};
///
/// // 100 GB, used after the datastores with priority 0.
/// let share = StorageShare::new(EntityRef::new("Storage", "9"), 100).with_priority(1);
/// assert!(format!("{share:?}").contains("storageReservedSizeGB"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StorageShare {
    complex: Complex,
}

impl StorageShare {
    /// Reserves this many GB of a datastore, with priority 0 and enabled.
    #[must_use]
    pub fn new(path: EntityRef, reserved_gb: u32) -> Self {
        let values = LiteralMap::new()
            .with("storageReservedSizeGB", reserved_gb)
            // 0 is the first rank, as in published bodies; reservations themselves count from 1.
            .with("storageReservationPriority", 0)
            .with("storagePath", path)
            .with("storageEnabled", true);
        Self { complex: Complex::new(COMPONENT, "Infrastructure.Reservation.Storage", values) }
    }

    /// Reserves this many GB of a datastore that the server returned as a permissible value, with priority 0 and
    /// enabled. The other members of the value are sent back unchanged.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the value is not a structured one, as those of the field `reservationStorages` are.
    pub fn of_value(value: &PermissibleValue, reserved_gb: u32) -> Result<Self, Error> {
        let label = value.label.as_deref().unwrap_or_default();
        let Some(Literal::Complex(complex)) = &value.underlying_value else {
            return Err(Error::invalid("storage", label, "a value of the field reservationStorages"));
        };
        // The value has read-only members such as `storageTotalSizeGB`. The manual copies the whole value.
        let mut complex = complex.clone();
        let values = complex.values.get_or_insert_with(LiteralMap::new);
        values.set("storageReservedSizeGB", reserved_gb);
        values.set("storageReservationPriority", 0);
        values.set("storageEnabled", true);
        Ok(Self { complex })
    }

    /// Sets the rank among the datastores; 0 is used first.
    #[must_use]
    pub fn with_priority(self, priority: u32) -> Self {
        self.with("storageReservationPriority", priority)
    }

    /// Sets whether machines may be placed on it.
    #[must_use]
    pub fn with_enabled(self, enabled: bool) -> Self {
        self.with("storageEnabled", enabled)
    }

    fn with(mut self, key: &str, value: impl Into<Literal>) -> Self {
        self.complex.values.get_or_insert_with(LiteralMap::new).set(key, value);
        self
    }
}
