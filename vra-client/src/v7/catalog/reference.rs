//! References to objects, business groups, providers and owners.

use crate::lenient::model;

model! {
    /// Reference to an object by id, with its display name.
    pub struct Reference {
        /// Id of the object.
        id: String = "id";
        /// Display name of the object.
        label: String = "label";
    }
}

impl Reference {
    /// Makes a reference without display name.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..Self::default() }
    }
}

model! {
    /// Tenant, and business group in it.
    pub struct Organization {
        // The labels are `null` in requests and in the response of a submission; they are filled in later.
        /// Id of the tenant, which is its URL name.
        tenant_ref: String = "tenantRef";
        /// Display name of the tenant.
        tenant_label: String = "tenantLabel";
        /// Id of the business group, a UUID.
        subtenant_ref: String = "subtenantRef";
        /// Display name of the business group.
        subtenant_label: String = "subtenantLabel";
    }
}

impl Organization {
    /// Makes the organization of a business group, by the tenant's URL name and the group's id.
    ///
    /// ```
    /// use vra_client::v7::Organization;
    ///
    /// let group = Organization::new("qe", "a5d056be");
    /// assert_eq!(serde_json::to_value(&group)?, serde_json::json!({"tenantRef": "qe", "subtenantRef": "a5d056be"}));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn new(tenant: impl Into<String>, subtenant: impl Into<String>) -> Self {
        Self { tenant_ref: Some(tenant.into()), subtenant_ref: Some(subtenant.into()), ..Self::default() }
    }
}

model! {
    /// Identity of an object at the service that provides it.
    pub struct ProviderBinding {
        /// Id of the object at its provider.
        binding_id: String = "bindingId";
        /// Service that provides the object.
        provider_ref: Reference = "providerRef";
    }
}

model! {
    /// Owner of a resource.
    pub struct Owner {
        // `ref` is a keyword of Rust, and `value` holds a display name: the field names say what they are.
        /// Tenant of the owner, by URL name.
        tenant_name: String = "tenantName";
        /// Owner as `user@domain` or `group@domain`.
        principal: String = "ref";
        /// `USER` or `GROUP`.
        kind: String = "type";
        /// Display name of the owner.
        value: String = "value";
    }
}
