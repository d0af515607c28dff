//! Reservations and their types, as the server returns them.

use crate::lenient::{Timestamp, model};
use crate::list::rows;
use crate::v7::{Complex, EntityRef, FormReference, Literal, LiteralMap, Multiple};

/// Component type of all structured values of reservations.
pub(super) const COMPONENT: &str = "com.vmware.csp.iaas.blueprint.service";

model! {
    /// Reservation: a part of a compute resource that a business group may use.
    pub struct Reservation {
        // No response is captured. The members are those of published bodies that a server accepted, and of clients
        // that read them.
        /// Type of the object in `@type`: `Reservation`.
        type_name: String = "@type";
        /// Id of the reservation, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Id of the type, such as `Infrastructure.Reservation.Virtual.vSphere`.
        reservation_type_id: String = "reservationTypeId";
        /// Tenant, by URL name.
        tenant_id: String = "tenantId";
        /// Id of the business group.
        sub_tenant_id: String = "subTenantId";
        /// True if machines may be provisioned from it.
        enabled: bool = "enabled";
        /// Rank among the reservations; 1 is used before 2.
        priority: i64 = "priority";
        /// Id of the reservation policy that it belongs to.
        reservation_policy_id: String = "reservationPolicyId";
        /// Alerts for usage.
        alert_policy: AlertPolicy = "alertPolicy";
        /// Values of the fields of its type.
        extension_data: LiteralMap = "extensionData";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time of the last change.
        last_updated: Timestamp = "lastUpdated";
        /// Version, which an update sends back as it was read.
        version: i64 = "version";
    }
}

impl Reservation {
    /// Returns the value of a field of its type, such as `machineQuota`.
    #[must_use]
    pub fn value(&self, field_id: &str) -> Option<&Literal> {
        self.extension_data.as_ref()?.get(field_id)
    }

    /// Returns the compute resource.
    #[must_use]
    pub fn compute_resource(&self) -> Option<&EntityRef> {
        self.value("computeResource")?.as_entity_ref()
    }

    /// Returns the networks, each with its network profile if it has one.
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

    /// Adds a network. The others stay as they are.
    pub fn add_network(&mut self, path: EntityRef, profile: Option<EntityRef>) {
        let data = self.extension_data.get_or_insert_default();
        let new = Literal::Complex(network(path, profile));
        match data.get("reservationNetworks") {
            Some(Literal::Multiple(list)) => {
                // Appended to a copy: the list may have items and members that this crate does not know.
                let mut list = list.clone();
                list.items.get_or_insert_default().push(new);
                data.set("reservationNetworks", list);
            }
            _ => data.set("reservationNetworks", Multiple::new("COMPLEX", [new])),
        }
    }

    pub(super) fn copy_as(mut self, name: impl Into<String>) -> Self {
        // `null` rather than absent, as the published client sends it.
        self.id = None;
        self.extra.set_null("id");
        self.name = Some(name.into());
        self
    }
}

model! {
    /// Alerts for the usage of a reservation.
    pub struct AlertPolicy {
        // From published bodies.
        /// True if alerts are sent.
        enabled: bool = "enabled";
        /// Days between two reminders of an alert.
        frequency_reminder: i64 = "frequencyReminder";
        /// True if the managers of the business group get the mails.
        email_bg_mgr: bool = "emailBgMgr";
        /// Further addresses for the mails.
        recipients: Vec<String> = "recipients";
        /// Levels that raise an alert.
        alerts: Vec<Alert> = "alerts";
    }
}

impl AlertPolicy {
    /// Makes a policy with levels that sends no mails, as published clients send it.
    ///
    /// Set `enabled` to `Some(true)` to send mails at the levels.
    ///
    /// ```
    /// use vra_client::v7::{Alert, AlertPolicy};
    ///
    /// let mut policy = AlertPolicy::off([Alert::at(80, "storage")]);
    /// policy.enabled = Some(true);
    /// policy.recipients = Some(vec!["ops@example.com".into()]);
    /// assert_eq!(policy.alerts.as_ref().map(Vec::len), Some(1));
    /// ```
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
    /// Level of usage that raises an alert.
    pub struct Alert {
        /// Usage in percent that raises the alert.
        alert_percent_level: i64 = "alertPercentLevel";
        /// Measured resource: `storage`, `memory`, `cpu` or `machine`.
        reference_resource_id: String = "referenceResourceId";
        /// Id of the alert, which not all servers write.
        id: String = "id";
    }
}

impl Alert {
    /// Makes a level at this many percent of `storage`, `memory`, `cpu` or `machine`.
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
    /// Type of reservations.
    pub struct ReservationType {
        // From the manual of 7.3, which prints `Infrastructure.Cloud.Amazon` as id of one row and the name with
        // `Reservation` in the URL of its schema: `schema_class_id` is the one to use.
        /// Type of the object in `@type`: `ReservationType`.
        type_name: String = "@type";
        /// Id of the type, which a reservation names.
        id: String = "id";
        /// Display name, which differs between releases.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// `Virtual`, `Cloud`, `Physical` and others.
        category: String = "category";
        /// Id of the service type.
        service_type_id: String = "serviceTypeId";
        /// Tenant, if the type belongs to one.
        tenant_id: String = "tenantId";
        /// Form of its reservations.
        form_reference: FormReference = "formReference";
        /// Id of the class whose schema has the fields, for [`Reservations::schema`](super::Reservations::schema).
        schema_class_id: String = "schemaClassId";
        /// Resources that alerts can watch.
        alert_types: Vec<AlertType> = "alertTypes";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time of the last change.
        last_updated: Timestamp = "lastUpdated";
        /// Version of the object.
        version: i64 = "version";
    }
}

model! {
    /// Resource that alerts can watch.
    pub struct AlertType {
        /// Id of the alert type.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Watched resource: `storage`, `memory`, `cpu` or `machine`.
        reference_resource_id: String = "referenceResourceId";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time of the last change.
        last_updated: Timestamp = "lastUpdated";
        /// Version of the object.
        version: i64 = "version";
    }
}

rows!(Reservation.id, ReservationType.id);

/// Makes a network of a reservation, with its network profile.
pub(super) fn network(path: EntityRef, profile: Option<EntityRef>) -> Complex {
    let mut values = LiteralMap::new().with("networkPath", path);
    if let Some(profile) = profile {
        // Left out rather than `null` without a profile, as in the published bodies.
        values.set("networkProfile", profile);
    }
    Complex::new(COMPONENT, "Infrastructure.Reservation.Network", values)
}
