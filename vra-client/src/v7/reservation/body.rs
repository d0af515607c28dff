//! What a reservation is made of.

use super::model::{AlertPolicy, COMPONENT, network};
use crate::error::Error;
use crate::lenient::{JsonObject, request_body};
use crate::v7::{Complex, EntityRef, Literal, LiteralMap, Multiple, PermissibleValue};

request_body! {
    /// A reservation to be made.
    pub struct ReservationBody {
        /// Whether it may be used; yes, unless set.
        with_enabled: bool = "enabled";
        /// Which is used first; 1, unless set.
        with_priority: i64 = "priority";
        /// The policy that chooses it; none, unless set.
        with_policy: Option<String> = "reservationPolicyId";
        /// When to warn; never, unless set.
        with_alert_policy: AlertPolicy = "alertPolicy";
        /// The fields of its type.
        with_values: LiteralMap = "extensionData";
        /// The version; 0 in what some clients send.
        with_version: i64 = "version";
    }
}

impl ReservationBody {
    /// A reservation of a type for a business group of a tenant.
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
            .with_policy(None)
            .with_alert_policy(AlertPolicy::off([]))
            .with_values(LiteralMap::new())
    }
}

/// The fields of a reservation, under the ids of the Programming Guide. The server's schema has the last word: other
/// ids are set with [`with`](Self::with).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReservationValues {
    values: LiteralMap,
}

impl ReservationValues {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self { values: LiteralMap::new() }
    }

    /// Any field.
    #[must_use]
    pub fn with(mut self, field_id: impl Into<String>, value: impl Into<Literal>) -> Self {
        self.values.set(field_id, value);
        self
    }

    /// What is reserved of. All types.
    #[must_use]
    pub fn with_compute_resource(self, resource: EntityRef) -> Self {
        self.with("computeResource", resource)
    }

    /// How much memory, in MB. vSphere, vCloud Director, vCloud Air.
    #[must_use]
    pub fn with_memory_mb(self, mb: u32) -> Self {
        let values = LiteralMap::new().with("memoryReservedSizeMb", mb);
        self.with("reservationMemory", Complex::new(COMPONENT, "Infrastructure.Reservation.Memory", values))
    }

    /// How many machines; 0 is no limit. All types.
    #[must_use]
    pub fn with_machine_quota(self, machines: u32) -> Self {
        self.with("machineQuota", machines)
    }

    /// The resource pool. vSphere.
    #[must_use]
    pub fn with_resource_pool(self, pool: EntityRef) -> Self {
        self.with("resourcePool", pool)
    }

    /// Adds storage. vSphere, vCloud Director, vCloud Air.
    #[must_use]
    pub fn with_storage(self, share: StorageShare) -> Self {
        self.and("reservationStorages", share.complex)
    }

    /// Adds a network with its network profile, if it has one. vSphere, vCloud Director, vCloud Air.
    #[must_use]
    pub fn with_network(self, path: EntityRef, profile: Option<EntityRef>) -> Self {
        self.and("reservationNetworks", network(path, profile))
    }

    /// The transport zone of NSX. vSphere.
    #[must_use]
    pub fn with_transport_zone(self, zone: EntityRef) -> Self {
        self.with("vCNSTransportZone", zone)
    }

    /// The security groups of NSX. vSphere.
    #[must_use]
    pub fn with_security_groups(self, groups: impl IntoIterator<Item = EntityRef>) -> Self {
        self.with("vCNSSecurityGroups", Multiple::references(groups))
    }

    /// Adds a routed gateway of NSX: the edge, its interface, and the network profile behind it. vSphere.
    #[must_use]
    pub fn with_routed_gateway(self, edge: EntityRef, path: EntityRef, profile: EntityRef) -> Self {
        let values =
            LiteralMap::new().with("vCNSNetworkProfile", profile).with("vCNSNetworkPath", path).with("vCNSEdge", edge);
        let class = "Infrastructure.Reservation.Virtual.vSphere.VCNSRoutedGateway";
        self.and("vCNSRoutedGateways", Complex::new(COMPONENT, class, values))
    }

    fn and(mut self, field_id: &str, item: Complex) -> Self {
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

/// How much of a store is reserved.
#[derive(Debug, Clone, PartialEq)]
pub struct StorageShare {
    complex: Complex,
}

impl StorageShare {
    /// So many GB of a store, used first and enabled.
    #[must_use]
    pub fn new(path: EntityRef, reserved_gb: u32) -> Self {
        let values = LiteralMap::new()
            .with("storageReservedSizeGB", reserved_gb)
            .with("storageReservationPriority", 0)
            .with("storagePath", path)
            .with("storageEnabled", true);
        Self { complex: Complex::new(COMPONENT, "Infrastructure.Reservation.Storage", values) }
    }

    /// So many GB of a store that the server offered as a value; what else it says about the store goes along.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the value is no store.
    pub fn of_value(value: &PermissibleValue, reserved_gb: u32) -> Result<Self, Error> {
        let label = value.label.as_deref().unwrap_or_default();
        let Some(Literal::Complex(complex)) = &value.underlying_value else {
            return Err(Error::invalid("storage", label, "a value of the field reservationStorages"));
        };
        let mut complex = complex.clone();
        let values = complex.values.get_or_insert_with(LiteralMap::new);
        values.set("storageReservedSizeGB", reserved_gb);
        values.set("storageReservationPriority", 0);
        values.set("storageEnabled", true);
        Ok(Self { complex })
    }

    /// Which store is used first.
    #[must_use]
    pub fn with_priority(self, priority: u32) -> Self {
        self.with("storageReservationPriority", priority)
    }

    /// Whether it may be used.
    #[must_use]
    pub fn with_enabled(self, enabled: bool) -> Self {
        self.with("storageEnabled", enabled)
    }

    fn with(mut self, key: &str, value: impl Into<Literal>) -> Self {
        self.complex.values.get_or_insert_with(LiteralMap::new).set(key, value);
        self
    }
}
