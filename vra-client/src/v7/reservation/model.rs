//! What the reservation service returns.

use crate::lenient::{Timestamp, model};
use crate::list::rows;
use crate::v7::{Complex, EntityRef, FormReference, Literal, LiteralMap, Multiple};

/// The component type of all structured values of reservations.
pub(super) const COMPONENT: &str = "com.vmware.csp.iaas.blueprint.service";

model! {
    /// A reservation.
    pub struct Reservation {
        /// `Reservation`.
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// The type, such as `Infrastructure.Reservation.Virtual.vSphere`.
        reservation_type_id: String = "reservationTypeId";
        /// The tenant.
        tenant_id: String = "tenantId";
        /// The business group.
        sub_tenant_id: String = "subTenantId";
        /// Whether it may be used.
        enabled: bool = "enabled";
        /// Which is used first; 1 is before 2.
        priority: i64 = "priority";
        /// The policy that chooses it.
        reservation_policy_id: String = "reservationPolicyId";
        /// When to warn.
        alert_policy: AlertPolicy = "alertPolicy";
        /// The fields of its type.
        extension_data: LiteralMap = "extensionData";
        /// When it was made.
        created_date: Timestamp = "createdDate";
        /// When it was last changed.
        last_updated: Timestamp = "lastUpdated";
        /// The version, which an update must bring along.
        version: i64 = "version";
    }
}

impl Reservation {
    /// The value of a field of its type, such as `machineQuota`.
    #[must_use]
    pub fn value(&self, field_id: &str) -> Option<&Literal> {
        self.extension_data.as_ref()?.get(field_id)
    }

    /// The compute resource.
    #[must_use]
    pub fn compute_resource(&self) -> Option<&EntityRef> {
        self.value("computeResource")?.as_entity_ref()
    }

    /// The networks, each with its network profile if it has one.
    #[must_use]
    pub fn networks(&self) -> Vec<(&EntityRef, Option<&EntityRef>)> {
        let items = self.value("reservationNetworks").map(Literal::items).unwrap_or_default();
        let values = items.iter().filter_map(Literal::as_values);
        values
            .filter_map(|values| {
                let reference = |key| values.get(key).and_then(Literal::as_entity_ref);
                Some((reference("networkPath")?, reference("networkProfile")))
            })
            .collect()
    }

    /// Adds a network to those that it has, untouched.
    pub fn add_network(&mut self, path: EntityRef, profile: Option<EntityRef>) {
        let data = self.extension_data.get_or_insert_default();
        let new = Literal::Complex(network(path, profile));
        match data.get("reservationNetworks") {
            Some(Literal::Multiple(list)) => {
                let mut list = list.clone();
                list.items.get_or_insert_default().push(new);
                data.set("reservationNetworks", list);
            }
            _ => data.set("reservationNetworks", Multiple::new("COMPLEX", [new])),
        }
    }

    pub(super) fn copy_as(mut self, name: impl Into<String>) -> Self {
        self.id = None;
        self.extra.set_null("id");
        self.name = Some(name.into());
        self
    }
}

model! {
    /// When to warn about a reservation.
    pub struct AlertPolicy {
        /// Whether to warn at all.
        enabled: bool = "enabled";
        /// How often to warn again, in days.
        frequency_reminder: i64 = "frequencyReminder";
        /// Whether the managers of the business group are written to.
        email_bg_mgr: bool = "emailBgMgr";
        /// Whom else to write to.
        recipients: Vec<String> = "recipients";
        /// At which levels.
        alerts: Vec<Alert> = "alerts";
    }
}

impl AlertPolicy {
    /// A policy that does not warn but has levels, as clients send it. With no levels it is switched off for good.
    #[must_use]
    pub fn off(alerts: impl IntoIterator<Item = Alert>) -> Self {
        Self {
            enabled: Some(false),
            frequency_reminder: Some(0),
            email_bg_mgr: Some(true),
            recipients: Some(Vec::new()),
            alerts: Some(alerts.into_iter().collect()),
            ..Self::default()
        }
    }
}

model! {
    /// A level to warn at.
    pub struct Alert {
        /// How much is used, in percent.
        alert_percent_level: i64 = "alertPercentLevel";
        /// Of what: `storage`, `memory`, `cpu` or `machine`.
        reference_resource_id: String = "referenceResourceId";
        /// The id, where it is told.
        id: String = "id";
    }
}

impl Alert {
    /// Warn at so many percent of `storage`, `memory`, `cpu` or `machine`.
    #[must_use]
    pub fn at(percent: u32, resource: impl Into<String>) -> Self {
        Self {
            alert_percent_level: Some(i64::from(percent)),
            reference_resource_id: Some(resource.into()),
            ..Self::default()
        }
    }
}

model! {
    /// A type of reservations.
    pub struct ReservationType {
        /// `ReservationType`.
        type_name: String = "@type";
        /// The id, which a reservation names.
        id: String = "id";
        /// The name; differs between releases.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// `Virtual`, `Cloud`, `Physical` …
        category: String = "category";
        /// The service.
        service_type_id: String = "serviceTypeId";
        /// The tenant, if it is only one's.
        tenant_id: String = "tenantId";
        /// The form.
        form_reference: FormReference = "formReference";
        /// The class whose schema has the fields.
        schema_class_id: String = "schemaClassId";
        /// What can be warned of.
        alert_types: Vec<AlertType> = "alertTypes";
        /// When it was made.
        created_date: Timestamp = "createdDate";
        /// When it was last changed.
        last_updated: Timestamp = "lastUpdated";
        /// The version of the entry.
        version: i64 = "version";
    }
}

model! {
    /// What can be warned of.
    pub struct AlertType {
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// `storage`, `memory`, `cpu` or `machine`.
        reference_resource_id: String = "referenceResourceId";
        /// When it was made.
        created_date: Timestamp = "createdDate";
        /// When it was last changed.
        last_updated: Timestamp = "lastUpdated";
        /// The version of the entry.
        version: i64 = "version";
    }
}

rows!(Reservation.id, ReservationType.id);

/// A network of a reservation, with its network profile.
pub(super) fn network(path: EntityRef, profile: Option<EntityRef>) -> Complex {
    let mut values = LiteralMap::new().with("networkPath", path);
    if let Some(profile) = profile {
        values.set("networkProfile", profile);
    }
    Complex::new(COMPONENT, "Infrastructure.Reservation.Network", values)
}
